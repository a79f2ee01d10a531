//! Refusals: RFC 9457 problem bodies, except where the vendors' clients need text.
//!
//! What the client sees and what the log gets are two things: an internal fault answers with a reference and nothing
//! else, and logs its cause under the same reference.

mod words;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use patgate_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use self::words::beside;
pub(crate) use self::words::{capitalised, sentence};
use crate::caller::surface::below;
use crate::scim;

/// The most bytes of a body, as each request carries it with it.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub u64);

/// A refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: Option<String>,
    field: Option<String>,
    /// Boxed, so that a refusal stays small beside the results it is returned for.
    more: Option<Box<More>>,
    retry_after: Option<u64>,
}

/// What few refusals have.
#[derive(Clone, Debug, Default)]
struct More {
    /// What goes with a 401.
    challenge: Option<HeaderValue>,
    /// All fields that are wrong, where all are told at once.
    faults: Vec<FieldFault>,
}

/// One of several fields of a request that are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldFault {
    /// Which.
    pub field: String,
    /// What is wrong with it, in a sentence.
    pub detail: String,
}

impl FieldFault {
    /// What is wrong, for a person at a page, which tells it beside the field: without the field's name in the API.
    #[must_use]
    pub fn sentence(&self) -> String {
        beside(&self.field, &self.detail)
    }
}

/// A refusal as the client reads it (RFC 9457 §3).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:patgate:problem:` and the code; stable.
    r#type: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// One word for programs; stable.
    code: &'static str,
    /// What is wrong, in a sentence.
    detail: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Every field that is wrong, where a call tells of all at once; `field` and `detail` are those of the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FieldFault>,
}

/// For a person at a terminal: the sentence, and what to do next on a line of its own.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)?;
        self.hint.iter().try_for_each(|hint| write!(formatter, "\nhint: {hint}"))
    }
}

