//! Use cases: each authorises its caller, asks `core` whether the rule allows what is asked, and makes one change.

pub mod first_start;
pub mod settings;
pub mod tokens;
