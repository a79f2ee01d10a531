//! `/api/v1/personal-access-tokens`.

mod create;

/// The path of the resource.
const TOKENS: &str = "/api/v1/personal-access-tokens";
