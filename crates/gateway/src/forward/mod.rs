//! Forward authentication: a proxy asks about each request, and is answered 200, 401 or 403.
//!
//! `/auth` takes every token; `/auth/{application}` takes the application's own and those for any, and asks what the
//! application's rules ask. Nothing in a query counts, because a client could write it there.

mod sample;
mod wire;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderMap};
use http::{HeaderName, HeaderValue, Response};
use jiff::Timestamp;
use patgate_core::identifier::UserId;
use patgate_core::index::Index;
use patgate_core::permission::Catalog;
use patgate_core::verify::{Demand, Denied, Permit, Surface, admit, verify};
use tokio::sync::mpsc::Sender;

pub use self::sample::UseSample;
use crate::application::{Gate, Route, RouteFault};
use crate::credentials::{self, Credential, PresentedPassword, SharedTokenHeader, TokenHeaders};
use crate::identity;
use crate::proxies::TrustedProxies;
use crate::refusal::Refusal;

/// Answers the questions of proxies.
#[derive(Debug)]
pub struct Gateway {
    index: Arc<Index>,
    catalog: Arc<Catalog>,
    gates: HashMap<Box<str>, Gate>,
    token_headers: TokenHeaders,
    proxies: TrustedProxies,
    samples: Sender<UseSample>,
}

/// Gates that cannot stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableGates {
    /// Two with one name.
    #[error("the application `{0}` stands twice")]
    Twice(String),
    /// Two with one token header.
    #[error(transparent)]
    SharedTokenHeader(#[from] SharedTokenHeader),
    /// A header with two meanings.
    #[error(
        "the application `{application}` uses the header `{header}` for two things: it is a token header, or the other of its pair for method and URI, as well"
    )]
    TwoMeanings {
        /// Which application.
        application: String,
        /// Which header.
        header: HeaderName,
    },
}

/// What becomes of a question.
#[derive(Debug)]
pub enum Decision<A = Response<Bytes>> {
    /// It is answered.
    Answer(A),
    /// A password must be judged first, which takes long and belongs off this path. Then
    /// [`Gateway::answer_password`] answers.
    JudgePassword(PasswordDemand),
}

/// A password to judge, and what hangs on it.
#[derive(Debug)]
pub struct PasswordDemand {
    /// The user name and the password.
    pub credential: PresentedPassword,
    /// Whose attempt it is: the client's address, as far as trusted proxies tell it.
    pub client_address: IpAddr,
    demand: Demand,
    route: Result<(), RouteFault>,
}

/// How a password was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// It is this user's.
    Proven(UserId),
    /// It is not, or there is no such user.
    Wrong,
    /// It was not looked at: too many wrong ones before.
    Throttled {
        /// Seconds until the next attempt counts.
        seconds: u64,
    },
    /// It was not looked at: too many at once.
    Busy,
    /// It is, and the user's directory says that they may not sign in.
    Disabled,
    /// It is, and they are no user here all the same; the log has the reason under the reference.
    Refused {
        /// What to look up.
        reference: u64,
    },
    /// It was not looked at: a directory does not answer; the log has the cause under the reference.
    Unavailable {
        /// What to look up.
        reference: u64,
    },
    /// It was not looked at: an administrator switched passwords off for APIs.
    SwitchedOff,
}

impl Gateway {
    /// A gateway over these parts. One [`UseSample`] a minute and token at most goes to `samples`, and is dropped when
    /// that is full.
    ///
    /// # Errors
    /// [`UnusableGates`] when two applications share a name or a header.
    pub fn new(
        index: Arc<Index>,
        catalog: Arc<Catalog>,
        gates: Vec<Gate>,
        proxies: TrustedProxies,
        samples: Sender<UseSample>,
    ) -> Result<Self, UnusableGates> {
        if let Some(fault) = faults(&gates).into_iter().next() {
            return Err(fault);
        }
        let token_headers = TokenHeaders::new(gates.iter().map(|gate| gate.token_header.clone()))?;
        let gates = gates.into_iter().map(|gate| (gate.name.as_str().into(), gate)).collect();
        Ok(Self { index, catalog, gates, token_headers, proxies, samples })
    }

