//! Disabling, enabling, unlocking and deleting a user: each asks once more, on a page that says what follows.

use axum::extract::State;
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::Username;

use super::{LIST, may_edit, path};
use crate::caller::Caller;
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::users::{self, Account, Edit};
use crate::state::AppState;

/// What is done to a user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Disable,
    Enable,
    Unlock,
    Delete,
}

impl Act {
    /// The question (`GET`), and the act (`POST`).
    pub(super) fn pages(self) -> MethodRouter<AppState> {
        let ask = move |State(state), Named(username): Named<Username>, visitor: Visitor| async move {
            ask(&state, &visitor, &username, self).await
        };
        let done = move |State(state), Named(username): Named<Username>, form: Submitted| async move {
            perform(&state, &form.visitor, &username, self).await
        };
        get(ask).post(done)
    }

    /// As it stands in the address.
    fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Unlock => "unlock",
            Self::Delete => "delete",
        }
    }

    /// As it begins the question.
    fn verb(self) -> &'static str {
        match self {
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::Unlock => "Unlock",
            Self::Delete => "Delete",
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
        match self {
            Self::Disable => vec![
                format!(
                    "{username} has {tokens}. All their tokens stop at once, and all their sessions end."
                ),
                "You can enable the user again; the tokens pass again then.".to_owned(),
            ],
            Self::Enable => {
                vec![format!("{username} may sign in again, and {tokens} of theirs can be used again.")]
            }
            Self::Unlock => vec![format!(
                "Wrong passwords that were tried under the name {username} are forgotten, so that the right one is \
                 taken again at once."
            )],
            Self::Delete => vec![
                format!(
                    "{username} has {tokens}. All their tokens are deleted, all their sessions end, and they leave \
                     all roles."
                ),
                "This cannot be taken back: a user made again under this name gets nothing of it.".to_owned(),
            ],
        }
    }

    /// Whether it leaves an administrator; asked beforehand.
    async fn foresee(self, state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
        match self {
            Self::Disable | Self::Delete => users::may_take_out(state, caller, username).await,
            Self::Enable | Self::Unlock => Ok(()),
        }
    }

    async fn run(self, state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
        let set_state = |allowed| Edit { login_allowed: Some(allowed), ..Edit::of(username.clone()) };
        match self {
            Self::Disable => users::change_one(state, caller, set_state(false)).await.map(drop),
            Self::Enable => users::change_one(state, caller, set_state(true)).await.map(drop),
            Self::Unlock => users::unlock(state, caller, username).await,
            Self::Delete => users::delete(state, caller, username).await,
        }
    }
}

/// The question, for who would not be refused.
async fn ask(state: &AppState, visitor: &Visitor, username: &Username, act: Act) -> PageResult {
    users::may_change(state, &visitor.caller, username).await?;
    let foreseen = act.foresee(state, &visitor.caller, username).await;
    question(state, visitor, username, act).await?.ask_unless(foreseen)
}

async fn perform(state: &AppState, visitor: &Visitor, username: &Username, act: Act) -> PageResult {
    match act.run(state, &visitor.caller, username).await {
        Ok(()) => Ok(redirect(state, &act.target(username))),
        // Two people delete the same user: both read that it is so.
        Err(problem)
            if act == Act::Delete
                && problem.status() == StatusCode::NOT_FOUND
                && may_edit(state, visitor) =>
        {
            Ok(redirect(state, &act.target(username)))
        }
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            question(state, visitor, username, act).await?.refused(problem)
        }
    }
}

async fn question(
    state: &AppState,
    visitor: &Visitor,
    username: &Username,
    act: Act,
) -> Result<Confirm, Refused> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    let account = users::account(state, &visitor.caller, username).await?;
    let path = path(&account.user.username);
    let heading = format!("{} {}?", act.verb(), account.user.username);
    Ok(Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences: act.sentences(&account),
        action: format!("{path}/{}", act.word()),
        button: act.button(),
        is_danger: matches!(act, Act::Disable | Act::Delete),
        is_possible: true,
        cancel: path,
    })
}
