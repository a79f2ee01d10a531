//! What endpoints keep.

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use patgate_core::identifier::{ItemNumber, RequestId};
use patgate_core::item::{GET_WEBHOOK_ENDPOINT, POST_WEBHOOK_ENDPOINT};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW, WEBHOOK_VIEW};
use patgate_store::{
    Delivery, DeliveryState, FoundRequests, ItemCursor, ItemFilter, Seek, WebhookRefusal, WebhookRequest,
};

use super::endpoint;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::ItemView;
use crate::state::AppState;

/// How long a search waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// A request with all there is of it.
#[derive(Clone, Debug)]
pub struct WholeRequest {
    /// The request.
    pub request: WebhookRequest,
    /// Its body; empty when it has none.
    pub body: String,
    /// Its way on.
    pub deliveries: Vec<Delivery>,
}

/// At most `limit` endpoints, in the order of their places, from one of them on, and that one. From one that is not there any
/// more: the first.
///
/// # Errors
/// 403 without `webhook#view`, `config#view` or `config#edit`.
pub async fn all(
    state: &AppState,
    caller: &Caller,
    place: Seek<ItemNumber>,
    limit: u64,
) -> Result<(Vec<ItemView>, Seek<ItemNumber>), Problem> {
    caller.require_any(state, &[WEBHOOK_VIEW, CONFIG_VIEW, CONFIG_EDIT])?;
    let there = match place.cursor() {
        Some(number) => state.store.item_by_number(*number).await?,
        None => None,
    };
    let there = there.as_ref().map(ItemCursor::of);
    let (place, seek) = match (place, there) {
        (Seek::After(number), Some(at)) => (Seek::After(number), Seek::After(at)),
        (Seek::Before(number), Some(at)) => (Seek::Before(number), Seek::Before(at)),
        (Seek::Start, _) | (_, None) => (Seek::Start, Seek::Start),
    };
    let mut items = Vec::new();
    for known in [&POST_WEBHOOK_ENDPOINT, &GET_WEBHOOK_ENDPOINT] {
        let filter = ItemFilter { type_name: Some(known.name.to_owned()), ..ItemFilter::default() };
        items.extend(state.store.list_items(&filter, &seek, limit).await?);
    }
    items.sort_by_cached_key(|item| item.id.key());
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if matches!(seek, Seek::Before(_)) {
        items.drain(..items.len().saturating_sub(limit));
    } else {
        items.truncate(limit);
    }
    Ok((ItemView::all(state, items).await, place))
}

/// When the newest kept request of each of these endpoints came; those that keep none are left out.
///
/// # Errors
/// 403 without `webhook#view`.
pub async fn newest(
    state: &AppState,
    caller: &Caller,
    endpoints: &[ItemNumber],
) -> Result<HashMap<ItemNumber, Timestamp>, Problem> {
    caller.require(state, WEBHOOK_VIEW)?;
    Ok(state.store.newest_webhook_requests(endpoints).await?)
}

/// The item of an endpoint.
///
/// # Errors
/// As [`requests`].
pub async fn item(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<ItemView, Problem> {
    endpoint(state, caller, number)?;
    let item = state.store.item_by_number(number).await?;
    Ok(ItemView::new(state, item.ok_or_else(|| Problem::not_found("webhook endpoint"))?).await)
}

/// The address that outside systems call.
#[must_use]
pub fn endpoint_url(state: &AppState, path: &str) -> String {
    state.public_url.join(&format!("/webhooks/{path}"))
}

/// At most `limit` accepted requests, newest first, from a number on.
///
/// # Errors
/// 403 without `webhook#view`; 404; so with all below.
pub async fn requests(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    seek: &Seek<i64>,
    limit: u64,
) -> Result<Vec<WebhookRequest>, Problem> {
    endpoint(state, caller, number)?;
    Ok(state.store.webhook_requests(number, seek, limit).await?)
}

/// The number of the last request that an endpoint accepted, whether it is kept or not; 0: there was none.
///
/// # Errors
/// As [`requests`].
pub async fn last_request(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<i64, Problem> {
    endpoint(state, caller, number)?;
    Ok(state.store.last_webhook_request(number).await?)
}

/// At most `limit` accepted requests with a text in them, newest first, among a thousand from a number on. One search at a
/// time runs on a node.
///
/// # Errors
/// As [`requests`]; 503 when others search for long.
pub async fn search(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    text: &str,
    seek: &Seek<i64>,
    limit: u64,
) -> Result<FoundRequests, Problem> {
    endpoint(state, caller, number)?;
    let turn = tokio::time::timeout(TURN, state.webhooks.searches.acquire()).await;
    let _turn = turn.map_err(|_| {
        let detail = "Others search in what came in just now; try again in a few seconds";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(5)
    })?;
    Ok(state.store.search_webhook_requests(number, text, seek, limit).await?)
}

/// One request.
///
/// # Errors
/// As [`requests`].
pub async fn request(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    id: RequestId,
) -> Result<WholeRequest, Problem> {
    endpoint(state, caller, number)?;
    let found = state.store.webhook_request(number, id).await?;
    let (request, body) = found.ok_or_else(|| Problem::not_found("request"))?;
    let deliveries = state.store.deliveries_of(number, id).await?;
    Ok(WholeRequest { request, body, deliveries })
}

/// The refused requests that are kept, newest first.
///
/// # Errors
/// As [`requests`].
pub async fn refusals(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
) -> Result<Vec<WebhookRefusal>, Problem> {
    endpoint(state, caller, number)?;
    Ok(state.store.webhook_refusals(number).await?)
}

/// At most `limit` deliveries in a state, those of the newest requests first, from the number of a request on.
///
/// # Errors
/// As [`requests`].
pub async fn deliveries(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    became: DeliveryState,
    seek: &Seek<i64>,
    limit: u64,
) -> Result<Vec<Delivery>, Problem> {
    endpoint(state, caller, number)?;
    Ok(state.store.deliveries_in(number, became, seek, limit).await?)
}
