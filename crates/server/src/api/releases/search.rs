//! Searching and counting releases.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use patgate_core::release::ReleaseStatus;
use patgate_store::ReleaseFilter;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::alike::{self, require_tags, require_title};
use super::body::{BasicBody, ReleaseBody};
use super::whole::{self, Around};
use crate::api::json::Json;
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// Which releases are sought; all must be true of one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleasesFilters)]
pub(super) struct Filters {
    /// With this in the title, whatever the case.
    title: Option<String>,
    /// In one of these; a word that is no status here is that of no release.
    statuses: Option<Vec<String>>,
    /// With each of these tags.
    tags: Option<Vec<String>>,
    /// With tasks that have one of these tags: tasks have none here.
    task_tags: Option<Vec<String>>,
    /// Made by the caller.
    only_mine: Option<bool>,
    /// Flagged ones: there are none.
    only_flagged: Option<bool>,
    /// Archived ones: there are none.
    only_archived: Option<bool>,
    /// Started at or after: ISO 8601, or milliseconds since 1970.
    #[serde(alias = "from_")]
    #[schema(value_type = Option<String>)]
    from: Option<Value>,
    /// Started before.
    #[schema(value_type = Option<String>)]
    to: Option<Value>,
}

/// The title that is sought.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct TitleParameters {
    /// Exactly.
    release_title: String,
}

/// How many releases there are.
#[derive(Serialize, ToSchema)]
pub(super) struct ReleaseCounts {
    /// Those that are there.
    live: StatusCounts,
    /// Always none.
    archived: StatusCounts,
    /// All of them.
    all: StatusCounts,
}

/// How many, by where they stand.
#[derive(Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatusCounts {
    /// Together.
    total: u64,
    /// By status.
    by_status: BTreeMap<&'static str, u64>,
}

/// Releases that were found.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundReleases {
    /// Those that are there.
    live: FoundPage,
    /// Always none.
    archived: FoundPage,
}

/// A page of them.
#[derive(Serialize, ToSchema)]
struct FoundPage {
    /// The releases.
    releases: Vec<ReleaseBody>,
    /// Which page, from 0.
    page: u64,
    /// How many a page has at most.
    size: u64,
}

impl Filters {
    /// As the store takes it; `None`: nothing is found.
    fn filter(self, caller: &Caller) -> Result<Option<ReleaseFilter>, Problem> {
        require_title("title", self.title.as_deref().unwrap_or_default())?;
        let mut tags = self.tags.unwrap_or_default();
        // A field that was cleared.
        tags.retain(|tag| !tag.is_empty());
        require_tags("tags", &tags)?;
        let words = self.statuses.unwrap_or_default();
        // Each once, however often it is sent.
        let is_sought = |status: &ReleaseStatus| {
            *status != ReleaseStatus::Template
                && (words.is_empty() || words.iter().any(|word| word == status.as_str()))
        };
        let statuses: Vec<_> = ReleaseStatus::ALL.iter().copied().filter(is_sought).collect();
        let are_none = self.only_archived == Some(true)
            || self.only_flagged == Some(true)
            || self.task_tags.is_some_and(|tags| !tags.is_empty());
        if statuses.is_empty() || are_none {
            return Ok(None);
        }
        Ok(Some(ReleaseFilter {
            statuses,
            title: self.title.filter(|title| !title.is_empty()),
            owner: (self.only_mine == Some(true)).then_some(caller.user),
            tags,
            since: time("from", self.from.as_ref())?,
            until: time("to", self.to.as_ref())?,
            ..ReleaseFilter::default()
        }))
    }
}

fn time(field: &'static str, value: Option<&Value>) -> Result<Option<Timestamp>, Problem> {
    let read = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => {
            number.as_i64().and_then(|number| Timestamp::from_millisecond(number).ok())
        }
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let wrong =
        || Problem::field(field, format!("The field `{field}` is a time, as in `2026-05-03T12:00:00Z`"));
    read.map(Some).ok_or_else(wrong)
}

