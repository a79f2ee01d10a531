//! `POST /account/profile/password`: another password of one's own. One's other sessions end.

use axum::extract::State;

use super::show::page;
use crate::pages::refused::redirect;
use crate::pages::{Fields, PageResult, Refused, Submitted};
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::users::{self, Edit, PasswordEdit};
use crate::state::AppState;

/// Sets it.
pub(super) async fn submit(State(state): State<AppState>, form: Submitted) -> PageResult {
    match set(&state, &form).await {
        Ok(()) => Ok(redirect(&state, "/account/profile?done=password")),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            // Nothing of it comes back: what was typed is secret.
            page(&state, &form.visitor, &Fields::default(), Some(&problem)).await
        }
    }
}

async fn set(state: &AppState, form: &Submitted) -> Result<(), Problem> {
    let caller = &form.visitor.caller;
    let (new, repeated) = (form.fields.secret("new_password"), form.fields.secret("repeated_password"));
    let current = form.fields.secret("current_password");
    if current.is_empty() {
        return Err(Problem::field("current_password", "Type your current password"));
    }
    if new.is_empty() {
        return Err(Problem::field("new_password", "Type a new password"));
    }
    if new != repeated {
        return Err(Problem::field("repeated_password", "The new password is not the same twice"));
    }
    let username = caller.facts.username.parse().map_err(Problem::internal)?;
    let password = PasswordEdit {
        new: PasswordText::copy_of(new),
        current: Some(PasswordText::copy_of(current)),
        new_field: "new_password",
        current_field: "current_password",
    };
    users::change_one(state, caller, Edit { password: Some(password), ..Edit::of(username) }).await?;
    Ok(())
}
