//! The two small languages of SCIM 2.0: filters (RFC 7644 §3.4.2.2) and the paths of a change (§3.5.2).
//!
//! What a filter is asked of, and what a path leads to, is for others to say. Both are read from texts of outsiders, so
//! both are bounded, and reading never goes deeper than [`DEEPEST`].

mod filter;
mod path;
mod reader;
#[cfg(test)]
mod tests;

pub use filter::{Attribute, Filter, Literal, NotAFilter, Operator};
pub use path::{NotAPath, Path};

/// The longest filter or path, in bytes.
pub const LONGEST: usize = 1_000;
/// How deep brackets may stand in one another.
pub const DEEPEST: usize = 20;
