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
use crate::rows::{column, to_json};
use crate::tables::{Mails, ReminderMarks};

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
    /// [`StoreError::NotFound`] when there is no such mail, or it has not failed; [`StoreError::AlreadyThere`] when a newer
    /// mail tells of the same tokens, so that nobody is told twice.
    pub async fn retry_mail(&mut self, id: MailId) -> Result<(), StoreError> {
        let is_it = || {
            let failed = Expr::col(Mails::State).eq(MailState::Failed.as_str());
            failed.and(Expr::col(Mails::Id).eq(id.as_i64()))
        };
        let kind = Query::select().column(Mails::Kind).from(Mails::Table).and_where(is_it()).take();
        let kind = self.transaction.query_one(&kind).await?.ok_or(StoreError::NotFound("failed mail"))?;
        let marked = Query::select()
            .column(ReminderMarks::Mail)
            .from(ReminderMarks::Table)
            .and_where(Expr::col(ReminderMarks::Mail).eq(id.as_i64()))
            .limit(1)
            .take();
        let is_marked = self.transaction.query_one(&marked).await?.is_some();
        if column::<String>(&kind, "kind")? == MailKind::Reminder.as_str() && !is_marked {
            return Err(StoreError::AlreadyThere("newer mail about the same tokens"));
        }
        let update = Query::update()
            .table(Mails::Table)
            .value(Mails::State, MailState::Planned.as_str())
            .value(Mails::Attempts, 0_i64)
            .value(Mails::DueAt, self.now.as_millisecond())
            .value(Mails::DoneAt, None::<i64>)
            .and_where(is_it())
            .take();
        self.execute(&update).await?;
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
