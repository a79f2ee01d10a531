//! Who looks at a page: somebody with a session. Tokens and passwords open the API, never a page.

use axum::extract::FromRequestParts;
use http::Method;
use http::request::Parts;

use super::refused::Refused;
use super::submitted::{Restored, fits};
use crate::caller::{self, Caller};
use crate::problem::Problem;
use crate::session::LiveSession;
use crate::state::AppState;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who they are and what they may do.
    pub caller: Caller,
    /// Their session.
    pub session: LiveSession,
}

impl Visitor {
    /// Whether they have one of these permissions.
    #[must_use]
    pub fn may_any(&self, state: &AppState, permissions: &[&str]) -> bool {
        permissions.iter().any(|permission| self.caller.may(state, permission))
    }

    /// The caller as they are now, for an answer that takes its time.
    ///
    /// # Errors
    /// 401 when the session has ended, and for who may not sign in any more.
    pub(super) async fn again(&self, state: &AppState) -> Result<Caller, Problem> {
        let found = caller::of_digest(state, self.session.digest, self.caller.address).await?;
        let ended = || caller::unauthorized(&"the session has ended; log in again");
        found.map(|(caller, _)| caller).ok_or_else(ended)
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Refused;

    /// Only for pages that change nothing: a form is read by [`super::Submitted`], which demands the CSRF token.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        debug_assert!(matches!(parts.method, Method::GET | Method::HEAD), "a form is read by `Submitted`");
        if let Some(visitor) = of_request(parts, state).await? {
            return Ok(visitor);
        }
        // They have not logged in yet.
        if let Some(Restored(typed)) = parts.extensions.get() {
            return Err(Refused::Kept { typed: typed.clone() });
        }
        let whole = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        let next = if fits(whole) { whole } else { parts.uri.path() }.to_owned();
        Err(Refused::LogIn { next })
    }
}

/// The visitor, when there is a session.
pub(super) async fn of_request(parts: &Parts, state: &AppState) -> Result<Option<Visitor>, Refused> {
    let found = caller::of_session(parts, state).await?;
    Ok(found.map(|(caller, session)| Visitor { caller, session }))
}
