//! A permission to choose, as the forms of tokens and of roles show it.

use patgate_core::permission::catalog::BUILT_IN;

/// A permission to choose.
pub(super) struct PermissionChoice {
    /// Its id.
    pub(super) id: String,
    /// What it lets one do; empty for an application's own.
    pub(super) meaning: &'static str,
    /// Whether it is chosen.
    pub(super) is_chosen: bool,
}

impl PermissionChoice {
    /// A permission with what it means.
    pub(super) fn new(id: &str, is_chosen: bool) -> Self {
        let meaning = BUILT_IN.iter().find(|(known, _)| *known == id).map_or("", |(_, meaning)| *meaning);
        Self { id: id.to_owned(), meaning, is_chosen }
    }
}
