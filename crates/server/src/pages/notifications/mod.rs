//! *Email notifications*: the mail before a token expires, `/settings/notifications`. Its preview and *Send to me* show the
//! same page again, with what was typed.

mod form;
mod placeholders;
mod section;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_SECURITY_POLICY;
use patgate_core::permission::names::SECURITY_EDIT;

use self::form::Form;
use self::placeholders::Placeholder;
pub(super) use self::section::Section;
use super::delivery::Delivery;
use super::form::{Difference, Fault, unsaved};
use super::refused::{MAIL_POLICY, redirect};
use super::{Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::mail::template::{Kind, Rendered};
use crate::problem::Problem;
use crate::service::reminders;
use crate::service::settings::{self, Put};
use crate::service::shown::Shown;
use crate::state::AppState;

/// Where the page is.
const PATH: &str = "/settings/notifications";

/// The page.
#[derive(Template)]
#[template(path = "pages/notifications.html")]
struct NotificationsPage {
    shell: Shell,
    may_edit: bool,
    may_make_servers: bool,
    faults: Vec<Fault>,
    /// What somebody else changed while the form was open.
    differences: Vec<Difference>,
    form: Form,
    /// The server's time zone, by whose clock nights begin.
    zone: String,
    shown: String,
    of_a_token_mail: Vec<Placeholder>,
    of_a_digest: Vec<Placeholder>,
    of_each_token: Vec<&'static str>,
    preview: Option<Preview>,
    /// How *Send to me* went.
    delivery: Option<Delivery>,
}

/// What the mail looks like.
enum Preview {
    /// So.
    Rendered(Rendered),
    /// Not at all, for this reason.
    Refused(String),
}

/// What is shown with the form.
#[derive(Default)]
struct With {
    status: StatusCode,
    notice: Option<Notice>,
    differences: Vec<Difference>,
    preview: Option<Preview>,
    delivery: Option<Delivery>,
}

/// The addresses of the page. Who opens that of a button, after a lost session, gets the form.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/notifications", get(show).post(save))
        .route("/settings/notifications/preview", get(show).post(preview))
        .route("/settings/notifications/sample", get(show).post(send_to_me))
}

async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let stored = settings::read(&state, &visitor.caller).await?.email_notifications;
    // After a lost session, what was typed, and which settings it was typed over.
    let (form, shown) = match query.text("shown") {
        "" => (Form::of_settings(&stored), Shown::of(&stored)),
        shown => (Form::of_fields(&query), Shown::from_form(shown)),
    };
    let is_unsaved = !form.differences(&stored).is_empty();
    let notice = match query.text("done") {
        _ if is_unsaved => Some(unsaved()),
        "saved" => Some(Notice::Done("The email notifications are saved. They are in force.".to_owned())),
        _ => None,
    };
    page(&state, &visitor, form, &shown, With { notice, ..With::default() }).await
}

async fn save(State(state): State<AppState>, Submitted { visitor, fields }: Submitted) -> PageResult {
    let (mut form, shown) = sent(&state, &visitor, &fields)?;
    let wanted = match form.notifications().read(&state).await {
        Ok(wanted) => wanted,
        Err(problem) => {
            let status = form.judge(Refused::unless_shown(problem)?);
            return page(&state, &visitor, form, &shown, With { status, ..With::default() }).await;
        }
    };
    match settings::put_notifications(&state, &visitor.caller, wanted, &shown).await? {
        Put::Done(_) => Ok(redirect(&state, "/settings/notifications?done=saved")),
        Put::Overtaken(stored) => {
            let text = "Somebody else changed these settings while you did. Nothing of yours is saved yet: compare, and \
                        save again to put yours in their place.";
            let with = With {
                status: StatusCode::CONFLICT,
                notice: Some(Notice::Failed(text.to_owned())),
                differences: form.differences(&stored),
                ..With::default()
            };
            page(&state, &visitor, form, &Shown::of(&stored), with).await
        }
    }
}

/// `POST /settings/notifications/preview`: what the mail looks like with the texts that were typed. The script asks here too.
async fn preview(State(state): State<AppState>, Submitted { visitor, fields }: Submitted) -> PageResult {
    let (mut form, shown) = sent(&state, &visitor, &fields)?;
    if fields.has("own_texts") {
        form.take_own_texts();
    }
    let notifications = form.notifications();
    if let Err(problem) = notifications.read(&state).await {
        form.judge(Refused::unless_shown(problem)?);
    }
    let (status, preview) = match reminders::rendered_sample(&state, &visitor.caller, &notifications.texts())
    {
        Ok(rendered) => (StatusCode::OK, Preview::Rendered(rendered)),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            (problem.status(), Preview::Refused(problem.sentence()))
        }
    };
    page(&state, &visitor, form, &shown, With { status, preview: Some(preview), ..With::default() }).await
}

/// `POST /settings/notifications/sample`: *Send to me*, with what was typed.
async fn send_to_me(State(state): State<AppState>, Submitted { visitor, fields }: Submitted) -> PageResult {
    let (mut form, shown) = sent(&state, &visitor, &fields)?;
    let wanted = match form.notifications().read(&state).await {
        Ok(wanted) => wanted,
        Err(problem) => {
            let status = form.judge(Refused::unless_shown(problem)?);
            return page(&state, &visitor, form, &shown, With { status, ..With::default() }).await;
        }
    };
    let with = match reminders::send_sample(&state, &visitor.caller, &wanted).await {
        Ok(sample) => {
            let address = &sample.address;
            let notice = match &sample.fault {
                None => Notice::Done(format!("The mail server took a reminder for {address}.")),
                Some(_) => {
                    Notice::Failed(format!("No reminder was sent to {address}. See below where it stopped."))
                }
            };
            With { notice: Some(notice), delivery: Some(sample.report.into()), ..With::default() }
        }
        Err(problem) => {
            let problem: Problem = Refused::unless_shown(problem)?;
            let notice = Some(Notice::Failed(problem.sentence()));
            With { status: problem.status(), notice, ..With::default() }
        }
    };
    page(&state, &visitor, form, &shown, with).await
}

/// What was typed, over which settings.
fn sent(state: &AppState, visitor: &Visitor, fields: &Fields) -> Result<(Form, Shown), Problem> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    Ok((Form::of_fields(fields), Shown::from_form(fields.text("shown"))))
}

async fn page(state: &AppState, visitor: &Visitor, form: Form, shown: &Shown, with: With) -> PageResult {
    let form = form.with_servers(state).await?;
    let page = NotificationsPage {
        shell: Shell::new(state, visitor, "Email notifications", PATH).with_notice(with.notice),
        may_edit: settings::may_put(state, &visitor.caller),
        may_make_servers: section::may_make_servers(state, visitor),
        faults: form.faults(),
        differences: with.differences,
        form,
        zone: state.zone.iana_name().unwrap_or_default().to_owned(),
        shown: shown.as_str().to_owned(),
        of_a_token_mail: placeholders::of(Kind::Token),
        of_a_digest: placeholders::of(Kind::Digest),
        of_each_token: placeholders::of_each_token(),
        preview: with.preview,
        delivery: with.delivery,
    };
    Ok((with.status, [(CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(page.render()?)).into_response())
}
