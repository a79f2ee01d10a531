//! Renaming a role, and deleting it after one more question.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::RoleId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::Username;
use patgate_store::{ListedRole, RoleSummary};

use super::{LIST, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::{Fault, Named, read, unsaved};
use crate::pages::refused::redirect;
use crate::pages::{Field, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::service::roles;
use crate::state::AppState;

/// The page that asks for the new name.
#[derive(Template)]
#[template(path = "pages/role_rename.html")]
struct RenamePage {
    shell: Shell,
    role: String,
    path: String,
    faults: Vec<Fault>,
    name: Field,
}

/// `GET /admin/roles/{id}/rename`.
pub(super) async fn ask_rename(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let role = changeable(&state, &visitor, id).await?.summary;
    let typed = if query.has("name") { query.text("name") } else { role.name.as_str() };
    let notice = (typed != role.name.as_str()).then(unsaved);
    rename_page(&state, &visitor, &role, name_field(typed), StatusCode::OK, notice)
}

/// `POST /admin/roles/{id}/rename`.
pub(super) async fn rename(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let role = changeable(&state, &visitor, id).await?.summary;
    let mut name = name_field(fields.text("name"));
    let Some(new) = read::<Username>(&mut name) else {
        return rename_page(&state, &visitor, &role, name, StatusCode::BAD_REQUEST, None);
    };
    let problem = match roles::rename(&state, &visitor.caller, &role.name, new).await {
        Ok(_) => return Ok(redirect(&state, &format!("{LIST}?done=renamed"))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let mut notice = None;
    if problem.status() == StatusCode::CONFLICT {
        name.error = Some(problem.sentence());
    } else {
        notice = Some(Notice::Failed(problem.sentence()));
    }
    rename_page(&state, &visitor, &role, name, problem.status(), notice)
}

/// `GET /admin/roles/{id}/delete`.
pub(super) async fn ask_delete(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    visitor: Visitor,
) -> PageResult {
    let role = changeable(&state, &visitor, id).await?;
    let foreseen = roles::may_delete(&state, &visitor.caller, &role.summary.name).await;
    question(&state, &visitor, &role).await?.ask_unless(foreseen)
}

/// `POST /admin/roles/{id}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let done = format!("{LIST}?done=deleted");
    let role = match changeable(&state, &visitor, id).await {
        Ok(role) => role,
        // Two people delete the same role: both read that it is so.
        Err(Refused::Problem(problem)) if problem.status() == StatusCode::NOT_FOUND => {
            return Ok(redirect(&state, &done));
        }
        Err(other) => return Err(other),
    };
    match roles::delete(&state, &visitor.caller, &role.summary.name).await {
        Ok(()) => Ok(redirect(&state, &done)),
        Err(problem) => question(&state, &visitor, &role).await?.refused(problem),
    }
}

async fn changeable(state: &AppState, visitor: &Visitor, id: RoleId) -> Result<ListedRole, Refused> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    Ok(roles::listed(state, &visitor.caller, id).await?)
}

async fn question(
    state: &AppState,
    visitor: &Visitor,
    ListedRole { summary: role, users, groups }: &ListedRole,
) -> Result<Confirm, Refused> {
    let heading = format!("Delete the role {}?", role.name);
    let permissions: Vec<_> = role.permissions.iter().map(ToString::to_string).collect();
    let count = users + groups;
    let only = match count {
        1 => roles::read_by_id(state, &visitor.caller, role.id).await?.principals.pop(),
        _ => None,
    };
    let principals = match (only, count) {
        (_, 0) => "Nobody is in it.".to_owned(),
        (Some(only), _) => format!("{} is in it.", only.username),
        (None, _) => format!("{count} users and groups are in it."),
    };
    let mut sentences = vec![principals];
    if !permissions.is_empty() {
        sentences.push(format!(
            "What they hold through no other role, they lose at once, and their tokens with them: {}.",
            permissions.join(", ")
        ));
    }
    Ok(Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences,
        action: format!("{}/delete", path(role.id)),
        button: "Delete role",
        is_danger: true,
        is_possible: true,
        cancel: path(role.id),
    })
}

fn name_field(typed: &str) -> Field {
    Field::new("name", "Name", typed).hint("What people call the role.").at_most(Username::LONGEST)
}

fn rename_page(
    state: &AppState,
    visitor: &Visitor,
    role: &RoleSummary,
    name: Field,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let page = RenamePage {
        shell: Shell::new(state, visitor, format!("Rename {}", role.name), LIST).with_notice(notice),
        role: role.name.to_string(),
        path: path(role.id),
        faults: Fault::of([&name]),
        name,
    };
    Ok((status, Html(page.render()?)).into_response())
}
