//! Releases whose next task is due: claimed by one runner at a time, and written by that one alone.
//!
//! `due_at` of a claimed release is when its lease ends: whoever runs it moves that on until it ends, and the next one
//! takes the release up when it did not.

use std::collections::HashSet;

use jiff::Timestamp;
use patgate_core::identifier::{ReleaseNumber, UserId};
use patgate_core::release::{Release, TaskId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};

use super::log::{self, LogLine};
use super::{COLUMNS, StoredRelease, beside, without_name};
use crate::error::StoreError;
use crate::items::StoredSecrets;
use crate::rows::{column, json, optional_time, to_json};
use crate::store::Store;
use crate::tables::Releases;
use crate::transaction::WriteTransaction;

/// Releases that one statement holds on to.
const HELD_AT_ONCE: usize = 64;

/// Who holds releases: one runner of one node, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseLease(pub i64);

/// A release as a runner writes it.
#[derive(Clone, Debug)]
pub struct ReleaseStep {
    /// Which.
    pub number: ReleaseNumber,
    /// Of which version it was.
    pub version: i64,
    /// As it is now.
    pub release: Release,
    /// The passwords that were assigned. The others stay as they are stored: they may have been sealed anew meanwhile.
    pub secrets: StoredSecrets,
    /// What becomes of the lease.
    pub next: NextStep,
    /// What a task of it said.
    pub log: Option<(TaskId, Vec<LogLine>)>,
}

/// What becomes of the lease when a release is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// It is held as before.
    Hold,
    /// It is given back, and somebody takes the release up from then on.
    Due(Timestamp),
    /// It is given back: the release waits for a person, or has ended.
    Rest,
}

impl Store {
    /// When the next release is due that is none of these owners': a look without a lock.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn next_release_at(&self, but: &[UserId]) -> Result<Option<Timestamp>, StoreError> {
        let select = Query::select()
            .column(Releases::DueAt)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::DueAt).is_not_null())
            .and_where_option(of_others(but))
            .order_by(Releases::DueAt, Order::Asc)
            .limit(1)
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map_or(Ok(None), |row| optional_time(&row, "due_at"))
    }

    /// Claims at most `limit` releases that are due, the longest waiting first, but none of these owners. One with a script that
    /// runs was left by a runner that is gone. One that cannot be read is left out: its claim ends unused.
    pub async fn claim_releases(
        &self,
        lease: ReleaseLease,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
        but: &[UserId],
    ) -> Result<Vec<StoredRelease>, StoreError> {
        let due = Query::select()
            .column(Releases::Number)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::DueAt).lte(now.as_millisecond()))
            .and_where_option(of_others(but))
            .order_by(Releases::DueAt, Order::Asc)
            .order_by(Releases::Number, Order::Asc)
            .limit(limit)
            .take();
        let (_turn, transaction) = self.inner.begin_data().await?;
        let claim = Query::update()
            .table(Releases::Table)
            .value(Releases::Lease, lease.0)
            .value(Releases::DueAt, until.as_millisecond())
            .value(Releases::Version, Expr::col(Releases::Version).add(1))
            .and_where(Expr::col(Releases::Number).in_subquery(due))
            // Once more: another may have claimed it since the question within was answered.
            .and_where(Expr::col(Releases::DueAt).lte(now.as_millisecond()))
            .returning(Query::returning().columns(COLUMNS))
            .take();
        let rows = transaction.query_all(&claim).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            match without_name(row) {
                Ok(release) => claimed.push(release),
                // Of a newer version, perhaps. It must not stand in the way of the others.
                Err(error) => {
                    let release = ReleaseNumber::from_i64(column(row, "number")?);
                    tracing::error!(%release, %error, "a release cannot be read, and does not go on");
                }
            }
        }
        transaction.commit().await?;
        Ok(claimed)
    }

    /// Writes releases that a runner holds, in one transaction. Of each: whether it was still the runner's to write; what
    /// was not has changed nothing.
    pub async fn step_releases(
        &self,
        lease: ReleaseLease,
        steps: &[ReleaseStep],
    ) -> Result<Vec<bool>, StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let mut held = Vec::with_capacity(steps.len());
        for step in steps {
            held.push(write(&transaction, lease, step).await?);
        }
        transaction.commit().await?;
        Ok(held)
    }

    /// Holds on to the releases that a runner runs until then. Those of them that are not the runner's any more: another took
    /// them up, or somebody changed them. What it has claimed and does not run is left, so that it comes due again.
    pub async fn hold_releases(
        &self,
        lease: ReleaseLease,
        until: Timestamp,
        running: &[ReleaseNumber],
    ) -> Result<Vec<ReleaseNumber>, StoreError> {
        if running.is_empty() {
            return Ok(Vec::new());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let mut held = HashSet::with_capacity(running.len());
        for numbers in running.chunks(HELD_AT_ONCE) {
            let is_one_of = Expr::col(Releases::Number).is_in(numbers.iter().map(|number| number.as_i64()));
            let hold = moved(Some(lease), until)
                .and_where(is_one_of)
                .returning(Query::returning().column(Releases::Number))
                .take();
            for row in &transaction.query_all(&hold).await? {
                held.insert(ReleaseNumber::from_i64(column(row, "number")?));
            }
        }
        transaction.commit().await?;
        Ok(running.iter().copied().filter(|number| !held.contains(number)).collect())
    }

    /// Gives back what a runner holds, or what all do: it is due at once.
    pub async fn free_releases(&self, lease: Option<ReleaseLease>, now: Timestamp) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let mut free = moved(lease, now);
        free.value(Releases::Lease, None::<i64>);
        transaction.execute(&free).await?;
        transaction.commit().await
    }
}

