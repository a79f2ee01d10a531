//! `GET /configuration/webhooks/{item}`: an endpoint: its address, and what came in.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::ItemNumber;
use patgate_core::item::{Value, webhook_property as property};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW};
use patgate_core::webhook::is_enabled;
use patgate_store::Seek;

use super::row::RequestRow;
use super::{PLACE, PassedOn, may_edit, path};
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging};
use crate::pages::{Field, Notice, PageResult, Query, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook.html")]
struct EndpointPage {
    shell: Shell,
    title: String,
    path: String,
    /// The form of the endpoint; empty for who may not see it.
    form_path: String,
    /// Where requests are told of as they arrive.
    live: String,
    url: String,
    call: String,
    is_enabled: bool,
    /// What becomes of what waits while it is not; empty when it is.
    off: &'static str,
    /// What the list of what became of requests is called; empty when nothing becomes of them.
    passed_on: &'static str,
    may_edit: bool,
    warnings: Vec<String>,
    search: Field,
    /// What it takes.
    method: String,
    /// Whether it keeps no request at all.
    keeps_none: bool,
    rows: Vec<RequestRow>,
    /// Whether a place in the list was asked for.
    is_later: bool,
    paging: Paging,
    /// The query that looks further, when a search did not reach the end.
    further: Option<String>,
}

/// `GET /configuration/webhooks/{item}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let place: Seek<i64> = paging::place(&query);
    let search = paging::search(&query, "search");
    // Before the log: what comes in between is told of by the live view, unless it is in the list.
    let last = webhooks::last_request(&state, &visitor.caller, number).await?;
    let (found, looked_until) = if search.is_empty() {
        let found = webhooks::requests(&state, &visitor.caller, number, &place, paging::ASKED).await?;
        (found, None)
    } else {
        let found = webhooks::search(&state, &visitor.caller, number, &search, &place, paging::ASKED).await?;
        (found.requests, found.looked_until)
    };
    let (found, paging) = Paging::cut(found, &place, &query, |request| request.number);
    let seen = found.first().map_or(last, |newest| newest.number.max(last));
    let further = looked_until
        .filter(|_| paging.next.is_none())
        .map(|number| query.with(&[("after", &number.to_string()), ("before", ""), ("done", "")]));
    let text = |name: &str| view.item.properties.get(name).and_then(Value::as_text).unwrap_or_default();
    let url = webhooks::endpoint_url(&state, text(property::PATH));
    let notice = match query.text("done") {
        "made" => Some(Notice::Done("The endpoint is made, and takes requests.".to_owned())),
        "test" => Some(Notice::Done("The test request was taken.".to_owned())),
        _ => None,
    };
    let is_enabled = is_enabled(&view.item.properties);
    let passed_on = PassedOn::of(&view.item);
    let may_configure = visitor.may_any(&state, &[CONFIG_VIEW, CONFIG_EDIT]);
    let title = view.item.id.name().to_owned();
    let page = EndpointPage {
        shell: Shell::new(&state, &visitor, title.clone(), PLACE).with_notice(notice),
        title,
        path: path(number),
        form_path: if may_configure { format!("{PLACE}/{number}") } else { String::new() },
        live: format!("/api/v1/webhook-endpoints/{number}/requests/live?after={seen}"),
        call: webhooks::curl_line(&view.item, &url),
        url,
        is_enabled,
        off: if is_enabled { "" } else { passed_on.off() },
        passed_on: match passed_on {
            PassedOn::Nowhere => "",
            known => known.heading(),
        },
        may_edit: may_edit(&state, &visitor),
        warnings: view.warnings,
        method: webhooks::method(&state, &visitor.caller, number)?.to_string(),
        keeps_none: view.item.properties.get(property::REQUEST_RETENTION) == Some(&Value::Integer(0)),
        search: Field::new("search", "Search", search),
        rows: found.into_iter().map(RequestRow::brief).collect(),
        is_later: place != Seek::Start,
        paging,
        further,
    };
    Ok(Html(page.render()?).into_response())
}
