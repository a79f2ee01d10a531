//! What runs and mails there are: for the page, and for the next run.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::reminder::Night;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{MailCounts, MailKind, MailState, MailStateKind, ReminderRun, RunNote, StoredMail};
use crate::audit::SubjectKind;
use crate::error::StoreError;
use crate::keyset::{Seek, TimeCursor, beyond, in_list_order, latest_first};
use crate::rows::{column, json, optional_time, time};
use crate::store::Store;
use crate::tables::{AuditEvents, Mails, ReminderRuns};

pub(super) const MAIL_COLUMNS: [Mails; 13] = [
    Mails::Id,
    Mails::Run,
    Mails::Kind,
    Mails::Owner,
    Mails::Tokens,
    Mails::State,
    Mails::Reason,
    Mails::Address,
    Mails::Answer,
    Mails::Attempts,
    Mails::DueAt,
    Mails::CreatedAt,
    Mails::DoneAt,
];

/// The action in the audit log of whoever asks for a run.
pub(crate) const STARTED: &str = "reminder_run.start";
/// What stands in the column of the reason when the mail server had a mail whole and never answered.
pub(super) const UNANSWERED: &str = "unanswered";

const RUN_COLUMNS: [ReminderRuns; 6] = [
    ReminderRuns::Id,
    ReminderRuns::Night,
    ReminderRuns::At,
    ReminderRuns::Note,
    ReminderRuns::Planned,
    ReminderRuns::Skipped,
];

/// Which mails to list; `Default` lists all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Of this run.
    pub run: Option<RunId>,
    /// In this state.
    pub state: Option<MailStateKind>,
}

impl Store {
    /// At most `limit` runs, the newest first, from a place of the list on.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn reminder_runs(
        &self,
        seek: &Seek<TimeCursor>,
        limit: u64,
    ) -> Result<Vec<ReminderRun>, StoreError> {
        let mut select = runs();
        latest_first(&mut select, [ReminderRuns::At, ReminderRuns::Id], seek, limit);
        let rows = self.inner.orm.query_all(&select).await?;
        let runs = rows.iter().map(run).collect::<Result<_, _>>()?;
        let mut runs = in_list_order(runs, seek.is_backward());
        add_names(&self.inner.orm, &mut runs).await?;
        Ok(runs)
    }

    /// The run of this identifier.
    pub async fn reminder_run(&self, id: RunId) -> Result<Option<ReminderRun>, StoreError> {
        let select = runs().and_where(Expr::col(ReminderRuns::Id).eq(id.as_i64())).take();
        let found = self.inner.orm.query_one(&select).await?.as_ref().map(run).transpose()?;
        let mut found: Vec<_> = found.into_iter().collect();
        add_names(&self.inner.orm, &mut found).await?;
        Ok(found.pop())
    }

    /// The run of the last night that was run, of those up to this one: a clock that was ahead once silences nobody.
    pub async fn last_reminder_night(&self, until: Night) -> Result<Option<ReminderRun>, StoreError> {
        let select = runs()
            .and_where(Expr::col(ReminderRuns::Night).lte(until.to_string()))
            .order_by(ReminderRuns::Night, Order::Desc)
            .limit(1)
            .take();
        self.inner.orm.query_one(&select).await?.as_ref().map(run).transpose()
    }

    /// What became of the mails of these runs so far. A run without mails is left out.
    pub async fn mail_counts(&self, runs: &[RunId]) -> Result<BTreeMap<RunId, MailCounts>, StoreError> {
        let select = Query::select()
            .columns([Mails::Run, Mails::State])
            .expr_as(Expr::col(Mails::Id).count(), "mails")
            .from(Mails::Table)
            .and_where(Expr::col(Mails::Run).is_in(runs.iter().map(|run| run.as_i64())))
            .group_by_columns([Mails::Run, Mails::State])
            .take();
        let mut all: BTreeMap<_, MailCounts> = BTreeMap::new();
        for row in self.inner.orm.query_all(&select).await? {
            let counts = all.entry(RunId::from_i64(column(&row, "run")?)).or_default();
            let mails = column::<i64>(&row, "mails")?.unsigned_abs();
            let state = MailStateKind::from_stored(&column::<String>(&row, "state")?);
            match state.ok_or(StoreError::Unreadable("state"))? {
                MailStateKind::Sent => counts.sent += mails,
                MailStateKind::Skipped => counts.skipped += mails,
                MailStateKind::Failed => counts.failed += mails,
                MailStateKind::Waiting | MailStateKind::Sending => counts.waiting += mails,
            }
        }
        Ok(all)
    }

    /// What is in the way of the mails of a run that wait: the words that most of them have; `None` when none has any.
    pub async fn mail_obstacle(&self, run: RunId) -> Result<Option<String>, StoreError> {
        let select = Query::select()
            .column(Mails::Answer)
            .from(Mails::Table)
            .and_where(Expr::col(Mails::Run).eq(run.as_i64()))
            .and_where(
                Expr::col(Mails::State)
                    .is_in([MailState::Waiting, MailState::Sending].map(MailState::stored)),
            )
            .and_where(Expr::col(Mails::Answer).is_not_null())
            .group_by_col(Mails::Answer)
            .order_by_expr(Expr::col(Mails::Id).count(), Order::Desc)
            .order_by(Mails::Answer, Order::Asc)
            .limit(1)
            .take();
        self.inner.orm.query_one(&select).await?.as_ref().map(|row| column(row, "answer")).transpose()
    }

    /// The mail of this identifier.
    pub async fn mail(&self, id: MailId) -> Result<Option<StoredMail>, StoreError> {
        let select = Query::select()
            .columns(MAIL_COLUMNS)
            .from(Mails::Table)
            .and_where(Expr::col(Mails::Id).eq(id.as_i64()))
            .take();
        self.inner.orm.query_one(&select).await?.as_ref().map(mail).transpose()
    }

    /// At most `limit` mails by identifier, from a place of the list on.
    pub async fn mails(
        &self,
        filter: &MailFilter,
        seek: &Seek<MailId>,
        limit: u64,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let mut select = Query::select().columns(MAIL_COLUMNS).from(Mails::Table).take();
        if let Some(run) = filter.run {
            select.and_where(Expr::col(Mails::Run).eq(run.as_i64()));
        }
        if let Some(state) = filter.state {
            select.and_where(Expr::col(Mails::State).eq(state.stored()));
        }
        let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
        if let Some(place) = seek.cursor() {
            select.and_where(beyond([Mails::Id], [place.as_i64().into()], &order));
        }
        select.order_by(Mails::Id, order).limit(limit);
        let mails =
            self.inner.orm.query_all(&select).await?.iter().map(mail).collect::<Result<Vec<_>, _>>()?;
        Ok(in_list_order(mails, seek.is_backward()))
    }
}

