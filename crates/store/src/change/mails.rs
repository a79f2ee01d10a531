//! Mails that a change brings about, and failed ones that somebody has tried again.

use std::collections::HashMap;

use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::reminders::{MailKind, MailState, Planning, STARTED};
use crate::rows::{AT_ONCE, column, json as read_json, to_json};
use crate::tables::{Mails, ReminderMarks, ReminderRuns};

/// What became of the failed mails of a run when somebody had them tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetriedMails {
    /// They wait again.
    pub retried: u64,
    /// They stay as they are, because a newer mail tells of some of the same tokens.
    pub overtaken: u64,
}

/// A mail that failed.
struct FailedMail {
    id: MailId,
    kind: MailKind,
    tokens: Vec<(GrantId, u32)>,
}

impl Change {
    /// Puts a notice to an owner about these tokens into the outbox. It is sent once the change is committed, when a mail
    /// server is chosen.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn enqueue_notice(
        &mut self,
        id: MailId,
        kind: MailKind,
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
                kind.as_str().into(),
                owner.as_i64().into(),
                to_json(&tokens, "tokens")?.into(),
                MailState::Waiting.stored().into(),
                now.into(),
                now.into(),
            ])
            .take();
        self.execute(&insert).await?;
        Ok(())
    }

    /// Begins a run that the actor of this change asks for. It happens with the change.
    pub fn plan_reminders(&mut self, id: RunId) -> Planning<'_> {
        let event = PendingEvent {
            action: STARTED,
            subject_kind: SubjectKind::ReminderRun,
            subject_id: id.to_string(),
            subject_name: id.to_string(),
            detail: json!({}),
        };
        self.note(ChangedKind::ReminderRun, id.as_i64(), event);
        Planning::within(self, id, &self.actor.name, self.now)
    }

    /// Lets a mail that failed be tried again, at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such mail, or it has not failed; [`StoreError::AlreadyThere`] when a newer
    /// mail tells of some of the same tokens, so that nobody is told twice.
    pub async fn retry_mail(&mut self, id: MailId) -> Result<(), StoreError> {
        let failed = self.failed_mails(Expr::col(Mails::Id).eq(id.as_i64())).await?;
        let failed = failed.first().ok_or(StoreError::NotFound("failed mail"))?;
        let own = self.marks_of(Expr::col(ReminderMarks::Mail).eq(id.as_i64())).await?;
        if self.is_overtaken(failed, &own).await? {
            return Err(StoreError::AlreadyThere("newer mail about the same tokens"));
        }
        self.wait_again(&[id]).await?;
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

    /// Lets all mails of a run that failed be tried again, at once, by the rule of [`Change::retry_mail`]: one event names
    /// the run and how many they are. When there is none, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run.
    pub async fn retry_mails_of(&mut self, run: RunId) -> Result<RetriedMails, StoreError> {
        let night = Query::select()
            .column(ReminderRuns::Night)
            .from(ReminderRuns::Table)
            .and_where(Expr::col(ReminderRuns::Id).eq(run.as_i64()))
            .take();
        let night = self.transaction.query_one(&night).await?.ok_or(StoreError::NotFound("run"))?;
        let night: Option<String> = column(&night, "night")?;
        let of_run = || Expr::col(Mails::Run).eq(run.as_i64());
        let failed = self.failed_mails(of_run()).await?;
        let ids = Query::select().column(Mails::Id).from(Mails::Table).and_where(is_failed(of_run())).take();
        let own = self.marks_of(Expr::col(ReminderMarks::Mail).in_subquery(ids)).await?;
        let mut again = Vec::new();
        for mail in &failed {
            if !self.is_overtaken(mail, &own).await? {
                again.push(mail.id);
            }
        }
        let (retried, overtaken) = (again.len() as u64, (failed.len() - again.len()) as u64);
        if again.is_empty() {
            return Ok(RetriedMails { retried, overtaken });
        }
        self.wait_again(&again).await?;
        let event = PendingEvent {
            action: "reminder_run.retry",
            subject_kind: SubjectKind::ReminderRun,
            subject_id: run.to_string(),
            subject_name: night.unwrap_or_else(|| run.to_string()),
            detail: json!({ "mails": retried, "overtaken": overtaken }),
        };
        self.note(ChangedKind::ReminderRun, run.as_i64(), event);
        Ok(RetriedMails { retried, overtaken })
    }

    async fn failed_mails(&self, which: Expr) -> Result<Vec<FailedMail>, StoreError> {
        let select = Query::select()
            .columns([Mails::Id, Mails::Kind, Mails::Tokens])
            .from(Mails::Table)
            .and_where(is_failed(which))
            .take();
        self.transaction.query_all(&select).await?.iter().map(failed_mail).collect()
    }

    /// How many marks each of these mails has.
    async fn marks_of(&self, which: Expr) -> Result<HashMap<i64, usize>, StoreError> {
        let select = Query::select()
            .column(ReminderMarks::Mail)
            .expr_as(Expr::col(ReminderMarks::GrantId).count(), "marks")
            .from(ReminderMarks::Table)
            .and_where(which)
            .group_by_col(ReminderMarks::Mail)
            .take();
        let mut marks = HashMap::new();
        for row in self.transaction.query_all(&select).await? {
            let count = usize::try_from(column::<i64>(&row, "marks")?).unwrap_or_default();
            marks.insert(column(&row, "mail")?, count);
        }
        Ok(marks)
    }

    /// Whether the marks of some of its tokens went to a newer mail.
    async fn is_overtaken(&self, mail: &FailedMail, own: &HashMap<i64, usize>) -> Result<bool, StoreError> {
        if mail.kind != MailKind::Reminder {
            return Ok(false);
        }
        let marks = own.get(&mail.id.as_i64()).copied().unwrap_or_default();
        if marks == 0 || marks == mail.tokens.len() {
            return Ok(marks == 0);
        }
        // Marks also go when their tokens are long gone.
        let mut pairs = Condition::any();
        for (grant, days) in &mail.tokens {
            let of_grant = Expr::col(ReminderMarks::GrantId).eq(grant.as_i64());
            pairs = pairs.add(of_grant.and(Expr::col(ReminderMarks::Days).eq(*days)));
        }
        let newer = Query::select()
            .column(ReminderMarks::Mail)
            .from(ReminderMarks::Table)
            .cond_where(pairs)
            .and_where(Expr::col(ReminderMarks::Mail).ne(mail.id.as_i64()))
            .limit(1)
            .take();
        Ok(self.transaction.query_one(&newer).await?.is_some())
    }

    /// Lets mails that failed wait again, from now on.
    async fn wait_again(&mut self, ids: &[MailId]) -> Result<(), StoreError> {
        for ids in ids.chunks(AT_ONCE) {
            let which = Expr::col(Mails::Id).is_in(ids.iter().map(|id| id.as_i64()));
            let update = Query::update()
                .table(Mails::Table)
                .value(Mails::State, MailState::Waiting.stored())
                .value(Mails::Attempts, 0_i64)
                .value(Mails::Reason, None::<String>)
                .value(Mails::DueAt, self.now.as_millisecond())
                .value(Mails::DoneAt, None::<i64>)
                .and_where(is_failed(which))
                .take();
            self.execute(&update).await?;
        }
        Ok(())
    }
}

fn is_failed(which: Expr) -> Expr {
    Expr::col(Mails::State).eq(MailState::Failed.stored()).and(which)
}

fn failed_mail(row: &QueryResult) -> Result<FailedMail, StoreError> {
    let kind: String = column(row, "kind")?;
    Ok(FailedMail {
        id: MailId::from_i64(column(row, "id")?),
        kind: MailKind::from_word(&kind).ok_or(StoreError::Unreadable("kind"))?,
        tokens: read_json(row, "tokens")?,
    })
}
