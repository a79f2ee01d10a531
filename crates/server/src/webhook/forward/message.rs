//! What a receiver gets.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request};
use http_body_util::Full;
use jiff::Timestamp;
use patgate_core::webhook::sign;
use patgate_store::{ClaimedDelivery, Pairs};
use serde_json::{Map, Value, json};
use url::Url;

use crate::webhook::endpoint::{Endpoint, Forward, Kind};
use crate::webhook::shown::HOPS;

/// The request of an attempt.
///
/// # Errors
/// What cannot stand in a request.
pub(super) fn request(
    endpoint: &Endpoint,
    forward: &Forward,
    url: &Url,
    delivery: &ClaimedDelivery,
    now: Timestamp,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let body: Bytes = match endpoint.kind {
        Kind::Post => delivery.body.clone().into(),
        Kind::Get => json!({ "parameters": object(&delivery.parameters) }).to_string().into(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, delivery.content_type.as_str())
        .header(USER_AGENT, concat!("patgate/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .header("webhook-id", delivery.message_id.as_str())
        .header("webhook-timestamp", now.as_second())
        .header("x-patgate-webhook-endpoint", &*endpoint.path)
        .header("x-patgate-webhook-request", delivery.request.to_string())
        .header("x-patgate-webhook-attempt", delivery.attempts)
        .header(HOPS, delivery.hops.saturating_add(1));
    for (name, value) in &forward.headers {
        request = request.header(name, value);
    }
    if let Some(secret) = &forward.authorization {
        let mut value = HeaderValue::from_str(secret.reveal())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    if let Some(secret) = &forward.signing {
        request = request.header("webhook-signature", sign(secret, &delivery.message_id, now, &body));
    }
    request.body(Full::new(body))
}

/// Parameters by name; several values of one name are joined, as the vendor's scripts see them.
fn object(parameters: &Pairs) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in parameters {
        match object.get_mut(name) {
            Some(Value::String(known)) => known.extend([", ", value]),
            _ => {
                object.insert(name.clone(), value.as_str().into());
            }
        }
    }
    object
}
