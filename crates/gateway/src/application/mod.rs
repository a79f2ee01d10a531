//! Applications as the gate sees them: which headers they use, whether they take passwords, and what their rules ask.

mod header;
mod request;
mod rule;

use std::net::IpAddr;

use http::header::{HeaderMap, HeaderName};
use patgate_core::application::{ApplicationName, ApplicationSlot};
use patgate_core::permission::PermissionSlot;

pub use self::header::{UnusableHeader, request_header_name, token_header_name};
pub use self::request::{PathFault, RequestPath};
pub use self::rule::{PathPattern, Rule, UnusableRule};
use crate::proxies::TrustedProxies;

/// The token header of Release.
pub const RELEASE_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-release-personal-token");
/// The token header of Deploy.
pub const DEPLOY_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-deploy-personal-token");
/// Where the proxy says the original method, if the application names no other header.
pub const METHOD_HEADER: HeaderName = HeaderName::from_static("x-original-method");
/// Where the proxy says the original URI, if the application names no other header.
pub const URI_HEADER: HeaderName = HeaderName::from_static("x-original-uri");

/// A protected application.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its name, as in `/auth/{name}`.
    pub name: ApplicationName,
    /// Its slot in this node's list of applications.
    pub slot: ApplicationSlot,
    /// The header in which its clients send their tokens.
    pub token_header: HeaderName,
    /// The header in which its proxy sends the original method.
    pub method_header: HeaderName,
    /// The header in which its proxy sends the original URI.
    pub uri_header: HeaderName,
    /// Whether user names and passwords pass as well as tokens.
    pub allow_passwords: bool,
    /// The first that covers a request decides. None at all: every verified caller passes.
    pub rules: Vec<Rule>,
}

/// What the rules ask of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The permission; `None`: being somebody is enough.
    pub permission: Option<PermissionSlot>,
}

/// Why the rules cannot let a request pass, whoever sends it. Answered with 403.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteFault {
    /// The peer may not say what the original request was.
    #[error("the rules of this application need a trusted proxy, and {0} is none")]
    Untrusted(IpAddr),
    /// One of the pair is missing.
    #[error("the proxy did not send the header `{0}`")]
    Missing(HeaderName),
    /// One of the pair stands twice.
    #[error("the header `{0}` stands twice")]
    Twice(HeaderName),
    /// The method is none, or is not in capitals.
    #[error("the header `{0}` holds no HTTP method in capitals")]
    Method(HeaderName),
    /// The URI is none, or could be read in two ways.
    #[error("the path of the request {0}")]
    Path(PathFault),
    /// No rule covers it.
    #[error("no rule of this application covers the request")]
    NotCovered,
}

impl RouteFault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Untrusted(_) => "add the address of the proxy to `trusted_proxies`",
            Self::Missing(_) | Self::Twice(_) | Self::Method(_) => {
                "let the proxy set the pair of headers for method and URI, each once"
            }
            Self::Path(_) => "send the path in its plain form",
            Self::NotCovered => "add a rule for this method and path to the application",
        }
    }
}

impl Gate {
    /// An application without rules, with the usual pair of headers, for tokens alone.
    #[must_use]
    pub fn new(name: ApplicationName, slot: ApplicationSlot, token_header: HeaderName) -> Self {
        Self {
            name,
            slot,
            token_header,
            method_header: METHOD_HEADER,
            uri_header: URI_HEADER,
            allow_passwords: false,
            rules: Vec::new(),
        }
    }

    /// What the rules ask of the request that the proxy tells of.
    ///
    /// Without rules nothing is asked and nothing is read.
    ///
    /// # Errors
    /// [`RouteFault`] when the request is not covered, or it is not certain which request it is.
    pub fn route(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
        proxies: &TrustedProxies,
    ) -> Result<Route, RouteFault> {
        if self.rules.is_empty() {
            return Ok(Route { permission: None });
        }
        if !proxies.contains(peer) {
            return Err(RouteFault::Untrusted(peer));
        }
        let method = only(headers, &self.method_header)?;
        let method = request::read_method(method).ok_or(RouteFault::Method(self.method_header.clone()))?;
        let path = RequestPath::read(only(headers, &self.uri_header)?).map_err(RouteFault::Path)?;
        self.decide(method, &path)
    }

    /// What the rules ask of a request that this program itself makes.
    ///
    /// # Errors
    /// As [`Gate::route`]; a path that could be read in two ways is refused without rules, too.
    pub fn route_of(&self, method: &str, uri: &str) -> Result<Route, RouteFault> {
        let path = RequestPath::read(uri.as_bytes()).map_err(RouteFault::Path)?;
        if self.rules.is_empty() { Ok(Route { permission: None }) } else { self.decide(method, &path) }
    }

    fn decide(&self, method: &str, path: &RequestPath<'_>) -> Result<Route, RouteFault> {
        let rule = self.rules.iter().find(|rule| rule.covers(method, path)).ok_or(RouteFault::NotCovered)?;
        Ok(Route { permission: rule.permission() })
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<&'h [u8], RouteFault> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.as_bytes()),
        (None, _) => Err(RouteFault::Missing(name.clone())),
        (Some(_), Some(_)) => Err(RouteFault::Twice(name.clone())),
    }
}

#[cfg(test)]
mod tests;
