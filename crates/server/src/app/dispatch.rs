//! Where a request goes: `/auth` straight to the gateway, everything else to the API.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::X_CONTENT_TYPE_OPTIONS;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use patgate_gateway::listener::{self, Answer, Answerer};
use patgate_gateway::{Decision, PasswordDemand, PasswordOutcome};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::api;
use crate::caller::{Peer, cross_site, too_long};
use crate::pages;
use crate::password::{Attempt, PasswordRefused};
use crate::problem::{BodyLimit, Problem, suit_path, with_causes};
use crate::service::sign_in::{PasswordSignInRefused, by_password};
use crate::state::AppState;
use crate::webhook;

/// Answers every request of every listener. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    state: AppState,
    router: Router,
    /// The path of `public_url`: a proxy may leave it on the requests or take it off.
    context: Arc<str>,
}

impl Dispatcher {
    /// The dispatcher over these parts. Bodies above `body_limit` bytes are refused.
    #[must_use]
    pub fn new(state: AppState, body_limit: usize) -> Self {
        let limit = BodyLimit(body_limit as u64);
        let router = api::routes()
            .merge(pages::assets::routes())
            .merge(pages::missing(&state))
            .method_not_allowed_fallback(|| async {
                Problem::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "This path has no such method",
                )
            })
            .layer(middleware::from_fn_with_state(state.clone(), cross_site::refuse))
            .layer(middleware::from_fn_with_state(limit, too_long::refuse))
            // What is refused at a page is told to a person.
            .merge(pages::routes(&state, limit))
            .layer(middleware::from_fn(api::request_log::note))
            .layer(DefaultBodyLimit::max(body_limit))
            .layer(CatchPanicLayer::custom(|_| Problem::internal("a handler panicked").into_response()))
            .with_state(state.clone());
        let context = state.public_url.path().into();
        Self { state, router, context }
    }

    /// Answers a request that came over a connection.
    ///
    /// What a proxy asks is judged before this returns.
    pub fn call<B>(&self, mut request: http::Request<B>, peer: SocketAddr) -> Answer
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if !self.context.is_empty() {
            strip_context(&mut request, &self.context);
        }
        let path = request.uri().path();
        if is_question(path) {
            return match self.authorize(&request, peer) {
                Decision::Answer(response) => Answer::Ready(response),
                Decision::JudgePassword(demand) => {
                    let dispatcher = self.clone();
                    Answer::later(
                        async move { dispatcher.judge(demand).await.map(Full::new).map(Either::Left) },
                    )
                }
            };
        }
        if path.starts_with("/webhooks/") {
            let state = self.state.clone();
            let taken = async move { webhook::take(&state, request.map(Body::new), peer.ip()).await };
            return Answer::later(async move { unsniffed(caught(taken).await).map(boxed) });
        }
        let dispatcher = self.clone();
        Answer::later(async move { dispatcher.answer_routed(request.map(Body::new), peer).await.map(boxed) })
    }

    /// Answers what the router serves: API, pages, files.
    pub async fn answer_routed(&self, mut request: Request, peer: SocketAddr) -> Response {
        request.extensions_mut().insert(Peer(peer));
        let path = request.uri().path().to_owned();
        if path == pages::api::PATH {
            // Whoever tries a call there has it answered by all of this.
            request.extensions_mut().insert(self.clone());
        }
        if let Some(folded) = api::tail::fold(request.method(), request.uri()) {
            *request.uri_mut() = folded;
        }
        // What a page of a server that starts looks like comes with it.
        let always =
            ["/healthz", "/readyz", "/openapi.json"].contains(&path.as_str()) || path.starts_with("/assets/");
        let response = if always || self.state.node.is_ready() {
            self.routed(request, peer).await
        } else {
            pages::starting(&self.state, request.headers())
        };
        unsniffed(suit_path(&path, response))
    }

    /// What the router answers; to a form that asks for its page with what was typed before, that page.
    async fn routed(&self, request: Request, peer: SocketAddr) -> Response {
        let mut response = self.ask(request).await;
        let Some(again) = response.extensions_mut().remove::<pages::Again>() else { return response };
        let mut request = again.into_request();
        request.extensions_mut().insert(Peer(peer));
        self.ask(request).await
    }

    async fn ask(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    fn authorize<B>(&self, request: &http::Request<B>, peer: SocketAddr) -> Decision {
        let gateway = &self.state.gateway;
        if !self.state.node.is_ready() {
            return Decision::Answer(gateway.answer_starting());
        }
        gateway.authorize(request.uri().path(), request.headers(), peer.ip(), self.state.clock.now())
    }

    async fn judge(&self, demand: PasswordDemand) -> http::Response<Bytes> {
        let outcome = self.password_outcome(&demand).await;
        self.state.gateway.answer_password(demand, outcome, self.state.clock.now())
    }

    async fn password_outcome(&self, demand: &PasswordDemand) -> PasswordOutcome {
        if !self.state.node.settings().passwords_on_api {
            return PasswordOutcome::SwitchedOff;
        }
        let attempt = Attempt::of(&demand.credential, demand.client_address);
        match by_password(&self.state, attempt).await {
            Ok(proven) => PasswordOutcome::Proven(proven.user),
            Err(PasswordSignInRefused::Password(refused)) => outcome_of(refused),
            Err(PasswordSignInRefused::Arrival(refused)) => {
                let reference = Problem::next_reference();
                tracing::warn!(reference, reason = %refused, "a sign-in was refused");
                PasswordOutcome::Refused { reference }
            }
        }
    }
}