/// The run of a night.
pub(super) async fn run_of_night(
    connection: &impl ConnectionTrait,
    night: Night,
) -> Result<Option<ReminderRun>, StoreError> {
    let select = runs().and_where(Expr::col(ReminderRuns::Night).eq(night.to_string())).take();
    connection.query_one(&select).await?.as_ref().map(run).transpose()
}

/// Adds who asked for these runs, as the audit log has it.
async fn add_names(connection: &impl ConnectionTrait, runs: &mut [ReminderRun]) -> Result<(), StoreError> {
    let asked: Vec<_> = runs.iter().filter(|run| run.night.is_none()).map(|run| run.id.to_string()).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let select = Query::select()
        .columns([AuditEvents::SubjectId, AuditEvents::ActorName])
        .from(AuditEvents::Table)
        .and_where(Expr::col(AuditEvents::SubjectKind).eq(SubjectKind::ReminderRun.as_str()))
        .and_where(Expr::col(AuditEvents::SubjectId).is_in(asked))
        .and_where(Expr::col(AuditEvents::Action).eq(STARTED))
        .take();
    let mut names = HashMap::new();
    for row in connection.query_all(&select).await? {
        names.insert(column::<String>(&row, "subject_id")?, column::<String>(&row, "actor_name")?);
    }
    for run in runs {
        run.by = names.remove(&run.id.to_string());
    }
    Ok(())
}

fn runs() -> SelectStatement {
    Query::select().columns(RUN_COLUMNS).from(ReminderRuns::Table).take()
}

fn run(row: &QueryResult) -> Result<ReminderRun, StoreError> {
    let word = |name| column::<Option<String>>(row, name);
    let night = word("night")?.map(|night| night.parse()).transpose();
    let note = word("note")?;
    Ok(ReminderRun {
        id: RunId::from_i64(column(row, "id")?),
        night: night.map_err(|_| StoreError::Unreadable("night"))?,
        by: None,
        at: time(row, "at")?,
        note: note.map(|note| RunNote::from_word(&note).ok_or(StoreError::Unreadable("note"))).transpose()?,
        planned: column::<i64>(row, "planned")?.unsigned_abs(),
        skipped: column::<i64>(row, "skipped")?.unsigned_abs(),
    })
}

pub(super) fn mail(row: &QueryResult) -> Result<StoredMail, StoreError> {
    let kind: String = column(row, "kind")?;
    let (state, reason): (String, Option<String>) = (column(row, "state")?, column(row, "reason")?);
    let attempts: i64 = column(row, "attempts")?;
    let tokens: Vec<(GrantId, u32)> = json(row, "tokens")?;
    let created_at: Timestamp = time(row, "created_at")?;
    Ok(StoredMail {
        id: MailId::from_i64(column(row, "id")?),
        run: column::<Option<i64>>(row, "run")?.map(RunId::from_i64),
        kind: MailKind::from_word(&kind).ok_or(StoreError::Unreadable("kind"))?,
        owner: UserId::from_i64(column(row, "owner")?),
        tokens,
        state: MailState::from_words(&state, reason.as_deref()).ok_or(StoreError::Unreadable("state"))?,
        address: column(row, "address")?,
        answer: column(row, "answer")?,
        attempts: u32::try_from(attempts).unwrap_or_default(),
        is_unanswered: reason.as_deref() == Some(UNANSWERED),
        due_at: optional_time(row, "due_at")?,
        created_at,
        done_at: optional_time(row, "done_at")?,
    })
}
