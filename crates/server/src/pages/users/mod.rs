//! *Users*, for administrators: `/admin/users`.

mod account;
mod acts;
mod belonging;
mod link;
mod list;
mod new;

use std::borrow::Cow;

use axum::Router;
use axum::routing::get;
use patgate_core::grant::SuspensionReason;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::{Origin, User, UserState, Username};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use self::acts::Act;
use super::{Pill, Visitor};
use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/admin/users";

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/users", get(list::show))
        .route("/admin/users/new", get(new::show).post(new::create))
        .route("/admin/users/{username}", get(account::show).post(account::save))
        .route("/admin/users/{username}/disable", Act::Disable.pages())
        .route("/admin/users/{username}/enable", Act::Enable.pages())
        .route("/admin/users/{username}/unlock", Act::Unlock.pages())
        .route("/admin/users/{username}/delete", Act::Delete.pages())
        .route("/admin/users/{username}/reset-link", get(link::ask).post(link::make))
}

/// The page of a user. `new` is the address of a form, so the user of this name is written in another way.
pub(super) fn path(username: &Username) -> String {
    let segment: Cow<'_, str> = match username.as_str() {
        "new" => "%6Eew".into(),
        name => utf8_percent_encode(name, NON_ALPHANUMERIC).into(),
    };
    format!("{LIST}/{segment}")
}

fn may_edit(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[SECURITY_EDIT])
}

/// Where somebody comes from, for people.
fn origin(state: &AppState, user: &User) -> String {
    let provider = state.provider_label(&user.provider);
    match user.origin {
        Origin::Internal => "Internal".to_owned(),
        Origin::Ldap => format!("LDAP, {provider}"),
        Origin::Sso => format!("SSO, {provider}"),
    }
}

/// Whether somebody may act.
fn pill(state: &AppState, user: &User) -> Pill {
    let (look, text) = match (user.state, state.suspends(user.id)) {
        (UserState::Disabled { .. }, _) => ("bad", "Disabled"),
        (UserState::Enabled, Some(SuspensionReason::OwnerWithdrawn)) => ("warning", "Suspended by provider"),
        (UserState::Enabled, Some(_)) => ("warning", "Unconfirmed"),
        (UserState::Enabled, None) => ("good", "Enabled"),
    };
    Pill { look, text: text.to_owned(), until: String::new() }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn every_user_has_a_page_of_their_own() {
        for (name, address) in [
            ("ann", "/admin/users/ann"),
            ("new", "/admin/users/%6Eew"),
            ("New", "/admin/users/New"),
            ("a b?#%", "/admin/users/a%20b%3F%23%25"),
            ("änn", "/admin/users/%C3%A4nn"),
        ] {
            assert_eq!(path(&name.parse().unwrap()), address);
        }
    }
}
