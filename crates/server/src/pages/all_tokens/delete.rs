//! `/admin/tokens/delete`: asks whether the chosen tokens shall be deleted, and deletes them.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::GrantId;

use super::row::SeenRow;
use super::{DELETES, LIST};
use crate::pages::paging::{ROWS, back, kept};
use crate::pages::refused::redirect;
use crate::pages::{Fields, PageResult, Query, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::tokens::overview;
use crate::state::AppState;

/// The most tokens that are deleted at once: a page of the list, and some more.
const MOST: usize = 200;

/// The page.
#[derive(Template)]
#[template(path = "pages/all_tokens_delete.html")]
struct DeletePage {
    shell: Shell,
    /// The first of the tokens.
    rows: Vec<SeenRow>,
    /// All of them.
    ids: Vec<String>,
    /// What the button says.
    button: String,
    /// The query of the list that one came from.
    list: String,
    /// Where one goes instead.
    cancel: String,
}

/// `GET /admin/tokens/delete?id=&id=`.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let caller = &visitor.caller;
    caller.require(&state, DELETES)?;
    let ids: Vec<_> = chosen(&query)?.into_iter().collect();
    if ids.is_empty() {
        return Ok(redirect(&state, &back(LIST, &query, "none")));
    }
    let seen = overview::read_several(&state, caller, &ids).await?;
    if seen.is_empty() {
        return Ok(redirect(&state, &back(LIST, &query, "deleted-0")));
    }
    let now = state.clock.now();
    let page = DeletePage {
        shell: Shell::new(&state, &visitor, "Delete tokens", LIST),
        rows: seen.iter().take(ROWS).map(|seen| SeenRow::new(&state, seen, now).listed()).collect(),
        ids: seen.iter().map(|seen| seen.grant.id.to_string()).collect(),
        button: match seen.len() {
            1 => "Delete token".to_owned(),
            count => format!("Delete {count} tokens"),
        },
        list: kept(&Fields::read(query.text("list").as_bytes())),
        cancel: back(LIST, &query, ""),
    };
    Ok(Html(page.render()?).into_response())
}

/// `POST /admin/tokens/delete`.
pub(super) async fn delete(State(state): State<AppState>, form: Submitted) -> PageResult {
    let ids = chosen(&form.fields)?;
    let deleted = overview::delete_several(&state, &form.visitor.caller, &ids).await?;
    Ok(redirect(&state, &back(LIST, &form.fields, &format!("deleted-{deleted}"))))
}

/// The tokens that the form names. What cannot be an identifier is none, as what is missing.
fn chosen(fields: &Fields) -> Result<BTreeSet<GrantId>, Problem> {
    let ids: BTreeSet<_> = fields.all("id").filter_map(|id| id.parse().ok()).collect();
    if ids.len() > MOST {
        return Err(Problem::field("id", format!("At most {MOST} tokens are deleted at once")));
    }
    Ok(ids)
}
