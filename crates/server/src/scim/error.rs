//! Refusals in the form of SCIM (RFC 7644 §3.12).

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{ALLOW, CONTENT_TYPE};
use serde_json::json;

use super::answer::SCIM_JSON;
use crate::problem::Problem;
use crate::service::scim::{
    INVALID_FILTER, INVALID_PATH, INVALID_SYNTAX, INVALID_VALUE, MUTABILITY, NO_TARGET, TOO_MANY, UNIQUENESS,
};

/// The words of RFC 7644 §3.12, table 9. The others are those of all calls.
const TYPES: [(&str, &str); 11] = [
    (INVALID_FILTER, "invalidFilter"),
    (INVALID_PATH, "invalidPath"),
    (INVALID_SYNTAX, "invalidSyntax"),
    (INVALID_VALUE, "invalidValue"),
    (MUTABILITY, "mutability"),
    (NO_TARGET, "noTarget"),
    (TOO_MANY, "tooMany"),
    (UNIQUENESS, "uniqueness"),
    ("invalid_field", "invalidValue"),
    ("invalid_json", "invalidSyntax"),
    ("invalid_body", "invalidSyntax"),
];

/// A refusal as SCIM's clients read it, with the headers that it has anyway.
pub fn into_response(problem: Problem, refused: &Response) -> Response {
    let kind = TYPES.iter().find(|(code, _)| *code == problem.code()).map(|(_, word)| *word);
    let mut error = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": problem.status().as_u16().to_string(),
        "detail": problem.sentence(),
    });
    if let Some(kind) = kind {
        error["scimType"] = kind.into();
    }
    let mut response = problem.into_text_response();
    *response.body_mut() = Body::from(error.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
    // A 405 keeps its `Allow` (RFC 9110 §15.5.6).
    if let Some(allow) = refused.headers().get(ALLOW) {
        response.headers_mut().insert(ALLOW, allow.clone());
    }
    response
}
