//! `GET /configuration/webhooks/{item}/refused`: who was refused, and why.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::Method;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Pairs, WebhookRefusal};

use super::{PLACE, path};
use crate::pages::form::Named;
use crate::pages::{Moment, PageResult, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;
use crate::webhook::method_of;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook_refused.html")]
struct RefusedPage {
    shell: Shell,
    title: String,
    endpoint: String,
    rows: Vec<Row>,
}

/// A refused request.
struct Row {
    at: Moment,
    sender: String,
    method: String,
    cause: String,
    headers: Pairs,
}

/// `GET /configuration/webhooks/{item}/refused`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let refusals = webhooks::refusals(&state, &visitor.caller, number).await?;
    let method = webhooks::method(&state, &visitor.caller, number)?;
    let page = RefusedPage {
        shell: Shell::new(&state, &visitor, "Refused requests", PLACE),
        title: view.item.id.name().to_owned(),
        endpoint: path(number),
        rows: refusals.into_iter().map(|refusal| Row::of(refusal, &method)).collect(),
    };
    Ok(Html(page.render()?).into_response())
}

impl Row {
    /// `method`: what the endpoint takes.
    fn of(refusal: WebhookRefusal, method: &Method) -> Self {
        Self {
            method: method_of(&refusal.cause, method).to_owned(),
            at: refusal.at.into(),
            sender: refusal.sender,
            cause: crate::problem::sentence(&refusal.cause),
            headers: refusal.headers,
        }
    }
}
