//! `/api/v1/personal-access-tokens`.

mod bad_input;
mod create;
mod current;
mod list;
mod makers;
mod one;

/// The path of the resource.
const TOKENS: &str = "/api/v1/personal-access-tokens";
