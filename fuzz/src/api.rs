//! Queries and bodies of the API.

#[path = "../../crates/server/src/api/json.rs"]
mod json;
#[path = "../../crates/server/src/api/query.rs"]
#[expect(dead_code, reason = "nobody is told here")]
mod query;

use serde::Deserialize;

/// One field of each kind that queries and bodies of the API have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read is asked")]
pub struct Fields {
    full_name: Option<String>,
    external: Option<bool>,
    last_active_after: Option<jiff::Timestamp>,
    page: Option<u64>,
    results_per_page: Option<u32>,
    sort: Option<Sort>,
}

/// A choice.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sort {
    /// One way.
    Name,
    /// The other.
    CreatedAt,
}

/// A body of more than one level.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is asked")]
pub struct Body {
    token_note: String,
    expires_in_days: Option<i64>,
    global_permissions: Option<Vec<String>>,
    fields: Option<Vec<Fields>>,
}

/// Reads the part of a URI after the `?`.
pub fn read_query(text: &str) {
    let _ = query::read::<Fields>(text);
}

/// Reads a body.
pub fn read_body(bytes: &[u8]) {
    let _ = json::read::<Body>(bytes);
}