impl Problem {
    /// A refusal with a status, a stable code and a sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, code, detail, hint: None, field: None, more: None, retry_after: None }
    }

    /// 400: a field of the request is wrong.
    #[expect(clippy::needless_pass_by_value, reason = "`map_err` hands over the error that is told")]
    pub fn field(field: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_field", detail.to_string())
        }
    }

    /// 400: the body as a whole is wrong, which has a code of its own.
    pub fn body(code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some("body".to_owned()), ..Self::new(StatusCode::BAD_REQUEST, code, detail) }
    }

    /// 400: these fields of the request are wrong, at least one.
    #[must_use]
    pub fn fields(faults: Vec<FieldFault>) -> Self {
        let first = faults.first().cloned();
        let first = first.unwrap_or_else(|| FieldFault { field: String::new(), detail: String::new() });
        let more = Some(Box::new(More { faults, ..More::default() }));
        Self { more, ..Self::field(first.field, first.detail) }
    }

    /// 401, with the one challenge that goes with it (RFC 9110 §11.6.1).
    pub fn unauthorized(detail: impl Into<String>, challenge: HeaderValue) -> Self {
        Self {
            more: Some(Box::new(More { challenge: Some(challenge), ..More::default() })),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        }
    }

    /// 403: the caller lacks a permission. The sentence is the one that the vendors' clients know.
    #[must_use]
    pub fn lacks(permission: &str) -> Self {
        Self::forbidden(format!("You do not have {permission} permission"))
    }

    /// 403 for another reason.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404. "Missing" and "not yours" are this one answer.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}"))
    }

    /// 404 for a name that somebody typed on the host, who may know what exists: `kind` is what it should name.
    pub fn no_such(kind: &str, name: &impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no {kind} `{name}`"))
    }

    /// 409: it exists already, or something else stands against it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 413: the body is above the limit of the server, which is so many bytes.
    #[must_use]
    pub fn body_too_large(limit: Option<BodyLimit>) -> Self {
        let most = limit.map(|BodyLimit(limit)| format!("the {limit} bytes that ")).unwrap_or_default();
        let detail = format!("The body is longer than {most}this server takes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// 429: too many; try again after so many seconds.
    #[must_use]
    pub fn too_many(seconds: u64) -> Self {
        let detail = format!("Too many attempts; try again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail).after(seconds)
    }

    /// 429: so many passwords are being checked that this one cannot wait for its turn.
    #[must_use]
    pub fn busy_with_passwords() -> Self {
        let detail = "Too many passwords are being checked; try again in a second";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_passwords", detail).after(1)
    }

    /// Says in how many seconds to try again.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// 503: the index is not loaded yet, so nothing can be judged.
    #[must_use]
    pub fn starting() -> Self {
        let detail = "The server is starting; try again in a second";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail).after(1)
    }

    /// A number under which the log and somebody who was refused speak of the same thing.
    pub(crate) fn next_reference() -> u64 {
        static REFERENCE: AtomicU64 = AtomicU64::new(1);
        REFERENCE.fetch_add(1, Ordering::Relaxed)
    }

    /// 500: our fault. The cause goes to the log under a reference; the client is told the reference alone.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let reference = Self::next_reference();
        tracing::error!(reference, %error, "internal error");
        let detail =
            format!("Something went wrong on the server; its log has the cause under reference {reference}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// 503: a provider that must be asked does not answer. Its log has the cause under this reference.
    #[must_use]
    pub fn provider_unavailable(reference: u64) -> Self {
        let detail = format!(
            "Who you are cannot be checked now; the log of the server has the cause under reference {reference}"
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "provider_unavailable", detail).after(30)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says of which of several things it is.
    #[must_use]
    pub fn at(mut self, place: &impl fmt::Display) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self
    }

    /// What is wrong and what to do next, for a person at a page, which tells it beside the field: a name that the
    /// field has in the API alone is left out.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut sentence = beside(self.field.as_deref().unwrap_or_default(), &self.detail);
        self.hint.iter().for_each(|hint| sentence.extend([" ", hint, "."]));
        sentence
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The field of the request that is wrong.
    #[must_use]
    pub fn wrong_field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Every field of the request that is wrong, where all are told at once.
    #[must_use]
    pub fn faults(&self) -> &[FieldFault] {
        self.more.as_ref().map_or(&[], |more| &more.faults)
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// As a text body, for the vendors' clients: what is wrong, with the field where the sentence does not name it, a line
    /// for each further field that is wrong, and what to do next.
    #[must_use]
    pub fn into_text_response(self) -> Response {
        let mut text = self.detail.clone();
        if let Some(field) = self.field.as_deref().filter(|field| !text.contains(field)) {
            text = format!("`{field}`: {text}");
        }
        self.faults().iter().skip(1).for_each(|fault| text.extend(["\n", fault.detail.as_str()]));
        self.hint.iter().for_each(|hint| text.extend([". ", hint]));
        self.with_body("text/plain; charset=utf-8", Body::from(text))
    }

    /// As a page that tells it to a person.
    #[must_use]
    pub fn into_page_response(self, page: String) -> Response {
        self.with_body("text/html; charset=utf-8", Body::from(page))
    }

    /// Says with a page that is made when the client may try again.
    #[must_use]
    pub fn with_page(&self, mut page: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        page
    }

    fn with_body(self, content_type: &'static str, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.more.as_ref().and_then(|more| more.challenge.as_ref()) {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken(_) | StoreError::AlreadyThere(_) | StoreError::ValueTaken => {
                Self::conflict(error.to_string())
            }
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::GrantDeleted => Self::not_found("token"),
            StoreError::PasswordChanged | StoreError::NotEmpty | StoreError::Unmovable => {
                Self::conflict(error.to_string())
            }
            StoreError::Overtaken(_) => Self::new(StatusCode::CONFLICT, "overtaken", error.to_string()),
            StoreError::Busy | StoreError::NewerSchema { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error.to_string()).after(5)
            }
            StoreError::LogPruned(_)
            | StoreError::Abandoned
            | StoreError::Unreadable(_)
            | StoreError::Database(_) => Self::internal(with_causes(&error)),
        }
    }
}

/// An error and what caused it, in one line for the log.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: format!("urn:patgate:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            hint: self.hint.clone(),
            field: self.field.clone(),
            faults: self.faults().to_vec(),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        self.with_body("application/problem+json", Body::from(json))
    }
}

/// Puts a refusal into the form that the clients of its path can read: `/deployit/**` reads text alone (one client
/// takes a JSON error of a PUT for the result), a 403 of `/api/v1/**` is text, and `/scim/v2` has a form of its own.
#[must_use]
pub fn suit_path(path: &str, mut response: Response) -> Response {
    let wants_text =
        below(path, "/deployit") || (below(path, "/api/v1") && response.status() == StatusCode::FORBIDDEN);
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if below(path, scim::ROOT) => scim::into_response(problem, &response),
        Some(problem) if wants_text => {
            let mut text = problem.into_text_response();
            // A 405 keeps its `Allow` (RFC 9110 §15.5.6).
            if let Some(allow) = response.headers_mut().remove(ALLOW) {
                text.headers_mut().insert(ALLOW, allow);
            }
            text
        }
        _ => response,
    }
}

#[cfg(test)]
mod tests;
