//! `/admin/roles`: all roles, by name.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::user::Username;
use patgate_store::{ListedRole, RoleCursor};

use super::{LIST, SAVED, may_edit, path};
use crate::pages::paging::{self, ASKED, place};
use crate::pages::{Field, Notice, PageResult, Paging, Query, Shell, Visitor};
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
    users: u64,
    groups: u64,
    permissions: Vec<String>,
}

impl Row {
    fn new(ListedRole { summary, users, groups }: &ListedRole) -> Self {
        Self {
            path: path(summary.id),
            name: summary.name.to_string(),
            users: *users,
            groups: *groups,
            permissions: summary.permissions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// `GET /admin/roles?search=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let search =
        Field::new("search", "Name begins with", paging::search(&query, "search")).at_most(Username::LONGEST);
    let place = place::<RoleCursor>(&query);
    let found = roles::list_by_prefix(&state, &visitor.caller, &search.value, &place, ASKED).await?;
    let (found, paging) = Paging::cut(found, &place, &query, RoleCursor::of);
    let notice = match query.text("done") {
        "created" => Some("The role is made."),
        "saved" => Some(SAVED),
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
