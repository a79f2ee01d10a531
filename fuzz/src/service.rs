//! What the calls of the API rest on.

#[path = "../../crates/server/src/service/scim/refusal.rs"]
pub mod scim;
#[path = "../../crates/server/src/service/shown.rs"]
#[expect(dead_code, reason = "nobody is told here")]
pub mod shown;
