//! What is asked of the list: from the fields of its form to the store's filter.

use jiff::{SignedDuration, Timestamp};
use patgate_core::policy::Days;
use patgate_core::user::Username;
use patgate_store::{GrantFilter, GrantLife, GrantSort};

use crate::pages::{Choice, Field, Fields, paging};
use crate::problem::Problem;
use crate::state::AppState;

/// By what the list is sorted: the word in the address, what it is called, and what it means.
const SORTS: [(&str, &str, GrantSort, bool); 6] = [
    ("name", "Name, A to Z", GrantSort::Name, false),
    ("-name", "Name, Z to A", GrantSort::Name, true),
    ("-created", "Newest first", GrantSort::CreatedAt, true),
    ("created", "Oldest first", GrantSort::CreatedAt, false),
    ("expires", "Expires soonest", GrantSort::ExpiresAt, false),
    ("-expires", "Expires latest", GrantSort::ExpiresAt, true),
];

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
    /// When the database does not answer. What is wrong with a field stands beside it.
    pub(super) async fn read(state: &AppState, query: &Fields) -> Result<Self, Problem> {
        let now = state.clock.now();
        let search = paging::search(query, "search");
        let mut owner = Field::new("owner", "Owner", query.text("owner"));
        let mut owner_id = None;
        if !owner.value.is_empty() {
            let user = match owner.value.parse::<Username>() {
                Ok(name) => state.store.user_by_name(&name).await?,
                Err(_) => None,
            };
            match user {
                Some(user) => owner_id = Some(user.id),
                None => owner.error = Some(format!("There is no user “{}”.", owner.value)),
            }
        }
        let (expiring, expiring_days) = days(query, "expiring", "Expiring within days");
        let (unused, unused_days) = days(query, "unused", "Unused for days");
        let maximum = state.node.settings().maximum_lifetime_days;
        let over = query.has("over") && maximum.is_some();
        // What ends soon is sought to see what ends first.
        let usual = if expiring_days.is_some() { "expires" } else { "name" };
        let wanted = Some(query.text("sort")).filter(|word| SORTS.iter().any(|(known, ..)| known == word));
        let sort = wanted.unwrap_or(usual);
        let (_, _, order, descending) = SORTS.iter().find(|(word, ..)| *word == sort).unwrap_or(&SORTS[0]);
        let filter = GrantFilter {
            owner: owner_id,
            name_prefix: Some(search.clone()).filter(|text| !text.is_empty()),
            life: match query.text("show") {
                "active" => GrantLife::Live(now),
                "expired" => GrantLife::Expired(now),
                // What expires within some days has not expired yet.
                _ if expiring_days.is_some() => GrantLife::Live(now),
                _ => GrantLife::Any,
            },
            expires_before: expiring_days.map(|days| days.after(now)),
            unused_since: unused_days.map(|days| before(days, now)),
            never_expires: query.has("endless"),
            longer_than: maximum.filter(|_| over),
            owner_disabled: query.has("disabled"),
            sort: *order,
            descending: *descending,
        };
        let shows = [("all", "All tokens"), ("active", "Active ones"), ("expired", "Expired ones")];
        Ok(Self {
            search: Field::new("search", "Name begins with", search),
            owner,
            expiring,
            unused,
            shows: shows.map(|(word, label)| Choice::new(word, label, query.text("show"))).to_vec(),
            sorts: SORTS.iter().map(|(word, label, ..)| Choice::new(*word, *label, sort)).collect(),
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
    let life = SignedDuration::from_hours(i64::from(u32::from(days)) * 24);
    now.checked_sub(life).unwrap_or(Timestamp::MIN)
}
