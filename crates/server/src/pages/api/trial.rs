//! `POST /account/api`: a call that somebody tries as themselves, for who has no script that makes it. The server sends it to
//! itself with their session, so it is judged as every other call.

use std::borrow::Cow;

use askama::Template;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, FORWARDED, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::document::Call;
use super::indented::indented;
use super::{GROUPS, PATH};
use crate::app::Dispatcher;
use crate::caller::Peer;
use crate::pages::beginning::fitting;
use crate::pages::confirm::{Carrying, Confirm};
use crate::pages::{Fields, PageResult, Shell, Submitted};
use crate::problem::Problem;
use crate::state::AppState;

/// Fields of the form that are no parameters of a call: no parameter has a colon.
const CALL: &str = ":call";
const BODY: &str = ":body";
const SURE: &str = ":sure";

/// The most bytes that an answer takes in the page, where each letter of markup takes five: with them it weighs less than 60 kB.
const LONGEST_SHOWN: usize = 38_000;
/// The most bytes of an answer that are read.
const LONGEST_READ: usize = 1_024 * 1_024;
/// What is shown of an answer that does not end.
const ENDLESS: &[u8] = b"This answer has no end: follow it with curl, and one of your tokens.";
/// Larger than the page, also when the address of the call is as long as one may be, so that no smaller copy of a secret is left
/// behind while it is written.
const LONGEST_PAGE: usize = 4 * LONGEST_SHOWN;

/// What a call is sent with, as it came from the browser: who it is, and by which way.
const KEPT: [HeaderName; 7] = [
    COOKIE,
    HOST,
    USER_AGENT,
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// The page.
#[derive(Template)]
#[template(path = "pages/api_answer.html")]
struct AnswerPage<'a> {
    shell: Shell,
    call: &'a Call,
    /// Where the call went.
    target: String,
    status: StatusCode,
    text: &'a str,
    is_cut: bool,
}

/// Makes the call and shows what was answered, once.
pub(super) async fn send(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    Extension(dispatcher): Extension<Dispatcher>,
    headers: HeaderMap,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let call = known(fields.text(CALL)).ok_or_else(|| Problem::not_found("call"))?;
    let uri = target(call, &fields)?;
    let shell = Shell::new(&state, &visitor, "API", PATH);
    if call.method == "DELETE" && fields.text(SURE) != "yes" {
        return sure(shell, call, &uri, &fields).ask();
    }
    let request = request(call, uri.clone(), &headers, visitor.session.csrf.reveal(), &fields)?;
    let (parts, body) = dispatcher.call(request, peer.0).response().await.map(Body::new).into_parts();
    let kind = parts
        .headers
        .get(CONTENT_TYPE)
        .map_or(Cow::Borrowed(""), |kind| String::from_utf8_lossy(kind.as_bytes()));
    // What is told as it happens has no end that a page could wait for.
    let bytes =
        if kind.starts_with("text/event-stream") { Bytes::from_static(ENDLESS) } else { whole(body).await? };
    let (whole, is_json) =
        (std::str::from_utf8(&bytes).unwrap_or("The answer is no text."), kind.contains("json"));
    let shown = fitting(whole, LONGEST_SHOWN);
    let written = is_json.then(|| indented(shown));
    let text = written.as_ref().map_or(shown, |text| fitting(text, LONGEST_SHOWN));
    let page = AnswerPage {
        shell,
        call,
        target: uri.to_string(),
        status: parts.status,
        text,
        is_cut: shown.len() < whole.len()
            || written.as_ref().is_some_and(|written| text.len() < written.len()),
    };
    let mut written = Zeroizing::new(Vec::with_capacity(LONGEST_PAGE));
    page.write_into(&mut *written).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(Bytes::from_owner(written)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

fn known(id: &str) -> Option<&'static Call> {
    GROUPS.iter().flat_map(|group| &group.calls).find(|call| call.id == id)
}

/// The answer, which is never copied while it is read as text: it may be a token.
async fn whole(body: Body) -> Result<Bytes, Problem> {
    let read = Limited::new(body, LONGEST_READ).collect().await.map_err(|_| {
        let detail = format!("The answer is longer than {LONGEST_READ} bytes");
        let problem = Problem::new(StatusCode::BAD_GATEWAY, "answer_too_long", detail);
        problem.hint("Ask with curl, and one of your tokens")
    });
    Ok(read?.to_bytes())
}

/// Where a call goes: its path with what was typed in it, and the rest of it as a query.
fn target(call: &Call, fields: &Fields) -> Result<Uri, Problem> {
    let mut path = call.path.clone();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for parameter in &call.parameters {
        let (place, value) = (format!("{{{}}}", parameter.name), fields.text(&parameter.name));
        if path.contains(&place) {
            if value.is_empty() {
                let detail = format!("`{}` is empty, and the address needs it", parameter.name);
                return Err(Problem::field(&parameter.name, detail).hint("Go back, and fill it in"));
            }
            path = path.replace(&place, &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
        } else if !value.is_empty() {
            query.append_pair(&parameter.name, value);
        }
    }
    let query = query.finish();
    let whole = if query.is_empty() { path } else { format!("{path}?{query}") };
    whole.parse().map_err(|error| Problem::field("path", error))
}

/// The call as the script of the page would send it.
fn request(
    call: &Call,
    uri: Uri,
    from: &HeaderMap,
    csrf: &str,
    fields: &Fields,
) -> Result<Request<Body>, Problem> {
    let body = fields.secret(BODY);
    let mut request = Request::new(Body::from(body.to_owned()));
    *request.method_mut() = call.method.parse::<Method>().map_err(Problem::internal)?;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    for name in KEPT {
        for value in from.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert("x-csrf-token", HeaderValue::from_str(csrf).map_err(Problem::internal)?);
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(request)
}

/// The question before a call that deletes.
fn sure(shell: Shell, call: &'static Call, uri: &Uri, fields: &Fields) -> Carrying {
    let parameters = call.parameters.iter().map(|parameter| parameter.name.as_str());
    let again = [CALL, BODY].into_iter().chain(parameters);
    let mut carried: Vec<_> = again.map(|name| (name, fields.secret(name).to_owned())).collect();
    carried.push((SURE, "yes".to_owned()));
    let confirm = Confirm {
        shell,
        heading: format!("{} {uri}?", call.method),
        sentences: vec!["This is no rehearsal: what you name is deleted, and does not come back.".to_owned()],
        action: PATH.to_owned(),
        button: "Delete for real",
        is_danger: true,
        is_possible: true,
        cancel: PATH.to_owned(),
    };
    confirm.carrying(carried)
}
