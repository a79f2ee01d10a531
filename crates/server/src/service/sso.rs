//! Single sign-on: sessions that an identity provider vouches for, from their beginning to their end.

use std::fmt;
use std::net::IpAddr;

use http::HeaderMap;
use patgate_core::identifier::UserId;
use patgate_core::user::Origin;
use patgate_store::{Actor, ProviderSession};

use super::sessions::{self, Guest, Opened};
use super::sign_in;
use crate::caller::{Caller, unauthorized};
use crate::problem::Problem;
use crate::provider::oidc::{Callback, OidcFault, Provider, SignIn};
use crate::sealing::Purpose;
use crate::session::SessionDigest;
use crate::state::AppState;

/// Where a browser goes after its log-out, to be logged out there as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOutThere {
    /// What the provider is called.
    pub label: String,
    /// Its address, with all that it must be told.
    pub url: String,
}

/// Why the sessions that a logout token names have not ended.
#[derive(Debug, thiserror::Error)]
pub enum NotEnded {
    /// The token does not count, or its provider does not answer.
    #[error(transparent)]
    Provider(#[from] OidcFault),
    /// The database does not answer.
    #[error("{0}")]
    Problem(Problem),
}

impl NotEnded {
    /// Whether the same token may end them later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Provider(fault) => fault.is_outage(),
            Self::Problem(_) => true,
        }
    }
}

impl From<Problem> for NotEnded {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The providers at which one can sign in, in the order of the configuration.
pub fn providers(state: &AppState) -> impl Iterator<Item = &Provider> {
    state.oidc.iter()
}

/// The provider of a name, which somebody may have made up.
#[must_use]
pub fn provider<'s>(state: &'s AppState, name: &str) -> Option<&'s Provider> {
    state.oidc.find(name)
}

/// The provider to which a visit without a session goes straight, if there is one.
#[must_use]
pub fn direct(state: &AppState) -> Option<&Provider> {
    state.oidc.direct()
}

/// Begins a sign-in at a provider that goes on at `next`: where the browser goes, and what it must bring back.
///
/// # Errors
/// 503 with a reference in the log, when the provider does not answer.
pub async fn begin(state: &AppState, provider: &Provider, next: &str) -> Result<(String, SignIn), Problem> {
    let begun = provider.begin(next, state.clock.now(), &mut state.random.draw()).await;
    begun.map_err(|fault| unavailable(&format!("`{}`: {fault}", provider.name())))
}

/// Ends a sign-in at a provider: whoever came back has a session. The one that the browser had before ends.
///
/// # Errors
/// A problem that names a reference in the log, where the reason is; 401 for somebody disabled, 403 without `login`.
pub async fn complete(
    state: &AppState,
    provider: &Provider,
    begun: &SignIn,
    callback: Callback<'_>,
    address: IpAddr,
    headers: &HeaderMap,
    previous: Option<SessionDigest>,
) -> Result<Opened, Problem> {
    let mut random = state.random.draw();
    let asked = state.clock.now();
    let arrived = provider.finish(begun, callback, asked, &mut random).await;
    let arrived = arrived.map_err(|fault| {
        let reason = format!("`{}`: {fault}", provider.name());
        if fault.is_outage() { unavailable(&reason) } else { sign_in::refused(&reason) }
    })?;
    let arrival = sign_in::Arrival {
        origin: Origin::Sso,
        provider: provider.name(),
        person: &arrived.person,
        // Not when the token was made: that is by the provider's clock, and it may have looked at the person before.
        begun: begun.begun_at(),
        asked,
        address,
        refresh_token: arrived.refresh_token.as_ref(),
    };
    let user = sign_in::arrive(state, arrival).await?;
    let id_token = state.sealer.seal(Purpose::IdToken(user), &arrived.id_token, &mut random)?;
    let guest = Guest {
        user,
        password_version: 0,
        address,
        provider: Some(ProviderSession {
            subject: arrived.subject,
            session: arrived.session,
            id_token: Some(id_token),
        }),
    };
    sessions::open_for(state, guest, headers, previous).await
}

/// Ends a session; tells where its browser is logged out as well, when a provider vouched for it.
///
/// # Errors
/// When the database does not answer. A provider that does not answer keeps nobody signed in here.
pub async fn close(
    state: &AppState,
    caller: &Caller,
    session: &SessionDigest,
) -> Result<Option<LogOutThere>, Problem> {
    let stored = state.store.session(session.as_bytes()).await?;
    let user = state.store.user(caller.user).await?;
    sessions::close(state, caller, session).await?;
    let vouched = stored.and_then(|session| session.provider);
    let provider =
        user.filter(|user| user.origin == Origin::Sso).and_then(|user| state.oidc.find(&user.provider));
    let (Some(vouched), Some(provider)) = (vouched, provider) else { return Ok(None) };
    let opened = vouched.id_token.map(|token| state.sealer.open(Purpose::IdToken(caller.user), &token));
    let id_token = opened.and_then(Result::ok);
    let hint = id_token.as_ref().map(|token| token.reveal());
    match provider.end_session(hint, state.clock.now()).await {
        Ok(url) => Ok(url.map(|url| LogOutThere { label: provider.label().to_owned(), url })),
        Err(fault) => {
            tracing::warn!(provider = %provider.name(), %fault, "a browser is not logged out at its provider");
            Ok(None)
        }
    }
}

/// Ends the sessions that a provider's logout token names, on all nodes. None is there: that is well, too.
///
/// # Errors
/// [`NotEnded`]: then the provider can show the token again.
pub async fn close_by_provider(state: &AppState, provider: &Provider, token: &str) -> Result<(), NotEnded> {
    let signed_out = provider.signed_out(token, state.clock.now()).await?;
    let (subject, session) = (signed_out.subject.as_deref(), signed_out.session.as_deref());
    let actor = Actor::system(format!("provider {}", provider.name()));
    let mut change = state.change(&actor).await?;
    change.end_provider_sessions(provider.name().as_str(), subject, session).await.map_err(Problem::from)?;
    state.commit(change).await?;
    signed_out.done();
    Ok(())
}

/// The user whom a provider's access token speaks for. They must have signed in once.
///
/// # Errors
/// 401, whatever the reason, which is in the log; 503 when the provider does not answer, so that nobody knows.
pub async fn bearer(state: &AppState, token: &str) -> Result<UserId, Problem> {
    let refused = |reason: &dyn fmt::Display| {
        tracing::debug!(%reason, "an access token of a provider was refused");
        unauthorized(&"the access token does not count here")
    };
    let known = state.oidc.bearer(token, state.clock.now()).await;
    let (provider, subject) =
        known.map_err(|fault| if fault.is_outage() { unavailable(&fault) } else { refused(&fault) })?;
    let user = state.store.user_by_subject(Origin::Sso, provider.as_str(), &subject).await?;
    user.map(|user| user.id).ok_or_else(|| refused(&"nobody whom it speaks for has signed in here"))
}

/// What somebody is told whom a provider could not be asked about. The reason is in the log.
fn unavailable(reason: &impl fmt::Display) -> Problem {
    let reference = Problem::next_reference();
    tracing::error!(reference, %reason, "a provider did not answer");
    Problem::provider_unavailable(reference)
}
