//! How a list of tokens is narrowed and sorted: alike for one's own and for everybody's.

use jiff::Timestamp;
use patgate_store::{GrantLife, GrantSort};

use crate::pages::{Choice, Fields};

/// By what a list is sorted: the word in the address, what it is called, and what it means.
const SORTS: [(&str, &str, GrantSort, bool); 6] = [
    ("name", "Name, A to Z", GrantSort::Name, false),
    ("-name", "Name, Z to A", GrantSort::Name, true),
    ("-created", "Newest first", GrantSort::CreatedAt, true),
    ("created", "Oldest first", GrantSort::CreatedAt, false),
    ("expires", "Expires soonest", GrantSort::ExpiresAt, false),
    ("-expires", "Expires latest", GrantSort::ExpiresAt, true),
];

/// The order of a list, and what it could be.
pub(in crate::pages) struct Order {
    pub(in crate::pages) sort: GrantSort,
    pub(in crate::pages) descending: bool,
    pub(in crate::pages) choices: Vec<Choice>,
}

impl Order {
    /// The order that a query asks for; `usual` is the word of the one that stands for none and for one unknown. The form
    /// sends none for the usual one: what nobody chose is another one when something else is looked for.
    pub(in crate::pages) fn read(query: &Fields, usual: &str) -> Self {
        let find = |wanted: &str| SORTS.iter().find(|(word, ..)| *word == wanted);
        let (chosen, _, sort, descending) =
            *find(query.text("sort")).or_else(|| find(usual)).unwrap_or(&SORTS[0]);
        let sent = |word: &'static str| if word == usual { "" } else { word };
        let choices = SORTS.map(|(word, label, ..)| Choice::new(sent(word), label, sent(chosen))).to_vec();
        Self { sort, descending, choices }
    }
}

/// Whether expired tokens are shown, as a query asks; `None`: it does not say.
pub(in crate::pages) fn life(query: &Fields, now: Timestamp) -> Option<GrantLife> {
    match query.text("show") {
        "active" => Some(GrantLife::Live(now)),
        "expired" => Some(GrantLife::Expired(now)),
        _ => None,
    }
}

/// What can be shown of a list.
pub(in crate::pages) fn shows(query: &Fields) -> Vec<Choice> {
    let all = [("all", "All tokens"), ("active", "Active ones"), ("expired", "Expired ones")];
    all.map(|(word, label)| Choice::new(word, label, query.text("show"))).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_order_is_the_usual_one_which_nobody_has_to_choose() {
        let order = |query: &str| {
            let order = Order::read(&Fields::read(query.as_bytes()), "-created");
            let chosen = order.choices.iter().find(|choice| choice.is_chosen).unwrap();
            (chosen.value.clone(), chosen.label.clone(), order.sort, order.descending)
        };
        let (by_end, newest) = ("Expires soonest".to_owned(), "Newest first".to_owned());
        assert_eq!(order("sort=expires"), ("expires".to_owned(), by_end, GrantSort::ExpiresAt, false));
        for query in ["", "sort=", "sort=owner", "sort=-created"] {
            let usual = (String::new(), newest.clone(), GrantSort::CreatedAt, true);
            assert_eq!(order(query), usual, "{query}");
        }
    }
}
