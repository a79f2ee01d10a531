//! What an identity provider signs.

#[path = "../../crates/server/src/provider/oidc/jws/mod.rs"]
pub mod jws;