impl Answerer for Dispatcher {
    fn answer(&self, request: http::Request<Incoming>, peer: SocketAddr) -> Answer {
        self.call(request, peer)
    }

    fn answer_question(&self, path: &str, headers: &HeaderMap, peer: SocketAddr, out: &mut Vec<u8>) -> bool {
        let path = path.strip_prefix(&*self.context).unwrap_or(path);
        let state = &self.state;
        is_question(path)
            && state.node.is_ready()
            && state.gateway.answer_question(path, headers, peer.ip(), state.clock.now(), out)
    }
}

/// Whether a proxy asks.
fn is_question(path: &str) -> bool {
    path == "/auth" || path.starts_with("/auth/")
}

/// An answer, or 500 when what makes it panics: the layer of the router that does this is not on every way.
async fn caught(answer: impl Future<Output = Response>) -> Response {
    let answer = AssertUnwindSafe(answer).catch_unwind().await;
    answer.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response())
}

fn outcome_of(refused: PasswordRefused) -> PasswordOutcome {
    match refused {
        PasswordRefused::Wrong => PasswordOutcome::Wrong,
        PasswordRefused::Throttled { seconds } => PasswordOutcome::Throttled { seconds },
        PasswordRefused::Busy => PasswordOutcome::Busy,
        PasswordRefused::Disabled => PasswordOutcome::Disabled,
        PasswordRefused::Unavailable { reference } => PasswordOutcome::Unavailable { reference },
        PasswordRefused::Store(error) => {
            tracing::error!(error = with_causes(&error), "a password could not be judged");
            PasswordOutcome::Busy
        }
    }
}

fn boxed(body: Body) -> listener::Body {
    Either::Right(body.map_err(Into::into).boxed_unsync())
}

/// Lets no browser take an answer for something else than it says it is (WHATWG Fetch §3.6).
fn unsniffed(mut response: Response) -> Response {
    response.headers_mut().entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    response
}

/// Takes the context path off, when it stands whole before the rest.
fn strip_context<B>(request: &mut http::Request<B>, context: &str) {
    let Some(whole) = request.uri().path_and_query() else { return };
    let stripped = match whole.as_str().strip_prefix(context) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        Some(rest) if rest.starts_with('?') => format!("/{rest}"),
        _ => return,
    };
    if let Ok(uri) = Uri::from_str(&stripped) {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[test]
    fn the_context_path_may_be_left_on_or_taken_off() {
        for (sent, seen) in [
            ("/pat/api/v1/users?page=1", "/api/v1/users?page=1"),
            ("/api/v1/users?page=1", "/api/v1/users?page=1"),
            ("/pat", "/"),
            ("/pat?a=b", "/?a=b"),
            ("/path/x", "/path/x"),
        ] {
            let mut request = http::Request::builder().uri(sent).body(()).unwrap();
            strip_context(&mut request, "/pat");
            assert_eq!(request.uri(), seen);
        }
    }

    #[tokio::test]
    async fn a_panic_is_answered_on_the_way_past_the_router() {
        async fn breaks() -> Response {
            panic!("a fault of our own")
        }
        assert_eq!(caught(breaks()).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let fine = caught(ready(StatusCode::ACCEPTED.into_response())).await;
        assert_eq!(fine.status(), StatusCode::ACCEPTED);
    }
}
