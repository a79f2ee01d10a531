//! `GET /configuration/webhooks/{item}/refused`: who was refused, and why.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::Method;
use patgate_core::identifier::{ItemNumber, RequestId};
use patgate_store::{Seek, WebhookRefusal};

use super::pairs::Shown;
use super::{PLACE, path};
use crate::pages::form::{Named, sentence};
use crate::pages::paging::{self, Paging, ROWS};
use crate::pages::{Moment, PageResult, Query, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;
use crate::webhook::method_of;

/// As many bytes of the headers of one stand on the page, and of one value of them.
const OF_HEADERS: (usize, usize) = (1_000, 300);

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook_refused.html")]
struct RefusedPage {
    shell: Shell,
    title: String,
    endpoint: String,
    path: String,
    rows: Vec<Row>,
    paging: Paging,
}

/// A refused request.
struct Row {
    at: Moment,
    sender: String,
    method: String,
    cause: String,
    headers: Shown,
    /// How many headers are kept.
    count: usize,
}

/// `GET /configuration/webhooks/{item}/refused`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let refusals = webhooks::refusals(&state, &visitor.caller, number).await?;
    let (refusals, place) = part(refusals, paging::place(&query));
    let (refusals, paging) = Paging::cut(refusals, &place, &query, |refusal| refusal.id);
    let method = webhooks::method(&state, &visitor.caller, number)?;
    let page = RefusedPage {
        shell: Shell::new(&state, &visitor, "Refused requests", PLACE),
        title: view.item.id.name().to_owned(),
        endpoint: path(number),
        path: format!("{}/refused", path(number)),
        paging,
        rows: refusals.into_iter().map(|refusal| Row::of(refusal, &method)).collect(),
    };
    Ok(Html(page.render()?).into_response())
}

/// Those of a few refusals that a page asks for: one more than stand on it. Of one that is not kept any more: the first.
fn part(mut all: Vec<WebhookRefusal>, place: Seek<RequestId>) -> (Vec<WebhookRefusal>, Seek<RequestId>) {
    let at = place.cursor().and_then(|id| all.iter().position(|refusal| refusal.id == *id));
    let (range, place) = match (place, at) {
        (Seek::After(id), Some(at)) => (at + 1..all.len().min(at + 2 + ROWS), Seek::After(id)),
        (Seek::Before(id), Some(at)) => (at.saturating_sub(ROWS + 1)..at, Seek::Before(id)),
        (Seek::Start, _) | (_, None) => (0..all.len().min(ROWS + 1), Seek::Start),
    };
    (all.drain(range).collect(), place)
}

impl Row {
    /// `method`: what the endpoint takes.
    fn of(refusal: WebhookRefusal, method: &Method) -> Self {
        Self {
            method: method_of(&refusal.cause, method).to_owned(),
            at: refusal.at.into(),
            sender: refusal.sender,
            cause: sentence(&refusal.cause),
            headers: Shown::of(&refusal.headers, OF_HEADERS.0, OF_HEADERS.1),
            count: refusal.headers.len(),
        }
    }
}
