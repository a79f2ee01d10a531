//! Single sign-on: sessions that an identity provider vouches for, from their beginning to their end.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode};
use patgate_core::identifier::UserId;
use patgate_core::user::Origin;
use patgate_store::{Actor, ActorKind, ProviderSession};

use super::sessions::{self, Guest, Opened};
use super::sign_in;
use crate::caller::{Caller, unauthorized};
use crate::problem::Problem;
use crate::provider::oidc::{Callback, Provider, SignIn};
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
    let arrived = provider.finish(begun, callback, state.clock.now(), &mut random).await;
    let arrived = arrived.map_err(|fault| {
        let refused = sign_in::refused(&format!("`{}`: {fault}", provider.name()));
        if fault.is_outage() {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "provider_unavailable", refused.sentence())
        } else {
            refused
        }
    })?;
    let arrival = sign_in::Arrival {
        origin: Origin::Sso,
        provider: provider.name(),
        person: &arrived.person,
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
/// For the log: why the token does not count, or that the database does not answer.
pub async fn close_by_provider(state: &AppState, provider: &Provider, token: &str) -> Result<(), String> {
    let signed_out =
        provider.signed_out(token, state.clock.now()).await.map_err(|fault| fault.to_string())?;
    let ended = async {
        let (subject, session) = (signed_out.subject.as_deref(), signed_out.session.as_deref());
        let name = format!("provider {}", provider.name());
        let actor = Actor { kind: ActorKind::System, name, user: None, grant: None, address: None };
        let mut change = state.change(&actor).await?;
        change.end_provider_sessions(provider.name().as_str(), subject, session).await?;
        state.commit(change).await?;
        Ok::<_, Problem>(())
    };
    ended.await.map_err(|problem| problem.to_string())
}

/// The user whom a provider's access token speaks for. They must have signed in once.
///
/// # Errors
/// 401, whatever the reason, which is in the log.
pub async fn bearer(state: &AppState, token: &str) -> Result<UserId, Problem> {
    let refused = |reason: &dyn std::fmt::Display| {
        tracing::debug!(%reason, "an access token of a provider was refused");
        unauthorized(&"the access token does not count here")
    };
    let (provider, subject) =
        state.oidc.bearer(token, state.clock.now()).await.map_err(|fault| refused(&fault))?;
    let user = state.store.user_by_subject(Origin::Sso, provider.as_str(), &subject).await?;
    user.map(|user| user.id).ok_or_else(|| refused(&"nobody whom it speaks for has signed in here"))
}
