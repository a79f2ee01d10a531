//! A run: its row, and the mails that come of it, in one transaction.

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::policy::notification::NotificationDays;
use patgate_core::reminder::{Candidate, Mark, Night, Plan, SkipReason};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, JoinType, OnConflict, Order, Query, SelectStatement, Value,
};
use sea_orm::{ConnectionTrait, QueryResult};
use tokio::sync::OwnedMutexGuard;

use super::{MailKind, MailState, ReminderRun, RunNote, list};
use crate::change::Change;
use crate::error::StoreError;
use crate::grants::expiry;
use crate::keyset::beyond;
use crate::rows::{column, to_json};
use crate::store::Store;
use crate::tables::{Grants, Mails, ReminderMarks, ReminderRuns, Users};
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

    /// The tokens that expire after `since` and not after `until`, with what a plan asks about them: by owner, at most
    /// `limit`, from behind one on. A look that writes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reminder_candidates(
        &self,
        (since, until): (Timestamp, Timestamp),
        after: Option<(UserId, GrantId)>,
        limit: u64,
    ) -> Result<Vec<Candidate>, StoreError> {
        candidates(&self.inner.orm, (since, until), after, limit).await
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
        candidates(self.transaction(), between, after, limit).await
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

async fn candidates(
    connection: &impl ConnectionTrait,
    between: (Timestamp, Timestamp),
    after: Option<(UserId, GrantId)>,
    limit: u64,
) -> Result<Vec<Candidate>, StoreError> {
    let mut select = expiring(between);
    select
        .columns([
            (Grants::Table, Grants::Id),
            (Grants::Table, Grants::Owner),
            (Grants::Table, Grants::ExpiresAt),
        ])
        .columns(
            [(Users::Table, Users::Email), (Users::Table, Users::DisabledAt)]
                .map(|(table, column)| (table, column)),
        )
        .join(
            JoinType::InnerJoin,
            Users::Table,
            Expr::col((Users::Table, Users::Id)).equals((Grants::Table, Grants::Owner)),
        )
        .order_by((Grants::Table, Grants::Owner), Order::Asc)
        .order_by((Grants::Table, Grants::Id), Order::Asc)
        .limit(limit);
    if let Some((owner, grant)) = after {
        let columns = [(Grants::Table, Grants::Owner), (Grants::Table, Grants::Id)];
        select.and_where(beyond(columns, [owner.as_i64().into(), grant.as_i64().into()], &Order::Asc));
    }
    let mut found =
        connection.query_all(&select).await?.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
    for chunk in found.chunks_mut(ROWS * 10) {
        add_marks(connection, chunk).await?;
    }
    Ok(found)
}

/// The marks of these tokens, each beside its token.
async fn add_marks(connection: &impl ConnectionTrait, found: &mut [Candidate]) -> Result<(), StoreError> {
    let select = Query::select()
        .columns([
            (ReminderMarks::Table, ReminderMarks::GrantId),
            (ReminderMarks::Table, ReminderMarks::Days),
        ])
        .columns([(Mails::Table, Mails::State), (Mails::Table, Mails::Address)])
        .from(ReminderMarks::Table)
        .join(
            JoinType::LeftJoin,
            Mails::Table,
            Expr::col((Mails::Table, Mails::Id)).equals((ReminderMarks::Table, ReminderMarks::Mail)),
        )
        .and_where(
            Expr::col((ReminderMarks::Table, ReminderMarks::GrantId))
                .is_in(found.iter().map(|candidate| candidate.grant.as_i64())),
        )
        .take();
    let mut marks = std::collections::HashMap::<i64, Vec<Mark>>::new();
    for row in connection.query_all(&select).await? {
        let days: i64 = column(&row, "days")?;
        let days = u32::try_from(days).ok().and_then(|days| NotificationDays::try_from(days).ok());
        let state: Option<String> = column(&row, "state")?;
        let failed = state.as_deref() == Some(MailState::Failed.stored());
        let address: Option<String> = column(&row, "address")?;
        let mark = Mark {
            days: days.ok_or(StoreError::Unreadable("days"))?,
            lost_to: failed.then_some(address).flatten(),
        };
        marks.entry(column(&row, "grant_id")?).or_default().push(mark);
    }
    for candidate in found {
        candidate.marks = marks.remove(&candidate.grant.as_i64()).unwrap_or_default();
    }
    Ok(())
}

/// The tokens that are there and expire in this time; the index by expiry finds them.
fn expiring((since, until): (Timestamp, Timestamp)) -> SelectStatement {
    let expires_at = || Expr::col((Grants::Table, Grants::ExpiresAt));
    Query::select()
        .from(Grants::Table)
        .cond_where(
            Condition::all()
                .add(Expr::col((Grants::Table, Grants::DeletedAt)).is_null())
                .add(expires_at().gt(since.as_millisecond()))
                .add(expires_at().lte(until.as_millisecond())),
        )
        .take()
}

fn read(row: &QueryResult) -> Result<Candidate, StoreError> {
    Ok(Candidate {
        grant: GrantId::from_i64(column(row, "id")?),
        owner: UserId::from_i64(column(row, "owner")?),
        expires_at: expiry(column(row, "expires_at")?)?,
        owner_enabled: column::<Option<i64>>(row, "disabled_at")?.is_none(),
        address: column::<Option<String>>(row, "email")?.unwrap_or_default(),
        marks: Vec::new(),
    })
}