    /// The application of this name.
    #[must_use]
    pub fn gate_of(&self, name: &str) -> Option<&Gate> {
        self.gates.get(name)
    }

    /// The token headers of all applications, for the other paths of the node.
    #[must_use]
    pub fn token_headers(&self) -> &TokenHeaders {
        &self.token_headers
    }

    /// The proxies whose word counts.
    #[must_use]
    pub fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Answers a question. `path` is the raw path of the request, without query; its method does not count.
    #[must_use]
    pub fn authorize(&self, path: &str, headers: &HeaderMap, peer: IpAddr, now: Timestamp) -> Decision {
        match self.decide(path, headers, peer, now, |permit| self.passing(permit)) {
            Ok(decision) => decision,
            Err(refusal) => Decision::Answer(refusal.answer(&self.catalog)),
        }
    }

    /// As [`Gateway::authorize`], with the answer written behind what is in `out`; whether it was: not when a password
    /// must be judged first.
    pub fn answer_question(
        &self,
        path: &str,
        headers: &HeaderMap,
        peer: IpAddr,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) -> bool {
        let pass = |permit: &Permit<'_>| wire::pass(permit, &self.catalog, now, out);
        match self.decide(path, headers, peer, now, pass) {
            Ok(Decision::Answer(())) => true,
            Ok(Decision::JudgePassword(_)) => false,
            Err(refusal) => {
                wire::whole(&refusal.answer(&self.catalog), now, out);
                true
            }
        }
    }

    /// Answers any question while the index is not loaded: nothing passes, and nothing is called unknown.
    #[must_use]
    pub fn answer_starting(&self) -> Response<Bytes> {
        Refusal::Starting.answer(&self.catalog)
    }

    /// Answers a question that hung on a password.
    #[must_use]
    pub fn answer_password(
        &self,
        demand: PasswordDemand,
        outcome: PasswordOutcome,
        now: Timestamp,
    ) -> Response<Bytes> {
        let answer = match outcome {
            PasswordOutcome::Proven(owner) => self.admit(owner, demand, now),
            PasswordOutcome::Wrong => Err(Refusal::WrongPassword),
            PasswordOutcome::Throttled { seconds } => Err(Refusal::Throttled { seconds }),
            PasswordOutcome::Busy => Err(Refusal::Busy),
            PasswordOutcome::Disabled => Err(Refusal::UserDisabled),
            PasswordOutcome::Refused { reference } => Err(Refusal::SignInRefused { reference }),
            PasswordOutcome::Unavailable { reference } => Err(Refusal::ProviderSilent { reference }),
            PasswordOutcome::SwitchedOff => Err(Refusal::PasswordsRefused),
        };
        answer.unwrap_or_else(|refusal| refusal.answer(&self.catalog))
    }

