//! Mails that a change brings about, and failed ones that somebody has tried again.

use patgate_core::identifier::{GrantId, MailId, UserId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::reminders::{MailKind, MailState};
use crate::rows::to_json;
use crate::tables::Mails;

impl Change {
    /// Puts a notice to an owner into the outbox: these tokens end earlier from now on. It is sent once the change is
    /// committed, when a mail server is chosen.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn enqueue_notice(
        &mut self,
        id: MailId,
        owner: UserId,
        tokens: &[GrantId],
    ) -> Result<(), StoreError> {
        let tokens: Vec<_> = tokens.iter().map(|token| (*token, 0_u32)).collect();
        let now = self.now.as_millisecond();
        let insert = Query::insert()
            .into_table(Mails::Table)
            .columns([
                Mails::Id,
                Mails::Kind,
                Mails::Owner,
                Mails::Tokens,
                Mails::State,
                Mails::DueAt,
                Mails::CreatedAt,
            ])
            .values_panic([
                id.as_i64().into(),
                MailKind::Shortened.as_str().into(),
                owner.as_i64().into(),
                to_json(&tokens, "tokens")?.into(),
                MailState::Planned.as_str().into(),
                now.into(),
                now.into(),
            ])
            .take();
        self.execute(&insert).await?;
        Ok(())
    }

    /// Lets a mail that failed be tried again, at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such mail, or it has not failed.
    pub async fn retry_mail(&mut self, id: MailId) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Mails::Table)
            .value(Mails::State, MailState::Planned.as_str())
            .value(Mails::Attempts, 0_i64)
            .value(Mails::DueAt, self.now.as_millisecond())
            .value(Mails::DoneAt, None::<i64>)
            .and_where(Expr::col(Mails::Id).eq(id.as_i64()))
            .and_where(Expr::col(Mails::State).eq(MailState::Failed.as_str()))
            .returning_col(Mails::Id)
            .take();
        if self.transaction.query_one(&update).await?.is_none() {
            return Err(StoreError::NotFound("failed mail"));
        }
        let event = PendingEvent {
            action: "mail.retry",
            subject_kind: SubjectKind::Mail,
            subject_id: id.to_string(),
            subject_name: id.to_string(),
            detail: json!({}),
        };
        self.note(ChangedKind::Mail, id.as_i64(), event);
        Ok(())
    }
}
