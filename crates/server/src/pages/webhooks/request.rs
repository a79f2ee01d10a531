//! `GET /configuration/webhooks/{item}/requests/{id}`: one request, whole.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::RequestId;
use patgate_store::Pairs;

use super::row::{DeliveryRow, RequestRow};
use super::{PLACE, Part, may_edit, path};
use crate::pages::{PageResult, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The longest body that the page shows, in bytes; longer ones are downloaded.
const SHOWN: usize = 64 * 1_024;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook_request.html")]
struct RequestPage {
    shell: Shell,
    title: String,
    endpoint: String,
    row: RequestRow,
    method: String,
    headers: Pairs,
    parameters: Pairs,
    /// The body, written so that people can read it; `None` when it is too long for a page.
    body: Option<String>,
    download: String,
    deliveries: Vec<DeliveryRow>,
    may_edit: bool,
}

/// `GET /configuration/webhooks/{item}/requests/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Part(number, id): Part<RequestId>,
    visitor: Visitor,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let whole = webhooks::request(&state, &visitor.caller, number, id).await?;
    let method = webhooks::method(&state, &visitor.caller, number)?;
    let (headers, parameters) = (whole.request.headers.clone(), whole.request.parameters.clone());
    let page = RequestPage {
        shell: Shell::new(&state, &visitor, format!("Request {id}"), PLACE),
        title: view.item.id.name().to_owned(),
        endpoint: path(number),
        row: whole.request.into(),
        method: method.to_string(),
        headers,
        parameters,
        body: (whole.body.len() <= SHOWN).then(|| readable(whole.body)),
        download: format!("/api/v1/webhook-endpoints/{number}/requests/{id}/body"),
        deliveries: whole.deliveries.into_iter().map(DeliveryRow::from).collect(),
        may_edit: may_edit(&state, &visitor),
    };
    Ok(Html(page.render()?).into_response())
}

/// JSON with line breaks. What cannot be read so stays as it came.
fn readable(body: String) -> String {
    let value = serde_json::from_str::<serde_json::Value>(&body);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or(body)
}
