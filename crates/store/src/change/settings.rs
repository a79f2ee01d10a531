//! Changes of settings, and of what a provider is.

use patgate_core::policy::TokenSettings;
use patgate_core::provider::ProviderName;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::rows::to_json;
use crate::settings::{TOKENS, provider, provider_row};
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

    /// Writes down what the provider of this name is now, apart from its name, in place of what it was. Returns whether that
    /// is anything different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when no provider of this name was ever met.
    pub async fn move_provider(&mut self, name: &ProviderName, identity: &str) -> Result<bool, StoreError> {
        let was = provider(&self.transaction, name).await?.ok_or(StoreError::NotFound("provider"))?;
        if was == identity {
            return Ok(false);
        }
        let update = Query::update()
            .table(Settings::Table)
            .value(Settings::Value, to_json(&identity, "value")?)
            .and_where(Expr::col(Settings::Name).eq(provider_row(name)))
            .take();
        self.execute(&update).await?;
        let event = PendingEvent {
            action: "provider.move",
            subject_kind: SubjectKind::Provider,
            subject_id: name.to_string(),
            subject_name: name.to_string(),
            detail: json!({ "identity": { "from": was, "to": identity } }),
        };
        self.note(ChangedKind::Settings, 0, event);
        Ok(true)
    }
}