/// Releases that none of these made.
fn of_others(but: &[UserId]) -> Option<Expr> {
    (!but.is_empty()).then(|| Expr::col(Releases::OwnerId).is_not_in(but.iter().map(|owner| owner.as_i64())))
}

fn moved(lease: Option<ReleaseLease>, until: Timestamp) -> sea_orm::sea_query::UpdateStatement {
    Query::update()
        .table(Releases::Table)
        .value(Releases::DueAt, until.as_millisecond())
        .and_where(Expr::col(Releases::DueAt).is_not_null())
        .and_where(Expr::col(Releases::Lease).is_not_null())
        .and_where_option(lease.map(|lease| Expr::col(Releases::Lease).eq(lease.0)))
        .take()
}

async fn write(
    transaction: &WriteTransaction,
    lease: ReleaseLease,
    step: &ReleaseStep,
) -> Result<bool, StoreError> {
    let release = &step.release;
    let mut update = Query::update();
    update
        .table(Releases::Table)
        .value(Releases::Version, step.version + 1)
        .value(Releases::Status, release.status.as_str())
        .value(Releases::Document, to_json(release, "document")?)
        .value(Releases::Summary, beside(release)?)
        .value(Releases::EndedAt, release.ended_at.map(Timestamp::as_millisecond))
        .and_where(Expr::col(Releases::Number).eq(step.number.as_i64()))
        .and_where(Expr::col(Releases::Version).eq(step.version))
        .and_where(Expr::col(Releases::Lease).eq(lease.0));
    let given_back = match step.next {
        NextStep::Hold => None,
        NextStep::Due(at) => Some(Some(at.as_millisecond())),
        NextStep::Rest => Some(None),
    };
    if let Some(due) = given_back {
        update.value(Releases::DueAt, due).value(Releases::Lease, None::<i64>);
    }
    if !step.secrets.is_empty() {
        let select = Query::select()
            .column(Releases::SealedSecrets)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Number).eq(step.number.as_i64()))
            .take();
        let Some(row) = transaction.query_one(&select).await? else { return Ok(false) };
        let mut secrets: StoredSecrets = json(&row, "sealed_secrets")?;
        secrets.extend(step.secrets.clone());
        update.value(Releases::SealedSecrets, to_json(&secrets, "sealed_secrets")?);
    }
    let is_held = transaction.execute(&update).await?.rows_affected() > 0;
    if let (true, Some((task, lines))) = (is_held, &step.log) {
        log::append(transaction, step.number, task, lines).await?;
    }
    Ok(is_held)
}
