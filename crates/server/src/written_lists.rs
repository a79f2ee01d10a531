//! Long lists as they were written before: clients that poll ask for everything again and again. Of a list in which something
//! changed, the rows that changed are written anew.
//!
//! Whether something changed is asked of the database each time, by the number of its last change: so an answer is as new as
//! one that is read, at whichever node the change was made.

mod turn;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use patgate_store::{ChangedKind, Sequence, Store, StoreError};

pub use self::turn::Patience;
use self::turn::{Turn, Turns};

/// The most bytes of all of them.
const MOST: usize = 32 * 1_024 * 1_024;
/// The most bytes of one.
const MOST_OF_ONE: usize = 8 * 1_024 * 1_024;
/// The most of them.
const MANY: usize = 32;
/// So many changes are looked through for one that matters; after more, a list is read anew.
const CHANGES: u64 = 200;
/// So many rows of a list are written anew; when more changed, all are.
pub const ROWS: usize = 20;

/// The lists of a node.
#[derive(Debug, Default)]
pub struct WrittenLists {
    known: Mutex<VecDeque<Known>>,
    turns: Turns,
}

/// What a list is: what was asked for, and what can change it.
#[derive(Clone, Debug)]
pub struct ListName {
    /// The call, its form, and all that it was asked with.
    pub asked: String,
    /// What its rows are: a change of this kind can change the row of its subject, and no other.
    pub rows: ChangedKind,
    /// Changes of these kinds can change what its rows have from elsewhere: see [`WrittenRow::fact`].
    pub others: &'static [ChangedKind],
}

/// What is known of a list.
#[derive(Debug)]
pub enum KnownList {
    /// It is as it was written.
    Unchanged(Bytes),
    /// These rows of it may be others, or gone, or new.
    Changed {
        /// As it was.
        before: Arc<Rows>,
        /// The subjects of the changes.
        ids: BTreeSet<i64>,
        /// Whether those whose fact is another one have changed as well.
        facts: bool,
        /// What to write it into.
        draft: Draft,
    },
    /// Nothing that helps.
    Unknown(Draft),
}

/// Rows of a list as they are written, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    text: Vec<u8>,
    ends: Vec<End>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenRow<'r> {
    /// Whose it is.
    pub id: i64,
    /// What it has from elsewhere, such as whether a user is an administrator.
    pub fact: bool,
    /// As it is written.
    pub text: &'r [u8],
}

/// Where the text of a row ends, and all else of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    at: usize,
    id: i64,
    fact: bool,
}

/// A list while it is written.
#[derive(Debug)]
pub struct Draft {
    name: ListName,
    /// The last change before anything of it was read.
    since: Sequence,
    rows: Rows,
    is_too_long: bool,
    /// While it is there, others who ask for the list wait for this one.
    turn: Option<Turn>,
}

/// A list as it was written.
#[derive(Clone, Debug)]
struct Known {
    asked: String,
    /// It is as it would be read after this change.
    at: Sequence,
    rows: Arc<Rows>,
}

/// The text of rows for an answer, without a copy of it.
struct Text(Arc<Rows>);

