//! `/admin/users/{username}`: all about a user, and what people read of them to change.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::{AUDIT_VIEW, SECURITY_EDIT, TOKEN_VIEW_ALL};
use patgate_core::user::{Origin, User, UserState, Username};

use super::belonging::{self, Belonging};
use super::{LIST, may_edit, origin, path, pill};
use crate::pages::form::{Difference, Fault, Named, complete, read, still_unsaved, unsaved};
use crate::pages::freshness::Freshness;
use crate::pages::paging;
use crate::pages::refused::redirect;
use crate::pages::{
    Field, Fields, Moment, Notice, PageResult, Pill, Query, Refused, Shell, Submitted, Visitor,
};
use crate::problem::Problem;
use crate::service::shown::{Shown, is_overtaken};
use crate::service::users::{self, Account, Edit, Email, FullName};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/user.html")]
struct AccountPage {
    shell: Shell,
    path: String,
    facts: Facts,
    belonging: Belonging,
    may_edit: bool,
    is_own: bool,
    /// Whether there is a form: what people read of a user from outside is kept by their provider.
    has_fields: bool,
    faults: Vec<Fault>,
    full_name: Field,
    email: Field,
    /// What the form remembers of how it was shown.
    shown: Shown,
    /// What is not in the form as it is stored, when that must be seen.
    differences: Vec<Difference>,
}

/// What the form has, and how it was shown.
struct Typed {
    full_name: Field,
    email: Field,
    shown: Shown,
}

impl Typed {
    /// As it is stored.
    fn of(user: &User) -> Self {
        let (full_name, email) = fields(user.full_name.clone(), user.email.clone());
        Self { full_name, email, shown: users::shown(user) }
    }

    /// Whether it is not as it was shown.
    fn is_changed(&self, user: &User) -> bool {
        let (full_name, email) = (self.full_name.value.clone(), self.email.value.clone());
        users::shown(&User { full_name, email, ..user.clone() }) != self.shown
    }

    fn differences(&self, account: &Account) -> Vec<Difference> {
        let user = &account.user;
        if user.origin != Origin::Internal {
            return Vec::new();
        }
        Difference::of([(&self.full_name, user.full_name.clone()), (&self.email, user.email.clone())])
    }
}

/// What is told about the user.
struct Facts {
    username: String,
    id: String,
    full_name: String,
    email: String,
    origin: String,
    is_internal: bool,
    is_enabled: bool,
    pill: Pill,
    disabled: Option<Moment>,
    created: Moment,
    last_active: Option<Moment>,
    /// `None`: everything.
    permissions: Option<Vec<String>>,
    live_tokens: u64,
    /// Whether the visitor may see these tokens.
    sees_tokens: bool,
    /// Whether the visitor may see what happened.
    sees_log: bool,
    has_password: bool,
    link_until: Option<Moment>,
    /// `None` for an internal user.
    freshness: Option<Freshness>,
}

impl Facts {
    fn new(state: &AppState, visitor: &Visitor, account: &Account) -> Self {
        let user = &account.user;
        Self {
            username: user.username.to_string(),
            id: user.id.to_string(),
            full_name: user.full_name.clone(),
            email: user.email.clone(),
            origin: origin(state, user),
            is_internal: user.origin == Origin::Internal,
            is_enabled: user.state == UserState::Enabled,
            pill: pill(state, user),
            disabled: match user.state {
                UserState::Enabled => None,
                UserState::Disabled { at } => Some(at.into()),
            },
            created: user.created_at.into(),
            last_active: user.last_active_at.map(Moment::from),
            permissions: account.permissions.clone(),
            sees_tokens: visitor.may_any(state, &[TOKEN_VIEW_ALL]),
            sees_log: visitor.may_any(state, &[AUDIT_VIEW]),
            live_tokens: account.live_tokens,
            has_password: account.has_password,
            link_until: account.reset_link_until.map(Moment::from),
            freshness: account.confirmation.clone().map(Freshness::from),
        }
    }
}

/// `GET /admin/users/{username}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let account = users::account(&state, &visitor.caller, &username).await?;
    let typed = |name: &str, stored: &str| {
        if query.has(name) { query.text(name).to_owned() } else { stored.to_owned() }
    };
    let (full_name, email) =
        fields(typed("full_name", &account.user.full_name), typed("email", &account.user.email));
    let notice = match query.text("done") {
        "created" if account.has_password => {
            Some("The user is made. Put them into a role to let them do more.")
        }
        "created" => Some("The user is made. Make a password reset link, so that they can set a password."),
        "saved" => Some("Saved."),
        "disabled" => Some("The user is disabled. Their sessions have ended, and their tokens pass no more."),
        "enabled" => Some("The user is enabled. Their tokens pass again."),
        "unlocked" => Some("The wrong passwords are forgotten. They can try again."),
        _ => None,
    };
    let notice = notice.map(|text| Notice::Done(text.to_owned()));
    let shown = match query.text("shown") {
        "" => users::shown(&account.user),
        shown => Shown::from_form(shown),
    };
    let typed = Typed { full_name, email, shown };
    let differences = typed.differences(&account);
    let notice = if differences.is_empty() { notice } else { Some(unsaved()) };
    let belonging = Belonging::of(&account, &paging::list_of_address(&query));
    page(&state, &visitor, (&account, belonging), typed, differences, StatusCode::OK, notice)
}

