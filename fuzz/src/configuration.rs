//! A secret of the configuration.

#[path = "../../crates/server/src/configuration/secret.rs"]
mod secret;
pub use secret::Secret;
