//! *System settings → General → Personal access tokens*: `/settings`.

mod decisions;
mod difference;
mod exemptions;
mod form;
mod preview;
mod sso;
mod suspended;
mod touched;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::StatusCode;
use patgate_core::confirmation::FreshnessWindows;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::policy::TokenSettings;

use self::decisions::DecisionRow;
use self::difference::differences;
use self::form::Form;
use super::form::{Difference, Fault, complete, unsaved};
use super::notifications;
use super::refused::redirect;
use super::{Notice, PageResult, Query, Shell, Submitted, Visitor};
use crate::service::confirmations;
use crate::service::policy::{self, Choices};
use crate::service::settings::{self, Put};
use crate::service::shown::Shown;
use crate::state::AppState;

/// Where the page is.
const PATH: &str = "/settings";

/// The page.
#[derive(Template)]
#[template(path = "pages/settings.html")]
struct SettingsPage {
    shell: Shell,
    may_edit: bool,
    faults: Vec<Fault>,
    /// What somebody else changed while the form was open.
    differences: Vec<Difference>,
    form: Form,
    shown: String,
    /// What was decided about tokens that stricter rules touch.
    decisions: Vec<DecisionRow>,
    /// How many more wait.
    more_decisions: usize,
    may_see_tokens: bool,
    /// The mail before an expiry, which is changed on a page of its own.
    mail: notifications::Section,
}

/// The address of the page.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings", get(show).post(save))
        .route("/settings/preview", get(preview::show).post(preview::decide))
        .route("/settings/decisions/{id}/undo", get(decisions::ask).post(decisions::undo))
        .route("/settings/exemptions", get(exemptions::show).post(exemptions::create))
        .route("/settings/exemptions/{id}/end", get(exemptions::ask).post(exemptions::end))
        .route("/settings/suspended", get(suspended::show).post(suspended::lift))
}

async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let (stored, shown) = settings::read_shown(&state, &visitor.caller).await?;
    let notice = match query.text("done") {
        "saved" => Some(Notice::Done("The settings are saved. They are in force.".to_owned())),
        "decided" => Some(Notice::Done("It is decided, and in force.".to_owned())),
        "scheduled" => Some(Notice::Done(
            "It is decided, and takes effect at the time that you chose. Until then it can be undone."
                .to_owned(),
        )),
        "undone" => Some(Notice::Done("The decision is undone. It does not take effect.".to_owned())),
        _ => None,
    };
    // After a lost session, what was typed, and which settings it was typed over.
    let (form, shown, is_unsaved) = match query.text("shown") {
        "" => (Form::of_settings(&stored), shown, false),
        before => {
            let is_stored = |came: TokenSettings| {
                let email_notifications = stored.email_notifications.clone();
                TokenSettings { email_notifications, ..came }.following(&stored) == stored
            };
            let came = Form::of_fields(&query, &stored).read();
            let is_unsaved = came.is_none_or(|came| !is_stored(came));
            (Form::of_fields(&query, &stored), Shown::from_form(before), is_unsaved)
        }
    };
    let notice = if is_unsaved { Some(unsaved()) } else { notice };
    page(&state, &visitor, form, &shown, StatusCode::OK, notice, Vec::new()).await
}

async fn save(State(state): State<AppState>, Submitted { visitor, fields }: Submitted) -> PageResult {
    visitor.caller.require(&state, "security#edit")?;
    let shown = complete(&fields, &["maximum", "freshness_ldap", "freshness_sso"])?;
    let stored = settings::read(&state, &visitor.caller).await?;
    let mut form = Form::of_fields(&fields, &stored);
    let Some(wanted) = form.read() else {
        return page(&state, &visitor, form, &shown, StatusCode::BAD_REQUEST, None, Vec::new()).await;
    };
    let windows = windows_text(&wanted.freshness);
    if fields.text("freshness_told") != windows
        && let Some(owners @ 1..) =
            confirmations::suspended_by(&state, &stored.freshness, &wanted.freshness).await?
    {
        form.freshness_told = windows;
        let notice = Some(Notice::Failed(suspends(owners)));
        return page(&state, &visitor, form, &shown, StatusCode::CONFLICT, notice, Vec::new()).await;
    }
    let questions = policy::questions(&state, &stored, &wanted).await?;
    let rest = questions.rest(&stored, &wanted);
    match settings::put_shown(&state, &visitor.caller, rest, &Choices::default(), &shown).await? {
        Put::Done(_) if questions.is_empty() => Ok(redirect(&state, "/settings?done=saved")),
        Put::Done(_) => {
            let maximum = questions.maximum.map_or_else(String::new, |days| u32::from(days).to_string());
            let asked = format!("maximum={maximum}&closing={}&done=saved", questions.closing);
            Ok(redirect(&state, &format!("/settings/preview?{asked}")))
        }
        Put::Overtaken(_) => overtaken(&state, &visitor, &wanted).await,
    }
}

/// The windows as the form sends them back.
fn windows_text(windows: &FreshnessWindows) -> String {
    [windows.ldap, windows.sso]
        .map(|window| window.map_or_else(String::new, |days| u32::from(days).to_string()))
        .join(",")
}

/// What is said before a shorter window is saved.
fn suspends(owners: u64) -> String {
    let whose = if owners == 1 { "1 owner".to_owned() } else { format!("{owners} owners") };
    format!(
        "Nothing is saved yet: this freshness window suspends the tokens of {whose} at once, because their provider \
         vouched for them last before it began. They pass again as soon as it does, or when they sign in. Save again if \
         you mean it."
    )
}

/// Both are shown, and saving again puts the own ones in force: nobody's are lost without being seen.
async fn overtaken(state: &AppState, visitor: &Visitor, wanted: &TokenSettings) -> PageResult {
    let (stored, shown) = settings::read_shown(state, &visitor.caller).await?;
    let text = "Somebody else changed these settings, or decided about them, while you did. Nothing of yours is saved \
                yet: compare, and save again to put yours in their place";
    let notice = Some(Notice::Failed(format!("{text}.")));
    let form = Form::of_settings(&wanted.clone().following(&stored));
    let differences = differences(&stored, wanted);
    page(state, visitor, form, &shown, StatusCode::CONFLICT, notice, differences).await
}

async fn page(
    state: &AppState,
    visitor: &Visitor,
    form: Form,
    shown: &Shown,
    status: StatusCode,
    notice: Option<Notice>,
    differences: Vec<Difference>,
) -> PageResult {
    let (decisions, more_decisions) = decisions::rows(state, visitor).await?;
    let page = SettingsPage {
        shell: Shell::new(state, visitor, "System settings", PATH).with_notice(notice),
        may_edit: settings::may_put(state, &visitor.caller),
        faults: form.faults(),
        differences,
        form,
        shown: shown.as_str().to_owned(),
        decisions,
        more_decisions,
        may_see_tokens: visitor.caller.may(state, TOKEN_VIEW_ALL),
        mail: notifications::Section::of(state, visitor).await?,
    };
    Ok((status, Html(page.render()?)).into_response())
}
