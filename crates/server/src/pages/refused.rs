//! What a page cannot answer, and how it is told to a person; and the headers that every page has.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::form_urlencoded;

use super::external;
use super::kept;
use super::shell::Shell;
use super::submitted::Fields;
use super::visitor::{self, Visitor};
use crate::problem::Problem;
use crate::service::sso;
use crate::state::AppState;

/// Why a page is not shown.
#[derive(Clone, Debug)]
pub enum Refused {
    /// Somebody must log in first, and goes on at `next` then: a path of ours with its query.
    LogIn {
        /// Where to go on.
        next: String,
    },
    /// A form that no session takes, or another one than it was made for. The answer itself keeps what was typed.
    Kept {
        /// What was typed, without its secrets.
        typed: Fields,
    },
    /// A form asks for its page with what was typed in it before. Nothing is saved.
    Restore {
        /// What was typed, without its secrets.
        typed: Fields,
    },
    /// The use case refused.
    Problem(Problem),
}

impl Refused {
    /// What a form tells of a refusal, beside its fields or above them, with what was typed still there: also when it is
    /// our fault, or the database is busy. Nothing is left to type for what is gone, and for who may not sign in any more.
    ///
    /// # Errors
    /// The refusal of the whole page, then.
    pub fn unless_shown(problem: Problem) -> Result<Problem, Self> {
        let status = problem.status();
        let is_over = status == StatusCode::NOT_FOUND || status == StatusCode::UNAUTHORIZED;
        if is_over { Err(problem.into()) } else { Ok(problem) }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<askama::Error> for Refused {
    fn from(error: askama::Error) -> Self {
        Self::Problem(Problem::internal(error))
    }
}

/// Left to [`dress`], which knows where the pages are.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Everything on a page comes from this server, nothing runs or is styled from within the page, nobody frames it (CSP
/// Level 3, W3C).
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for a page that shows a mail in a sandboxed frame: the frame obeys the page's policy, and mails carry their
/// style in attributes. Style sheets and pictures of theirs stay out.
pub(super) const MAIL_POLICY: &str = "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    // A page is for whom it was made: no cache keeps it, not even the browser's for its back button.
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Turns a [`Refused`] into a page, and gives every page its headers.
pub async fn dress(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // The address of a one-time link is itself a secret.
    let is_secret = parts.uri.path().starts_with("/reset/");
    let mut response = next.run(Request::from_parts(parts.clone(), body)).await;
    if let Some(refused) = response.extensions_mut().remove::<Arc<Refused>>() {
        response = match Arc::unwrap_or_clone(refused) {
            Refused::LogIn { next } => log_in(&state, &parts.method, &next),
            Refused::Kept { typed } => {
                let visitor = visitor::of_request(&parts, &state).await.ok().flatten();
                kept::page(&state, parts.uri.path(), visitor.as_ref(), &typed)
            }
            Refused::Restore { typed } => kept::again(&parts, typed),
            // Disabled meanwhile: the log-in page says so to who tries again.
            Refused::Problem(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                to_login(&state, "/")
            }
            Refused::Problem(problem) => {
                let visitor = visitor::of_request(&parts, &state).await.ok().flatten();
                page(&state, &problem, visitor.as_ref())
            }
        };
    }
    protect(response.headers_mut());
    if is_secret {
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    }
    response
}

/// The page while the server starts: nobody is looked up for it.
pub(super) fn starting(state: &AppState, problem: &Problem) -> Response {
    let heading = "Patgate is starting";
    let shell = Shell::bare(state, heading);
    let mut response = ProblemPage { shell, heading, problem, passes: true }.into_response();
    protect(response.headers_mut());
    response
}

/// Gives a page its headers.
fn protect(headers: &mut HeaderMap) {
    let own_policy = headers.remove(CONTENT_SECURITY_POLICY);
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if let Some(policy) = own_policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// 303 to a path of ours.
pub fn redirect(state: &AppState, path: &str) -> Response {
    let mut headers = HeaderMap::new();
    let location = HeaderValue::from_str(&format!("{}{path}", state.public_url.path()));
    headers.insert(LOCATION, location.unwrap_or_else(|_| HeaderValue::from_static("/")));
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// To the log-in page; or straight to the provider, where that is the only way and the operator wants it so. Not from a
/// form: browsers follow no redirect from one to another site, and what was typed would not come back.
fn log_in(state: &AppState, method: &Method, next: &str) -> Response {
    match sso::direct(state) {
        Some(provider) if method == Method::GET => {
            let next = if next == "/" { "" } else { next };
            redirect(state, &external::path_to(provider, next))
        }
        _ => to_login(state, next),
    }
}

fn to_login(state: &AppState, next: &str) -> Response {
    let query = match next {
        "" | "/" => String::new(),
        next => {
            format!("?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish())
        }
    };
    redirect(state, &format!("/login{query}"))
}

/// A page that says what is wrong.
#[derive(Template)]
#[template(path = "pages/problem.html")]
struct ProblemPage<'p> {
    shell: Shell,
    heading: &'static str,
    problem: &'p Problem,
    /// Whether there is nothing to do but to wait.
    passes: bool,
}

impl ProblemPage<'_> {
    fn into_response(self) -> Response {
        match self.render() {
            Ok(text) => self.problem.clone().into_page_response(text),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

fn page(state: &AppState, problem: &Problem, visitor: Option<&Visitor>) -> Response {
    let heading = match problem.status() {
        StatusCode::FORBIDDEN => "You may not do this",
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => "This is too long",
        status if status.is_server_error() => "Something went wrong",
        _ => "This did not work",
    };
    let shell = match visitor {
        Some(visitor) => Shell::new(state, visitor, heading, ""),
        None => Shell::bare(state, heading),
    };
    ProblemPage { shell, heading, problem, passes: false }.into_response()
}
