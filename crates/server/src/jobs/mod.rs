//! What a server does by itself, beside answering.

pub mod reminders;
