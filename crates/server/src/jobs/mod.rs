//! What a server does by itself, beside answering.

pub mod decisions;
pub mod reminders;
