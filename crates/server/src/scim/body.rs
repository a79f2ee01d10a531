//! Bodies.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::api::json;
use crate::problem::Problem;
use crate::service::scim::{INVALID_SYNTAX, bad};

/// A body that is one JSON object, sent as `application/scim+json` or `application/json` (RFC 7644 §3.1).
pub(super) struct Body(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match json::receive(request, state, &["application/json", super::answer::SCIM_JSON]).await? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(bad(INVALID_SYNTAX, "The body must be a JSON object")),
        }
    }
}

/// A member of an object: names of attributes are compared without case (RFC 7643 §2.1).
pub(super) fn member<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
