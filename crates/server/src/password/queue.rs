//! Who may go on now: a few at once, some waiting, the rest sent away. A hash takes two cores and 7 MiB for its time, a
//! directory is asked over the network, and anybody can ask for either.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PasswordRefused;
use super::memory::{Kept, Memory};

/// Hashes at one time.
const AT_ONCE: usize = 2;
/// Those who ask directories at one time: most of it is waiting.
const ASKING_AT_ONCE: usize = 8;
/// Those who may wait for their turn.
const WAITING: usize = 64;

/// The queue before the hash, or before the directories.
#[derive(Clone)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    kept: Kept,
}

/// The right to go on now. It is held until the work is done, even when nobody waits for the result any more.
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
    kept: Kept,
}

impl Default for Queue {
    fn default() -> Self {
        Self::new(AT_ONCE)
    }
}

impl Queue {
    /// The one before the directories.
    pub(super) fn of_directories() -> Self {
        Self::new(ASKING_AT_ONCE)
    }

    fn new(at_once: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(at_once + WAITING), turns: semaphore(at_once), kept: Kept::default() }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`PasswordRefused::Busy`] at once when all places are taken.
    pub(super) async fn wait(&self) -> Result<Turn, PasswordRefused> {
        let later = |_| PasswordRefused::Busy;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(later)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordRefused::Busy)?;
        Ok(Turn { _place: place, _turn: turn, kept: self.kept.clone() })
    }
}

impl Turn {
    /// Does the work on a thread that may block, in memory that an earlier turn left.
    ///
    /// # Errors
    /// [`PasswordRefused::Busy`] when the program is ending.
    pub(super) async fn spend<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PasswordRefused> {
        let done = tokio::task::spawn_blocking(move || {
            let mut memory = self.kept.take();
            let done = work(&mut memory);
            self.kept.put(memory);
            drop(self);
            done
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a password was not hashed to the end");
            PasswordRefused::Busy
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_sent_away_at_once() {
        let queue = Queue::default();
        let (first, second) = (queue.wait().await.unwrap(), queue.wait().await.unwrap());
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.wait().await.is_ok() })
            })
            .collect();
        while queue.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(queue.wait().await, Err(PasswordRefused::Busy)));
        drop((first, second));
        for waited in waiting {
            assert!(waited.await.unwrap());
        }
        assert!(queue.wait().await.is_ok());
    }

    #[tokio::test]
    async fn who_hangs_up_keeps_the_turn_until_the_work_is_done() {
        let queue = Queue::default();
        let (release, hold) = mpsc::channel::<()>();
        let turn = queue.wait().await.unwrap();
        let mut client = Box::pin(turn.spend(move |_| hold.recv()));
        assert!(futures_util::poll!(client.as_mut()).is_pending());
        drop(client);
        assert_eq!(queue.turns.available_permits(), AT_ONCE - 1);
        release.send(()).unwrap();
        drop(Arc::clone(&queue.turns).acquire_many_owned(AT_ONCE as u32).await.unwrap());
    }
}
