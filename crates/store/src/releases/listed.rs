//! What lists show of a release: columns, and a few words beside them. The whole text of a release is not read for a list.

use jiff::Timestamp;
use patgate_core::identifier::{ReleaseNumber, UserId};
use patgate_core::release::{Release, ReleaseId, ReleaseStatus, RunAs};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};

use super::list::{ReleaseFilter, page_of};
use super::{OWNER_NAME, owner_name, status};
use crate::error::StoreError;
use crate::rows::{Page, column, from_json, optional_time, time, to_json};
use crate::store::Store;
use crate::tables::Releases;

/// A release or a template in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRelease {
    /// Its row.
    pub number: ReleaseNumber,
    /// Its name.
    pub id: ReleaseId,
    /// What people call it.
    pub title: String,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// What who made it is called, or was when they were deleted; empty where nobody is known.
    pub owner_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The title of the task that it is at.
    pub at: Option<String>,
    /// How many tasks it has.
    pub tasks: u32,
    /// As whom its scripts call.
    pub runs_as: Option<UserId>,
}

/// What stands beside the columns.
#[derive(Serialize, Deserialize)]
struct Beside {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    tasks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    runs_as: Option<UserId>,
}

impl From<&Release> for Beside {
    fn from(release: &Release) -> Self {
        Self {
            at: release.active_task().map(|task| task.title.clone()),
            tasks: u32::try_from(release.tasks().count()).unwrap_or(u32::MAX),
            runs_as: release.run_as.as_ref().map(RunAs::user),
        }
    }
}

/// What is stored beside a release.
pub(crate) fn beside(release: &Release) -> Result<String, StoreError> {
    to_json(&Beside::from(release), "summary")
}

/// The words to find a release by, one a line; no tag has a line's end.
pub(crate) fn tags(release: &Release) -> String {
    release.tags.iter().fold("\n".to_owned(), |text, tag| text + tag + "\n")
}

impl Store {
    /// A page of releases as lists show them, the newest first.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn listed_releases(
        &self,
        filter: &ReleaseFilter,
        page: Page,
    ) -> Result<Vec<ListedRelease>, StoreError> {
        let select = page_of(columns(), filter, page);
        self.inner.orm.query_all(&select).await?.iter().map(read).collect()
    }

    /// Which version the release of this number is; `None` when it is gone.
    pub async fn release_version(&self, number: ReleaseNumber) -> Result<Option<i64>, StoreError> {
        let select = Query::select()
            .column(Releases::Version)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Number).eq(number.as_i64()))
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map(|row| column(&row, "version")).transpose()
    }
}

/// The columns of a [`ListedRelease`].
pub(super) fn columns() -> SelectStatement {
    // The whole of one that was written before there was anything beside it.
    let whole =
        CaseStatement::new().case(Expr::col(Releases::Summary).is_null(), Expr::col(Releases::Document));
    Query::select()
        .columns([
            Releases::Number,
            Releases::Id,
            Releases::Title,
            Releases::Status,
            Releases::CreatedAt,
            Releases::StartedAt,
            Releases::EndedAt,
            Releases::Summary,
        ])
        .expr_as(whole, "whole")
        .expr_as(owner_name(), OWNER_NAME)
        .from(Releases::Table)
        .take()
}

pub(super) fn read(row: &QueryResult) -> Result<ListedRelease, StoreError> {
    let beside: Beside = match column::<Option<String>>(row, "summary")? {
        Some(text) => from_json(&text, "summary")?,
        None => {
            let whole: Option<String> = column(row, "whole")?;
            let whole: Release = from_json(whole.as_deref().unwrap_or_default(), "document")?;
            Beside::from(&whole)
        }
    };
    Ok(ListedRelease {
        number: ReleaseNumber::from_i64(column(row, "number")?),
        id: column::<String>(row, "id")?.parse().map_err(|_| StoreError::Unreadable("id"))?,
        title: column(row, "title")?,
        status: status(&column::<String>(row, "status")?)?,
        owner_name: column::<Option<String>>(row, OWNER_NAME)?.unwrap_or_default(),
        created_at: time(row, "created_at")?,
        started_at: optional_time(row, "started_at")?,
        ended_at: optional_time(row, "ended_at")?,
        at: beside.at,
        tasks: beside.tasks,
        runs_as: beside.runs_as,
    })
}
