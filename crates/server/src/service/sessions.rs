//! Signing in and out, and the sessions that one has.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::USER_AGENT;
use jiff::Timestamp;
use patgate_core::identifier::UserId;
use patgate_core::permission::names::LOGIN;
use patgate_core::user::User;
use patgate_core::verify::{Demand, Denied, Surface, admit};
use patgate_store::{Actor, ActorKind, ProviderSession, Session};
use rand_core::Rng;

use crate::caller::{self, Caller, Proof};
use crate::password::Attempt;
use crate::problem::Problem;
use crate::service::mandate::require_present;
use crate::service::sign_in::by_password;
use crate::session::{self, CsrfToken, LiveSession, SessionDigest, SessionName, SessionSecret, life};
use crate::state::AppState;

/// The most characters of a user agent that are kept.
const USER_AGENT_LENGTH: usize = 200;

/// A session that was just opened: the one moment at which its cookie can be set.
#[derive(Debug)]
pub struct Opened {
    /// For the cookie.
    pub secret: SessionSecret,
    /// For the changes of the pages.
    pub csrf: CsrfToken,
    /// When it ends, if nothing more is done with it.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub user: User,
}

/// Somebody who has proven who they are, before they have a session.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The row.
    pub user: UserId,
    /// The version of the password: the session ends when it changes. 0 for a user who has none.
    pub password_version: i64,
    /// From where.
    pub address: IpAddr,
    /// The identity provider's part, when one vouched for them.
    pub provider: Option<ProviderSession>,
}

/// Signs somebody in. The session that the browser had before ends: a cookie that somebody planted there is worth
/// nothing afterwards.
///
/// # Errors
/// 401 for a wrong user name or password and for somebody disabled; 403 without `login`; 429.
pub async fn open(
    state: &AppState,
    attempt: Attempt<'_>,
    headers: &HeaderMap,
    previous: Option<SessionDigest>,
) -> Result<Opened, Problem> {
    let proven = by_password(state, attempt).await?;
    let guest = Guest {
        user: proven.user,
        password_version: proven.password_version,
        address: attempt.address,
        provider: None,
    };
    open_for(state, guest, headers, previous).await
}

/// Opens a session for somebody who has proven who they are. The session that the browser had before ends.
///
/// # Errors
/// 401 for somebody disabled, 403 without `login`.
pub async fn open_for(
    state: &AppState,
    guest: Guest,
    headers: &HeaderMap,
    previous: Option<SessionDigest>,
) -> Result<Opened, Problem> {
    let now = state.clock.now();
    let demand = Demand { surface: Surface::Every, permission: state.slot(LOGIN) };
    let name = admit(&state.index.view(), guest.user, demand, now)
        .map(|permit| permit.facts().username.to_string())
        .map_err(|denied| match denied {
            Denied::Lacks(_) => Problem::lacks(LOGIN),
            denied => caller::not_admitted(denied),
        })?;
    let mut random = state.random.draw();
    let secret = SessionSecret::generate(&mut random);
    let mut csrf_seed = [0; 32];
    random.fill_bytes(&mut csrf_seed);
    let session = Session {
        digest: *secret.digest().as_bytes(),
        user: guest.user,
        created_at: now,
        seen_at: now,
        csrf_seed,
        address: Some(guest.address.to_string()),
        user_agent: user_agent(headers),
        password_version: guest.password_version,
        provider: guest.provider,
    };
    let actor = Actor {
        kind: ActorKind::User,
        name,
        user: Some(guest.user),
        grant: None,
        address: Some(guest.address.to_string()),
    };
    let mut change = state.change(&actor).await?;
    if let Some(previous) = previous {
        change.delete_session(previous.as_bytes()).await?;
    }
    change.insert_session(&session).await?;
    let user = change.user(guest.user).await?.ok_or_else(|| caller::not_admitted(Denied::Unknown))?;
    state.commit(change).await?;
    Ok(Opened { secret, csrf: CsrfToken::of_seed(&csrf_seed), expires_at: life::ends_at(now, now), user })
}

/// The session that a caller uses, and who signed in; `None` when they use none.
///
/// # Errors
/// When the database does not answer.
pub async fn current(state: &AppState, caller: &Caller) -> Result<Option<(LiveSession, User)>, Problem> {
    let Proof::Session(digest) = &caller.proof else { return Ok(None) };
    let session = session::find(state, *digest).await?;
    let user = state.store.user(caller.user).await?;
    Ok(session.zip(user))
}

/// Signs somebody out.
///
/// # Errors
/// When the database does not answer.
pub async fn close(state: &AppState, caller: &Caller, session: &SessionDigest) -> Result<(), Problem> {
    let mut change = state.change(&caller.actor()).await?;
    change.delete_session(session.as_bytes()).await?;
    state.commit(change).await?;
    Ok(())
}

/// One of the caller's own sessions.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Names it on a page, and tells nothing about its cookie.
    pub name: SessionName,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last seen, to the minute.
    pub seen_at: Timestamp,
    /// From where it was opened.
    pub address: Option<String>,
    /// The `User-Agent` it was opened with.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The caller's own sessions that have not ended, the one seen last first; at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn own(state: &AppState, caller: &Caller, limit: u64) -> Result<Vec<OwnSession>, Problem> {
    let now = state.clock.now();
    let current = match &caller.proof {
        Proof::Session(digest) => Some(*digest.as_bytes()),
        Proof::Token(_) | Proof::Password { .. } | Proof::AccessToken => None,
    };
    let sessions = state.store.sessions_seen_last(caller.user, limit).await?;
    let live = sessions.into_iter().filter(|it| !life::has_ended(it.created_at, it.seen_at, now));
    Ok(live
        .map(|session| OwnSession {
            name: SessionName::of(&session.digest),
            created_at: session.created_at,
            seen_at: session.seen_at,
            is_current: current == Some(session.digest),
            address: session.address,
            user_agent: session.user_agent,
        })
        .collect())
}

/// Ends one of the caller's own sessions. One that has ended already is no fault.
///
/// # Errors
/// 403 for a token, and for who was logged out since they began to ask; when the database does not answer.
pub async fn close_own(state: &AppState, caller: &Caller, name: &SessionName) -> Result<(), Problem> {
    not_by_token(caller)?;
    let sessions = state.store.sessions_of(caller.user).await?;
    let Some(session) = sessions.iter().find(|session| SessionName::of(&session.digest) == *name) else {
        return Ok(());
    };
    let mut change = state.change(&caller.actor()).await?;
    require_present(state, &change, caller).await?;
    change.delete_session(&session.digest).await?;
    state.commit(change).await?;
    Ok(())
}

/// Ends all of the caller's sessions, on all nodes: the one that asks, too.
///
/// # Errors
/// 403 for a token, and for who was logged out since they began to ask; when the database does not answer.
pub async fn close_all(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    not_by_token(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    require_present(state, &change, caller).await?;
    change.delete_sessions_of(caller.user).await?;
    state.commit(change).await?;
    Ok(())
}

fn not_by_token(caller: &Caller) -> Result<(), Problem> {
    match caller.token() {
        Some(_) => Err(Problem::forbidden("A token does not end sessions")),
        None => Ok(()),
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(USER_AGENT_LENGTH).collect())
}
