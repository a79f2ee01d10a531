//! JSON bodies, read into types: what cannot be read is refused by name.

use std::str;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use zeroize::Zeroize;

use crate::problem::{BodyLimit, Problem};

/// How long a body may take to arrive. Clients that never finish one would use up the connections.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most characters of what serde says that go into a refusal.
const LONGEST_MESSAGE: usize = 300;

/// A JSON body. Whether unknown fields count is for the type to say: `deny_unknown_fields` on Patgate's own calls.
///
/// Refuses with 415 what is not sent as JSON, with 413 what is above the limit of the server, with 408 what does not
/// arrive in time, and with 400 what is no JSON (RFC 8259) or not this type; when it is one field that is wrong, the
/// refusal names it, and otherwise `body`.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        receive(request, state, &["application/json"]).await.map(Self)
    }
}

/// Reads a body that is sent as one of these media types. Refuses as [`Json`] does.
pub(crate) async fn receive<T: DeserializeOwned, S: Send + Sync>(
    request: Request,
    state: &S,
    types: &[&str],
) -> Result<T, Problem> {
    if !is_one_of(types, request.headers()) {
        let detail = "The body must be JSON";
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail);
        return Err(problem.hint("Send the header `Content-Type: application/json`"));
    }
    let body = arrive(request, state).await?;
    let read = read(&body);
    wipe(body);
    read
}

/// Waits for a whole body. Refuses one that is above the limit of the server, or too slow.
pub(super) async fn arrive<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let limit = request.extensions().get::<BodyLimit>().copied();
    let arriving = tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await;
    let arrived = arriving.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", "The body did not arrive in time")
    })?;
    arrived.map_err(|rejection| {
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::body_too_large(limit)
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "broken_body", "The body did not arrive whole")
        }
    })
}

/// A body may hold a password: when nobody else looks at it, nothing of it stays in memory.
pub(super) fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// Whether the content type is one of these, whatever its parameters (`application/json;charset=UTF-8`).
pub(super) fn is_one_of(types: &[&str], headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let essence = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    types.iter().any(|known| essence.eq_ignore_ascii_case(known.as_bytes()))
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = str::from_utf8(body).map_err(|error| {
        let detail = format!("The body is not UTF-8 after byte {}", error.valid_up_to());
        Problem::body("invalid_json", detail)
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        of_fault(&path, error.inner())
    })?;
    deserializer.end().map_err(|error| of_fault(".", &error))?;
    Ok(value)
}

fn of_fault(path: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    if error.classify() != Category::Data {
        let detail = format!("The body is not JSON: {message}");
        return Problem::body("invalid_json", detail);
    }
    // The place in the text helps nobody who is told the field.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let message = cut(message);
    let above = if path == "." { None } else { Some(path) };
    // serde names a missing, unknown or repeated field in the message, and its parent in the path.
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split_once('`'))
        .map(|(name, _)| name);
    let field = match (above, named) {
        (Some(above), Some(name)) if !above.ends_with(name) => format!("{above}.{name}"),
        (Some(above), _) => above.to_owned(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => {
            let detail = format!("The body has another form than this call takes: {message}");
            return Problem::body("invalid_body", detail);
        }
    };
    let detail = format!("The field `{field}` is wrong: {message}");
    Problem::field(field, detail)
}

/// What a client sent comes back in the refusal, but not all of a long text.
fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST_MESSAGE).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use axum::{Router, response::Response};
    use proptest::prelude::*;
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Order {
        token_note: String,
        expires_in_days: Option<u32>,
        #[serde(default)]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Line {
        count: u8,
    }

    async fn send(content_type: Option<&str>, body: impl Into<Body>) -> Response {
        let router =
            Router::new().route("/", post(|Json(_): Json<Order>| async {})).layer(DefaultBodyLimit::max(200));
        let mut request = http::Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        router.oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn refusal(body: &'static [u8]) -> (String, String) {
        let response = send(Some("application/json"), body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(body));
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        (text("field"), text("detail"))
    }

    #[tokio::test]
    async fn a_client_sends_json_as_clients_do() {
        let body = r#"{"tokenNote":"n","expiresInDays":null}"#;
        for content_type in
            ["application/json", "Application/JSON;charset=UTF-8", "application/json ; charset=utf-8"]
        {
            assert_eq!(send(Some(content_type), body).await.status(), StatusCode::OK, "{content_type}");
        }
        for content_type in
            [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
        {
            let status = send(content_type, body).await.status();
            assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type:?}");
        }
        let long = format!(r#"{{"tokenNote":"{}"}}"#, "n".repeat(300));
        assert_eq!(send(Some("application/json"), long).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        for (body, field) in [
            (&br#"{}"#[..], "tokenNote"),
            (br#"{"tokenNote":1}"#, "tokenNote"),
            (br#"{"tokenNote":"n","tokenNote":"m"}"#, "tokenNote"),
            (br#"{"tokenNote":"n","expiresat":1}"#, "expiresat"),
            (br#"{"tokenNote":"n","expiresInDays":-1}"#, "expiresInDays"),
            (br#"{"tokenNote":"n","lines":[{"count":1},{"count":256}]}"#, "lines[1].count"),
            (br#"{"tokenNote":"n","lines":[{}]}"#, "lines[0].count"),
            (b"", "body"),
            (b"{", "body"),
            (br#"{"tokenNote":"n"} x"#, "body"),
            (br#"{"tokenNote":"\ud800"}"#, "body"),
            (b"{\"tokenNote\":\"\xff\"}", "body"),
            (b"[]", "body"),
            (b"null", "body"),
        ] {
            let (named, detail) = refusal(body).await;
            assert_eq!(named, field, "{detail}");
            assert!(!detail.contains("line 0"), "{detail}");
        }
        let (_, detail) = refusal(br#"{"tokenNote":"n","expiresat":1}"#).await;
        assert_eq!(
            detail,
            "The field `expiresat` is wrong: unknown field `expiresat`, expected one of `tokenNote`, \
             `expiresInDays`, `lines`"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read::<Order>(&bytes);
        }
    }
}