/// Finds releases by their exact title. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases/byTitle",
    tag = "release",
    params(TitleParameters, Paging),
    responses((status = 200, description = "The releases", body = Vec<ReleaseBody>), Malformed, Unproven)
)]
pub(super) async fn find_releases_by_title(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<TitleParameters>,
    paging: Paging,
) -> Result<Response, Problem> {
    Sort::Release.require_sight(&state, &caller)?;
    require_title("releaseTitle", &asked.release_title)?;
    let statuses = ReleaseStatus::ALL.iter().copied().filter(|status| *status != ReleaseStatus::Template);
    let filter = ReleaseFilter {
        statuses: statuses.collect(),
        exact_title: Some(asked.release_title),
        ..ReleaseFilter::default()
    };
    alike::list(&state, &caller, Sort::Release, &filter, paging.page()).await
}

/// Searches releases, the newest first. Needs `release#view`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/search",
    tag = "release",
    params(Paging),
    request_body = Filters,
    responses((status = 200, description = "The releases", body = Vec<ReleaseBody>), BadBody, Unproven)
)]
pub(super) async fn search_releases(
    State(state): State<AppState>,
    caller: Caller,
    paging: Paging,
    Json(filters): Json<Filters>,
) -> Result<Response, Problem> {
    Sort::Release.require_sight(&state, &caller)?;
    match filters.filter(&caller)? {
        Some(filter) => alike::list(&state, &caller, Sort::Release, &filter, paging.page()).await,
        None => Ok(axum::Json(Vec::<ReleaseBody>::new()).into_response()),
    }
}

/// Searches releases, and shows the least of each; times are milliseconds. Needs `release#view`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/search/overview",
    tag = "release",
    params(Paging),
    request_body = Filters,
    responses((status = 200, description = "The releases", body = Vec<BasicBody>), BadBody, Unproven)
)]
pub(super) async fn search_releases_overview(
    State(state): State<AppState>,
    caller: Caller,
    paging: Paging,
    Json(filters): Json<Filters>,
) -> Result<axum::Json<Vec<BasicBody>>, Problem> {
    Sort::Release.require_sight(&state, &caller)?;
    let found = match filters.filter(&caller)? {
        Some(filter) => releases::listed(&state, &caller, Sort::Release, &filter, paging.page()).await?,
        None => Vec::new(),
    };
    Ok(axum::Json(found.into_iter().map(BasicBody::from).collect()))
}

/// Searches releases that are there and those that are archived, of which there are none. Needs `release#view`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/fullSearch",
    tag = "release",
    params(Paging),
    request_body = Filters,
    responses((status = 200, description = "The releases", body = FoundReleases), BadBody, Unproven)
)]
pub(super) async fn search_all_releases(
    State(state): State<AppState>,
    caller: Caller,
    paging: Paging,
    Json(filters): Json<Filters>,
) -> Result<Response, Problem> {
    Sort::Release.require_sight(&state, &caller)?;
    let page = paging.page();
    let empty = || FoundPage { releases: Vec::new(), page: page.number, size: page.size };
    let nothing = FoundReleases { live: empty(), archived: empty() };
    match filters.filter(&caller)? {
        // The first list of the answer is that of those that are there.
        Some(filter) => {
            let around = Around::of(&nothing)?;
            whole::list(&state, &caller, Sort::Release, &filter, page, around).await
        }
        None => Ok(axum::Json(nothing).into_response()),
    }
}

/// Counts releases. Needs `release#view`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/count",
    tag = "release",
    request_body = Filters,
    responses((status = 200, description = "How many there are", body = ReleaseCounts), BadBody, Unproven)
)]
pub(super) async fn count_releases(
    State(state): State<AppState>,
    caller: Caller,
    Json(filters): Json<Filters>,
) -> Result<axum::Json<ReleaseCounts>, Problem> {
    Sort::Release.require_sight(&state, &caller)?;
    let counts = match filters.filter(&caller)? {
        Some(filter) => releases::count(&state, &caller, &filter).await?,
        None => Vec::new(),
    };
    let live = StatusCounts {
        total: counts.iter().map(|(_, count)| count).sum(),
        by_status: counts.iter().map(|(status, count)| (status.as_str(), *count)).collect(),
    };
    Ok(axum::Json(ReleaseCounts { all: live.clone(), archived: StatusCounts::default(), live }))
}
