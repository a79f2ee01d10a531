//! What a server does by itself, beside answering.

pub mod confirmations;
pub mod decisions;
pub mod releases;
pub mod reminders;
pub mod webhooks;
