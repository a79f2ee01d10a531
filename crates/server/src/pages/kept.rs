//! A form that no session takes, or another one than it was made for: the answer keeps what was typed, and gives the form back
//! with it after a log-in. Nothing of it is kept on the server, and nothing needs a script.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};

use super::submitted::{RESTORE, Restored};
use super::{Fields, PageResult, Shell, Visitor};
use crate::problem::Problem;
use crate::state::AppState;

/// The page that keeps what was typed.
#[derive(Template)]
#[template(path = "pages/kept.html")]
struct KeptPage<'p> {
    shell: Shell,
    heading: &'static str,
    /// Where the form was sent, without the base, and is sent once more.
    path: &'p str,
    /// The field that says what for.
    restore: &'static str,
    typed: &'p Fields,
}

/// The page after a log-in in a tab of its own.
#[derive(Template)]
#[template(path = "pages/login_done.html")]
struct LoggedInPage {
    shell: Shell,
}

/// What a form sent to this path is answered that no session takes: 401 to who must log in first, and 403 to who has
/// logged in anew since it was shown.
pub(super) fn page(state: &AppState, path: &str, visitor: Option<&Visitor>, typed: &Fields) -> Response {
    let (status, heading, shell) = match visitor {
        None => {
            let heading = "Your session has ended";
            (StatusCode::UNAUTHORIZED, heading, Shell::bare(state, heading))
        }
        Some(visitor) => {
            let heading = "This form belongs to another session";
            (StatusCode::FORBIDDEN, heading, Shell::new(state, visitor, heading, ""))
        }
    };
    let page = KeptPage { shell, heading, path, restore: RESTORE, typed };
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// `GET /login/done`: leads back to the tab that keeps what was typed.
pub(super) async fn logged_in(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let page = LoggedInPage { shell: Shell::new(&state, &visitor, "You are logged in", "") };
    Ok(Html(page.render()?).into_response())
}

/// The page of a form, to be asked for with what was typed in it before: it stands beside the request, because a script is
/// longer than an address can be.
#[derive(Clone, Debug)]
pub(crate) struct Again {
    uri: Uri,
    headers: HeaderMap,
    typed: Fields,
}

/// Leaves a form to the dispatcher, which asks for its page.
pub(super) fn again(parts: &Parts, typed: Fields) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let again = Again { uri: parts.uri.clone(), headers: parts.headers.clone(), typed };
    response.extensions_mut().insert(again);
    response
}

impl Again {
    /// What is asked, by whoever sent the form.
    pub(crate) fn into_request(self) -> Request {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = self.uri;
        let headers = request.headers_mut();
        *headers = self.headers;
        for about_the_form in [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(about_the_form);
        }
        request.extensions_mut().insert(Restored(self.typed));
        request
    }
}
