//! `/admin/users`: everybody, by name.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::user::{User, Username};
use patgate_store::{UserCursor, UserFilter};

use super::{LIST, may_edit, origin, path, pill};
use crate::pages::beginning::{LISTED, beginning};
use crate::pages::paging::{self, ASKED, place};
use crate::pages::{Choice, Field, Moment, Notice, PageResult, Paging, Pill, Query, Shell, Visitor};
use crate::service::users;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/users.html")]
struct UsersPage {
    shell: Shell,
    may_edit: bool,
    search: Field,
    states: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<Row>,
    paging: Paging,
    /// Whether there may be more who were not looked at.
    is_partial: bool,
}

/// A user in the list.
struct Row {
    path: String,
    username: String,
    full_name: String,
    origin: String,
    pill: Pill,
    last_active: Option<Moment>,
}

impl Row {
    fn new(state: &AppState, user: &User) -> Self {
        Self {
            path: path(&user.username),
            username: beginning(user.username.as_str(), LISTED),
            full_name: beginning(&user.full_name, LISTED),
            origin: origin(state, user),
            pill: pill(state, user),
            last_active: user.last_active_at.map(Moment::from),
        }
    }
}

/// `GET /admin/users?search=&state=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let search = Field::new("search", "User name begins with", paging::search(&query, "search"))
        .at_most(Username::LONGEST);
    let shown = query.text("state");
    let filter = UserFilter {
        name_prefix: Some(search.value.clone()).filter(|search| !search.is_empty()),
        login_allowed: match shown {
            "enabled" => Some(true),
            "disabled" => Some(false),
            _ => None,
        },
        ..UserFilter::default()
    };
    let place = place::<UserCursor>(&query);
    let found = users::list_from(&state, &visitor.caller, &filter, &place, ASKED).await?;
    let (users, paging) = Paging::cut(found.users, &place, &query, UserCursor::of);
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let notice = match query.text("done") {
        "deleted" => Some(Notice::Done("The user is deleted, with all tokens and sessions.".to_owned())),
        _ => None,
    };
    let page = UsersPage {
        shell: Shell::new(&state, &visitor, "Users", LIST).with_notice(notice),
        may_edit: may_edit(&state, &visitor),
        is_filtered: filter != UserFilter::default(),
        states: [("", "All"), ("enabled", "Enabled"), ("disabled", "Disabled")]
            .map(|(value, label)| Choice::new(value, label, shown))
            .to_vec(),
        search,
        rows: users.iter().map(|user| Row::new(&state, user)).collect(),
        paging,
        is_partial: found.reached.is_some(),
    };
    Ok(Html(page.render()?).into_response())
}
