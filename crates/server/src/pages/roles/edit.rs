//! `/admin/roles/new` and `/admin/roles/{id}`: who is in a role, and what it lets them do.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::RoleId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::role::Role;

use super::draft::Form;
use super::{LIST, may_edit, path};
use crate::pages::form::{Difference, Fault, Named, complete, unsaved};
use crate::pages::refused::redirect;
use crate::pages::{Fields, Notice, PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::roles::{self, RoleDraft};
use crate::service::shown::{Shown, is_overtaken};
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
    /// What the form of a role remembers of how it was shown.
    shown: Option<Shown>,
    /// What is not in the form as it is stored, when that must be seen.
    differences: Vec<Difference>,
}

/// What stands in a page.
struct Content<'r> {
    /// The role; `None` for a new one.
    role: Option<&'r Role>,
    form: Form,
    shown: Option<Shown>,
    differences: Vec<Difference>,
}

impl<'r> Content<'r> {
    fn of_new(form: Form) -> Self {
        Self { role: None, form, shown: None, differences: Vec::new() }
    }

    fn of_role(role: &'r Role, form: Form, shown: Shown) -> Self {
        Self { role: Some(role), form, shown: Some(shown), differences: Vec::new() }
    }
}

/// `GET /admin/roles/new`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let form = Form::of_fields(&state, &query, None);
    page(&state, &visitor, Content::of_new(form), StatusCode::OK, Form::not_kept(&query))
}

/// `POST /admin/roles/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut form = Form::of_fields(&state, &fields, None);
    let Some(draft) = form.read(&fields, &[]) else {
        return page(&state, &visitor, Content::of_new(form), StatusCode::BAD_REQUEST, None);
    };
    match roles::create_one(&state, &visitor.caller, draft).await {
        Ok(_) => Ok(redirect(&state, &format!("{LIST}?done=created"))),
        Err(problem) => refused(&state, &visitor, Content::of_new(form), problem),
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
    let now = roles::shown(&role);
    if !query.has("sent") {
        let content = Content::of_role(&role, Form::of_role(&state, Some(&role)), now);
        return page(&state, &visitor, content, StatusCode::OK, None);
    }
    // After a lost session, what was typed, and what it was typed over; but a link can say anything.
    let form = Form::of_fields(&state, &query, Some(&role));
    let differences = form.differences(&state, &role);
    let notice = Form::not_kept(&query).or_else(|| (!differences.is_empty()).then(unsaved));
    let shown = match query.text("shown") {
        "" => now,
        shown => Shown::from_form(shown),
    };
    let content = Content { differences, ..Content::of_role(&role, form, shown) };
    page(&state, &visitor, content, StatusCode::OK, notice)
}

/// `POST /admin/roles/{id}`.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let shown = complete(&fields, &["users", "groups"])?;
    let mut form = Form::of_fields(&state, &fields, Some(&role));
    let Some(draft) = form.read(&fields, &role.principals) else {
        let content = Content::of_role(&role, form, shown);
        return page(&state, &visitor, content, StatusCode::BAD_REQUEST, None);
    };
    let draft = RoleDraft { shown: Some(shown.clone()), ..draft };
    match roles::update_one(&state, &visitor.caller, draft).await {
        Ok(_) => Ok(redirect(&state, &format!("{LIST}?done=saved"))),
        Err(problem) if is_overtaken(&problem) => {
            // What is stored now is shown beside what was typed, and saving again is over that.
            let role = roles::read_by_id(&state, &visitor.caller, id).await?;
            let differences = form.differences(&state, &role);
            let content = Content { differences, ..Content::of_role(&role, form, roles::shown(&role)) };
            refused(&state, &visitor, content, problem)
        }
        Err(problem) => refused(&state, &visitor, Content::of_role(&role, form, shown), problem),
    }
}

fn refused(state: &AppState, visitor: &Visitor, mut content: Content<'_>, problem: Problem) -> PageResult {
    let problem = Refused::unless_shown(problem)?;
    let notice = if content.form.judge(&problem) { None } else { Some(Notice::Failed(problem.sentence())) };
    page(state, visitor, content, problem.status(), notice)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    Content { role, form, shown, differences }: Content<'_>,
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
        shown,
        differences,
    };
    Ok((status, Html(page.render()?)).into_response())
}
