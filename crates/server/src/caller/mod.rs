//! Who calls: from the credentials of a request to a [`Caller`], by the one rule for every path.
//!
//! A handler that takes a `Caller` cannot be reached without one. What the caller may do is asked with
//! [`Caller::require`]; what a token in particular may not do is asked by the use cases.

pub mod behalf;
pub mod cross_site;
pub mod surface;
pub mod too_long;

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use futures_util::FutureExt;
use http::request::Parts;
use patgate_core::application::ApplicationSlot;
use patgate_core::grant::GrantStatus;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::index::OwnerFacts;
use patgate_core::permission::PermissionSet;
use patgate_core::permission::names::LOGIN;
use patgate_core::verify::{Demand, Denied, Permit, Surface, admit, verify};
use patgate_gateway::challenge::{ANONYMOUS, Challenge, challenge};
use patgate_gateway::credentials::{self, Credential, PresentedToken, Via};
use patgate_store::{Actor, ActorKind};

pub use self::behalf::{Behalf, ScriptCall};
use crate::password::{Attempt, PasswordRefused};
use crate::problem::Problem;
use crate::service::sign_in::by_password;
use crate::service::sso;
use crate::session::{self, LiveSession, SessionDigest};
use crate::state::AppState;

/// The other end of the connection a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Where the log of a request learns who was proven: set by the [`Caller`] that is made for it.
#[derive(Clone, Debug, Default)]
pub struct Proven(pub Arc<OnceLock<(String, Option<GrantId>)>>);

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
    /// Of which generation the release is whose script calls; `None` when no script does.
    pub generation: Option<u32>,
}

/// How a caller proved who they are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By a token.
    Token(CallerToken),
    /// By user name and password.
    Password {
        /// The version of the password; 0 for one that a directory keeps.
        version: i64,
    },
    /// By an access token of an identity provider.
    AccessToken,
    /// By the cookie of the web pages.
    Session(SessionDigest),
}

/// The token a caller uses.
#[derive(Clone, Debug)]
pub struct CallerToken {
    /// The row.
    pub id: GrantId,
    /// For which application it is.
    pub application: ApplicationSlot,
    /// The permissions it was given; `None`: all of its owner's.
    pub permissions: Option<PermissionSet>,
    /// By whose row of the policy it passed: whose API this is, or its own application where every token is taken.
    pub place: ApplicationSlot,
}

impl Caller {
    /// Demands a permission.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn require(&self, state: &AppState, permission: &str) -> Result<(), Problem> {
        if self.may(state, permission) { Ok(()) } else { Err(Problem::lacks(permission)) }
    }

    /// Demands one of these permissions.
    ///
    /// # Errors
    /// 403 naming the first.
    pub fn require_any(&self, state: &AppState, permissions: &[&str]) -> Result<(), Problem> {
        if permissions.iter().any(|permission| self.may(state, permission)) {
            return Ok(());
        }
        Err(Problem::lacks(permissions.first().copied().unwrap_or_default()))
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
            Proof::Password { .. } | Proof::AccessToken | Proof::Session(_) => None,
        }
    }

    /// The same caller, who may do no more than their user may now, and whose token is still there: an answer can be under way
    /// for long. Whether their password or session would still pass is not asked.
    ///
    /// # Errors
    /// 401 for who may not act any more; when the database does not answer.
    pub async fn again(&self, state: &AppState) -> Result<Self, Problem> {
        if let Some(token) = self.token() {
            let grant = state.store.grant(token.id).await?;
            let now = state.clock.now();
            if grant.is_none_or(|grant| grant.status(None, now) != GrantStatus::Active) {
                return Err(unauthorized(&"the token was deleted, or has expired"));
            }
        }
        let view = state.index.view();
        let demand = Demand { surface: Surface::Every, permission: None };
        let permit = admit(&view, self.user, demand, state.clock.now()).map_err(not_admitted)?;
        let permissions = permit.permissions().intersection(&self.permissions);
        Ok(Self { permissions, ..self.clone() })
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
            generation: None,
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = authenticate(parts, state, Sight::Use).await?;
        note(parts, &caller);
        Ok(caller)
    }
}

