//! `/admin/roles/new` and `/admin/roles/{id}`: who is in a role, and what it lets them do.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::RoleId;
use patgate_core::role::Role;

use super::draft::Form;
use super::{LIST, may_edit, path};
use crate::pages::form::{Fault, Named};
use crate::pages::refused::redirect;
use crate::pages::{Fields, Notice, PageResult, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/role.html")]
struct RolePage {
    shell: Shell,
    heading: String,
    /// The role's own address; `None` for a new one.
    path: Option<String>,
    may_edit: bool,
    faults: Vec<Fault>,
    form: Form,
}

/// `GET /admin/roles/new`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    visitor.caller.require(&state, "security#edit")?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let form = Form::of_fields(&state, &query, None);
    page(&state, &visitor, None, form, StatusCode::OK, None)
}

/// `POST /admin/roles/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, "security#edit")?;
    let mut form = Form::of_fields(&state, &fields, None);
    let Some(draft) = form.read(&fields, &[]) else {
        return page(&state, &visitor, None, form, StatusCode::BAD_REQUEST, None);
    };
    match roles::create_one(&state, &visitor.caller, draft).await {
        Ok(_) => Ok(redirect(&state, &format!("{LIST}?done=created"))),
        Err(problem) => refused(&state, &visitor, None, form, &problem),
    }
}

/// `GET /admin/roles/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    // After a lost session, what was typed.
    let form = if query.has("sent") {
        Form::of_fields(&state, &query, Some(&role))
    } else {
        Form::of_role(&state, Some(&role))
    };
    page(&state, &visitor, Some(&role), form, StatusCode::OK, None)
}

/// `POST /admin/roles/{id}`.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let mut form = Form::of_fields(&state, &fields, Some(&role));
    let Some(draft) = form.read(&fields, &role.principals) else {
        return page(&state, &visitor, Some(&role), form, StatusCode::BAD_REQUEST, None);
    };
    match roles::update_one(&state, &visitor.caller, draft).await {
        Ok(_) => Ok(redirect(&state, &format!("{LIST}?done=saved"))),
        Err(problem) => refused(&state, &visitor, Some(&role), form, &problem),
    }
}

fn refused(
    state: &AppState,
    visitor: &Visitor,
    role: Option<&Role>,
    mut form: Form,
    problem: &Problem,
) -> PageResult {
    if problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND {
        return Err(problem.clone().into());
    }
    let notice = if form.judge(problem) { None } else { Some(Notice::Failed(problem.sentence())) };
    page(state, visitor, role, form, problem.status(), notice)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    role: Option<&Role>,
    form: Form,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let heading = role.map_or_else(|| "New role".to_owned(), |role| role.name.to_string());
    let page = RolePage {
        shell: Shell::new(state, visitor, heading.clone(), LIST).with_notice(notice),
        heading,
        path: role.map(path),
        may_edit: may_edit(state, visitor),
        faults: form.faults(),
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}
