//! *System settings → General → Personal access tokens*: `/settings`.

mod difference;
mod form;
mod sso;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::StatusCode;
use patgate_core::policy::TokenSettings;

use self::difference::differences;
use self::form::Form;
use super::form::{Difference, Fault, unsaved};
use super::refused::redirect;
use super::{Fields, Notice, PageResult, Shell, Submitted, Visitor};
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
}

/// The address of the page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/settings", get(show).post(save))
}

async fn show(State(state): State<AppState>, visitor: Visitor, RawQuery(query): RawQuery) -> PageResult {
    let stored = settings::read(&state, &visitor.caller).await?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let notice = match query.text("done") {
        "saved" => Some(Notice::Done("The settings are saved. They are in force.".to_owned())),
        _ => None,
    };
    // After a lost session, what was typed, and which settings it was typed over.
    let (form, shown) = match query.text("shown") {
        "" => (Form::of_settings(&stored), Shown::of(&stored)),
        shown => (Form::of_fields(&query), Shown::from_form(shown)),
    };
    let came = (!query.text("shown").is_empty()).then(|| Form::of_fields(&query).read());
    let is_unsaved = came.is_some_and(|came| came.is_none_or(|came| came != stored));
    let notice = if is_unsaved { Some(unsaved()) } else { notice };
    page(&state, &visitor, form, &shown, StatusCode::OK, notice, Vec::new())
}

async fn save(State(state): State<AppState>, Submitted { visitor, fields }: Submitted) -> PageResult {
    visitor.caller.require(&state, "security#edit")?;
    let shown = Shown::from_form(fields.text("shown"));
    let mut form = Form::of_fields(&fields);
    let Some(wanted) = form.read() else {
        return page(&state, &visitor, form, &shown, StatusCode::BAD_REQUEST, None, Vec::new());
    };
    match settings::put_shown(&state, &visitor.caller, wanted.clone(), &shown).await? {
        Put::Done(_) => Ok(redirect(&state, "/settings?done=saved")),
        Put::Overtaken(stored) => overtaken(&state, &visitor, &stored, &wanted),
    }
}

/// Both are shown, and saving again puts the own ones in force: nobody's are lost without being seen.
fn overtaken(
    state: &AppState,
    visitor: &Visitor,
    stored: &TokenSettings,
    wanted: &TokenSettings,
) -> PageResult {
    let text = "Somebody else changed these settings while you did. Nothing of yours is saved yet: compare, and save \
                again to put yours in their place";
    let notice = Some(Notice::Failed(format!("{text}.")));
    let form = Form::of_settings(wanted);
    let shown = Shown::of(stored);
    page(state, visitor, form, &shown, StatusCode::CONFLICT, notice, differences(stored, wanted))
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    form: Form,
    shown: &Shown,
    status: StatusCode,
    notice: Option<Notice>,
    differences: Vec<Difference>,
) -> PageResult {
    let page = SettingsPage {
        shell: Shell::new(state, visitor, "System settings", PATH).with_notice(notice),
        may_edit: settings::may_put(state, &visitor.caller),
        faults: form.faults(),
        differences,
        form,
        shown: shown.as_str().to_owned(),
    };
    Ok((status, Html(page.render()?)).into_response())
}
