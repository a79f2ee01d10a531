//! Changes that SCIM's clients ask for.

#[path = "../../crates/server/src/scim/body.rs"]
#[expect(dead_code, reason = "bodies are read elsewhere")]
mod body;
#[path = "../../crates/server/src/scim/patch.rs"]
mod patch;

pub use self::patch::{Operation, OperationKind, read_operations};

/// What is answered.
mod answer {
    /// How it is sent.
    pub(super) const SCIM_JSON: &str = "application/scim+json";
}