    fn decide<A>(
        &self,
        path: &str,
        headers: &HeaderMap,
        peer: IpAddr,
        now: Timestamp,
        passing: impl FnOnce(&Permit<'_>) -> A,
    ) -> Result<Decision<A>, Refusal> {
        let gate = self.gate(path)?;
        let credential =
            credentials::find(headers, &self.token_headers, None).map_err(Refusal::Unreadable)?;
        match credential {
            Credential::Nothing | Credential::Session(_) => Err(Refusal::Anonymous),
            Credential::Token(token) => {
                let (demand, route) = self.demand(gate, headers, peer);
                let view = self.index.view();
                let verdict = verify(&view, token.reveal(), token.claimed_name(), demand, now);
                let permit = verdict.map_err(Refusal::Denied)?;
                self.note_use(&permit, headers, peer, now);
                route.map_err(Refusal::Route)?;
                Ok(Decision::Answer(passing(&permit)))
            }
            Credential::Password(credential) => {
                if !gate.is_some_and(|gate| gate.allow_passwords) {
                    return Err(Refusal::PasswordsRefused);
                }
                let (demand, route) = self.demand(gate, headers, peer);
                let client_address = self.proxies.client_address(peer, headers);
                Ok(Decision::JudgePassword(PasswordDemand { credential, client_address, demand, route }))
            }
        }
    }

    /// The application that the path names; `None` for all of them.
    fn gate(&self, path: &str) -> Result<Option<&Gate>, Refusal> {
        if path == "/auth" {
            return Ok(None);
        }
        let name = path.strip_prefix("/auth/").ok_or(Refusal::NoSuchApplication)?;
        self.gates.get(name).map(Some).ok_or(Refusal::NoSuchApplication)
    }

    /// What is asked of whoever sends the request. A fault of the route is told only to who has proven to be somebody.
    fn demand(
        &self,
        gate: Option<&Gate>,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> (Demand, Result<(), RouteFault>) {
        let Some(gate) = gate else {
            return (Demand { surface: Surface::Every, permission: None }, Ok(()));
        };
        let surface = Surface::Application(gate.slot);
        match gate.route(headers, peer, &self.proxies) {
            Ok(Route { permission }) => (Demand { surface, permission }, Ok(())),
            Err(fault) => (Demand { surface, permission: None }, Err(fault)),
        }
    }

    fn note_use(&self, permit: &Permit<'_>, headers: &HeaderMap, peer: IpAddr, now: Timestamp) {
        if permit.is_sample()
            && let Some(grant) = permit.grant()
        {
            let address = self.proxies.client_address(peer, headers);
            // Full or gone: the sample is dropped, the request is not kept waiting.
            let _ = self.samples.try_send(UseSample::of(grant.id(), now, address, headers));
        }
    }

    fn admit(
        &self,
        owner: UserId,
        asked: PasswordDemand,
        now: Timestamp,
    ) -> Result<Response<Bytes>, Refusal> {
        let view = self.index.view();
        let permit = admit(&view, owner, asked.demand, now).map_err(|denied| match denied {
            // Gone since the password was judged: to the caller as if never there.
            Denied::Unknown => Refusal::WrongPassword,
            Denied::OwnerDisabled => Refusal::UserDisabled,
            Denied::Suspended(_) => Refusal::UserUnconfirmed,
            denied => Refusal::Denied(denied),
        })?;
        asked.route.map_err(Refusal::Route)?;
        Ok(self.passing(&permit))
    }

    /// 200, for which a verdict is needed.
    fn passing(&self, permit: &Permit<'_>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.headers_mut() = identity::headers(permit, &self.catalog);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Why these gates cannot stand beside each other; nothing when they can. What a configuration is checked by, and
/// [`Gateway::new`] as well.
#[must_use]
pub fn faults<'g>(gates: impl IntoIterator<Item = &'g Gate> + Clone) -> Vec<UnusableGates> {
    let (mut names, mut token_headers) = (HashSet::new(), HashSet::new());
    let mut faults = Vec::new();
    for gate in gates.clone() {
        if !names.insert(gate.name.as_str()) {
            faults.push(UnusableGates::Twice(gate.name.to_string()));
        }
        if !token_headers.insert(&gate.token_header) {
            faults.push(SharedTokenHeader(gate.token_header.clone()).into());
        }
    }
    for gate in gates {
        let mut pair = vec![&gate.method_header, &gate.uri_header];
        pair.retain(|header| token_headers.contains(header));
        if gate.method_header == gate.uri_header {
            pair = vec![&gate.uri_header];
        }
        faults.extend(pair.into_iter().map(|header| UnusableGates::TwoMeanings {
            application: gate.name.to_string(),
            header: header.clone(),
        }));
    }
    faults
}

#[cfg(test)]
mod tests;
