//! What is asked of the list: from the fields of its form to the store's filter.

use jiff::Timestamp;
use patgate_core::grant::GrantName;
use patgate_core::policy::Days;
use patgate_core::user::Username;
use patgate_store::{GrantFilter, GrantLife};

use crate::caller::Caller;
use crate::pages::tokens::listed::{self, Order};
use crate::pages::{Choice, Field, Fields, paging};
use crate::problem::Problem;
use crate::service::tokens::overview;
use crate::state::AppState;

/// The form above the list, with what is wrong with it, and what it asks of the store.
pub(super) struct Asked {
    pub(super) search: Field,
    pub(super) owner: Field,
    pub(super) expiring: Field,
    pub(super) unused: Field,
    pub(super) shows: Vec<Choice>,
    pub(super) sorts: Vec<Choice>,
    pub(super) endless: bool,
    /// Longer-lived than the maximum.
    pub(super) over: bool,
    /// The maximum, when there is one.
    pub(super) maximum: Option<Days>,
    pub(super) disabled: bool,
    pub(super) filter: GrantFilter,
}

impl Asked {
    /// Reads the form.
    ///
    /// # Errors
    /// 403 without `token#view_all`, and when the database does not answer. What is wrong with a field stands beside it.
    pub(super) async fn read(state: &AppState, caller: &Caller, query: &Fields) -> Result<Self, Problem> {
        let now = state.clock.now();
        let search = paging::search(query, "search");
        let mut owner = Field::new("owner", "Owner", query.text("owner")).at_most(Username::LONGEST);
        let mut owner_id = None;
        if !owner.value.is_empty() {
            owner_id = match owner.value.parse::<Username>() {
                Ok(name) => overview::owner_named(state, caller, &name).await?,
                Err(_) => None,
            };
            if owner_id.is_none() {
                owner.error = Some(format!("There is no user “{}”.", owner.value));
            }
        }
        let (expiring, expiring_days) = days(query, "expiring", "Expiring within days");
        let (unused, unused_days) = days(query, "unused", "Unused for days");
        let maximum = state.node.settings().maximum_lifetime_days;
        let over = query.has("over") && maximum.is_some();
        // What ends soon is sought to see what ends first.
        let usual = if expiring_days.is_some() { "expires" } else { "name" };
        let Order { sort, descending, choices: sorts } = Order::read(query, usual);
        let filter = GrantFilter {
            owner: owner_id,
            name_prefix: Some(search.clone()).filter(|text| !text.is_empty()),
            life: listed::life(query, now).unwrap_or(match expiring_days {
                // What expires within some days has not expired yet.
                Some(_) => GrantLife::Live(now),
                None => GrantLife::Any,
            }),
            expires_before: expiring_days.map(|days| days.after(now)),
            unused_since: unused_days.map(|days| before(days, now)),
            never_expires: query.has("endless"),
            longer_than: maximum.filter(|_| over),
            owner_disabled: query.has("disabled"),
            sort,
            descending,
        };
        Ok(Self {
            search: Field::new("search", "Name begins with", search).at_most(GrantName::LONGEST),
            owner,
            expiring,
            unused,
            shows: listed::shows(query),
            sorts,
            endless: filter.never_expires,
            over,
            maximum,
            disabled: filter.owner_disabled,
            filter,
        })
    }

    /// Whether anything of it cannot be asked.
    pub(super) fn is_wrong(&self) -> bool {
        [&self.owner, &self.expiring, &self.unused].iter().any(|field| field.error.is_some())
    }

    /// Whether it asks for anything less than all tokens.
    pub(super) fn is_narrow(&self) -> bool {
        let Self { filter, .. } = self;
        let all = GrantFilter { sort: filter.sort, descending: filter.descending, ..GrantFilter::default() };
        *filter != all || self.is_wrong()
    }
}

fn days(query: &Fields, name: &'static str, label: &'static str) -> (Field, Option<Days>) {
    let mut field = Field::new(name, label, query.text(name));
    if field.value.is_empty() {
        return (field, None);
    }
    let days = field.value.parse::<u32>().ok().and_then(|days| Days::try_from(days).ok());
    if days.is_none() {
        field.error = Some("Type a number of days, 1 to 3650.".to_owned());
    }
    (field, days)
}

fn before(days: Days, now: Timestamp) -> Timestamp {
    now.checked_sub(days.length()).unwrap_or(Timestamp::MIN)
}
