//! `/reset/{secret}`: whoever has a password reset link sets a new password, once, without a session.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode};

use super::form::{Fault, Named};
use super::logout::to_login;
use super::{Field, Fields, Notice, PageResult, Refused, Shell};
use crate::caller::Peer;
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::users::reset;
use crate::state::AppState;

/// The form.
#[derive(Template)]
#[template(path = "pages/reset.html")]
struct ResetPage {
    shell: Shell,
    username: String,
    action: String,
    faults: Vec<Fault>,
    password: Field,
    again: Field,
}

/// What a link that opens nothing shows, whatever the reason.
#[derive(Template)]
#[template(path = "pages/reset_over.html")]
struct OverPage {
    shell: Shell,
}

/// The address of the page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/reset/{secret}", get(show).post(submit))
}

async fn show(State(state): State<AppState>, Named(secret): Named<String>) -> PageResult {
    match reset::find_reset_link(&state, &secret).await? {
        Some(user) => form(&state, &secret, user.username.as_str(), StatusCode::OK, [None, None], None),
        None => over(&state),
    }
}

async fn submit(
    State(state): State<AppState>,
    Named(secret): Named<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    fields: Fields,
) -> PageResult {
    let Some(user) = reset::find_reset_link(&state, &secret).await? else { return over(&state) };
    let username = user.username.as_str();
    let (new, again) = (fields.secret("password"), fields.secret("password_again"));
    if new != again {
        let errors = [None, Some("The two passwords differ.".to_owned())];
        return form(&state, &secret, username, StatusCode::BAD_REQUEST, errors, None);
    }
    let address = state.gateway.proxies().client_address(peer.0.ip(), &headers);
    match reset::use_reset_link(&state, &secret, PasswordText::copy_of(new), address).await {
        Ok(true) => {
            // A session that the browser still has ended with all others.
            Ok(to_login(&state, "password-changed"))
        }
        Ok(false) => over(&state),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            let (beside, above) = if problem.wrong_field().is_some() {
                (Some(problem.sentence()), None)
            } else {
                (None, Some(&problem))
            };
            form(&state, &secret, username, problem.status(), [beside, None], above)
        }
    }
}

fn form(
    state: &AppState,
    secret: &str,
    username: &str,
    status: StatusCode,
    [password_error, again_error]: [Option<String>; 2],
    refused: Option<&Problem>,
) -> PageResult {
    let hint = "At least 8 characters. A few words are easier to keep in mind, and harder to guess.";
    let password = Field { error: password_error, ..Field::new("password", "New password", "").hint(hint) };
    let again = Field { error: again_error, ..Field::new("password_again", "New password again", "") };
    let notice = refused.map(|problem| Notice::Failed(problem.sentence()));
    let page = ResetPage {
        shell: Shell::bare(state, "Set a new password").with_notice(notice),
        username: username.to_owned(),
        action: format!("/reset/{secret}"),
        faults: Fault::of([&password, &again]),
        password,
        again,
    };
    Ok((status, Html(page.render()?)).into_response())
}

fn over(state: &AppState) -> PageResult {
    let page = OverPage { shell: Shell::bare(state, "This link opens nothing") };
    Ok((StatusCode::NOT_FOUND, Html(page.render()?)).into_response())
}
