//! The API over the real router and a real database, with a frozen clock and seeded randomness: what is in the
//! snapshots are the real answers.
//!
//! One binary for all of them: each file is a module, and [`common`] is their ground.

mod common;
mod tokens;
