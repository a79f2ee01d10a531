//! `/deployit/repository/query`: finding CIs.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use patgate_core::item::ItemId;
use patgate_store::{ChangedKind, ItemCursor, ItemQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::wire::{
    Answer, Asked, CiReference, CiReferenceDocument, Format, List, Source, Wanted, listed, numbered,
};
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::api::time;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;
use crate::written_lists::ListName;

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
    /// Changed last before this (RFC 3339, or a time or a day of the server's zone).
    last_modified_before: Option<String>,
    /// Changed last after this (RFC 3339, or a time or a day of the server's zone).
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
    Parameters(asked): Parameters<QueryParameters>,
    format: Format,
) -> Result<Response, Problem> {
    items::require_sight(&state, &caller)?;
    let page = Asked::of(asked.page.as_deref(), asked.results_per_page.as_deref(), -1)?;
    let (folder, below) = (asked.parent.as_deref().map(place), asked.ancestor.as_deref().map(place));
    let query = ItemQuery {
        numbers: None,
        type_name: asked.r#type.filter(|name| !EVERY_TYPE.contains(&name.as_str())),
        folder: folder.clone().flatten(),
        below: below.clone().flatten(),
        name: pattern("namePattern", asked.name_pattern)?,
        place: pattern("idPattern", asked.id_pattern)?,
        changed_before: time::read(&state.zone, "lastModifiedBefore", asked.last_modified_before)?,
        changed_after: time::read(&state.zone, "lastModifiedAfter", asked.last_modified_after)?,
    };
    // Deploy has folders that are not here: nothing is in them.
    if folder == Some(None) || below == Some(None) {
        return Ok(Answer(format, List::<CiReference>(Vec::new())).into_response());
    }
    let source = Source {
        state: state.clone(),
        name: ListName { asked: format!("query {format:?} {query:?}"), rows: ChangedKind::Item, others: &[] },
        fact: |_, _| false,
    };
    let read = move |wanted: Wanted<ItemCursor>| {
        let (state, caller, query) = (state.clone(), caller.clone(), query.clone());
        async move {
            let query = ItemQuery { numbers: wanted.only.map(numbered), ..query };
            let (seek, part) = (wanted.seek, (wanted.skip, wanted.limit));
            let found = items::find(&state, &caller, &query, &seek, part).await?;
            Ok(found.into_iter().map(CiReference).collect())
        }
    };
    listed::<CiReference, _>(format, page, Some(source), read).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_an_end() {
        assert_eq!(pattern("p", Some("%a%".to_owned())).unwrap().as_deref(), Some("%a%"));
        assert!(pattern("p", Some("%".repeat(11))).is_err() && pattern("p", Some("a".repeat(401))).is_err());
    }
}
