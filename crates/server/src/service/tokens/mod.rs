//! Use cases of tokens: making, reading, listing and deleting them, through the API ([`create`], [`read`], [`list`],
//! [`delete`]), on one's own page ([`Offer`], [`create_once`], [`read_own`], [`delete_own`], [`clear_expired`]) and from
//! the command line ([`command_line`]).
//!
//! What a token may not do as a caller is asked here, in one place: with a permission list it manages no token but
//! itself ([`manages_only_itself`]), and it makes another only where an administrator allows it, never a wider or
//! longer-lived one ([`create`]).

pub mod command_line;
mod create;
mod issue;
mod list;
mod offer;
mod once;
pub mod overview;
mod own;
mod refused;
mod remove;
mod request;

use patgate_core::grant::{Grant, SuspensionReason};
use patgate_core::identifier::GrantId;

pub use create::create;
pub use issue::{NewToken, NewTokenMade};
pub use list::{Asked, OwnerAsked, current, list, read};
pub use offer::Offer;
pub use once::{FormId, NotAFormId, create_once};
pub use own::{OwnToken, clear_expired, delete_own, expired_own, list_own, read_own, search_own};
pub use refused::CreationRefused;
pub use remove::{delete, delete_current};
pub use request::TokenRequest;

use crate::caller::Caller;
use crate::problem::Problem;

/// A token as it is shown: its grant and the name of its owner.
#[derive(Clone, Debug)]
pub struct OwnedGrant {
    /// What the token is.
    pub grant: Grant,
    /// The log-in name of its owner.
    pub owner: Box<str>,
    /// What suspends all of its owner's tokens now.
    pub owner_suspends: Option<SuspensionReason>,
}

/// Refuses a token with a permission list that asks about anything but itself; `None` is about all tokens.
///
/// # Errors
/// 403, before anything is looked up: it says nothing about what exists.
fn manages_only_itself(caller: &Caller, subject: Option<GrantId>) -> Result<(), Problem> {
    match caller.token() {
        Some(token) if token.permissions.is_some() && subject != Some(token.id) => {
            Err(Problem::forbidden("A token with a permission list manages no token but itself")
                .hint("Ask at `/api/v1/personal-access-tokens/current`, or with a password"))
        }
        _ => Ok(()),
    }
}

/// The one answer to "missing" and "not yours".
fn no_such_token() -> Problem {
    Problem::not_found("token")
}
