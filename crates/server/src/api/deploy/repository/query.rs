//! `/deployit/repository/query`: finding CIs, in the three versions of the call that clients use.

use axum::extract::State;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use patgate_core::item::ItemId;
use patgate_store::{ItemQuery, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::wire::{Answer, CiReference, CiReferenceDocument, Format, List};
use crate::api::query::Query;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// The types that every type here is one of.
const EVERY_TYPE: [&str; 2] = ["udm.ConfigurationItem", "udm.BaseConfigurationItem"];
/// The most characters of a pattern, and the most `%` in it.
const LONGEST_PATTERN: usize = 400;
const MOST_WILDCARDS: usize = 10;

/// Which CIs are asked for; all must be true of one.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct QueryParameters {
    /// Of this type; `udm.ConfigurationItem` is every type.
    #[param(example = "notification.PatSmtpServer")]
    r#type: Option<String>,
    /// In this folder itself.
    #[param(example = "Configuration")]
    parent: Option<String>,
    /// Somewhere below this folder.
    ancestor: Option<String>,
    /// The last name is like this, whatever the case; `%` stands for any text.
    #[param(example = "SMTP%")]
    name_pattern: Option<String>,
    /// The whole place is like this, whatever the case; `%` stands for any text.
    #[param(example = "Configuration/%SMTP%")]
    id_pattern: Option<String>,
    /// Changed last before this (RFC 3339, or a day).
    last_modified_before: Option<String>,
    /// Changed last after this (RFC 3339, or a day).
    last_modified_after: Option<String>,
    /// Which page, from 0.
    page: Option<String>,
    /// How many results a page has; -1, and nothing, are all.
    results_per_page: Option<String>,
}

/// Lists the places and types of CIs, in the order of the places. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/deployit/repository/query",
    tag = "deploy",
    params(QueryParameters),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiReferenceDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn query_cis(
    State(state): State<AppState>,
    caller: Caller,
    Query(asked): Query<QueryParameters>,
    format: Format,
) -> Result<Answer<List<CiReference>>, Problem> {
    find(&state, &caller, asked, format).await
}

/// The same as `/deployit/repository/query`.
#[utoipa::path(
    get,
    path = "/deployit/repository/v2/query",
    tag = "deploy",
    params(QueryParameters),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiReferenceDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn query_cis_v2(
    State(state): State<AppState>,
    caller: Caller,
    Query(asked): Query<QueryParameters>,
    format: Format,
) -> Result<Answer<List<CiReference>>, Problem> {
    find(&state, &caller, asked, format).await
}

/// The same as `/deployit/repository/query`.
#[utoipa::path(
    get,
    path = "/deployit/repository/v3/query",
    tag = "deploy",
    params(QueryParameters),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiReferenceDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn query_cis_v3(
    State(state): State<AppState>,
    caller: Caller,
    Query(asked): Query<QueryParameters>,
    format: Format,
) -> Result<Answer<List<CiReference>>, Problem> {
    find(&state, &caller, asked, format).await
}

async fn find(
    state: &AppState,
    caller: &Caller,
    asked: QueryParameters,
    format: Format,
) -> Result<Answer<List<CiReference>>, Problem> {
    items::require_sight(state, caller)?;
    let page = page(asked.page.as_deref(), asked.results_per_page.as_deref())?;
    let (folder, below) = (asked.parent.as_deref().map(place), asked.ancestor.as_deref().map(place));
    let query = ItemQuery {
        type_name: asked.r#type.filter(|name| !EVERY_TYPE.contains(&name.as_str())),
        folder: folder.clone().flatten(),
        below: below.clone().flatten(),
        name: pattern("namePattern", asked.name_pattern)?,
        place: pattern("idPattern", asked.id_pattern)?,
        changed_before: time(state, "lastModifiedBefore", asked.last_modified_before)?,
        changed_after: time(state, "lastModifiedAfter", asked.last_modified_after)?,
    };
    // Deploy has folders that are not here: nothing is in them.
    if folder == Some(None) || below == Some(None) {
        return Ok(Answer(format, List(Vec::new())));
    }
    let found = items::find(state, caller, &query, page).await?;
    Ok(Answer(format, List(found.into_iter().map(CiReference).collect())))
}

fn place(text: &str) -> Option<ItemId> {
    text.trim_matches('/').parse().ok()
}

fn pattern(name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let is_long =
        |text: &String| text.chars().count() > LONGEST_PATTERN || text.matches('%').count() > MOST_WILDCARDS;
    match text {
        Some(text) if is_long(&text) => {
            let detail = format!(
                "The query parameter `{name}` has at most {LONGEST_PATTERN} characters and {MOST_WILDCARDS} `%`"
            );
            Err(Problem::field(name, detail))
        }
        text => Ok(text),
    }
}

fn page(page: Option<&str>, size: Option<&str>) -> Result<Page, Problem> {
    let number = |name: &str, text: Option<&str>, absent: i64| {
        let number = text.map_or(Ok(absent), str::parse::<i64>);
        number.map_err(|_| Problem::field(name, format!("The query parameter `{name}` is a whole number")))
    };
    let size = number("resultsPerPage", size, -1)?;
    let page = number("page", page, 0)?.max(0);
    match u64::try_from(size) {
        Err(_) => Ok(Page::WHOLE),
        Ok(0) => {
            let detail = "The query parameter `resultsPerPage` is 1 or more, or -1 for all";
            Err(Problem::field("resultsPerPage", detail))
        }
        Ok(size) => Ok(Page { number: page.unsigned_abs(), size }),
    }
}

/// A time as clients write it: RFC 3339, the same with an offset without its colon as Deploy answers it, or a day of the
/// server's zone.
fn time(state: &AppState, name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    // A `+` that a client did not encode arrives as a blank.
    let signed = match text.rsplit_once(' ') {
        Some((before, offset))
            if offset.starts_with(|c: char| c.is_ascii_digit()) && before.contains('T') =>
        {
            format!("{before}+{offset}")
        }
        _ => text,
    };
    let of_day =
        |day: Date, zone: &TimeZone| day.to_zoned(zone.clone()).ok().map(|day: Zoned| day.timestamp());
    let read = signed
        .parse::<Timestamp>()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &signed).ok())
        .or_else(|| signed.parse::<Date>().ok().and_then(|day| of_day(day, &state.zone)));
    read.map(Some).ok_or_else(|| {
        let detail = format!("The query parameter `{name}` is a time, such as 2026-05-03T12:00:00Z");
        Problem::field(name, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_everything_and_a_page_begins_at_nought() {
        assert_eq!(page(None, None).unwrap(), Page::WHOLE);
        assert_eq!(page(Some("3"), Some("-1")).unwrap(), Page::WHOLE);
        assert_eq!(page(Some("2"), Some("10")).unwrap(), Page { number: 2, size: 10 });
        assert_eq!(page(Some("-1"), Some("10")).unwrap(), Page { number: 0, size: 10 });
        assert!(page(None, Some("0")).is_err() && page(Some("x"), Some("1")).is_err());
    }

    #[test]
    fn a_pattern_has_an_end() {
        assert_eq!(pattern("p", Some("%a%".to_owned())).unwrap().as_deref(), Some("%a%"));
        assert!(pattern("p", Some("%".repeat(11))).is_err() && pattern("p", Some("a".repeat(401))).is_err());
    }
}
