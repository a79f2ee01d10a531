//! `/admin/users/new`: an internal user is made.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::Username;

use super::{LIST, path};
use crate::pages::form::{Fault, read, unsaved};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::password::PasswordText;
use crate::service::users::{self, Email, FullName, NewUser};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/user_new.html")]
struct NewPage {
    shell: Shell,
    faults: Vec<Fault>,
    form: Form,
}

/// What is typed.
struct Form {
    username: Field,
    full_name: Field,
    email: Field,
    password: Field,
    is_enabled: bool,
}

impl Form {
    fn new(fields: &Fields) -> Self {
        let field = |name, label| Field::new(name, label, fields.text(name));
        Self {
            username: field("username", "User name")
                .hint("What they type to log in. It cannot be changed.")
                .at_most(Username::LONGEST),
            full_name: field("full_name", "Full name").hint("For people to read.").at_most(FullName::LONGEST),
            email: field("email", "E-mail").hint("Where reminders go.").at_most(Email::LONGEST),
            password: Field::new("password", "Password", "").hint(
                "At least 8 characters. Leave it empty to let them set their own with a password reset link.",
            ),
            // Of a form that was never sent, the box is checked.
            is_enabled: fields.has("enabled") || !fields.has("sent"),
        }
    }

    /// Who is to be made; `None` when something stands beside a field now.
    fn read(&mut self, password: &str) -> Option<NewUser> {
        let username = read(&mut self.username);
        let full_name = read(&mut self.full_name);
        let email = read(&mut self.email);
        Some(NewUser {
            username: username?,
            full_name: full_name?,
            email: email?,
            login_allowed: self.is_enabled,
            password: Some(password).filter(|text| !text.is_empty()).map(PasswordText::copy_of),
        })
    }

    fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.username, &self.full_name, &self.email, &self.password])
    }
}

/// `GET /admin/users/new`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let notice = query.has("username").then(unsaved);
    page(&state, &visitor, Form::new(&query), StatusCode::OK, notice)
}

/// `POST /admin/users/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut form = Form::new(&fields);
    let Some(new) = form.read(fields.secret("password")) else {
        return page(&state, &visitor, form, StatusCode::BAD_REQUEST, None);
    };
    let problem = match users::create(&state, &visitor.caller, new).await {
        Ok(user) => return Ok(redirect(&state, &format!("{}?done=created", path(&user.username)))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let mut notice = None;
    if problem.wrong_field() == Some("password") {
        form.password.error = Some(problem.sentence());
    } else if problem.status() == StatusCode::CONFLICT {
        form.username.error = Some(problem.sentence());
    } else {
        notice = Some(Notice::Failed(problem.sentence()));
    }
    page(&state, &visitor, form, problem.status(), notice)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    form: Form,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let page = NewPage {
        shell: Shell::new(state, visitor, "New user", LIST).with_notice(notice),
        faults: form.faults(),
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}