/// A caller of what goes on by itself: a window that nobody looks at must not keep its session open.
#[derive(Clone, Debug)]
pub struct Watcher(pub Caller);

impl FromRequestParts<AppState> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = authenticate(parts, state, Sight::Nothing).await?;
        note(parts, &caller);
        Ok(Self(caller))
    }
}

/// What a request is to the session it comes with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Somebody uses it.
    Use,
    /// Nothing: it ends when it would have ended.
    Nothing,
}

fn note(parts: &Parts, caller: &Caller) {
    if let Some(Proven(proven)) = parts.extensions.get() {
        let _ = proven.set((caller.facts.username.to_string(), caller.token().map(|token| token.id)));
    }
}

/// Whoever a page is for, and their session; `None` when there is none, or one that has ended. A form's CSRF token is
/// checked by who reads the form.
///
/// # Errors
/// 403 without `login`, 401 for somebody disabled, and when the database does not answer.
pub async fn of_session(parts: &Parts, state: &AppState) -> Result<Option<(Caller, LiveSession)>, Problem> {
    let address = address(parts, state)?;
    let cookie = Some(session::cookie_name(state));
    let Ok(Credential::Session(cookie)) =
        credentials::find(&parts.headers, state.gateway.token_headers(), cookie)
    else {
        return Ok(None);
    };
    let found = of_digest(state, session::cookie::digest(cookie.reveal()), address).await?;
    if let (Some(Proven(proven)), Some((caller, _))) = (parts.extensions.get(), &found) {
        let _ = proven.set((caller.facts.username.to_string(), None));
    }
    Ok(found)
}

/// As [`of_session`], for who knows which session it is.
///
/// # Errors
/// As [`of_session`].
pub async fn of_digest(
    state: &AppState,
    digest: SessionDigest,
    address: IpAddr,
) -> Result<Option<(Caller, LiveSession)>, Problem> {
    let Some(session) = session::find(state, digest).await? else { return Ok(None) };
    let demand = Demand { surface: Surface::Every, permission: state.slot(LOGIN) };
    let caller = by_proof(state, session.user, Proof::Session(digest), demand, address)?;
    Ok(Some((caller, session)))
}

fn address(parts: &Parts, state: &AppState) -> Result<IpAddr, Problem> {
    let peer = parts.extensions.get::<Peer>().ok_or_else(|| Problem::internal("a request without a peer"))?;
    Ok(state.gateway.proxies().client_address(peer.0.ip(), &parts.headers))
}

async fn authenticate(parts: &Parts, state: &AppState, sight: Sight) -> Result<Caller, Problem> {
    let address = address(parts, state)?;
    let demand = Demand { surface: surface::of_path(parts.uri.path()), permission: None };
    if let Some(ScriptCall { behalf, generation }) = parts.extensions.get() {
        let caller = behalf.judge(state, demand, address).boxed().await?;
        return Ok(Caller { generation: Some(*generation), ..caller });
    }
    let cookie = Some(session::cookie_name(state));
    let credential = credentials::find(&parts.headers, state.gateway.token_headers(), cookie)
        .map_err(|fault| unauthorized(&fault))?;
    match credential {
        Credential::Token(token) if !is_of_a_provider(state, &token) => {
            by_token(state, &token, demand, parts, address)
        }
        credential => by_look_up(state, credential, parts, sight, demand, address).boxed().await,
    }
}

