//! `/account/tokens/{id}/delete`: asks whether a token shall be deleted, and deletes it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};

use super::row::Row;
use super::{LIST, named};
use crate::pages::form::Named;
use crate::pages::paging::back;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Query, Shell, Submitted, Visitor};
use crate::service::tokens::{self, OwnToken};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/tokens_delete.html")]
struct DeletePage {
    shell: Shell,
    row: Row,
    /// Where the form goes, without the base.
    action: String,
    /// The query of the list that one came from.
    list: String,
    /// Where one goes instead.
    cancel: String,
}

/// `GET /account/tokens/{id}/delete`.
pub(super) async fn ask(
    State(state): State<AppState>,
    visitor: Visitor,
    Named(id): Named<String>,
    Query(query): Query,
) -> PageResult {
    match tokens::read_own(&state, &visitor.caller, named(&id)?).await? {
        OwnToken::Present(grant) => {
            let shell = Shell::new(&state, &visitor, "Delete token", LIST);
            let action = format!("{LIST}/{}/delete", grant.id);
            let page = DeletePage {
                shell,
                row: Row::new(&state, &grant, state.suspends(grant.owner), state.clock.now()),
                action,
                list: query.text("list").to_owned(),
                cancel: back(LIST, &query, ""),
            };
            Ok(Html(page.render()?).into_response())
        }
        OwnToken::Deleted => Ok(redirect(&state, &back(LIST, &query, "already-deleted"))),
    }
}

/// `POST /account/tokens/{id}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(id): Named<String>,
    sent: Submitted,
) -> PageResult {
    let done = match tokens::delete_own(&state, &sent.visitor.caller, named(&id)?).await? {
        OwnToken::Present(_) => "deleted",
        OwnToken::Deleted => "already-deleted",
    };
    Ok(redirect(&state, &back(LIST, &sent.fields, done)))
}
