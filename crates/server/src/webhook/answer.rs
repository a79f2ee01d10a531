//! What a caller of an endpoint is answered. Why somebody is refused is told to nobody but those who read the log.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderValue, StatusCode};
use patgate_core::identifier::RequestId;
use patgate_core::webhook::{Authentication, Refused};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::BodyFault;
use super::endpoint::Endpoint;
use crate::problem::{BodyLimit, Problem};

/// How the cause of a refusal begins which is the method.
const METHOD: &str = "the method is ";

/// What the sender of an accepted request is answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTaken)]
pub struct TakenBody {
    /// Its id in the log of the endpoint; of one that came before, the first one's.
    #[schema(value_type = String)]
    id: RequestId,
    /// `true` for one that came before; else missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
}

/// Why a request is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The endpoint answers another method.
    Method(http::Method),
    /// The credentials do not pass.
    Credentials(Refused),
    /// The content type is not JSON.
    NotJson,
    /// What was sent is not as it must be.
    Malformed(String),
    /// The body is longer than the endpoint takes.
    Long,
    /// The body broke off.
    Broken,
    /// It was forwarded so often that it must be going round.
    Loop,
    /// While its body came, the endpoint was deleted or disabled.
    Gone,
    /// So many seconds it takes no more.
    TooMany(u64),
    /// There is no room, or the database does not answer; so many seconds.
    Unavailable(u64),
}

impl Refusal {
    /// What the log of refused requests says; `None`: it is no fault of the request.
    pub(super) fn cause(&self) -> Option<String> {
        Some(match self {
            Self::Method(method) => format!("{METHOD}{method}"),
            Self::Credentials(refused) => refused.to_string(),
            Self::NotJson => "the content type is not JSON".to_owned(),
            Self::Malformed(why) => why.clone(),
            Self::Long => "the body is longer than the endpoint takes".to_owned(),
            Self::TooMany(_) => "more requests than the endpoint takes".to_owned(),
            Self::Loop => "it was forwarded so often that it must be going round".to_owned(),
            Self::Broken | Self::Gone | Self::Unavailable(_) => return None,
        })
    }

    /// The answer.
    pub(super) fn into_response(self, endpoint: &Endpoint) -> Response {
        let problem = match self {
            Self::Method(_) => {
                let detail = format!("This endpoint takes {} alone", endpoint.kind.method());
                let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
                let mut response = problem.into_response();
                let allow = HeaderValue::from_str(endpoint.kind.method().as_str());
                response.headers_mut().extend(allow.ok().map(|allow| (ALLOW, allow)));
                return response;
            }
            Self::Credentials(_) => {
                let challenge = match endpoint.authentication {
                    Authentication::Basic { .. } => "Basic realm=\"webhooks\", charset=\"UTF-8\"",
                    _ => "Webhook realm=\"webhooks\"",
                };
                let detail = "The credentials of this endpoint are missing or wrong";
                Problem::unauthorized(detail, HeaderValue::from_static(challenge))
            }
            Self::NotJson => {
                let detail =
                    "The body of a request to this endpoint is JSON: send `Content-Type: application/json`";
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
            }
            Self::Malformed(why) => {
                let detail = format!("This endpoint cannot read the request: {why}");
                Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
            }
            Self::Long => Problem::body_too_large(Some(BodyLimit(endpoint.body_limit as u64))),
            Self::Loop => {
                let detail = "This request was forwarded from endpoint to endpoint too often";
                Problem::new(StatusCode::LOOP_DETECTED, "loop_detected", detail)
            }
            Self::Gone => return no_endpoint(),
            Self::Broken => Problem::new(StatusCode::BAD_REQUEST, "malformed", "The body broke off"),
            Self::TooMany(seconds) => too_many(seconds),
            Self::Unavailable(seconds) => unavailable(seconds),
        };
        problem.into_response()
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Long => Self::Long,
            BodyFault::NoRoom => Self::Unavailable(1),
            BodyFault::Broken => Self::Broken,
        }
    }
}

/// The method of a request that was refused for this cause. Nothing else is looked at of one whose method is not `taken`.
#[must_use]
pub fn method_of<'c>(cause: &'c str, taken: &'c http::Method) -> &'c str {
    cause.strip_prefix(METHOD).unwrap_or(taken.as_str())
}

/// 429: the endpoint takes no more now.
pub(super) fn too_many(seconds: u64) -> Problem {
    let detail = format!("This endpoint takes no more requests now; try again in {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).after(seconds)
}

/// 503: what the endpoint accepts cannot be kept now.
pub(super) fn unavailable(seconds: u64) -> Problem {
    let detail = format!("The request cannot be kept now; try again in {seconds} s");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(seconds)
}

/// 404: there is no such endpoint, or it is not enabled. The same bytes for both.
pub(super) fn no_endpoint() -> Response {
    Problem::not_found("webhook endpoint").into_response()
}

/// 202 with the id of a request that is durable; 200 with the first one's when it was there before.
pub(super) fn accepted(id: RequestId, is_same: bool) -> Response {
    let status = if is_same { StatusCode::OK } else { StatusCode::ACCEPTED };
    let body = TakenBody { id, duplicate: is_same.then_some(true) };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
