//! Pages of a list: the place that the query names, and the links to the pages before and after.

use std::fmt::Display;
use std::str::FromStr;

use patgate_store::Seek;

use super::submitted::Fields;

/// Rows on a page: with names of a hundred characters of two bytes, and every permission chosen, a page of them weighs less than
/// 60 kB.
pub(super) const ROWS: usize = 20;
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

/// Of a query only these fields: what is about one list of a page, for the links to the rest of it.
#[must_use]
pub(super) fn only(query: &Fields, names: &[&str]) -> Fields {
    let pairs: Vec<_> = names.iter().map(|name| (*name, query.secret(name))).collect();
    Fields::read(Fields::default().with(&pairs).as_bytes())
}

/// Whether a form asks for another part of the list that stands in it, by `look` or `turn`: nothing is saved for that.
#[must_use]
pub(super) fn is_turned(fields: &Fields) -> bool {
    fields.has("look") || fields.has("turn")
}

/// The query of the list that stands in a form: of the part that is asked for, or of the one that was shown.
#[must_use]
pub(super) fn list(fields: &Fields) -> Fields {
    if fields.has("turn") {
        Fields::read(fields.text("turn").as_bytes())
    } else if fields.has("look") {
        only(fields, &["search"])
    } else {
        Fields::read(fields.text("list").as_bytes())
    }
}

/// The same of an address, which is the query itself, unless it brings a form back after a log-in.
#[must_use]
pub(super) fn list_of_address(query: &Fields) -> Fields {
    if query.has("list") || is_turned(query) { list(query) } else { query.clone() }
}

/// The longest query of a place that one is led to, in bytes: proxies refuse an answer with a long head.
const LONGEST_PLACE: usize = 3_000;

/// The address of a part of a list, whose place these fields name. While nothing is typed in the form around the list, it is what
/// one is led to, so that the browser's back button leads to the part before; `None`: it is too long for that.
#[must_use]
pub(super) fn address(path: &str, list: &Fields, names: &[&str]) -> Option<String> {
    let place = only(list, names).with(&[]);
    match place.len() {
        0 => Some(path.to_owned()),
        1..=LONGEST_PLACE => Some(format!("{path}?{place}")),
        _ => None,
    }
}

/// The longest query of a list that is kept while somebody is asked a question.
const LONGEST_LIST: usize = 2_000;

/// What a question about rows of a list keeps of it, to lead back to the same place: its query.
#[must_use]
pub(super) fn kept(query: &Fields) -> String {
    Some(query.with(&[("done", "")])).filter(|kept| kept.len() <= LONGEST_LIST).unwrap_or_default()
}

/// The address of the list from which a question came, whose form kept it in the field `list`.
#[must_use]
pub(super) fn back(path: &str, fields: &Fields, done: &str) -> String {
    let list = Fields::read(kept(&Fields::read(fields.text("list").as_bytes())).as_bytes());
    match list.with(&[("done", done)]) {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
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

    /// The same, when only a part was looked through: the next page begins where that ended.
    #[must_use]
    pub(super) fn reaching<C: Display>(
        mut self,
        reached: Option<&C>,
        place: &Seek<C>,
        query: &Fields,
    ) -> Self {
        let Some(reached) = reached else { return self };
        let go_on =
            |name, other| Some(query.with(&[(name, &reached.to_string()), (other, ""), ("done", "")]));
        match place {
            Seek::Before(_) => self.previous = go_on("before", "after"),
            Seek::Start | Seek::After(_) => self.next = go_on("after", "before"),
        }
        self
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
        let (rows, previous, next) = cut(0..21, "search=ci&done=deleted");
        assert_eq!((rows.len(), previous, next), (20, None, Some("search=ci&after=19".to_owned())));
        let (rows, previous, next) = cut(25..35, "search=ci&after=24");
        assert_eq!((rows.len(), previous, next), (10, Some("search=ci&before=25".to_owned()), None));
        // Read backwards, the surplus row is the first one.
        let (rows, previous, next) = cut(24..45, "before=45");
        assert_eq!((rows[0], rows.len()), (25, 20));
        assert_eq!((previous.as_deref(), next.as_deref()), (Some("before=25"), Some("after=44")));
        let (_, previous, next) = cut(0..20, "before=20");
        assert_eq!((previous, next.as_deref()), (None, Some("after=19")));
    }

    #[test]
    fn a_form_is_asked_for_a_part_of_its_list() {
        for (form, wanted) in [
            ("search=x&list=after%3D3", "after=3"),
            ("search=x&list=after%3D3&look=yes", "search=x"),
            ("search=x&list=after%3D3&turn=after%3D9", "after=9"),
            ("list=after%3D3&turn=", ""),
        ] {
            let form = Fields::read(form.as_bytes());
            assert_eq!(list(&form).with(&[]), wanted);
            assert_eq!(list_of_address(&form).with(&[]), wanted);
        }
        let plain = Fields::read(b"name=a&after=3");
        assert_eq!((list(&plain).with(&[]).as_str(), list_of_address(&plain).text("after")), ("", "3"));
        let led = |list: &str| address("/list", &Fields::read(list.as_bytes()), &["search", "after"]);
        assert_eq!(led("after=3&name=a").as_deref(), Some("/list?after=3"));
        assert_eq!(led("name=a").as_deref(), Some("/list"));
        assert_eq!(led(&format!("search={}", "x".repeat(3_000))), None);
    }

    #[test]
    fn one_comes_back_to_the_place_in_the_list() {
        let list = kept(&Fields::read(b"search=a+%26&show=&after=x&done=deleted"));
        assert_eq!(list, "search=a+%26&after=x");
        let sent = url::form_urlencoded::Serializer::new(String::new()).append_pair("list", &list).finish();
        let sent = Fields::read(sent.as_bytes());
        assert_eq!(
            back("/admin/tokens", &sent, "deleted-1"),
            "/admin/tokens?search=a+%26&after=x&done=deleted-1"
        );
        assert_eq!(back("/admin/tokens", &sent, ""), "/admin/tokens?search=a+%26&after=x");
        assert_eq!(back("/admin/tokens", &Fields::default(), ""), "/admin/tokens");
        let long = Fields::read(format!("search={}", "x".repeat(3_000)).as_bytes());
        assert_eq!(kept(&long), "");
        // Whatever is sent, it is a query of this list.
        let strange = Fields::read(b"list=//evil.example%0d%0aX:y");
        assert_eq!(back("/admin/tokens", &strange, ""), "/admin/tokens");
    }

    #[test]
    fn where_a_search_ended_the_next_page_begins() {
        let query = Fields::read(b"search=ci&after=3&done=deleted");
        let reached = |place: Seek<u32>| Paging::default().reaching(Some(&7), &place, &query);
        assert_eq!(reached(Seek::After(3)).next.as_deref(), Some("search=ci&after=7"));
        assert_eq!(reached(Seek::Before(3)).previous.as_deref(), Some("search=ci&before=7"));
        let whole = Paging::default().reaching::<u32>(None, &Seek::Start, &query);
        assert_eq!(whole, Paging::default());
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
