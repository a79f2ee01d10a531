//! Changes of settings.

use patgate_core::policy::TokenSettings;
use sea_orm::sea_query::{OnConflict, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::rows::to_json;
use crate::settings::TOKENS;
use crate::tables::Settings;

impl Change {
    /// Stores the token settings. Returns whether anything was different.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_token_settings(&mut self, settings: &TokenSettings) -> Result<bool, StoreError> {
        let before = self.token_settings().await?;
        if before == *settings {
            return Ok(false);
        }
        let insert = Query::insert()
            .into_table(Settings::Table)
            .columns([Settings::Name, Settings::Value])
            .values_panic([TOKENS.into(), to_json(settings, "value")?.into()])
            .on_conflict(OnConflict::column(Settings::Name).update_column(Settings::Value).to_owned())
            .take();
        self.execute(&insert).await?;
        let event = PendingEvent {
            action: "settings.update",
            subject_kind: SubjectKind::Settings,
            subject_id: TOKENS.to_owned(),
            subject_name: TOKENS.to_owned(),
            detail: json!({ "from": before, "to": settings }),
        };
        self.note(ChangedKind::Settings, 0, event);
        Ok(true)
    }
}
