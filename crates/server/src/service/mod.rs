//! Use cases: each authorises its caller, asks `core` whether the rule allows what is asked, and makes one change.

pub mod audit;
pub mod confirmations;
pub mod control;
pub mod day;
pub mod first_start;
pub mod items;
mod mandate;
pub(crate) mod names;
pub mod policy;
pub mod providers;
pub mod releases;
pub mod reminders;
pub mod roles;
pub mod scim;
pub mod sessions;
pub mod settings;
pub mod shown;
pub mod sign_in;
pub mod sso;
pub mod tokens;
pub mod trials;
pub mod users;
pub mod webhooks;
