//! `/admin/roles`: all roles, by name.

use std::fmt;
use std::str::FromStr;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use patgate_core::role::Role;
use patgate_core::user::Username;
use patgate_store::Seek;

use super::{LIST, may_edit, path};
use crate::pages::paging::{self, ASKED, place};
use crate::pages::{Field, Fields, Notice, PageResult, Paging, Shell, Visitor};
use crate::service::roles;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/roles.html")]
struct RolesPage {
    shell: Shell,
    may_edit: bool,
    search: Field,
    rows: Vec<Row>,
    paging: Paging,
}

/// A role in the list.
struct Row {
    path: String,
    name: String,
    users: usize,
    groups: usize,
    permissions: Vec<String>,
}

impl Row {
    fn new(role: &Role) -> Self {
        use patgate_core::user::PrincipalKind::{Group, User};
        let count = |kind| role.principals.iter().filter(|principal| principal.kind == kind).count();
        Self {
            path: path(role),
            name: role.name.to_string(),
            users: count(User),
            groups: count(Group),
            permissions: role.permissions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A place in the list: the name of a role as it is sorted.
struct Place(String);

impl FromStr for Place {
    type Err = patgate_core::user::NotAUsername;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Username>().map(|name| Self(name.key()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `GET /admin/roles?search=`.
pub(super) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let search = Field::new("search", "Search by name", paging::search(&query, "search"));
    let found = roles::list_by_prefix(&state, &visitor.caller, &search.value).await?;
    let place = place::<Place>(&query);
    let (found, paging) = Paging::cut(from(found, &place), &place, &query, |role| Place(role.name.key()));
    let notice = match query.text("done") {
        "created" => Some("The role is made."),
        "saved" => Some("The role is saved. It is in force for everybody in it."),
        "renamed" => Some("The role is renamed."),
        "deleted" => Some("The role is deleted. Nobody holds anything through it any more."),
        _ => None,
    };
    let page = RolesPage {
        shell: Shell::new(&state, &visitor, "Roles and permissions", LIST)
            .with_notice(notice.map(|text| Notice::Done(text.to_owned()))),
        may_edit: may_edit(&state, &visitor),
        search,
        rows: found.iter().map(Row::new).collect(),
        paging,
    };
    Ok(Html(page.render()?).into_response())
}

/// The rows of a page: there are few roles, and they are read whole.
fn from(mut roles: Vec<Role>, place: &Seek<Place>) -> Vec<Role> {
    let limit = usize::try_from(ASKED).unwrap_or(usize::MAX);
    match place {
        Seek::Start => {}
        Seek::After(Place(name)) => roles.retain(|role| role.name.key() > *name),
        Seek::Before(Place(name)) => {
            roles.retain(|role| role.name.key() < *name);
            roles.drain(..roles.len().saturating_sub(limit));
        }
    }
    roles.truncate(limit);
    roles
}
