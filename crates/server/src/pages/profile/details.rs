//! `POST /account/profile`: another full name or mail address.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::State;

use super::show::page;
use crate::pages::form::complete;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Submitted};
use crate::problem::Problem;
use crate::service::users::{self, Edit, Email, FullName};
use crate::state::AppState;

/// Saves them.
pub(super) async fn submit(State(state): State<AppState>, form: Submitted) -> PageResult {
    match save(&state, &form).await {
        Ok(()) => Ok(redirect(&state, "/account/profile?done=saved")),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            page(&state, &form.visitor, &form.fields, Some(&problem)).await
        }
    }
}

async fn save(state: &AppState, form: &Submitted) -> Result<(), Problem> {
    let caller = &form.visitor.caller;
    let shown = complete(&form.fields, &["full_name", "email"])?;
    let full_name: FullName = read("full_name", form.fields.text("full_name"))?;
    let email: Email = read("email", form.fields.text("email"))?;
    let username = caller.facts.username.parse().map_err(Problem::internal)?;
    let edit =
        Edit { full_name: Some(full_name), email: Some(email), shown: Some(shown), ..Edit::of(username) };
    users::change_one(state, caller, edit).await?;
    Ok(())
}

fn read<T: FromStr>(field: &str, text: &str) -> Result<T, Problem>
where
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| Problem::field(field, error))
}
