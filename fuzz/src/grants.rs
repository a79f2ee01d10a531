//! Places in lists of tokens.

use patgate_core::expiry::Expiry;

#[path = "../../crates/store/src/grants/cursor.rs"]
mod cursor;
pub use cursor::GrantCursor;

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantSort {
    /// By name.
    Name,
    /// By the date of making.
    CreatedAt,
    /// By expiry.
    ExpiresAt,
    /// By last use.
    LastUsedAt,
}

fn expiry_column(expiry: Expiry) -> Option<i64> {
    expiry.timestamp().map(|at| at.as_millisecond())
}
