//! Who a task of a release acts as: judged anew at each of its calls, by the rules for requests.
//!
//! A [`ScriptCall`] stands in the extensions of a request that this process sends to itself. Nothing that comes over a
//! connection can have one.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::index::View;
use patgate_core::permission::PermissionSet;
use patgate_core::release::RunAs;
use patgate_core::token::Digest;
use patgate_core::user::Username;
use patgate_core::verify::{Demand, Denied, Permit, admit, verify_bound};
use patgate_gateway::identity;

use super::{Caller, NO_PASSWORDS, Proof, by_permit, by_proof, unauthorized};
use crate::problem::Problem;
use crate::state::AppState;

/// A call that a script makes.
#[derive(Clone, Debug)]
pub struct ScriptCall {
    /// In whose name.
    pub behalf: Behalf,
    /// Of which generation the release is whose script it is.
    pub generation: u32,
}

/// Somebody in whose name this process calls itself.
#[derive(Clone, Debug)]
pub enum Behalf {
    /// The owner of a personal access token, with the token's permissions.
    Token {
        /// The grant.
        grant: GrantId,
        /// The digests of its secrets.
        digests: Arc<[Digest]>,
    },
    /// A user, for as long as their password is the one that was shown.
    Password {
        /// The row.
        user: UserId,
        /// The version of the password.
        version: i64,
    },
}

impl Behalf {
    /// Whoever a release runs its scripts as.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(state: &AppState, run_as: &RunAs) -> Result<Self, Problem> {
        Ok(match run_as {
            RunAs::Token { grant, .. } => {
                let found = state.store.indexed_grant(*grant).await?;
                let digests = found.map(|found| found.secrets).unwrap_or_default();
                Self::Token { grant: *grant, digests: digests.into() }
            }
            RunAs::Password { user, version, .. } => Self::Password { user: *user, version: *version },
        })
    }

    /// Judges whether they may act now.
    ///
    /// # Errors
    /// 401 with the cause; when the database does not answer.
    pub async fn judge(&self, state: &AppState, demand: Demand, address: IpAddr) -> Result<Caller, Problem> {
        match self {
            Self::Token { digests, .. } => by_digests(state, digests, demand, address),
            Self::Password { user, version } => {
                require_password(state, *user, *version).await?;
                by_proof(state, *user, Proof::Password { version: *version }, demand, address)
            }
        }
    }

    /// What an application is told of them, when they may call it now.
    ///
    /// # Errors
    /// As [`Behalf::judge`].
    pub async fn identity(&self, state: &AppState, demand: Demand) -> Result<HeaderMap, Problem> {
        if let Self::Password { user, version } = self {
            require_password(state, *user, *version).await?;
        }
        let (view, now) = (state.index.view(), state.clock.now());
        let permit = match self {
            Self::Token { digests, .. } => permit(&view, digests, demand, now),
            Self::Password { user, .. } => admit(&view, *user, demand, now),
        };
        match permit {
            Ok(permit) => Ok(identity::headers(&permit, &state.catalog)),
            Err(Denied::Lacks(slot)) => {
                let mut lacked = PermissionSet::NONE;
                lacked.insert(slot);
                let lacked = state.catalog.ids_in(lacked).next();
                Err(Problem::lacks(lacked.map_or("", |id| id.as_str())))
            }
            Err(denied) => Err(unauthorized(&denied)),
        }
    }
}

/// Demands that the password is still the one that was entered, and that passwords count.
async fn require_password(state: &AppState, user: UserId, version: i64) -> Result<(), Problem> {
    if !state.node.settings().passwords_on_api {
        return Err(unauthorized(&NO_PASSWORDS));
    }
    let name = state.username(user).and_then(|name| name.parse::<Username>().ok());
    let stored = match &name {
        Some(name) => state.store.password(name).await?,
        None => None,
    };
    let now = stored.filter(|stored| stored.user == user).map_or(0, |stored| stored.version);
    if now == version { Ok(()) } else { Err(unauthorized(&"the password was changed since it was entered")) }
}

/// By the first of a token's secrets that passes.
fn permit<'v>(
    view: &'v View<'_>,
    digests: &[Digest],
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    let mut denied = Denied::Deleted;
    for digest in digests {
        match verify_bound(view, digest, demand, now) {
            Ok(permit) => return Ok(permit),
            Err(why) => denied = why,
        }
    }
    Err(denied)
}

fn by_digests(
    state: &AppState,
    digests: &[Digest],
    demand: Demand,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let view = state.index.view();
    let permit = permit(&view, digests, demand, state.clock.now()).map_err(|denied| unauthorized(&denied))?;
    by_permit(&permit, demand.surface, address)
}
