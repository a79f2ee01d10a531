//! `GET /admin/reminders/mails/{id}`: a mail, what became of it, and its tokens, of which a digest has hundreds.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::{GrantId, MailId};
use patgate_store::Seek;

use super::row::MailRow;
use super::{LIST, may_run};
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging, ROWS};
use crate::pages::{Moment, PageResult, Query, Shell, Visitor};
use crate::service::reminders::{self, ListedMail, MailedName};
use crate::state::AppState;

/// How many bytes of what the mail server said are shown.
const ANSWER: usize = 10_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/reminders_mail.html")]
struct MailPage {
    shell: Shell,
    may_run: bool,
    path: String,
    /// The list in which it stands.
    back: String,
    /// When it was planned.
    planned: Moment,
    row: MailRow,
    /// How many tokens it is about.
    count: usize,
    tokens: Vec<MailedName>,
    paging: Paging,
}

/// The mail.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<MailId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let place: Seek<GrantId> = paging::place(&query);
    let ListedMail { mail, owner, tokens } =
        reminders::mail(&state, &visitor.caller, id, &place, ROWS + 1).await?;
    let (tokens, paging) = Paging::cut(tokens, &place, &query, |token| token.id);
    let title = format!("Mail to {owner}");
    let page = MailPage {
        shell: Shell::new(&state, &visitor, title, LIST),
        may_run: may_run(&state, &visitor),
        path: format!("{LIST}/mails/{id}"),
        back: mail.run.map_or_else(|| format!("{LIST}/mails"), |run| format!("{LIST}/{run}")),
        planned: mail.created_at.into(),
        count: mail.tokens.len(),
        tokens,
        paging,
        row: MailRow::new(ListedMail { mail, owner, tokens: Vec::new() }, ANSWER),
    };
    Ok(Html(page.render()?).into_response())
}
