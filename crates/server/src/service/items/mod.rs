//! Use cases of configuration items: seeing, making, changing, moving and deleting them, and opening their secrets for
//! whoever does the work they are for.
//!
//! Whether a change is allowed is decided by [`patgate_core::item::decide`]. What a type in particular demands, and what
//! it warns of, is said by [`kind`]. No secret leaves this folder in clear but by [`mail_server`].

mod check;
mod compared;
pub(crate) mod kind;
mod mail;
mod many;
mod read;
mod reseal;
mod starts;
mod trial;
mod view;
pub(crate) mod webhook;
mod write;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{Draft, ItemId};

pub use self::check::check;
pub(in crate::service) use self::mail::run_test_mail;
pub use self::mail::{few_mail_servers, mail_server, note_trial, send_test_mail};
pub use self::many::{MOST_AT_ONCE, copy, create_all, delete_all, duplicate, update_all};
pub use self::read::{
    Branch, branches, few_folders, find, folder, list, list_bare, list_from, read, read_all, read_known,
    require_sight,
};
pub use self::reseal::reseal;
pub use self::trial::{Trial, try_out};
pub use self::view::ItemView;
pub use self::write::{create, delete, may_delete, update};
use crate::problem::Problem;

/// Which item is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemRef {
    /// The one at this place now.
    At(ItemId),
    /// This one, wherever it is now.
    Numbered(ItemNumber),
}

/// An item as it is wanted.
#[derive(Clone, Debug)]
pub struct ItemDraft {
    /// Where it will be.
    pub id: ItemId,
    /// The name of its type.
    pub type_name: String,
    /// What was entered.
    pub properties: Draft,
}

/// What is to become of an item.
#[derive(Clone, Debug)]
pub struct ItemChange {
    /// The version over which it is made; `None`: whatever it is.
    pub version: Option<i64>,
    /// Where it will be; `None`: where it is.
    pub id: Option<ItemId>,
    /// The type it is thought to be of; `None`: whatever it is.
    pub type_name: Option<String>,
    /// What was entered.
    pub properties: Draft,
}

/// The one answer to an item that is missing.
fn no_such_item() -> Problem {
    Problem::not_found("configuration item")
}
