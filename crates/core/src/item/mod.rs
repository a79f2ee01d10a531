//! Configuration items: typed, named objects that administrators edit, such as a mail server.
//!
//! An item has a place in a tree of folders ([`ItemId`]), a type that says which properties it has ([`TypeDescriptor`]),
//! and their values ([`Value`]). Its secrets stand apart ([`SecretText`]). [`decide`] is the one rule for making and for
//! changing an item; forms and calls only bring what was [`Entered`].

mod decision;
mod descriptor;
mod entered;
mod fault;
mod id;
mod mail_security;
mod secret;
#[cfg(test)]
mod tests;
mod types;
mod value;

pub use decision::{Decision, MASK, SecretChange, Stored, decide};
pub use descriptor::{
    DefaultValue, Keeping, Kind, LeadsSecret, PropertyDescriptor, TextForm, TypeDescriptor, Unique,
};
pub use entered::{Draft, Entered};
pub use fault::{PropertyFault, Reason};
pub use id::{ItemId, ItemName, NotAnItemId, NotAnItemName, ROOT};
pub use secret::SecretText;
pub use types::{
    FOLDER, GET_WEBHOOK_ENDPOINT, MAIL_SERVER, POST_WEBHOOK_ENDPOINT, TYPES, USUAL_RETENTION_SIZE,
    descriptor, webhook_property,
};
pub use value::{Properties, Value};
