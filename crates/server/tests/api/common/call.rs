//! Calls: a method, a path, credentials, a body.

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::Value;
use url::form_urlencoded;

use super::{IssuedToken, SignedIn};

/// A call under construction.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

pub(crate) fn get(path: impl Into<String>) -> Call {
    Call::new(Method::GET, path)
}

pub(crate) fn post(path: impl Into<String>) -> Call {
    Call::new(Method::POST, path)
}

pub(crate) fn put(path: impl Into<String>) -> Call {
    Call::new(Method::PUT, path)
}

pub(crate) fn patch(path: impl Into<String>) -> Call {
    Call::new(Method::PATCH, path)
}

pub(crate) fn delete(path: impl Into<String>) -> Call {
    Call::new(Method::DELETE, path)
}

impl Call {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With a token in Release's header.
    pub(crate) fn token(self, token: &IssuedToken) -> Self {
        self.header("x-release-personal-token", &token.text)
    }

    /// With a token in Deploy's header.
    pub(crate) fn deploy_token(self, token: &IssuedToken) -> Self {
        self.header("x-deploy-personal-token", &token.text)
    }

    /// With user name and password, or with a token in place of either.
    pub(crate) fn basic(self, username: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// With a session, and its CSRF token.
    pub(crate) fn session(self, session: &SignedIn) -> Self {
        self.cookie(session).header("x-csrf-token", &session.csrf)
    }

    /// With a session, and no CSRF token.
    pub(crate) fn cookie(self, session: &SignedIn) -> Self {
        self.header("cookie", &session.cookie)
    }

    /// With one more header; a name may come twice.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        self
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).header("content-type", "application/json")
    }

    /// With the fields of a form.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.raw(body).header("content-type", "application/x-www-form-urlencoded")
    }

    /// With the form of a page, as its session sends it.
    pub(crate) fn submit(self, session: &SignedIn, fields: &[(&str, &str)]) -> Self {
        let fields = [&[("csrf", session.csrf.as_str())], fields].concat();
        self.cookie(session).form(&fields)
    }

    /// With a body that says nothing about itself.
    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The request, and the halves of the body that it is to have.
    pub(crate) fn into_halves(mut self) -> (Request<Body>, [Bytes; 2]) {
        let second = self.body.split_off(self.body.len() / 2);
        let first = std::mem::take(&mut self.body);
        (self.into_request(), [first.into(), second.into()])
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse::<Uri>().unwrap();
        request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1:5516"));
        for (name, value) in self.headers {
            request.headers_mut().append(name, value);
        }
        request
    }
}
