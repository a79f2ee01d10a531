//! *Roles and permissions*, for administrators: `/admin/roles`.
//!
//! Addresses hold a role's identifier, so that a role may be called `new`, and be renamed while somebody edits it.

mod acts;
mod edit;
mod lines;
mod list;
mod new;
mod permissions;

use axum::Router;
use axum::routing::get;
use patgate_core::identifier::RoleId;
use patgate_core::permission::names::SECURITY_EDIT;

use super::Visitor;
use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/admin/roles";
/// What is said of a role whose permissions were saved.
const SAVED: &str = "The role is saved. It is in force for everybody in it.";

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/roles", get(list::show))
        .route("/admin/roles/new", get(new::show).post(new::create))
        .route("/admin/roles/{id}", get(edit::show).post(edit::save))
        .route("/admin/roles/{id}/principals", get(edit::show).post(edit::add))
        .route("/admin/roles/{id}/principals/remove", get(edit::show).post(edit::remove))
        .route("/admin/roles/{id}/rename", get(acts::ask_rename).post(acts::rename))
        .route("/admin/roles/{id}/delete", get(acts::ask_delete).post(acts::delete))
}

fn path(role: RoleId) -> String {
    format!("{LIST}/{role}")
}

fn may_edit(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[SECURITY_EDIT])
}
