//! Several configurations: by type and title, and by their ids.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use patgate_core::item::{FOLDER, ItemName};
use patgate_store::{ChangedKind, ItemCursor, ItemFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::ConfigurationBody;
use super::place::item;
use crate::api::deploy::wire::{Asked, Format, Row, Source, Wanted, listed, numbered};
use crate::api::json::Json;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, ItemRef, ItemView};
use crate::state::AppState;
use crate::written_lists::ListName;

/// Which configurations are asked for; all must be true of one.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ConfigurationParameters {
    /// Of this type, exactly.
    #[param(example = "notification.PatSmtpServer")]
    configuration_type: Option<String>,
    /// With this title, whatever the case.
    title: Option<String>,
    /// Of a folder of releases, and of those above it. There are none here.
    folder_id: Option<String>,
    /// Only those in that folder itself.
    folder_only: Option<bool>,
}

/// Lists configurations by type and title. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/config/byTypeAndTitle",
    tag = "release",
    params(ConfigurationParameters),
    responses((status = 200, description = "The configurations", body = Vec<ConfigurationBody>), Malformed, Unproven)
)]
pub(super) async fn find_configurations(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<ConfigurationParameters>,
) -> Result<Response, Problem> {
    items::require_sight(&state, &caller)?;
    let nothing = || Ok(axum::Json(Vec::<ConfigurationBody>::new()).into_response());
    // What is there belongs to no folder: every folder inherits it, and none has it itself.
    if asked.folder_only == Some(true) && asked.folder_id.is_some() {
        return nothing();
    }
    // What can be no title is nobody's.
    let Ok(name) = asked.title.map(|title| title.parse::<ItemName>()).transpose() else { return nothing() };
    // Folders of items are configurations to who asks for their type alone.
    let but_type = asked.configuration_type.is_none().then(|| FOLDER.name.to_owned());
    let filter = ItemFilter { type_name: asked.configuration_type, but_type, name, ..ItemFilter::default() };
    let source = Source {
        state: state.clone(),
        name: ListName { asked: format!("configurations {filter:?}"), rows: ChangedKind::Item, others: &[] },
        fact: |_, _| false,
    };
    let read = move |wanted: Wanted<ItemCursor>| {
        let (state, caller, filter) = (state.clone(), caller.clone(), filter.clone());
        async move {
            let filter = ItemFilter { numbers: wanted.only.map(numbered), ..filter };
            let found = items::list_bare(&state, &caller, &filter, &wanted.seek, wanted.limit).await?;
            Ok(found.into_iter().map(FoundConfiguration).collect())
        }
    };
    listed::<FoundConfiguration, _>(Format::Json, Asked::ALL, Some(source), read).await
}

/// A configuration that was found.
struct FoundConfiguration(ItemView);

impl Row for FoundConfiguration {
    type Place = ItemCursor;

    fn id(&self) -> i64 {
        self.0.item.number.as_i64()
    }

    fn place(&self) -> ItemCursor {
        ItemCursor::of(&self.0.item)
    }

    fn text(self, _: Format) -> String {
        serde_json::to_string(&ConfigurationBody::from(self.0)).unwrap_or_default()
    }
}

/// Reads configurations by their ids. Needs `config#view` or `config#edit`. Those that are not there are left out.
#[utoipa::path(
    post,
    path = "/api/v1/config/byIds",
    tag = "release",
    request_body = Vec<String>,
    responses((status = 200, description = "The configurations", body = Vec<ConfigurationBody>), BadBody, Unproven)
)]
pub(super) async fn read_configurations(
    State(state): State<AppState>,
    caller: Caller,
    Json(ids): Json<Vec<String>>,
) -> Result<axum::Json<Vec<ConfigurationBody>>, Problem> {
    items::require_sight(&state, &caller)?;
    if ids.len() > items::MOST_AT_ONCE {
        let detail = format!("One call takes at most {} ids", items::MOST_AT_ONCE);
        return Err(Problem::field("ids", detail));
    }
    let wanted: Vec<_> = ids.iter().filter_map(|id| item(id.trim())).collect();
    let (mut places, mut numbers) = (Vec::new(), Vec::new());
    for which in &wanted {
        match which {
            ItemRef::At(id) => places.push(id.clone()),
            ItemRef::Numbered(number) => numbers.push(*number),
        }
    }
    let found = items::read_known(&state, &caller, &places, &numbers).await?;
    let places: BTreeMap<_, _> = found.iter().map(|view| (view.item.id.key(), view)).collect();
    let numbers: BTreeMap<_, _> = found.iter().map(|view| (view.item.number, view)).collect();
    let of = |which: &ItemRef| match which {
        ItemRef::At(id) => places.get(&id.key()).copied(),
        ItemRef::Numbered(number) => numbers.get(number).copied(),
    };
    // Each once, however often and by whichever of its two ids it is named.
    let mut shown = BTreeSet::new();
    let each = wanted.iter().filter_map(of).filter(|view| shown.insert(view.item.number));
    Ok(axum::Json(each.cloned().map(ConfigurationBody::from).collect()))
}
