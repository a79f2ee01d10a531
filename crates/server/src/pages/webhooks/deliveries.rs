//! `GET /configuration/webhooks/{item}/deliveries`: what became of requests that are forwarded or start releases; first of
//! all those given up.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::ItemNumber;
use patgate_core::webhook::is_enabled;
use patgate_store::{DeliveryState, Seek};

use super::row::DeliveryRow;
use super::{PLACE, PassedOn, may_edit, path};
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging};
use crate::pages::{Choice, Notice, PageResult, Query, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook_deliveries.html")]
struct DeliveriesPage {
    shell: Shell,
    title: String,
    heading: &'static str,
    lead: &'static str,
    endpoint: String,
    path: String,
    /// What becomes of what waits while the endpoint is not enabled; empty when it is.
    off: &'static str,
    states: Vec<Choice>,
    rows: Vec<DeliveryRow>,
    /// Whether a place in the list was asked for.
    is_later: bool,
    paging: Paging,
    /// The list, from its beginning.
    list: String,
    may_edit: bool,
}

/// `GET /configuration/webhooks/{item}/deliveries`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let became = DeliveryState::from_word(query.text("state")).unwrap_or(DeliveryState::Dead);
    let place: Seek<i64> = paging::place(&query);
    let found = webhooks::deliveries(&state, &visitor.caller, number, became, &place, paging::ASKED).await?;
    let (found, paging) = Paging::cut(found, &place, &query, |delivery| delivery.number);
    let is_enabled = is_enabled(&view.item.properties);
    let passed_on = PassedOn::of(&view.item);
    let notice =
        (query.text("done") == "redeliver").then(|| Notice::Done(passed_on.begins_again().to_owned()));
    let label = |became: DeliveryState| match became {
        DeliveryState::Waiting => "Waiting",
        DeliveryState::Delivered => "Delivered",
        DeliveryState::Dead => "Given up",
    };
    let choice = |known: DeliveryState| Choice::new(known.as_str(), label(known), became.as_str());
    let page = DeliveriesPage {
        shell: Shell::new(&state, &visitor, passed_on.heading(), PLACE).with_notice(notice),
        title: view.item.id.name().to_owned(),
        heading: passed_on.heading(),
        lead: passed_on.lead(),
        endpoint: path(number),
        path: format!("{}/deliveries", path(number)),
        off: if is_enabled { "" } else { passed_on.off() },
        states: DeliveryState::ALL.into_iter().rev().map(choice).collect(),
        rows: found.into_iter().map(DeliveryRow::from).collect(),
        is_later: place != Seek::Start,
        paging,
        list: query.with(&[("after", ""), ("before", ""), ("done", "")]),
        may_edit: may_edit(&state, &visitor),
    };
    Ok(Html(page.render()?).into_response())
}