impl WrittenLists {
    /// What is known of a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, store: &Store, name: ListName) -> Result<KnownList, StoreError> {
        let last = store.last_sequence().await?;
        let known = self.known().iter().find(|known| known.asked == name.asked).cloned();
        let draft = Draft::new(name, last);
        let Some(known) = known else { return Ok(KnownList::Unknown(draft)) };
        match changed(store, &draft.name, known.at, last).await? {
            Some((ids, false)) if ids.is_empty() => {
                let text = Bytes::from_owner(Text(Arc::clone(&known.rows)));
                self.put(Known { at: last, ..known });
                Ok(KnownList::Unchanged(text))
            }
            Some((ids, facts)) => Ok(KnownList::Changed { before: known.rows, ids, facts, draft }),
            None => Ok(KnownList::Unknown(draft)),
        }
    }

    /// Whether the list is to be written now, and others wait for that: of many who ask at once, one writes it. Otherwise
    /// somebody else did, or went away, or was waited for long enough: then the list is to be looked for again, which finds
    /// nothing that is older than who asks. When there is no patience left, it is to be written whoever else does.
    pub async fn takes_turn(&self, draft: &mut Draft, patience: &mut Patience) -> bool {
        if draft.turn.is_some() || draft.is_too_long {
            return true;
        }
        match self.turns.take(&draft.name.asked) {
            Ok(turn) => draft.turn = Some(turn),
            Err(other) => return !patience.wait_for(other).await,
        }
        true
    }

    /// Remembers a list that was written to its end. `None`, and nothing is remembered, when something changed meanwhile or
    /// it is too long.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep(&self, store: &Store, draft: Draft) -> Result<Option<Bytes>, StoreError> {
        let last = store.last_sequence().await?;
        let changed = changed(store, &draft.name, draft.since, last).await?;
        let is_unchanged = changed.is_some_and(|(ids, facts)| ids.is_empty() && !facts);
        if draft.is_too_long || !is_unchanged {
            return Ok(None);
        }
        let mut rows = draft.rows;
        rows.text.shrink_to_fit();
        let rows = Arc::new(rows);
        self.put(Known { asked: draft.name.asked, at: last, rows: Arc::clone(&rows) });
        Ok(Some(Bytes::from_owner(Text(rows))))
    }

    /// How many bytes are remembered.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.known().iter().map(|known| known.rows.size()).sum()
    }

    /// Puts a list before all others; those that were not asked for the longest make room.
    fn put(&self, new: Known) {
        let mut known = self.known();
        known.retain(|other| other.asked != new.asked);
        known.push_front(new);
        let mut bytes = 0;
        known.retain(|list| {
            bytes += list.rows.size();
            bytes <= MOST
        });
        known.truncate(MANY);
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft {
    fn new(name: ListName, since: Sequence) -> Self {
        Self { name, since, rows: Rows::default(), is_too_long: false, turn: None }
    }

    /// The last change before anything of it was read.
    #[must_use]
    pub fn since(&self) -> Sequence {
        self.since
    }

    /// Adds rows at the end; a list that is too long to be remembered is not held, and nobody waits for it.
    pub fn add(&mut self, rows: &Rows) {
        self.is_too_long |= self.rows.size() + rows.size() > MOST_OF_ONE;
        match self.is_too_long {
            true => (self.rows, self.turn) = (Rows::default(), None),
            false => rows.each().for_each(|row| self.rows.push(row)),
        }
    }

    /// The list with these rows, as new as this draft.
    #[must_use]
    pub fn with(&self, rows: Rows) -> Self {
        let is_too_long = rows.size() > MOST_OF_ONE;
        Self { name: self.name.clone(), since: self.since, rows, is_too_long, turn: None }
    }
}

impl Rows {
    /// Adds a row at the end.
    pub fn push(&mut self, WrittenRow { id, fact, text }: WrittenRow<'_>) {
        self.text.extend_from_slice(text);
        self.ends.push(End { at: self.text.len(), id, fact });
    }

    /// All of them, one after the other.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = WrittenRow<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end.at));
        starts.zip(&self.ends).map(|(start, end)| WrittenRow {
            id: end.id,
            fact: end.fact,
            text: &self.text[start..end.at],
        })
    }

    /// These without the rows of `changed`, and with `new` ones: each before the row of this id, or at the end. `None` when
    /// there is no such row.
    #[must_use]
    pub fn mended(&self, changed: &BTreeSet<i64>, new: &Rows, before: &[Option<i64>]) -> Option<Self> {
        let mut inserted: BTreeMap<Option<i64>, Vec<WrittenRow<'_>>> = BTreeMap::new();
        for (row, before) in new.each().zip(before) {
            inserted.entry(*before).or_default().push(row);
        }
        let mut mended = Self {
            text: Vec::with_capacity(self.text.len() + new.text.len()),
            ends: Vec::with_capacity(self.ends.len() + new.ends.len()),
        };
        for row in self.each().filter(|row| !changed.contains(&row.id)) {
            let before = inserted.remove(&Some(row.id)).into_iter().flatten();
            before.chain([row]).for_each(|row| mended.push(row));
        }
        let last = inserted.remove(&None).into_iter().flatten();
        last.for_each(|row| mended.push(row));
        inserted.is_empty().then_some(mended)
    }

    fn size(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<End>()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.text()
    }
}