/// By what is asked of a provider, or looked up in the database. A token that comes here is a provider's.
async fn by_look_up(
    state: &AppState,
    credential: Credential<'_>,
    parts: &Parts,
    sight: Sight,
    demand: Demand,
    address: IpAddr,
) -> Result<Caller, Problem> {
    match credential {
        Credential::Token(token) => {
            let user = sso::bearer(state, token.reveal()).await?;
            by_proof(state, user, Proof::AccessToken, demand, address)
        }
        Credential::Password(credential) => {
            if !state.node.settings().passwords_on_api {
                return Err(unauthorized(&NO_PASSWORDS).hint("Use a personal access token"));
            }
            let attempt = Attempt::of(&credential, address);
            let proven = by_password(state, attempt).await?;
            let proof = Proof::Password { version: proven.password_version };
            by_proof(state, proven.user, proof, demand, address)
        }
        Credential::Session(cookie) => {
            let digest = session::cookie::digest(cookie.reveal());
            let session = match sight {
                Sight::Use => session::find(state, digest).await?,
                Sight::Nothing => session::look(state, digest).await?,
            };
            let session = session.ok_or_else(|| unauthorized(&"the session has ended; log in again"))?;
            session.check_change(&parts.method, &parts.headers)?;
            let demand = Demand { permission: state.slot(LOGIN), ..demand };
            by_proof(state, session.user, Proof::Session(session.digest), demand, address)
        }
        Credential::Nothing => {
            Err(Problem::unauthorized("this needs a token, or user name and password", ANONYMOUS))
        }
    }
}

/// Whether this is an access token of a provider, where any counts: after `Bearer`, in three parts, as no token of ours
/// is (RFC 7515 §7.1).
fn is_of_a_provider(state: &AppState, token: &PresentedToken<'_>) -> bool {
    *token.via() == Via::Bearer && state.oidc.take_bearers() && token.reveal().split('.').count() == 3
}

const NO_PASSWORDS: &str = "passwords are switched off for the API";

fn by_token(
    state: &AppState,
    token: &PresentedToken<'_>,
    demand: Demand,
    parts: &Parts,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let view = state.index.view();
    let now = state.clock.now();
    let verdict = verify(&view, token.reveal(), token.claimed_name(), demand, now);
    let permit = verdict.map_err(|denied| unauthorized(&denied))?;
    state.sample(&permit, now, address, &parts.headers);
    by_permit(&permit, demand.surface, address)
}

/// The caller whose token was given this permit on a surface.
fn by_permit(permit: &Permit<'_>, surface: Surface, address: IpAddr) -> Result<Caller, Problem> {
    let grant = permit.grant().ok_or_else(|| Problem::internal("a token's permit without a grant"))?;
    let (application, permissions) = (grant.application(), grant.permissions());
    let place = surface.place(application).ok_or_else(|| Problem::internal("a permit for elsewhere"))?;
    let token = CallerToken { id: grant.id(), application, permissions, place };
    Ok(Caller::new(permit, Proof::Token(token), address))
}

fn by_proof(
    state: &AppState,
    user: UserId,
    proof: Proof,
    demand: Demand,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let view = state.index.view();
    let permit = admit(&view, user, demand, state.clock.now()).map_err(not_admitted)?;
    Ok(Caller::new(&permit, proof, address))
}

/// 401 with the cause in its one challenge.
pub(crate) fn unauthorized(cause: &impl Display) -> Problem {
    Problem::unauthorized(cause.to_string(), challenge(Challenge::InvalidToken, cause))
}

/// What somebody is told who has proven who they are, and may not act all the same.
pub(crate) fn not_admitted(denied: Denied) -> Problem {
    match denied {
        Denied::OwnerDisabled => unauthorized(&"this user is disabled; ask an administrator"),
        Denied::Suspended(_) => unauthorized(&"your provider no longer confirms you; sign in there again"),
        Denied::Unknown => unauthorized(&"there is no such user any more"),
        Denied::Lacks(_) => unauthorized(&"you may no longer sign in; ask an administrator"),
        other => unauthorized(&other),
    }
}

/// What somebody whose password does not count is told.
pub(crate) fn refused(refused: PasswordRefused) -> Problem {
    match refused {
        PasswordRefused::Wrong => unauthorized(&"user name or password is wrong"),
        PasswordRefused::Throttled { seconds } => Problem::too_many(seconds),
        PasswordRefused::Busy => Problem::busy_with_passwords(),
        PasswordRefused::Disabled => not_admitted(Denied::OwnerDisabled),
        PasswordRefused::Unavailable { reference } => Problem::provider_unavailable(reference),
        PasswordRefused::Store(error) => error.into(),
    }
}
