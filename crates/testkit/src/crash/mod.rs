//! Crashes (SIGKILL) at any moment, and what must be true after each.

pub mod mails;
pub mod releases;
pub mod starts;
pub mod tokens;
pub mod webhooks;
