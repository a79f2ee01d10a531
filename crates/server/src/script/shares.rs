//! What each person may take at a time of what there is for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use patgate_core::identifier::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shares of those who take something, or wait for it.
pub(super) struct Shares {
    /// As much is the share of each.
    each: usize,
    /// For each of them: what is left of it.
    left: Mutex<HashMap<UserId, Arc<Semaphore>>>,
}

impl Shares {
    /// Of each person so many at a time.
    pub(super) fn new(each: usize) -> Self {
        Self { each, left: Mutex::default() }
    }

    /// Waits until somebody has less than their share, and counts one more until what is returned is dropped. Nothing when there
    /// is none to wait for.
    pub(super) async fn take(&self, whose: UserId) -> Option<OwnedSemaphorePermit> {
        self.left_of(whose).acquire_owned().await.ok()
    }

    fn left_of(&self, whose: UserId) -> Arc<Semaphore> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        // Those who have nothing and wait for nothing any more are forgotten.
        left.retain(|_, left| Arc::strong_count(left) > 1);
        Arc::clone(left.entry(whose).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_has_their_share_waits_until_one_of_theirs_ends_and_nobody_else_does() {
        let shares = Shares::new(1);
        let has_room = async |whose: i64| {
            tokio::time::timeout(Duration::ZERO, shares.take(UserId::from_i64(whose))).await.is_ok()
        };
        let of_ann = shares.take(UserId::from_i64(1)).await;
        assert_eq!((has_room(1).await, has_room(2).await), (false, true));
        drop(of_ann);
        assert!(has_room(1).await);
        let of_carl = shares.take(UserId::from_i64(3)).await;
        assert!(of_carl.is_some());
        assert_eq!(shares.left.lock().unwrap().len(), 1, "the others are forgotten");
    }
}
