//! `/admin/roles/new`: making a role.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::Username;

use super::LIST;
use super::lines::Lines;
use super::permissions::Permissions;
use crate::pages::form::{Fault, read, unsaved};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::roles::{self, RoleDraft};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/role_new.html")]
struct NewRolePage {
    shell: Shell,
    faults: Vec<Fault>,
    form: Form,
}

/// What is typed.
struct Form {
    name: Field,
    lines: Lines,
    permissions: Permissions,
}

/// `GET /admin/roles/new`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let notice = query.has("name").then(unsaved);
    page(&state, &visitor, Form::of_fields(&state, &query), StatusCode::OK, notice)
}

/// `POST /admin/roles/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut form = Form::of_fields(&state, &fields);
    let Some(draft) = form.read(&fields) else {
        return page(&state, &visitor, form, StatusCode::BAD_REQUEST, None);
    };
    let problem = match roles::create_one(&state, &visitor.caller, draft).await {
        Ok(_) => return Ok(redirect(&state, &format!("{LIST}?done=created"))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let notice = if form.judge(&problem) { None } else { Some(Notice::Failed(problem.sentence())) };
    page(&state, &visitor, form, problem.status(), notice)
}

impl Form {
    fn of_fields(state: &AppState, fields: &Fields) -> Self {
        Self {
            name: Field::new("name", "Name", fields.text("name"))
                .hint("What people call the role.")
                .at_most(Username::LONGEST),
            lines: Lines::of_fields(fields),
            permissions: Permissions::of_fields(state, fields, None),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Fault::of([&self.name]);
        faults.extend(self.lines.faults());
        faults.extend(self.permissions.faults());
        faults
    }

    /// The role that is wanted; `None` when something stands beside a field now.
    fn read(&mut self, fields: &Fields) -> Option<RoleDraft> {
        let name = read::<Username>(&mut self.name);
        let principals = self.lines.read(&[]);
        let permissions = self.permissions.read(fields);
        Some(RoleDraft {
            name: name?,
            place: String::new(),
            principals: Some(principals?),
            permissions: Some(permissions?),
            shown: None,
        })
    }

    /// Puts a refusal beside the field that it is about. `false`: it is about none.
    fn judge(&mut self, problem: &Problem) -> bool {
        let is_taken = problem.status() == StatusCode::CONFLICT && problem.sentence().contains("is taken");
        if is_taken || problem.wrong_field() == Some("name") {
            self.name.error = Some(problem.sentence());
            return true;
        }
        self.permissions.judge(problem) || self.lines.judge(problem)
    }
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    form: Form,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let page = NewRolePage {
        shell: Shell::new(state, visitor, "New role", LIST).with_notice(notice),
        faults: form.faults(),
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}