/// `POST /admin/users/{username}`; with `turn` another part of a list.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, fields: form }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut account = users::account(&state, &visitor.caller, &username).await?;
    let shown = complete(&form, &["full_name", "email"])?;
    let (mut full_name, mut email) = fields(form.text("full_name").to_owned(), form.text("email").to_owned());
    let list = paging::list(&form);
    if paging::is_turned(&form) {
        return turn(&state, &visitor, &account, &list, Typed { full_name, email, shown });
    }
    let read = (read::<FullName>(&mut full_name), read::<Email>(&mut email));
    let (Some(new_name), Some(new_email)) = read else {
        let typed = Typed { full_name, email, shown };
        let shown = (&account, Belonging::of(&account, &list));
        return page(&state, &visitor, shown, typed, Vec::new(), StatusCode::BAD_REQUEST, None);
    };
    let edit = Edit {
        full_name: Some(new_name),
        email: Some(new_email),
        shown: Some(shown.clone()),
        ..Edit::of(username.clone())
    };
    let problem = match users::change_one(&state, &visitor.caller, edit).await {
        Ok(user) => return Ok(redirect(&state, &format!("{}?done=saved", path(&user.username)))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    // Of a user who is kept elsewhere the page has no fields.
    let has_fields = account.user.origin == Origin::Internal;
    let notice =
        if has_fields { refused(&problem, &mut full_name, &mut email) } else { Some(failed(&problem)) };
    let mut typed = Typed { full_name, email, shown };
    let mut differences = Vec::new();
    if is_overtaken(&problem) {
        // What is stored now is shown beside what was typed, and saving again is over that.
        account = users::account(&state, &visitor.caller, &username).await?;
        typed.shown = users::shown(&account.user);
        differences = typed.differences(&account);
    }
    let shown = (&account, Belonging::of(&account, &list));
    page(&state, &visitor, shown, typed, differences, problem.status(), notice)
}

/// Another part of a list: nothing is saved. While something else is typed than was shown, the form itself is the answer, with it.
fn turn(
    state: &AppState,
    visitor: &Visitor,
    account: &Account,
    list: &Fields,
    mut typed: Typed,
) -> PageResult {
    let is_changed = typed.is_changed(&account.user);
    let address = paging::address(&path(&account.user.username), list, &belonging::PLACE);
    if let Some(address) = address.filter(|_| !is_changed) {
        return Ok(redirect(state, &address));
    }
    if !is_changed {
        typed = Typed::of(&account.user);
    }
    let notice = is_changed.then(still_unsaved);
    let shown = (account, Belonging::of(account, list));
    page(state, visitor, shown, typed, Vec::new(), StatusCode::OK, notice)
}

fn refused(problem: &Problem, full_name: &mut Field, email: &mut Field) -> Option<Notice> {
    let field = match problem.wrong_field() {
        Some("fullName") => full_name,
        Some("email") => email,
        _ => return Some(failed(problem)),
    };
    field.error = Some(problem.sentence());
    None
}

fn failed(problem: &Problem) -> Notice {
    Notice::Failed(problem.sentence())
}

fn fields(full_name: String, email: String) -> (Field, Field) {
    (
        Field::new("full_name", "Full name", full_name)
            .hint("For people to read.")
            .at_most(FullName::LONGEST),
        Field::new("email", "E-mail", email).hint("Where reminders go.").at_most(Email::LONGEST),
    )
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    (account, belonging): (&Account, Belonging),
    Typed { full_name, email, shown }: Typed,
    differences: Vec<Difference>,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let title = account.user.username.to_string();
    let may_edit = may_edit(state, visitor);
    let page = AccountPage {
        shell: Shell::new(state, visitor, title, LIST).with_notice(notice),
        path: path(&account.user.username),
        facts: Facts::new(state, visitor, account),
        belonging,
        may_edit,
        has_fields: may_edit && account.user.origin == Origin::Internal,
        is_own: account.user.id == visitor.caller.user,
        faults: Fault::of([&full_name, &email]),
        full_name,
        email,
        shown,
        differences,
    };
    Ok((status, Html(page.render()?)).into_response())
}
