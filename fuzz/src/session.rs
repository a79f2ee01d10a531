//! What a session is called on a page.

#[path = "../../crates/server/src/session/name.rs"]
mod name;
pub use name::SessionName;
