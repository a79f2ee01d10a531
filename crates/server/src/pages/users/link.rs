//! `/admin/users/{username}/reset-link`: a password reset link is made, and shown once, in the answer to the form.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::user::Username;

use super::{LIST, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::{Moment, Notice, PageResult, Refused, Shell, Submitted, Visitor};
use crate::service::users::{self, reset};
use crate::state::AppState;

/// The page that shows the link.
#[derive(Template)]
#[template(path = "pages/user_link.html")]
struct LinkPage {
    shell: Shell,
    username: String,
    path: String,
    link: String,
    until: Moment,
}

/// `GET /admin/users/{username}/reset-link`.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    visitor: Visitor,
) -> PageResult {
    reset::may_make_reset_link(&state, &visitor.caller, &username).await?;
    question(&state, &visitor, &username).await?.ask()
}

/// `POST /admin/users/{username}/reset-link`.
pub(super) async fn make(
    State(state): State<AppState>,
    Named(username): Named<Username>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let issued = match reset::make_reset_link(&state, &visitor.caller, &username).await {
        Ok(issued) => issued,
        Err(problem) => return question(&state, &visitor, &username).await?.refused(problem),
    };
    let notice = Notice::Done("The link is made. Copy it now: it will not be shown again.".to_owned());
    let page = LinkPage {
        shell: Shell::new(&state, &visitor, "Password reset link", LIST).with_notice(Some(notice)),
        username: issued.user.username.to_string(),
        path: path(&issued.user.username),
        link: state.public_url.join(&format!("/reset/{}", issued.secret.reveal())),
        until: issued.expires_at.into(),
    };
    Ok(Html(page.render()?).into_response())
}

async fn question(state: &AppState, visitor: &Visitor, username: &Username) -> Result<Confirm, Refused> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    let account = users::account(state, &visitor.caller, username).await?;
    let path = path(&account.user.username);
    let mut sentences = vec![format!(
        "Whoever has the link sets a new password for {}, once, within 24 hours. All their sessions end then; their \
         tokens stay.",
        account.user.username
    )];
    if account.reset_link_until.is_some() {
        sentences
            .push("A link was made before. It opens nothing any more once you make this one.".to_owned());
    }
    Ok(Confirm {
        shell: Shell::new(state, visitor, "Password reset link", LIST),
        heading: format!("Make a password reset link for {}?", account.user.username),
        sentences,
        action: format!("{path}/reset-link"),
        button: "Make link",
        is_danger: false,
        is_possible: true,
        cancel: path,
    })
}
