//! Looking at templates and releases.

use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{ReleaseId, TaskId, TaskPlace};
use patgate_store::{
    FoundReleases, ListedRelease, LogLine, LogPlace, Page, ReleaseFilter, ReleaseSearch, Seek, StatusCount,
    StoredRelease, TimeCursor,
};

use super::Sort;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// A page of templates or releases as lists show them, the newest first. The filter says where they stand.
///
/// # Errors
/// 403 without `release#view`; of templates `template#create` or `release#create` does as well. So with all below.
pub async fn listed(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    filter: &ReleaseFilter,
    page: Page,
) -> Result<Vec<ListedRelease>, Problem> {
    sort.require_sight(state, caller)?;
    Ok(state.store.listed_releases(filter, page).await?)
}

/// At most `limit` templates or releases as lists show them, the newest first, from a place of the list on, for a page: a
/// search of titles looks at a bounded number, and says how far. What is wanted says where they stand.
///
/// # Errors
/// As [`listed`].
pub async fn search(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    wanted: &ReleaseSearch,
    seek: &Seek<TimeCursor>,
    limit: u64,
) -> Result<FoundReleases, Problem> {
    sort.require_sight(state, caller)?;
    Ok(state.store.search_releases(wanted, seek, limit).await?)
}

/// What happened to a release that somebody watches: its version, and what a task said from a place on.
///
/// # Errors
/// As [`listed`]; 404 when it is gone.
pub async fn watch(
    state: &AppState,
    caller: &Caller,
    number: ReleaseNumber,
    task: Option<(&TaskId, Option<LogPlace>)>,
    limit: u64,
) -> Result<(i64, Vec<LogLine>), Problem> {
    Sort::Release.require_sight(state, caller)?;
    let lines = match task {
        Some((task, after)) => state.store.release_log(number, task, after, limit).await?,
        None => Vec::new(),
    };
    let version = state.store.release_version(number).await?;
    Ok((version.ok_or_else(|| Problem::not_found("release"))?, lines))
}

/// How many releases there are, by where they stand.
///
/// # Errors
/// As [`listed`].
pub async fn count(
    state: &AppState,
    caller: &Caller,
    filter: &ReleaseFilter,
) -> Result<Vec<StatusCount>, Problem> {
    Sort::Release.require_sight(state, caller)?;
    Ok(state.store.count_releases(filter).await?)
}

/// One template or release.
///
/// # Errors
/// As [`listed`]; 404.
pub async fn read(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
) -> Result<StoredRelease, Problem> {
    sort.require_sight(state, caller)?;
    sort.of(state.store.release(id).await?)
}

/// At most `limit` lines of what a task said, the first one first, from a place on.
///
/// # Errors
/// As [`listed`]; 404.
pub async fn log(
    state: &AppState,
    caller: &Caller,
    place: &TaskPlace,
    after: Option<LogPlace>,
    limit: u64,
) -> Result<Vec<LogLine>, Problem> {
    let stored = read(state, caller, Sort::Release, &place.release).await?;
    stored.release.task_at(place).ok_or_else(|| Problem::not_found("task"))?;
    Ok(state.store.release_log(stored.number, &place.task, after, limit).await?)
}

/// The log-in name of whom the scripts of a release call as; `None` when nobody is entered, or the user is gone.
#[must_use]
pub fn runs_as(state: &AppState, stored: &StoredRelease) -> Option<String> {
    stored.release.run_as.as_ref().and_then(|run_as| state.username(run_as.user()))
}
