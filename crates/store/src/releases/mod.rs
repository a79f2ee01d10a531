//! Releases and templates: one text each, and beside it the columns by which they are found and claimed.
//!
//! What people do with a release is a change. What its tasks do is data: it is written by who holds the release's lease,
//! and counts only while nobody else has written it (the version).

mod claim;
mod list;
mod listed;
mod log;
mod older;
pub(crate) mod search;

use jiff::Timestamp;
use patgate_core::identifier::{ReleaseNumber, UserId};
use patgate_core::release::{Release, ReleaseId, ReleaseStatus, TaskStatus};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

pub use self::claim::{NextStep, ReleaseLease, ReleaseStep};
pub use self::list::{ReleaseFilter, StatusCount};
pub use self::listed::ListedRelease;
pub(crate) use self::listed::{beside, tags};
pub use self::log::{LogLine, LogPlace};
pub(crate) use self::older::complete_some;
pub use self::search::{FoundReleases, ReleaseSearch};
use crate::error::StoreError;
use crate::items::StoredSecrets;
use crate::rows::{column, json};
use crate::store::Store;
use crate::tables::{Releases, Users};

/// Releases that are in memory at a time where many are gone through: each may be half a megabyte.
const IN_MEMORY: usize = 100;

/// The column of a release without secrets.
const NO_SECRETS: &str = "{}";

/// A release or a template, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRelease {
    /// Its row.
    pub number: ReleaseNumber,
    /// From 1, and one more whenever it is written.
    pub version: i64,
    /// What who made it was called when this was read, or when they were deleted; empty where nobody is known, and in what a runner
    /// claims, which shows it to nobody. It is read of the user, and not written.
    pub owner_name: String,
    /// All that is in it.
    pub release: Release,
    /// The values of its passwords by the names of their variables, as they were sealed.
    pub secrets: StoredSecrets,
}

impl StoredRelease {
    /// As it is written for the first time: without passwords, and made by somebody who is not called anything here.
    #[must_use]
    pub fn new(number: ReleaseNumber, release: Release) -> Self {
        Self { number, version: 1, owner_name: String::new(), release, secrets: StoredSecrets::new() }
    }
}

impl Store {
    /// The release or template of this name.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn release(&self, id: &ReleaseId) -> Result<Option<StoredRelease>, StoreError> {
        by_id(&self.inner.orm, id).await
    }

    /// Shows each of these releases and templates that is there, in no order, and has a hundred of them in memory at a time.
    pub async fn each_release(
        &self,
        ids: &[ReleaseId],
        show: impl FnMut(Release) + Send,
    ) -> Result<(), StoreError> {
        each(&self.inner.orm, ids, show).await
    }

    /// Where the release of this number stands.
    pub async fn release_status(&self, number: ReleaseNumber) -> Result<Option<ReleaseStatus>, StoreError> {
        let select = Query::select()
            .column(Releases::Status)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Number).eq(number.as_i64()))
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map(|row| status(&column::<String>(&row, "status")?)).transpose()
    }
}

/// The columns of a [`StoredRelease`], but for what its owner is called.
pub(crate) const COLUMNS: [Releases; 5] =
    [Releases::Number, Releases::Version, Releases::OwnerId, Releases::Document, Releases::SealedSecrets];

/// What [`owner_name`] is called among the columns.
const OWNER_NAME: &str = "owner_name";

pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: &ReleaseId,
) -> Result<Option<StoredRelease>, StoreError> {
    let select = selection().and_where(Expr::col(Releases::Id).eq(id.as_str())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// Shows each of these that is there, some at a time.
pub(crate) async fn each(
    connection: &impl ConnectionTrait,
    ids: &[ReleaseId],
    mut show: impl FnMut(Release),
) -> Result<(), StoreError> {
    for ids in ids.chunks(IN_MEMORY) {
        let select =
            selection().and_where(Expr::col(Releases::Id).is_in(ids.iter().map(ReleaseId::as_str))).take();
        for row in &connection.query_all(&select).await? {
            show(read(row)?.release);
        }
    }
    Ok(())
}

/// All with a sealed password.
pub(crate) async fn with_secrets(
    connection: &impl ConnectionTrait,
) -> Result<Vec<StoredRelease>, StoreError> {
    let select = selection().and_where(Expr::col(Releases::SealedSecrets).ne(NO_SECRETS)).take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// Since when a release waits for somebody to run its next task; `None` when it does not.
pub(crate) fn due_at(release: &Release, now: Timestamp) -> Option<Timestamp> {
    let next = release.active_task().filter(|_| release.status == ReleaseStatus::InProgress);
    next.filter(|task| task.status == TaskStatus::Queued).map(|_| now)
}

pub(crate) fn selection() -> SelectStatement {
    Query::select().columns(COLUMNS).expr_as(owner_name(), OWNER_NAME).from(Releases::Table).take()
}

/// What who made a release is called, in the question for the release itself: a name that is kept elsewhere would be stale, and
/// deleted users are in no index. NULL where nobody has the identifier.
fn owner_name() -> Expr {
    let name = Query::select()
        .column((Users::Table, Users::Username))
        .from(Users::Table)
        .and_where(Expr::col((Users::Table, Users::Id)).equals((Releases::Table, Releases::OwnerId)))
        .take();
    Expr::SubQuery(None, Box::new(name.into()))
}

pub(crate) fn read(row: &QueryResult) -> Result<StoredRelease, StoreError> {
    let owner_name = column::<Option<String>>(row, OWNER_NAME)?.unwrap_or_default();
    Ok(StoredRelease { owner_name, ..without_name(row)? })
}

/// As [`read`], of [`COLUMNS`] alone.
fn without_name(row: &QueryResult) -> Result<StoredRelease, StoreError> {
    let mut release: Release = json(row, "document")?;
    release.owner = UserId::from_i64(column(row, "owner_id")?);
    Ok(StoredRelease {
        number: ReleaseNumber::from_i64(column(row, "number")?),
        version: column(row, "version")?,
        owner_name: String::new(),
        release,
        secrets: json(row, "sealed_secrets")?,
    })
}

fn status(word: &str) -> Result<ReleaseStatus, StoreError> {
    ReleaseStatus::from_word(word).ok_or(StoreError::Unreadable("status"))
}
