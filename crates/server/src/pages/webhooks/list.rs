//! `GET /configuration/webhooks`: all endpoints.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::item::{GET_WEBHOOK_ENDPOINT, POST_WEBHOOK_ENDPOINT, Value, webhook_property as property};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW, WEBHOOK_VIEW};
use patgate_store::Seek;

use super::{PLACE, may_edit, path};
use crate::pages::paging::{self, Paging};
use crate::pages::{Moment, PageResult, Query, Shell, Visitor};
use crate::service::items::ItemView;
use crate::service::webhooks;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhooks.html")]
struct ListPage {
    shell: Shell,
    may_edit: bool,
    /// Whether the visitor may see the configuration items themselves.
    may_configure: bool,
    /// Whether the visitor may read logs.
    may_see: bool,
    rows: Vec<Row>,
    /// Whether a place in the list was asked for.
    is_later: bool,
    paging: Paging,
    post: &'static str,
    get: &'static str,
}

/// An endpoint in the list.
struct Row {
    path: String,
    /// What the element with its URL is called on the page.
    url_id: String,
    /// What a button of it says to a screen reader.
    of_title: String,
    title: String,
    kind: &'static str,
    url: String,
    is_enabled: bool,
    has_warnings: bool,
    last: Option<Moment>,
}

/// `GET /configuration/webhooks`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let (found, place) = webhooks::all(&state, &visitor.caller, paging::place(&query), paging::ASKED).await?;
    let (found, paging) = Paging::cut(found, &place, &query, |view| view.item.number);
    let may_see = visitor.may_any(&state, &[WEBHOOK_VIEW]);
    let numbers: Vec<_> = found.iter().map(|view| view.item.number).collect();
    let newest = match may_see {
        true => webhooks::newest(&state, &visitor.caller, &numbers).await?,
        false => HashMap::new(),
    };
    let row = |view: &ItemView| {
        let last = newest.get(&view.item.number).map(|at| Moment::from(*at));
        Row { last, ..Row::new(&state, view, may_see) }
    };
    let rows = found.iter().map(row).collect();
    let page = ListPage {
        shell: Shell::new(&state, &visitor, "Webhooks and Events", PLACE),
        may_edit: may_edit(&state, &visitor),
        may_configure: visitor.may_any(&state, &[CONFIG_VIEW, CONFIG_EDIT]),
        may_see,
        rows,
        is_later: place != Seek::Start,
        paging,
        post: POST_WEBHOOK_ENDPOINT.name,
        get: GET_WEBHOOK_ENDPOINT.name,
    };
    Ok(Html(page.render()?).into_response())
}

impl Row {
    fn new(state: &AppState, view: &ItemView, may_see: bool) -> Self {
        let item = &view.item;
        let segment = item.properties.get(property::PATH).and_then(Value::as_text).unwrap_or_default();
        Self {
            path: if may_see { path(item.number) } else { format!("{PLACE}/{}", item.number) },
            url_id: format!("url-{}", item.number),
            of_title: format!("of {}", item.id.name()),
            title: item.id.name().to_owned(),
            kind: if item.type_name == GET_WEBHOOK_ENDPOINT.name { "GET" } else { "POST" },
            url: webhooks::endpoint_url(state, segment),
            is_enabled: patgate_core::webhook::is_enabled(&item.properties),
            has_warnings: !view.warnings.is_empty(),
            last: None,
        }
    }
}
