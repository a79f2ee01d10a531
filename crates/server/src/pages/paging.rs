//! Pages of a list: the place that the query names, and the links to the pages before and after.

use std::fmt::Display;
use std::str::FromStr;

use patgate_store::Seek;

use super::submitted::Fields;

/// Rows on a page.
const ROWS: usize = 50;
/// How many rows are asked for: one more than are shown tells whether there is another page.
pub(super) const ASKED: u64 = ROWS as u64 + 1;

/// The links to the pages around the one that is shown, as queries; `None`: there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

/// The place in the list that a query names by `after` or `before`. One that cannot be read is the beginning.
#[must_use]
pub(super) fn place<C: FromStr>(query: &Fields) -> Seek<C> {
    // As it came: a cursor may begin or end with a blank. None has a control character, as no name has.
    let is_cursor = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
    let read = |name| Some(query.secret(name)).filter(is_cursor)?.parse().ok();
    match (read("after"), read("before")) {
        (Some(cursor), _) => Seek::After(cursor),
        (None, Some(cursor)) => Seek::Before(cursor),
        (None, None) => Seek::Start,
    }
}

/// What is searched for in a field of the query: without blanks at its ends, and without control characters. No name
/// has any, and PostgreSQL takes no text with a NUL.
#[must_use]
pub(super) fn search(query: &Fields, name: &str) -> String {
    let text: String = query.secret(name).chars().filter(|letter| !letter.is_control()).collect();
    text.trim().to_owned()
}

impl Paging {
    /// Cuts what the store gave when [`ASKED`] rows were asked for, in the order of the list, to a page.
    #[must_use]
    pub fn cut<T, C: Display>(
        mut rows: Vec<T>,
        place: &Seek<C>,
        query: &Fields,
        cursor: impl Fn(&T) -> C,
    ) -> (Vec<T>, Self) {
        let has_more = rows.len() > ROWS;
        let (has_previous, has_next) = match place {
            Seek::Start => (false, has_more),
            Seek::After(_) => (true, has_more),
            Seek::Before(_) => (has_more, true),
        };
        if has_more && matches!(place, Seek::Before(_)) {
            rows.remove(0);
        }
        rows.truncate(ROWS);
        let link = |row: Option<&T>, name, other| {
            row.map(|row| query.with(&[(name, &cursor(row).to_string()), (other, ""), ("done", "")]))
        };
        let previous = if has_previous { link(rows.first(), "before", "after") } else { None };
        let next = if has_next { link(rows.last(), "after", "before") } else { None };
        (rows, Self { previous, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(rows: std::ops::Range<u32>, query: &str) -> (Vec<u32>, Option<String>, Option<String>) {
        let query = Fields::read(query.as_bytes());
        let (rows, paging) = Paging::cut(rows.collect(), &place(&query), &query, |row| *row);
        (rows, paging.previous, paging.next)
    }

    #[test]
    fn a_page_links_to_those_around_it_and_keeps_what_was_searched() {
        let (rows, previous, next) = cut(0..51, "search=ci&done=deleted");
        assert_eq!((rows.len(), previous, next), (50, None, Some("search=ci&after=49".to_owned())));
        let (rows, previous, next) = cut(50..60, "search=ci&after=49");
        assert_eq!((rows.len(), previous, next), (10, Some("search=ci&before=50".to_owned()), None));
        // Read backwards, the surplus row is the first one.
        let (rows, previous, next) = cut(49..100, "before=100");
        assert_eq!((rows[0], rows.len()), (50, 50));
        assert_eq!((previous.as_deref(), next.as_deref()), (Some("before=50"), Some("after=99")));
        let (_, previous, next) = cut(0..50, "before=50");
        assert_eq!((previous, next.as_deref()), (None, Some("after=49")));
    }

    #[test]
    fn a_place_that_cannot_be_read_is_the_beginning() {
        for query in ["", "after=", "after=x", "before=x"] {
            assert_eq!(place::<u32>(&Fields::read(query.as_bytes())), Seek::Start, "{query}");
        }
        assert_eq!(place::<String>(&Fields::read(b"after=a%00")), Seek::Start);
    }

    #[test]
    fn what_is_searched_for_has_no_control_characters() {
        for (query, searched) in [
            ("search=+ci+1+", "ci 1"),
            ("search=a%00", "a"),
            ("search=%01a%0a+%7f%c2%85", "a"),
            ("search=%00", ""),
            ("", ""),
        ] {
            assert_eq!(search(&Fields::read(query.as_bytes()), "search"), searched, "{query}");
        }
    }
}
