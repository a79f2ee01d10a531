//! Use cases of users: listing, making, changing and deleting them, through the API and from the command line
//! ([`command_line`]).
//!
//! Who may do what to whom is [`patgate_core::delegation`]; it is asked inside the change, with what everybody holds
//! then.

mod change;
pub mod command_line;
mod create;
mod overview;
mod password;
mod profile;
mod read;
mod remove;
pub mod reset;

pub use change::{Edit, PasswordEdit, change, change_one, shown};
pub use create::{NewUser, create};
pub use overview::{Account, account, list_from};
pub use profile::{Email, FullName, NotAFullName, NotAnEmail};
pub use read::{list, list_behind, read, require_sight};
pub use remove::{delete, may_change, may_take_out, unlock};

use crate::problem::Problem;

/// The one answer to a user who is missing.
fn no_such_user() -> Problem {
    Problem::not_found("user")
}
