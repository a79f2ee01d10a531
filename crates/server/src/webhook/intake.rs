//! From a request to `/webhooks/{path}` to its answer.
//!
//! The order is: is there such an endpoint, is it its method, who calls, is it too much, is it JSON, is it new. Where the
//! body is signed it is read before the caller is judged, and in no other case; and who was judged before is judged again
//! when it is there.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, RequestId};
use patgate_core::webhook::{LONGEST_MESSAGE_ID, Presented, message_id};
use patgate_store::{NewDelivery, NewRefusal, NewWebhookRequest, Pairs, Received};
use percent_encoding::percent_decode_str;
use tokio::sync::oneshot;

use super::answer::{self, Refusal};
use super::body::{self, Bounds};
use super::endpoint::{Endpoint, Kind};
use super::room::{NoRoom, Place, Room};
use super::shown::{self, Kept};
use super::writer::Job;
use crate::problem::Problem;
use crate::state::AppState;

/// Where the endpoints are.
const ROOT: &str = "/webhooks/";
/// How long to wait when the database does not answer, in seconds.
const PATIENCE: u64 = 5;
/// How long a body may take to come.
const SLOWEST: Duration = Duration::from_secs(30);
/// Refused requests of an endpoint that are noted in a minute: somewhat more than its log keeps.
const NOTED: u32 = 60;
/// How often a request may have been forwarded by servers like this one before it comes here.
const MOST_HOPS: u32 = 4;

/// Answers a request below `/webhooks/`, which came from this address. What is answered with 2xx is durable.
pub async fn take(state: &AppState, request: Request<Body>, peer: IpAddr) -> Response {
    if !state.node.is_ready() {
        return Problem::starting().into_response();
    }
    let Some(endpoint) = find(state, request.uri().path()) else { return answer::no_endpoint() };
    let now = state.clock.now();
    let (parts, body) = request.into_parts();
    let sender = state.gateway.proxies().client_address(peer, &parts.headers);
    match judged(state, &endpoint, &parts, body, sender, now).await {
        Ok((id, is_same)) => answer::accepted(id, is_same),
        Err(refusal) => {
            note(state, &endpoint, &parts.headers, sender, now, &refusal);
            refusal.into_response(&endpoint)
        }
    }
}

/// Notes a refused request, unless so many were noted just now that strangers would take the writers' time.
fn note(
    state: &AppState,
    endpoint: &Endpoint,
    headers: &HeaderMap,
    sender: IpAddr,
    now: Timestamp,
    refusal: &Refusal,
) {
    if endpoint.limits.refused.ask(now, NOTED).is_err() {
        return;
    }
    let Some(cause) = refusal.cause() else { return };
    tracing::debug!(endpoint = %endpoint.path, %sender, cause, "a webhook request was refused");
    let Some(place) = state.webhooks.refusals.place() else { return };
    if endpoint.limits.refused.take(now, NOTED).is_ok() {
        place.send(NewRefusal {
            id: RequestId::generate(&mut state.random.draw()),
            endpoint: endpoint.number,
            at: now,
            sender: sender.to_string(),
            headers: shown::headers(headers, state.gateway.token_headers(), Kept::REFUSED),
            cause,
        });
    }
}

/// Sends a request to an endpoint in the server's own name, as if its caller had passed. It is kept and passed on like
/// every other.
///
/// # Errors
/// 429 and 503, as every caller gets them.
pub async fn send_test(state: &AppState, endpoint: &Endpoint, asked_by: &str) -> Result<RequestId, Problem> {
    let now = state.clock.now();
    let mark = ("x-patgate-webhook-test".to_owned(), "true".to_owned());
    let (parameters, body) = match endpoint.kind {
        Kind::Post => (Vec::new(), serde_json::json!({ "test": true, "sentAt": now }).to_string()),
        Kind::Get => (vec![("test".to_owned(), "true".to_owned())], String::new()),
    };
    let arrived = Arrived {
        sender: format!("a test by {asked_by}"),
        headers: vec![mark],
        parameters,
        body,
        message_id: None,
        hops: 0,
        place: Place::default(),
    };
    let taken = keep(state, endpoint, arrived, now).await;
    taken.map(|(id, _)| id).map_err(|refusal| match refusal {
        Refusal::TooMany(seconds) => answer::too_many(seconds),
        _ => answer::unavailable(PATIENCE),
    })
}

/// A request that passed.
struct Arrived {
    sender: String,
    headers: Pairs,
    /// With its secrets.
    parameters: Pairs,
    body: String,
    message_id: Option<String>,
    hops: u32,
    place: Place,
}

fn find(state: &AppState, path: &str) -> Option<Arc<Endpoint>> {
    let segment = path.strip_prefix(ROOT)?;
    let segment = percent_decode_str(segment).decode_utf8().ok()?;
    state.webhooks.endpoints.enabled(&segment)
}

