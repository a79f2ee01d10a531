//! *Run automated tasks as user*: from what somebody enters to whom a release acts as.
//!
//! A personal access token is bound to its grant, a password to its user and version; no copy of either is kept.

use std::net::{IpAddr, Ipv4Addr};

use patgate_core::application::ApplicationSlot;
use patgate_core::item::SecretText;
use patgate_core::release::RunAs;
use patgate_core::token::text::is_token_shaped;
use patgate_core::verify::{Demand, Surface, verify};

use super::draft::CredentialDraft;
use crate::caller::{Behalf, Caller};
use crate::password::{Attempt, PasswordRefused};
use crate::problem::Problem;
use crate::service::sign_in::{PasswordSignInRefused, by_password};
use crate::state::AppState;

/// From where tasks call: this very process.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The field that refusals name.
const FIELD: &str = "scriptUserPassword";
/// What to do about a release that was started, where nobody enters another user.
const NOT_CHANGED: &str = "Make a new release of the template with another user, or let this one pass again: a release \
                           that was started keeps its user";

/// What somebody enters: a user name and a password, or a blank name and a personal access token.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Blank for a token; its owner's name does as well.
    pub username: String,
    /// The password, or the token.
    pub password: SecretText,
}

/// What becomes of a binding.
#[derive(Clone, Debug)]
pub(super) enum Entered {
    /// It stays.
    Kept,
    /// There is none any more.
    Cleared,
    /// This one takes its place.
    Bound(RunAs),
}

impl Entered {
    /// Reads what was entered, and proves it.
    ///
    /// # Errors
    /// 400 that says why it does not count; 429 when too many wrong ones were tried.
    pub(super) async fn of(
        state: &AppState,
        caller: &Caller,
        draft: &CredentialDraft,
    ) -> Result<Self, Problem> {
        Ok(match draft {
            CredentialDraft::Keep | CredentialDraft::Name(_) => Self::Kept,
            CredentialDraft::Clear => Self::Cleared,
            CredentialDraft::Enter(credential) => Self::Bound(bind(state, caller, credential).await?),
        })
    }

    /// The binding in place of the one there was.
    pub(super) fn over(self, before: Option<RunAs>) -> Option<RunAs> {
        match self {
            Self::Kept => before,
            Self::Cleared => None,
            Self::Bound(run_as) => Some(run_as),
        }
    }
}

impl CredentialDraft {
    /// Demands that a name without a password is that of who is bound, who stays then. Any other is not ignored: scripts would
    /// run as somebody else than it says.
    ///
    /// # Errors
    /// 400 that names the field of the password.
    pub(super) fn require_password(&self, state: &AppState, bound: Option<&RunAs>) -> Result<(), Problem> {
        let Self::Name(name) = self else { return Ok(()) };
        let known = bound.and_then(|run_as| state.username(run_as.user()));
        if known.is_some_and(|known| known.to_lowercase() == name.trim().to_lowercase()) {
            return Ok(());
        }
        let detail = format!(
            "The field `{FIELD}` is missing: another user for automated tasks is entered with a password, or with a \
             personal access token of theirs"
        );
        Err(Problem::field(FIELD, detail))
    }
}

/// Proves a credential and binds to it.
async fn bind(state: &AppState, caller: &Caller, credential: &Credential) -> Result<RunAs, Problem> {
    let (username, password) = (credential.username.trim(), credential.password.reveal());
    let entered_by = caller.user;
    if username.is_empty() || is_token_shaped(password.trim()) {
        let claimed = Some(username).filter(|name| !name.is_empty());
        let view = state.index.view();
        let permit = verify(&view, password.trim(), claimed, demand(), state.clock.now());
        let permit = permit.map_err(|denied| unusable(&denied))?;
        let grant = permit.grant().ok_or_else(|| Problem::internal("a token's permit without a grant"))?;
        return Ok(RunAs::Token { grant: grant.id(), user: permit.owner(), entered_by });
    }
    if !state.node.settings().passwords_on_api {
        return Err(unusable(&"passwords are switched off for the API; enter a personal access token"));
    }
    let attempt = Attempt { username, password, address: caller.address };
    let proven = match by_password(state, attempt).await {
        Ok(proven) => proven,
        Err(PasswordSignInRefused::Password(PasswordRefused::Wrong)) => {
            return Err(unusable(&"the user name or the password is wrong"));
        }
        Err(PasswordSignInRefused::Password(PasswordRefused::Disabled)) => {
            return Err(unusable(&"this user is disabled"));
        }
        Err(refused) => return Err(refused.into()),
    };
    if proven.password_version == 0 {
        // A directory keeps it, and would not tell that it was changed.
        return Err(unusable(
            &"the password of a directory may change unseen; enter a personal access token",
        ));
    }
    let run_as = RunAs::Password { user: proven.user, version: proven.password_version, entered_by };
    require(state, &run_as).await?;
    Ok(run_as)
}

/// Demands that whoever a release runs its scripts as may act now.
///
/// # Errors
/// 400 that says why they may not.
pub async fn require(state: &AppState, run_as: &RunAs) -> Result<Caller, Problem> {
    let behalf = Behalf::of(state, run_as).await?;
    let judged = behalf.judge(state, demand(), HERE).await;
    judged.map_err(|problem| match problem.status() {
        http::StatusCode::UNAUTHORIZED => unusable(&problem.detail()),
        _ => problem,
    })
}

/// Demands the same for a release that was started before.
///
/// # Errors
/// As [`require`], with what can be done then.
pub(super) async fn require_still(state: &AppState, run_as: &RunAs) -> Result<Caller, Problem> {
    let passes = require(state, run_as).await;
    passes.map_err(|problem| match problem.status() {
        http::StatusCode::BAD_REQUEST => problem.hint(NOT_CHANGED),
        _ => problem,
    })
}

const fn demand() -> Demand {
    Demand { surface: Surface::Application(ApplicationSlot::RELEASE), permission: None }
}

fn unusable(why: &impl std::fmt::Display) -> Problem {
    let detail =
        format!("The user for automated tasks does not pass, and nothing was started or saved: {why}");
    Problem::field(FIELD, detail)
        .hint("Enter a user name and password, or leave the name blank and enter a personal access token")
}
