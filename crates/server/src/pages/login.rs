//! `/login`: user name and password, then back to where one wanted to go.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use patgate_core::user::Username;

use super::PageResult;
use super::external;
use super::field::Field;
use super::refused::redirect;
use super::shell::{Notice, Shell};
use super::submitted::{Fields, Query};
use crate::caller::Peer;
use crate::password::Attempt;
use crate::service::{sessions, sso};
use crate::session;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/login.html")]
struct LogInPage {
    shell: Shell,
    username: Field,
    password: Field,
    next: String,
    providers: Vec<Button>,
}

/// A way to an identity provider.
struct Button {
    button: String,
    path: String,
}

/// `GET /login?next=/where`.
pub(super) async fn show(State(state): State<AppState>, Query(query): Query) -> PageResult {
    let notice = match query.text("done") {
        "logged-out" => Some(Notice::Done("You are logged out.".to_owned())),
        "password-changed" => Some(Notice::Done("The password is set. Log in with it.".to_owned())),
        _ => None,
    };
    page(&state, StatusCode::OK, "", query.text("next"), notice)
}

/// `POST /login`.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: Fields,
) -> PageResult {
    let address = state.gateway.proxies().client_address(peer.0.ip(), &headers);
    let attempt = Attempt { username: form.text("username"), password: form.secret("password"), address };
    let previous = session::previous(&state, &headers);
    match sessions::open(&state, attempt, &headers, previous).await {
        Ok(opened) => {
            let cookie = opened.secret.set_cookie(session::cookie_name(&state));
            let next = Some(form.text("next")).filter(|next| is_ours(next)).unwrap_or("/account/tokens");
            Ok(([(SET_COOKIE, cookie)], redirect(&state, next)).into_response())
        }
        Err(problem) => {
            let notice = Some(Notice::Failed(problem.sentence()));
            let answer = page(&state, problem.status(), form.text("username"), form.text("next"), notice)?;
            Ok(problem.with_page(answer))
        }
    }
}

fn page(
    state: &AppState,
    status: StatusCode,
    username: &str,
    next: &str,
    notice: Option<Notice>,
) -> PageResult {
    let page = LogInPage {
        shell: Shell::bare(state, "Log in").with_notice(notice),
        username: Field::new("username", "User name", username).at_most(Username::LONGEST),
        password: Field::new("password", "Password", ""),
        next: next.to_owned(),
        providers: sso::providers(state)
            .map(|provider| Button {
                button: provider.button().to_owned(),
                path: external::path_to(provider, next),
            })
            .collect(),
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Whether this is a path of ours, and nothing that a browser takes for another site's address.
pub(super) fn is_ours(next: &str) -> bool {
    let rest = next.strip_prefix('/');
    let is_path = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
    is_path && next.chars().all(|letter| letter.is_ascii_graphic() && letter != '\\')
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn one_goes_on_at_a_path_of_ours_alone() {
        for ours in ["/account/tokens", "/account/tokens/new?name=a%20b&permission=x", "/"] {
            assert!(is_ours(ours), "{ours}");
        }
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a b",
            "/a\\b",
            "/ä",
        ] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}
