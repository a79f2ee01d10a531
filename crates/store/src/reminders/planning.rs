//! A run: its row, and the mails that come of it, in one transaction.

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::reminder::{Candidate, Night, Plan, SkipReason};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, Value};
use tokio::sync::OwnedMutexGuard;

use super::{MailKind, MailState, ReminderRun, RunNote, candidates, list};
use crate::change::Change;
use crate::error::StoreError;
use crate::rows::to_json;
use crate::store::Store;
use crate::tables::{Mails, ReminderMarks, ReminderRuns};
use crate::transaction::WriteTransaction;

/// Rows in one statement: SQLite looks up each of their parameters among all.
const ROWS: usize = 50;

/// A run that is being planned. Nothing of it is visible before [`Planning::commit`]; dropping it takes it back. A run that
/// somebody asked for is part of their change, and visible when that is committed.
#[must_use = "a run that is not committed has not happened"]
pub struct Planning<'c> {
    ground: Ground<'c>,
    run: ReminderRun,
    is_written: bool,
}

/// Where a run is written.
enum Ground<'c> {
    /// In a transaction of its own: nobody did it, so it is data.
    Own(WriteTransaction, OwnedMutexGuard<()>),
    /// In the change of whoever asked for it.
    Within(&'c Change),
}

impl Store {
    /// Begins the run of a night; `None` when it has been run.
    ///
    /// # Errors
    /// [`StoreError::Busy`], and when the database fails; so with all of [`Planning`].
    pub async fn begin_reminder_run(
        &self,
        id: RunId,
        night: Night,
        now: Timestamp,
    ) -> Result<Option<Planning<'static>>, StoreError> {
        let (turn, transaction) = self.inner.begin_data().await?;
        if list::run_of_night(&transaction, night).await?.is_some() {
            transaction.rollback().await?;
            return Ok(None);
        }
        Ok(Some(Planning::new(Ground::Own(transaction, turn), id, Some(night), None, now)))
    }
}

impl<'c> Planning<'c> {
    /// A run that is part of a change: it is this actor's.
    pub(crate) fn within(change: &'c Change, id: RunId, by: &str, now: Timestamp) -> Self {
        Self::new(Ground::Within(change), id, None, Some(by.to_owned()), now)
    }

    fn new(ground: Ground<'c>, id: RunId, night: Option<Night>, by: Option<String>, now: Timestamp) -> Self {
        let run = ReminderRun { id, night, by, at: now, note: None, planned: 0, skipped: 0 };
        Self { ground, run, is_written: false }
    }

    /// As [`Store::reminder_candidates`], within the run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn candidates(
        &self,
        between: (Timestamp, Timestamp),
        after: Option<(UserId, GrantId)>,
        limit: u64,
    ) -> Result<Vec<Candidate>, StoreError> {
        candidates::by_owner(self.transaction(), between, after, limit).await
    }

    /// Writes a plan: its mails with their marks, and what was left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(&mut self, plan: &Plan, mut fresh: impl FnMut() -> MailId) -> Result<(), StoreError> {
        self.write_run().await?;
        self.run.planned += plan.mails.len() as u64;
        self.run.skipped += plan.skipped.len() as u64;
        let (mut mails, mut marks) = (Vec::new(), Vec::new());
        for mail in &plan.mails {
            let id = fresh();
            let tokens: Vec<_> = mail.tokens.iter().map(|(grant, days)| (*grant, u32::from(*days))).collect();
            marks.extend(tokens.iter().map(|(grant, days)| [grant.as_i64(), i64::from(*days), id.as_i64()]));
            mails.push(self.mail_row(id, mail.owner, &tokens, None)?);
        }
        for (grant, owner, reason) in &plan.skipped {
            mails.push(self.mail_row(fresh(), *owner, &[(*grant, 0)], Some(*reason))?);
        }
        for rows in mails.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table(Mails::Table).columns(MAIL_COLUMNS);
            for row in rows {
                insert.values_panic(row.iter().cloned().map(Into::into));
            }
            self.transaction().execute(&insert).await?;
        }
        for rows in marks.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table(ReminderMarks::Table).columns([
                ReminderMarks::GrantId,
                ReminderMarks::Days,
                ReminderMarks::Mail,
            ]);
            for row in rows {
                insert.values_panic(row.map(Into::into));
            }
            // The mail to the address before failed; this one takes its place.
            insert.on_conflict(
                OnConflict::columns([ReminderMarks::GrantId, ReminderMarks::Days])
                    .update_column(ReminderMarks::Mail)
                    .to_owned(),
            );
            self.transaction().execute(&insert).await?;
        }
        Ok(())
    }

    /// Makes the run durable, unless it is part of a change.
    ///
    /// # Errors
    /// When the database fails; the run has not happened then.
    pub async fn commit(self, note: Option<RunNote>) -> Result<ReminderRun, StoreError> {
        let (run, ground) = self.whole(note).await?;
        if let Ground::Own(transaction, _turn) = ground {
            transaction.commit().await?;
        }
        Ok(run)
    }

    async fn whole(mut self, note: Option<RunNote>) -> Result<(ReminderRun, Ground<'c>), StoreError> {
        self.run.note = note;
        self.write_run().await?;
        let update = Query::update()
            .table(ReminderRuns::Table)
            .value(ReminderRuns::Note, note.map(RunNote::as_str))
            .value(ReminderRuns::Planned, self.run.planned as i64)
            .value(ReminderRuns::Skipped, self.run.skipped as i64)
            .and_where(Expr::col(ReminderRuns::Id).eq(self.run.id.as_i64()))
            .take();
        self.transaction().execute(&update).await?;
        Ok((self.run, self.ground))
    }

    fn transaction(&self) -> &WriteTransaction {
        match &self.ground {
            Ground::Own(transaction, _) => transaction,
            Ground::Within(change) => change.transaction(),
        }
    }

    /// Before the first of its mails, which refer to it. What it did is filled in at the end.
    async fn write_run(&mut self) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.is_written, true) {
            return Ok(());
        }
        let insert = Query::insert()
            .into_table(ReminderRuns::Table)
            .columns([
                ReminderRuns::Id,
                ReminderRuns::Night,
                ReminderRuns::At,
                ReminderRuns::Planned,
                ReminderRuns::Skipped,
            ])
            .values_panic([
                self.run.id.as_i64().into(),
                self.run.night.map(|night| night.to_string()).into(),
                self.run.at.as_millisecond().into(),
                0_i64.into(),
                0_i64.into(),
            ])
            .take();
        self.transaction().execute(&insert).await?;
        Ok(())
    }

    fn mail_row(
        &self,
        id: MailId,
        owner: UserId,
        tokens: &[(GrantId, u32)],
        skipped: Option<SkipReason>,
    ) -> Result<[Value; 10], StoreError> {
        let now = self.run.at.as_millisecond();
        let state = skipped.map_or(MailState::Waiting, MailState::Skipped);
        Ok([
            id.as_i64().into(),
            self.run.id.as_i64().into(),
            MailKind::Reminder.as_str().into(),
            owner.as_i64().into(),
            to_json(&tokens, "tokens")?.into(),
            state.stored().into(),
            skipped.map(SkipReason::as_str).into(),
            skipped.is_none().then_some(now).into(),
            now.into(),
            skipped.map(|_| now).into(),
        ])
    }
}

const MAIL_COLUMNS: [Mails; 10] = [
    Mails::Id,
    Mails::Run,
    Mails::Kind,
    Mails::Owner,
    Mails::Tokens,
    Mails::State,
    Mails::Reason,
    Mails::DueAt,
    Mails::CreatedAt,
    Mails::DoneAt,
];
