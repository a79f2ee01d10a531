//! Who writes a list, where many ask for it at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// So long others are waited for at most each time: whoever writes a list goes no faster than its client reads.
const LONGEST: Duration = Duration::from_secs(2);

/// The lists that somebody is writing, by what was asked for.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Others>>);

/// The turn at writing a list. It ends when it is dropped, whatever became of the list.
#[derive(Debug)]
pub(super) struct Turn {
    _end: watch::Sender<()>,
}

/// The turn of somebody else.
#[derive(Clone, Debug)]
pub(super) struct Others(watch::Receiver<()>);

/// How often somebody still waits for others to write a list. Where changes keep coming, what others write is soon too old
/// for who asked after them: then each reads the list for itself.
#[derive(Debug)]
pub struct Patience {
    times: u32,
    longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { times: 2, longest: LONGEST }
    }
}

impl Patience {
    /// Waits until the turn of somebody else is over. False, and at once, when it waited often enough.
    pub(super) async fn wait_for(&mut self, mut other: Others) -> bool {
        let Some(left) = self.times.checked_sub(1) else { return false };
        self.times = left;
        // Nothing is ever sent: the end of the sender is what is waited for.
        let _ = timeout(self.longest, other.0.changed()).await;
        true
    }
}

impl Turns {
    /// The turn at the list of this name, or whose it is.
    pub(super) fn take(&self, asked: &str) -> Result<Turn, Others> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|_, turn| turn.0.has_changed().is_ok());
        match taken.entry(asked.to_owned()) {
            Entry::Occupied(other) => Err(other.get().clone()),
            Entry::Vacant(free) => {
                let (turn, others) = watch::channel(());
                free.insert(Others(others));
                Ok(Turn { _end: turn })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn of_those_who_ask_at_once_one_has_the_turn_until_it_is_dropped() {
        let turns = Turns::default();
        let turn = turns.take("items").unwrap();
        assert!(turns.take("users").is_ok(), "another list");
        let (mut one, mut two) = (Patience::default(), Patience::default());
        let mut waiting = Box::pin(one.wait_for(turns.take("items").unwrap_err()));
        let mut too = Box::pin(two.wait_for(turns.take("items").unwrap_err()));
        assert_eq!((waiting.as_mut().now_or_never(), too.as_mut().now_or_never()), (None, None));
        drop(turn);
        assert_eq!((waiting.await, too.await), (true, true));
        let turn = turns.take("items").unwrap();
        assert!(turns.take("items").is_err());
        drop(turn);
        assert!(turns.take("other").is_ok());
        assert!(turns.0.lock().unwrap().len() <= 1, "what is over is not held");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_turn_that_does_not_end() {
        let turns = Turns::default();
        let _turn = turns.take("items").unwrap();
        let mut patience = Patience { longest: Duration::from_millis(1), ..Patience::default() };
        let mut waited = Vec::new();
        for _ in 0..4 {
            waited.push(patience.wait_for(turns.take("items").unwrap_err()).await);
        }
        assert_eq!(waited, [true, true, false, false]);
    }
}