/// The rows that the changes behind the first and up to the last can have changed, and whether facts can have. `None` when that
/// is not known, or there are too many.
async fn changed(
    store: &Store,
    name: &ListName,
    first: Sequence,
    last: Sequence,
) -> Result<Option<(BTreeSet<i64>, bool)>, StoreError> {
    if first == last {
        return Ok(Some((BTreeSet::new(), false)));
    }
    let changes = match store.changes_after(first, CHANGES).await {
        Err(StoreError::LogPruned(_)) => return Ok(None),
        changes => changes?,
    };
    let is_all = changes.last().is_some_and(|change| change.sequence >= last);
    let facts = changes.iter().any(|change| name.others.contains(&change.kind));
    let of_rows = changes.iter().filter(|change| change.kind == name.rows);
    let ids: BTreeSet<i64> = of_rows.map(|change| change.subject).collect();
    Ok((is_all && ids.len() <= ROWS).then_some((ids, facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(all: &[(i64, &str)]) -> Rows {
        let mut rows = Rows::default();
        all.iter()
            .for_each(|(id, text)| rows.push(WrittenRow { id: *id, fact: false, text: text.as_bytes() }));
        rows
    }

    fn known(asked: &str, bytes: usize) -> Known {
        let rows = Rows { text: vec![b'x'; bytes], ends: Vec::new() };
        Known { asked: asked.to_owned(), at: Sequence::START, rows: Arc::new(rows) }
    }

    fn asked(lists: &WrittenLists) -> Vec<String> {
        lists.known().iter().map(|known| known.asked.clone()).collect()
    }

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room() {
        let lists = WrittenLists::default();
        for number in 0..40 {
            lists.put(known(&number.to_string(), 1));
        }
        assert_eq!((asked(&lists).len(), &*asked(&lists)[0]), (MANY, "39"));
        for number in 0..5 {
            lists.put(known(&format!("long {number}"), MOST_OF_ONE));
        }
        assert_eq!(asked(&lists), ["long 4", "long 3", "long 2", "long 1"], "32 MiB");
        lists.put(known("long 2", 7));
        assert_eq!(asked(&lists)[..2], ["long 2", "long 4"], "each is there once");
    }

    #[test]
    fn what_is_too_long_is_not_held() {
        let name = ListName { asked: String::new(), rows: ChangedKind::Item, others: &[] };
        let mut draft = Draft::new(name, Sequence::START);
        let piece = rows(&[(1, &"x".repeat(1_024 * 1_024))]);
        for _ in 0..20 {
            draft.add(&piece);
        }
        assert!(draft.is_too_long && draft.rows == Rows::default());
    }

    #[test]
    fn rows_are_mended_where_they_changed() {
        let before = rows(&[(1, "a"), (2, "bb"), (3, "c"), (4, "dd")]);
        let mended = |changed: &[i64], new: &[(i64, &str)], places: &[Option<i64>]| {
            before.mended(&changed.iter().copied().collect(), &rows(new), places)
        };
        assert_eq!(mended(&[9], &[], &[]).as_ref(), Some(&before), "another list's");
        assert_eq!(mended(&[1, 4], &[], &[]), Some(rows(&[(2, "bb"), (3, "c")])), "two are gone");
        let changed = rows(&[(1, "a"), (2, "B"), (3, "c"), (4, "dd")]);
        assert_eq!(mended(&[2], &[(2, "B")], &[Some(3)]), Some(changed), "one is another");
        let moved = rows(&[(2, "B"), (3, "c"), (4, "dd"), (1, "z")]);
        assert_eq!(mended(&[1, 2], &[(2, "B"), (1, "z")], &[Some(3), None]), Some(moved), "and one moved");
        let made = rows(&[(5, "x"), (6, "y"), (1, "a"), (2, "bb"), (3, "c"), (4, "dd")]);
        assert_eq!(mended(&[5, 6], &[(5, "x"), (6, "y")], &[Some(1), Some(1)]), Some(made), "two are new");
        assert_eq!(mended(&[5], &[(5, "x")], &[Some(7)]), None, "before a row that is not there");
    }
}
