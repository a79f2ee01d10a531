//! What a server does by itself, beside answering.

pub mod confirmations;
pub mod decisions;
pub mod reminders;
pub mod webhooks;
