//! Disabling, enabling, unlocking and deleting a user: each asks once more, on a page that says what follows.

use axum::extract::State;
use patgate_core::user::Username;

use super::{LIST, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::users::{self, Account, Edit};
use crate::state::AppState;

/// What is done to a user.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Disable,
    Enable,
    Unlock,
    Delete,
}

/// `GET /admin/users/{username}/disable`.
pub(super) async fn ask_disable(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
) -> PageResult {
    ask(&state, &visitor, &username, Act::Disable).await
}

/// `GET /admin/users/{username}/enable`.
pub(super) async fn ask_enable(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
) -> PageResult {
    ask(&state, &visitor, &username, Act::Enable).await
}

/// `GET /admin/users/{username}/unlock`.
pub(super) async fn ask_unlock(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
) -> PageResult {
    ask(&state, &visitor, &username, Act::Unlock).await
}

/// `GET /admin/users/{username}/delete`.
pub(super) async fn ask_delete(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
) -> PageResult {
    ask(&state, &visitor, &username, Act::Delete).await
}

/// `POST /admin/users/{username}/disable`.
pub(super) async fn disable(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let edit = Edit { login_allowed: Some(false), ..Edit::of(username.clone()) };
    let done = users::change_one(&state, &visitor.caller, edit).await.map(drop);
    answer(&state, &visitor, &username, Act::Disable, done).await
}

/// `POST /admin/users/{username}/enable`.
pub(super) async fn enable(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let edit = Edit { login_allowed: Some(true), ..Edit::of(username.clone()) };
    let done = users::change_one(&state, &visitor.caller, edit).await.map(drop);
    answer(&state, &visitor, &username, Act::Enable, done).await
}

/// `POST /admin/users/{username}/unlock`.
pub(super) async fn unlock(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let done = users::unlock(&state, &visitor.caller, &username).await;
    answer(&state, &visitor, &username, Act::Unlock, done).await
}

/// `POST /admin/users/{username}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let done = users::delete(&state, &visitor.caller, &username).await;
    answer(&state, &visitor, &username, Act::Delete, done).await
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Unlock => "unlock",
            Self::Delete => "delete",
        }
    }

    /// What the button says.
    fn button(self) -> &'static str {
        match self {
            Self::Disable => "Disable user",
            Self::Enable => "Enable user",
            Self::Unlock => "Forget wrong passwords",
            Self::Delete => "Delete user",
        }
    }

    /// Where one goes when it is done.
    fn target(self, username: &Username) -> String {
        let path = path(username);
        match self {
            Self::Disable => format!("{path}?done=disabled"),
            Self::Enable => format!("{path}?done=enabled"),
            Self::Unlock => format!("{path}?done=unlocked"),
            Self::Delete => format!("{LIST}?done=deleted"),
        }
    }

    /// What follows from it.
    fn sentences(self, account: &Account) -> Vec<String> {
        let username = &account.user.username;
        let tokens = match account.live_tokens {
            0 => "no live token".to_owned(),
            1 => "1 live token".to_owned(),
            count => format!("{count} live tokens"),
        };
        let sentences: &[String] = match self {
            Self::Disable => &[
                format!(
                    "{username} has {tokens}. All their tokens stop at once, and all their sessions end."
                ),
                "You can enable the user again; the tokens pass again then.".to_owned(),
            ],
            Self::Enable => {
                &[format!("{username} may sign in again, and {tokens} of theirs can be used again.")]
            }
            Self::Unlock => &[format!(
                "Wrong passwords that were tried under the name {username} are forgotten, so that the right one is \
                 taken again at once."
            )],
            Self::Delete => &[
                format!(
                    "{username} has {tokens}. All their tokens are deleted, all their sessions end, and they leave \
                     all roles."
                ),
                "This cannot be taken back: a user made again under this name gets nothing of it.".to_owned(),
            ],
        };
        sentences.to_vec()
    }
}

/// The question, for who would not be refused.
async fn ask(state: &AppState, visitor: &Visitor, username: &Username, act: Act) -> PageResult {
    users::may_change(state, &visitor.caller, username).await?;
    question(state, visitor, username, act).await?.ask()
}

async fn question(
    state: &AppState,
    visitor: &Visitor,
    username: &Username,
    act: Act,
) -> Result<Confirm, Refused> {
    visitor.caller.require(state, "security#edit")?;
    let account = users::account(state, &visitor.caller, username).await?;
    let path = path(&account.user.username);
    let verb = match act {
        Act::Disable => "Disable",
        Act::Enable => "Enable",
        Act::Unlock => "Unlock",
        Act::Delete => "Delete",
    };
    let heading = format!("{verb} {}?", account.user.username);
    Ok(Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences: act.sentences(&account),
        action: format!("{path}/{}", act.word()),
        button: act.button(),
        is_danger: matches!(act, Act::Disable | Act::Delete),
        cancel: path,
    })
}

async fn answer(
    state: &AppState,
    visitor: &Visitor,
    username: &Username,
    act: Act,
    done: Result<(), Problem>,
) -> PageResult {
    match done {
        Ok(()) => Ok(redirect(state, &act.target(username))),
        // Two people delete the same user: both read that it is so.
        Err(problem)
            if act == Act::Delete
                && problem.status() == http::StatusCode::NOT_FOUND
                && visitor.may_any(state, &["security#edit"]) =>
        {
            Ok(redirect(state, &act.target(username)))
        }
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => question(state, visitor, username, act).await?.refused(&problem),
    }
}
