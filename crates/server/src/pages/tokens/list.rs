//! `/account/tokens`: the list *Personal access tokens*.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::grant::GrantName;
use patgate_store::{GrantCursor, GrantFilter, GrantLife, Seek};

use super::form::GenerateForm;
use super::listed::{self, Order};
use super::row::Row;
use super::{LIST, closed};
use crate::caller::Caller;
use crate::pages::paging::{self, Paging};
use crate::pages::{Choice, Field, Fields, Notice, PageResult, Query, Shell, Visitor};
use crate::problem::Problem;
use crate::service::tokens::{self, FormId, Offer};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/tokens.html")]
struct TokensPage {
    shell: Shell,
    /// Why no token can be generated.
    closed: Option<String>,
    /// The panel, for the dialog.
    panel: Option<GenerateForm>,
    rows: Vec<Row>,
    paging: Paging,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    search: Field,
    shows: Vec<Choice>,
    sorts: Vec<Choice>,
    /// Whether there are any, whatever is shown of them.
    has_tokens: bool,
    has_expired: bool,
    /// The query of this list, to come back to it.
    list: String,
}

/// `GET /account/tokens?search=&show=&sort=&after=&before=&done=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let (caller, now) = (&visitor.caller, state.clock.now());
    let search = Field::new("search", "Name begins with", paging::search(&query, "search"))
        .at_most(GrantName::LONGEST);
    let Order { sort, descending, choices: sorts } = Order::read(&query, "-created");
    let filter = GrantFilter {
        name_prefix: Some(search.value.clone()).filter(|text| !text.is_empty()),
        life: listed::life(&query, now).unwrap_or(GrantLife::Any),
        sort,
        descending,
        ..GrantFilter::default()
    };
    let place: Seek<GrantCursor> = paging::place(&query);
    let is_whole = filter.name_prefix.is_none() && filter.life == GrantLife::Any && place == Seek::Start;
    let found = tokens::search_own(&state, caller, filter, &place, paging::ASKED).await?;
    let (grants, paging) = Paging::cut(found.grants, &place, &query, |grant| GrantCursor::of(grant, sort));
    let is_partial = found.reached.is_some();
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let has_tokens = !grants.is_empty() || (!is_whole && has_tokens(&state, caller).await?);
    let offer = Offer::to(&state, caller).await?;
    let panel = offer.is_open().then(|| {
        let id = FormId::generate(&mut state.random.draw());
        GenerateForm::new(&state, id, &offer, &Fields::default(), None)
    });
    let shell = Shell::new(&state, &visitor, "Personal access tokens", LIST).with_notice(notice(&query));
    let page = TokensPage {
        shell,
        closed: (!offer.is_open()).then(|| closed(caller.facts.origin)),
        panel,
        rows: grants
            .iter()
            .map(|grant| Row::new(&state, grant, state.suspends(grant.owner), now).listed())
            .collect(),
        paging,
        is_partial,
        search,
        shows: listed::shows(&query),
        sorts,
        has_tokens,
        list: paging::kept(&query),
        has_expired: !tokens::expired_own(&state, caller, now, 1).await?.is_empty(),
    };
    Ok(Html(page.render()?).into_response())
}

async fn has_tokens(state: &AppState, caller: &Caller) -> Result<bool, Problem> {
    let any = tokens::list_own(state, caller, GrantFilter::default(), &Seek::Start, 1).await?;
    Ok(!any.is_empty())
}

fn notice(query: &Fields) -> Option<Notice> {
    Some(match query.text("done") {
        "deleted" => Notice::Done("The token is deleted. It no longer works anywhere.".to_owned()),
        "already-deleted" => Notice::Told("This token is already deleted.".to_owned()),
        "cleared" => Notice::Done("The expired tokens are cleared.".to_owned()),
        "none-expired" => Notice::Told("There are no expired tokens to clear.".to_owned()),
        _ => return None,
    })
}
