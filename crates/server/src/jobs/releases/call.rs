//! A call of a script: a request that this process sends to itself, as the user for automated tasks.

use std::net::SocketAddr;

use axum::body::Body;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use patgate_core::release::Release;
use patgate_core::verify::Demand;
use tokio_util::sync::CancellationToken;

use super::{Runner, upstream};
use crate::caller::{Behalf, ScriptCall, surface};
use crate::script::{ANSWER_BYTES, Answer, Call, CallRefused};
use crate::service::releases::HERE;

/// The headers that a script may give a call. No credential is among them: who calls is not for a script to say.
const TAKEN: [HeaderName; 4] = [ACCEPT, CONTENT_TYPE, http::header::ACCEPT_LANGUAGE, http::header::IF_MATCH];

/// Makes the calls of one run.
pub(super) struct Calls<'r> {
    runner: &'r Runner,
    behalf: Option<Behalf>,
    /// Of which generation the release is.
    generation: u32,
    stop: &'r CancellationToken,
}

impl<'r> Calls<'r> {
    /// The calls of a release's script.
    pub(super) async fn of(
        runner: &'r Runner,
        release: &Release,
        stop: &'r CancellationToken,
    ) -> Result<Self, String> {
        let behalf = match &release.run_as {
            Some(run_as) => {
                let behalf = Behalf::of(&runner.state, run_as).await;
                Some(behalf.map_err(|problem| format!("{}.", problem.detail()))?)
            }
            None => None,
        };
        Ok(Self { runner, behalf, generation: release.generation, stop })
    }

    /// Makes a call.
    pub(super) async fn make(&self, call: Call) -> Result<Answer, CallRefused> {
        // In this order: what is lost was stopped before the rest was held.
        if !self.runner.holds() || self.stop.is_cancelled() {
            return Err(CallRefused::new(
                "this server cannot tell whether the release is still its own to run",
            ));
        }
        let behalf = self.behalf.as_ref().ok_or_else(|| {
            CallRefused::new("the release has nobody to call as; set *Run automated tasks as user* on it")
        })?;
        if let Some((application, path)) = application(&call.target) {
            return upstream::call(&self.runner.state, behalf, application, path, &call).await;
        }
        let uri = own_path(&call.target)?;
        let demand = Demand { surface: surface::of_path(uri.path()), permission: None };
        behalf.judge(&self.runner.state, demand, HERE).await.map_err(|problem| {
            CallRefused::new(format!("the user for automated tasks does not pass: {}", problem.detail()))
        })?;
        let by = ScriptCall { behalf: behalf.clone(), generation: self.generation };
        let request = request(call, uri, by)?;
        let answer = self.runner.dispatcher.answer_routed(request, SocketAddr::new(HERE, 0)).await;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| {
            CallRefused::new(if error.is::<LengthLimitError>() {
                format!("its answer is longer than {ANSWER_BYTES} bytes")
            } else {
                "its answer broke off".to_owned()
            })
        })?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }
}

/// The application and the path of it that a script names, as in `shop:/orders`.
fn application(target: &str) -> Option<(&str, &str)> {
    let (name, path) = target.split_once(':')?;
    (!name.contains('/') && path.starts_with('/') && !path.starts_with("//")).then_some((name, path))
}

/// The path of this server that a script names.
fn own_path(target: &str) -> Result<Uri, CallRefused> {
    if !target.starts_with('/') || target.starts_with("//") {
        return Err(CallRefused::new(
            "a script calls paths of this server, such as `/api/v1/releases`, or of a configured application, such as \
             `shop:/orders`",
        ));
    }
    target.parse().map_err(|_| CallRefused::new("this is no path; percent-encode what is in it"))
}

/// The headers of a call: those that a script gave, when it may.
pub(super) fn headers(call: &Call) -> Result<HeaderMap, CallRefused> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, value) in &call.headers {
        if !TAKEN.contains(name) {
            return Err(CallRefused::new(format!("a script cannot set the header `{name}`")));
        }
        headers.insert(name, value.clone());
    }
    if call.body.is_some() {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

fn request(call: Call, uri: Uri, by: ScriptCall) -> Result<Request<Body>, CallRefused> {
    let headers = headers(&call)?;
    let body = call.body.map_or_else(Body::empty, |body| Box::<str>::from(body).into_string().into());
    let mut request = Request::new(body);
    *request.method_mut() = call.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(by);
    Ok(request)
}
