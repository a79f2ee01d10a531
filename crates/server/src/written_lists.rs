//! Long lists as they were written before, for as long as nothing changed that is in them: clients that poll ask for
//! everything again and again.
//!
//! Whether something changed is asked of the database each time, by the number of its last change: so an answer is as new as
//! one that is read, at whichever node the change was made.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use patgate_store::{ChangedKind, Sequence, Store, StoreError};

/// The most bytes of all of them.
const MOST: usize = 32 * 1_024 * 1_024;
/// The most bytes of one.
const MOST_OF_ONE: usize = 8 * 1_024 * 1_024;
/// The most of them.
const MANY: usize = 32;
/// So many changes are looked through for one that matters; after more, a list is read anew.
const CHANGES: u64 = 200;

/// The lists of a node.
#[derive(Debug, Default)]
pub struct WrittenLists(Mutex<VecDeque<Known>>);

/// What a list is: what was asked for, and what can change it.
#[derive(Clone, Debug)]
pub struct ListName {
    /// The call, its form, and all that it was asked with.
    pub asked: String,
    /// Changes of these kinds alone make it another one.
    pub kinds: &'static [ChangedKind],
}

/// A list while it is written for the first time.
#[derive(Debug)]
pub struct Draft {
    name: ListName,
    /// The last change before anything of it was read.
    since: Sequence,
    pieces: Vec<Bytes>,
}

/// A list as it was written.
#[derive(Clone, Debug)]
struct Known {
    asked: String,
    /// It is as it would be read after this change.
    at: Sequence,
    pieces: Vec<Bytes>,
}

impl WrittenLists {
    /// The pieces of a list that is still as it was written; otherwise what to write it into.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, store: &Store, name: ListName) -> Result<Result<Vec<Bytes>, Draft>, StoreError> {
        let last = store.last_sequence().await?;
        let known = self.known().iter().find(|known| known.asked == name.asked).cloned();
        if let Some(known) = known
            && is_unchanged(store, name.kinds, known.at, last).await?
        {
            let pieces = known.pieces.clone();
            self.put(Known { at: last, ..known });
            return Ok(Ok(pieces));
        }
        Ok(Err(Draft { name, since: last, pieces: Vec::new() }))
    }

    /// Remembers a list that was written to its end, unless something changed meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep(&self, store: &Store, draft: Draft) -> Result<(), StoreError> {
        let last = store.last_sequence().await?;
        if size(&draft.pieces) <= MOST_OF_ONE
            && is_unchanged(store, draft.name.kinds, draft.since, last).await?
        {
            self.put(Known { asked: draft.name.asked, at: last, pieces: draft.pieces });
        }
        Ok(())
    }

    /// How many bytes are remembered.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.known().iter().map(|known| size(&known.pieces)).sum()
    }

    /// Puts a list before all others; those that were not asked for the longest make room.
    fn put(&self, new: Known) {
        let mut known = self.known();
        known.retain(|other| other.asked != new.asked);
        known.push_front(new);
        let mut bytes = 0;
        known.retain(|list| {
            bytes += size(&list.pieces);
            bytes <= MOST
        });
        known.truncate(MANY);
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft {
    /// The last change before anything of it was read.
    #[must_use]
    pub fn since(&self) -> Sequence {
        self.since
    }

    /// Adds what was written; what is too long to be remembered is not held.
    pub fn add(&mut self, piece: &Bytes) {
        if size(&self.pieces) <= MOST_OF_ONE {
            self.pieces.push(piece.clone());
        }
    }
}

/// Whether no change behind the first and up to the last is of one of these kinds.
async fn is_unchanged(
    store: &Store,
    kinds: &[ChangedKind],
    first: Sequence,
    last: Sequence,
) -> Result<bool, StoreError> {
    if first == last {
        return Ok(true);
    }
    let rows = match store.changes_after(first, CHANGES).await {
        Err(StoreError::LogPruned(_)) => return Ok(false),
        rows => rows?,
    };
    let is_all = rows.last().is_some_and(|row| row.sequence >= last);
    Ok(is_all && rows.iter().all(|row| !kinds.contains(&row.kind)))
}

fn size(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(asked: &str, bytes: usize) -> Known {
        Known { asked: asked.to_owned(), at: Sequence::START, pieces: vec![Bytes::from(vec![b'x'; bytes])] }
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
        let name = ListName { asked: String::new(), kinds: &[] };
        let mut draft = Draft { name, since: Sequence::START, pieces: Vec::new() };
        for _ in 0..20 {
            draft.add(&Bytes::from(vec![b'x'; 1_024 * 1_024]));
        }
        assert_eq!(draft.pieces.len(), 9);
    }
}
