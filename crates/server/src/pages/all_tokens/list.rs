//! `/admin/tokens`: the list.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_store::{GrantCursor, Seek};

use super::query::Asked;
use super::row::SeenRow;
use super::{DELETES, LIST};
use crate::pages::paging::{self, Paging};
use crate::pages::{Fields, Notice, PageResult, Query, Shell, Visitor};
use crate::service::tokens::overview::{self, SeenGrant};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/all_tokens.html")]
struct AllTokensPage {
    shell: Shell,
    asked: Asked,
    rows: Vec<SeenRow>,
    paging: Paging,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    may_delete: bool,
    /// The query of this list, to come back to it.
    list: String,
    /// The same filter, for the download.
    download: String,
}

/// `GET /admin/tokens?search=&owner=&show=&expiring=&unused=&endless&over&disabled&sort=&after=&before=&done=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let (caller, now) = (&visitor.caller, state.clock.now());
    caller.require(&state, TOKEN_VIEW_ALL)?;
    let asked = Asked::read(&state, caller, &query).await?;
    let place: Seek<GrantCursor> = paging::place(&query);
    // A filter that cannot be read finds nothing, instead of more than was asked.
    let limit = if asked.is_wrong() { 0 } else { paging::ASKED };
    let found = overview::search_all(&state, caller, &asked.filter, &place, limit).await?;
    let (sort, is_wrong) = (asked.filter.sort, asked.is_wrong());
    let cursor = |seen: &SeenGrant| GrantCursor::of(&seen.grant, sort);
    let (seen, paging) = Paging::cut(found.tokens, &place, &query, cursor);
    let is_partial = found.reached.is_some();
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let page = AllTokensPage {
        shell: Shell::new(&state, &visitor, "All tokens", LIST).with_notice(notice(&query)),
        rows: seen.iter().map(|seen| SeenRow::new(&state, seen, now).listed()).collect(),
        paging,
        is_partial,
        list: paging::kept(&query),
        may_delete: caller.may(&state, DELETES),
        download: query.with(&[("after", ""), ("before", ""), ("done", "")]),
        asked,
    };
    let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, Html(page.render()?)).into_response())
}

fn notice(query: &Fields) -> Option<Notice> {
    let done = query.text("done");
    match (done, done.strip_prefix("deleted-").and_then(|count| count.parse::<u32>().ok())) {
        (_, Some(0)) => Some(Notice::Told("These tokens are already deleted.".to_owned())),
        (_, Some(1)) => Some(Notice::Done("The token is deleted. It no longer works anywhere.".to_owned())),
        (_, Some(count)) => {
            Some(Notice::Done(format!("{count} tokens are deleted. They no longer work anywhere.")))
        }
        ("none", None) => Some(Notice::Told("Choose the tokens to delete first.".to_owned())),
        _ => None,
    }
}
