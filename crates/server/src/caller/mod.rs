//! Who calls: from the credentials of a request to a [`Caller`], by the one rule for every path.
//!
//! A handler that takes a `Caller` cannot be reached without one. What the caller may do is asked with
//! [`Caller::require`]; what a token in particular may not do is asked by the use cases.

pub mod cross_site;
pub mod surface;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use patgate_core::expiry::Expiry;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::index::OwnerFacts;
use patgate_core::permission::PermissionSet;
use patgate_core::verify::{Demand, Denied, Permit, admit, verify};
use patgate_gateway::challenge;
use patgate_gateway::credentials::{self, Credential};
use patgate_gateway::forward::UseSample;
use patgate_store::{Actor, ActorKind};

use crate::password::{Attempt, PasswordRefused};
use crate::problem::Problem;
use crate::session::{self, SessionDigest};
use crate::state::AppState;

/// The other end of the connection a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Somebody whose credentials passed.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The row.
    pub user: UserId,
    /// What is true of them now.
    pub facts: Arc<OwnerFacts>,
    /// What this request may do: of a token, no more than the token carries.
    pub permissions: PermissionSet,
    /// How they proved who they are.
    pub proof: Proof,
    /// From where they call.
    pub address: IpAddr,
}

/// How a caller proved who they are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By a token.
    Token(CallerToken),
    /// By user name and password.
    Password,
    /// By the cookie of the web pages.
    Session(SessionDigest),
}

/// The token a caller uses.
#[derive(Clone, Debug)]
pub struct CallerToken {
    /// The row.
    pub id: GrantId,
    /// When it ends.
    pub expires_at: Expiry,
    /// The permissions it was given; `None`: all of its owner's.
    pub permissions: Option<PermissionSet>,
}

impl Caller {
    /// Demands a permission.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn require(&self, state: &AppState, permission: &str) -> Result<(), Problem> {
        if self.may(state, permission) { Ok(()) } else { Err(Problem::lacks(permission)) }
    }

    /// Whether the caller has a permission.
    #[must_use]
    pub fn may(&self, state: &AppState, permission: &str) -> bool {
        state.slot(permission).is_some_and(|slot| self.permissions.contains(slot))
    }

    /// The token, when the caller uses one.
    #[must_use]
    pub fn token(&self) -> Option<&CallerToken> {
        match &self.proof {
            Proof::Token(token) => Some(token),
            Proof::Password | Proof::Session(_) => None,
        }
    }

    /// In whose name a change is made, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::User,
            name: self.facts.username.to_string(),
            user: Some(self.user),
            grant: self.token().map(|token| token.id),
            address: Some(self.address.to_string()),
        }
    }

    fn new(permit: &Permit<'_>, proof: Proof, address: IpAddr) -> Self {
        Self {
            user: permit.owner(),
            facts: Arc::clone(permit.facts()),
            permissions: permit.permissions(),
            proof,
            address,
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>().ok_or_else(|| Problem::internal("a request without a peer"))?;
        let address = state.proxies.client_address(peer.0.ip(), &parts.headers);
        let demand = Demand { surface: surface::of_path(parts.uri.path()), permission: None };
        let credential = credentials::find(&parts.headers, &state.token_headers)
            .map_err(|fault| Problem::unauthorized(fault.to_string(), challenge::of_fault(&fault)))?;
        match credential {
            Credential::Token { text, via } => by_token(state, &text, via.owner(), demand, parts, address),
            Credential::Password { username, password } => {
                if !state.node.settings().passwords_on_api {
                    return Err(no_passwords());
                }
                let attempt = Attempt { username: &username, password: &password, address };
                let user = state.passwords.judge(attempt, state.clock.now()).await.map_err(refused)?;
                by_proof(state, user, Proof::Password, demand, address)
            }
            Credential::Session(cookie) => {
                let session = session::find(state, &cookie).await?.ok_or_else(no_session)?;
                session.check_change(&parts.method, &parts.headers)?;
                by_proof(state, session.user, Proof::Session(session.digest), demand, address)
            }
            Credential::Nothing => {
                let detail = "This needs a token, or user name and password";
                Err(Problem::unauthorized(detail, challenge::without_credentials()))
            }
        }
    }
}

fn by_token(
    state: &AppState,
    text: &str,
    named: Option<&str>,
    demand: Demand,
    parts: &Parts,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let view = state.index.view();
    let now = state.clock.now();
    let permit = verify(&view, text, demand, now).map_err(|denied| of_denied(&denied))?;
    // Another user's name beside a token is as wrong as an unknown token, and looks like one.
    if named.is_some_and(|name| name.to_lowercase() != *permit.facts().username_key) {
        return Err(of_denied(&Denied::Unknown));
    }
    let grant = permit.grant().ok_or_else(|| Problem::internal("a token's permit without a grant"))?;
    if permit.is_sample() {
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        // A full queue drops the sample: a verdict waits for nobody.
        let _ = state.samples.try_send(UseSample::new(grant.id(), now, address, user_agent));
    }
    let token =
        CallerToken { id: grant.id(), expires_at: grant.expires_at(), permissions: grant.permissions() };
    Ok(Caller::new(&permit, Proof::Token(token), address))
}

fn by_proof(
    state: &AppState,
    user: UserId,
    proof: Proof,
    demand: Demand,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let view = state.index.view();
    let permit = admit(&view, user, demand).map_err(|denied| of_denied(&denied))?;
    Ok(Caller::new(&permit, proof, address))
}

fn of_denied(denied: &Denied) -> Problem {
    Problem::unauthorized(denied.to_string(), challenge::of_denied(denied))
}

fn refused(refused: PasswordRefused) -> Problem {
    match refused {
        PasswordRefused::Wrong => {
            let challenge = challenge::with_cause("user name or password is wrong");
            Problem::unauthorized("User name or password is wrong", challenge)
        }
        PasswordRefused::Throttled { seconds } => Problem::too_many(seconds),
        PasswordRefused::Store(error) => error.into(),
    }
}

fn no_passwords() -> Problem {
    let challenge = challenge::with_cause("passwords are switched off for the API");
    Problem::unauthorized("Passwords are switched off for the API", challenge).hint("Use a personal access token")
}

fn no_session() -> Problem {
    Problem::unauthorized("The session has ended; log in again", challenge::with_cause("the session has ended"))
}
