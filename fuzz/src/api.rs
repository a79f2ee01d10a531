//! Queries, bodies, headers and paths of the API.

#[path = "../../crates/server/src/api/deploy/wire/accept.rs"]
mod accept;
#[path = "../../crates/server/src/api/entity_tag.rs"]
#[expect(dead_code, reason = "nobody is told here")]
mod entity_tag;
#[path = "../../crates/server/src/api/json.rs"]
pub mod json;
#[path = "../../crates/server/src/api/query.rs"]
pub mod query;
#[path = "../../crates/server/src/api/tail.rs"]
mod tail;
#[path = "../../crates/server/src/api/time.rs"]
mod time;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use self::accept::{Answer, Flag, Format, List, Text};
use self::entity_tag::{EntityTags, IfMatch};
use crate::tokens::{self, TokenRequest};

/// One field of each kind that queries and bodies of the API have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read is asked")]
pub struct Fields {
    full_name: Option<String>,
    external: Option<bool>,
    last_active_after: Option<jiff::Timestamp>,
    page: Option<u64>,
    results_per_page: Option<u32>,
    sort: Option<Sort>,
}

/// A choice.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sort {
    /// One way.
    Name,
    /// The other.
    CreatedAt,
}

/// A body of more than one level.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is asked")]
pub struct Body {
    token_note: String,
    expires_in_days: Option<i64>,
    global_permissions: Option<Vec<String>>,
    fields: Option<Vec<Fields>>,
}

/// Reads the part of a URI after the `?`.
pub fn read_query(text: &str) {
    let _ = query::read::<Fields>(text);
}

/// Reads a body, and as that of a request for a token.
pub fn read_body(bytes: &[u8]) {
    let _ = json::read::<Body>(bytes);
    if let Ok(request) = json::read::<TokenRequest>(bytes) {
        let note = request.token_note.clone();
        if let Some(token) = tokens::read(request) {
            assert!(note.contains(token.name.as_str()), "{note}");
        }
    }
}

/// Reads a time of a query.
#[must_use]
pub fn read_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    time::read(zone, "since", Some(text.to_owned())).ok().flatten()
}

/// A path as the router takes it; `None`: as it is.
#[must_use]
pub fn folded(method: &Method, uri: &Uri) -> Option<Uri> {
    tail::fold(method, uri)
}

/// Whether a client that accepts this is answered in JSON. Every answer says so.
#[must_use]
pub fn takes_json(headers: &HeaderMap) -> bool {
    let Ok(format) = extracted::<Format>(headers);
    let list = Answer(format, List(vec![Flag(true)])).into_response();
    let text = Answer(format, Text("t".to_owned())).into_response();
    let is_json = format == Format::Json;
    for answer in [list, text] {
        assert_eq!(answer.headers()[CONTENT_TYPE] == "application/json", is_json);
    }
    is_json
}

/// Reads `If-None-Match`, and `If-Match`, whose tags are written again and are then read alike.
pub fn read_entity_tags(headers: &HeaderMap) {
    let named = EntityTags::of(headers, &IF_NONE_MATCH);
    assert!(
        named.is_err() || named.is_ok_and(|tags| tags.are_named()) == headers.contains_key(IF_NONE_MATCH)
    );
    let Ok(IfMatch(Some(versions))) = extracted::<IfMatch>(headers) else { return };
    let mut again = HeaderMap::new();
    // A header without a tag is no header without a name.
    again.insert(IF_MATCH, HeaderValue::from_static(""));
    for version in &versions {
        let tag = entity_tag::entity_tag(version).expect("a tag is visible ASCII");
        assert!(means(&tag, version.as_str()));
        again.append(IF_MATCH, tag);
    }
    assert_eq!(extracted::<IfMatch>(&again).ok(), Some(IfMatch(Some(versions))));
}

/// Whether one that has this version already is told by this tag.
fn means(tag: &HeaderValue, version: &str) -> bool {
    let headers = HeaderMap::from_iter([(IF_NONE_MATCH, tag.clone())]);
    EntityTags::of(&headers, &IF_NONE_MATCH).is_ok_and(|tags| tags.mean(version))
}

/// What a handler takes out of the head of a request with these headers. Nothing of it waits.
fn extracted<T: FromRequestParts<()>>(headers: &HeaderMap) -> Result<T, T::Rejection> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers = headers.clone();
    let extraction = pin!(T::from_request_parts(&mut parts, &()));
    match extraction.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(extracted) => extracted,
        Poll::Pending => panic!("a head is there whole"),
    }
}