/// Judges a request, reads it and keeps it.
async fn judged(
    state: &AppState,
    endpoint: &Endpoint,
    parts: &Parts,
    body: Body,
    sender: IpAddr,
    now: Timestamp,
) -> Result<(RequestId, bool), Refusal> {
    if parts.method != endpoint.kind.method() {
        return Err(Refusal::Method(parts.method.clone()));
    }
    if endpoint.is_judged_by_body() {
        let header = |name: &str| shown::header(&parts.headers, name);
        let presented = Presented { header: &header, basic: None, body: &[] };
        endpoint.authentication.precheck(&presented).map_err(Refusal::Credentials)?;
    } else {
        authenticate(state, endpoint, (&parts.headers, sender), &[], now)?;
    }
    let hops = shown::hops(&parts.headers).filter(|hops| *hops <= MOST_HOPS).ok_or(Refusal::Loop)?;
    endpoint.limits.accepted.ask(now, endpoint.per_minute).map_err(Refusal::TooMany)?;
    let is_proven = !endpoint.is_judged_by_body() && !endpoint.is_open();
    let room = state.webhooks.rooms.of(&endpoint.limits, is_proven);
    let mut place = Place::default();
    let query = parts.uri.query().unwrap_or_default();
    place.grow(shown::size(&parts.headers, query), &room).map_err(|NoRoom| Refusal::Unavailable(1))?;
    let (text, known) = match endpoint.kind {
        Kind::Get => (String::new(), None),
        Kind::Post => {
            let from = (parts, sender);
            let (text, known) = read(state, endpoint, from, body, (&room, &mut place), now).await?;
            (text, Some(known))
        }
    };
    let parameters = shown::parameters(query);
    let parameters = parameters.map_err(|why| Refusal::Malformed(why.to_owned()))?;
    let header = |name: &str| shown::header(&parts.headers, name);
    let arrived = Arrived {
        sender: sender.to_string(),
        headers: shown::headers(&parts.headers, state.gateway.token_headers(), Kept::ACCEPTED),
        parameters,
        body: text,
        message_id: message_id(&header).filter(|id| id.len() <= LONGEST_MESSAGE_ID).map(str::to_owned),
        hops,
        place,
    };
    keep(state, known.as_deref().unwrap_or(endpoint), arrived, now).await
}

/// Reads a body, and judges the caller once more: while it came, a token may have been revoked, or the endpoint closed. With
/// the endpoint as it is then.
async fn read(
    state: &AppState,
    endpoint: &Endpoint,
    (parts, sender): (&Parts, IpAddr),
    body: Body,
    (room, place): (&Room, &mut Place),
    now: Timestamp,
) -> Result<(String, Arc<Endpoint>), Refusal> {
    if body::says_it_is_long(&body, endpoint.body_limit) {
        return Err(Refusal::Long);
    }
    let is_json = is_json(&parts.headers);
    if !is_json && !endpoint.is_judged_by_body() {
        return Err(Refusal::NotJson);
    }
    let bounds = Bounds { longest: endpoint.body_limit, slowest: SLOWEST };
    let bytes = body::read(body, bounds, room, place).await?;
    let endpoint = state.webhooks.endpoints.by_number(endpoint.number).filter(|known| known.is_enabled);
    let endpoint = endpoint.ok_or(Refusal::Gone)?;
    // A signature has a time of its own: how long its body took does not count against it.
    let then = if endpoint.is_judged_by_body() { now } else { state.clock.now() };
    authenticate(state, &endpoint, (&parts.headers, sender), &bytes, then)?;
    if !is_json {
        return Err(Refusal::NotJson);
    }
    let text = body::json(bytes);
    let text = text.map_err(|why| Refusal::Malformed(format!("the body is not JSON: {why}")))?;
    Ok((text, endpoint))
}

/// Keeps a request: when this returns, it is durable.
async fn keep(
    state: &AppState,
    endpoint: &Endpoint,
    arrived: Arrived,
    now: Timestamp,
) -> Result<(RequestId, bool), Refusal> {
    endpoint.limits.accepted.take(now, endpoint.per_minute).map_err(Refusal::TooMany)?;
    let mut random = state.random.draw();
    let id = RequestId::generate(&mut random);
    let delivery = endpoint.passes_on().then(|| NewDelivery {
        id: DeliveryId::generate(&mut random),
        parameters: match endpoint.kind {
            // Variables of a release are shown.
            _ if endpoint.starts.is_some() => shown::without_secrets(&arrived.parameters),
            Kind::Get => arrived.parameters.clone(),
            // With a body, parameters go nowhere.
            Kind::Post => Pairs::new(),
        },
        content_type: "application/json".to_owned(),
        hops: arrived.hops,
        starts_by: endpoint.starts.is_some().then_some(endpoint.version),
    });
    let request = NewWebhookRequest {
        id,
        endpoint: endpoint.number,
        at: now,
        sender: arrived.sender,
        headers: arrived.headers,
        parameters: shown::without_secrets(&arrived.parameters),
        body: arrived.body,
        message_id: arrived.message_id,
        keep: endpoint.keep,
        keep_bytes: endpoint.keep_bytes,
        same_since: endpoint.same_since(now),
        delivery,
    };
    let (reply, answer) = oneshot::channel();
    let job = Job { request, reply, place: arrived.place };
    state.webhooks.writer.try_send(job).map_err(|_| Refusal::Unavailable(1))?;
    match answer.await {
        Ok(Ok(Received::Accepted)) => Ok((id, false)),
        Ok(Ok(Received::Same(first))) => Ok((first, true)),
        Ok(Ok(Received::Full)) => Err(Refusal::TooMany(60)),
        Ok(Err(_)) | Err(_) => Err(Refusal::Unavailable(PATIENCE)),
    }
}

/// Judges who calls, and from where they use their token. Nothing is awaited here: the view of the index is held.
fn authenticate(
    state: &AppState,
    endpoint: &Endpoint,
    (headers, sender): (&HeaderMap, IpAddr),
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let basic = shown::basic(headers);
    let header = |name: &str| shown::header(headers, name);
    let presented =
        Presented { header: &header, basic: basic.as_ref().and_then(|pair| pair.split_once(':')), body };
    let view = state.index.view();
    let judged = endpoint.authentication.judge(endpoint.number, &presented, &view, state.index.keys(), now);
    if let Some(permit) = judged.map_err(Refusal::Credentials)? {
        state.sample(&permit, now, sender, headers);
    }
    Ok(())
}

/// Whether a body says that it is JSON (RFC 6839 §3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json"
        || kind.split_once('/').is_some_and(|(first, second)| !first.is_empty() && second.ends_with("+json"))
}
