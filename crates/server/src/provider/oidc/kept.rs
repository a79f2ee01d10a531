//! What is fetched from a provider and kept for a while: its discovery document, its keys.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::fault::OidcFault;

/// How long anything is kept.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// How long something is kept at least, whoever asks for a newer one.
const SHORTEST: SignedDuration = SignedDuration::from_secs(30);

/// One thing, at most an hour old.
#[derive(Debug)]
pub(super) struct Kept<T> {
    slot: Mutex<Slot<T>>,
    /// How often it was fetched, well or not.
    fetches: AtomicU64,
}

#[derive(Debug)]
struct Slot<T> {
    kept: Option<(Arc<T>, Timestamp)>,
    failed: Option<OidcFault>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { slot: Mutex::new(Slot { kept: None, failed: None }), fetches: AtomicU64::new(0) }
    }
}

impl<T> Kept<T> {
    /// What is kept, or what is fetched now. Who waits while another fetches takes what that one got, the fault too:
    /// a provider that does not answer holds everybody up once, not one after the other.
    pub(super) async fn get<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F) -> Result<Arc<T>, OidcFault>
    where
        F: Future<Output = Result<T, OidcFault>>,
    {
        self.younger_than(LONGEST, now, fetch).await
    }

    /// As [`Kept::get`], but fetched anew unless that was done within the last 30 s.
    pub(super) async fn renewed<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, OidcFault>
    where
        F: Future<Output = Result<T, OidcFault>>,
    {
        self.younger_than(SHORTEST, now, fetch).await
    }

    async fn younger_than<F>(
        &self,
        age: SignedDuration,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, OidcFault>
    where
        F: Future<Output = Result<T, OidcFault>>,
    {
        let before = self.fetches.load(Ordering::Acquire);
        let mut slot = self.slot.lock().await;
        if let Some((kept, at)) = &slot.kept
            && now.duration_since(*at) < age
        {
            return Ok(Arc::clone(kept));
        }
        if before != self.fetches.load(Ordering::Acquire)
            && let Some(fault) = &slot.failed
        {
            return Err(fault.clone());
        }
        let fetched = fetch().await;
        self.fetches.fetch_add(1, Ordering::AcqRel);
        match fetched {
            Ok(value) => {
                let value = Arc::new(value);
                *slot = Slot { kept: Some((Arc::clone(&value), now)), failed: None };
                Ok(value)
            }
            Err(fault) => {
                slot.failed = Some(fault.clone());
                Err(fault)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_at_most_an_hour_old_and_renewed_at_most_each_half_minute() {
        let (kept, fetches) = (Kept::default(), AtomicUsize::new(0));
        let fetch = || async { Ok(fetches.fetch_add(1, Ordering::SeqCst)) };
        for (at, expected) in [(0, 0), (3_599, 0), (3_600, 1), (3_601, 1)] {
            assert_eq!(*kept.get(second(at), fetch).await.unwrap(), expected, "at {at}");
        }
        for (at, expected) in [(3_629, 1), (3_630, 2), (3_631, 2), (3_660, 3)] {
            assert_eq!(*kept.renewed(second(at), fetch).await.unwrap(), expected, "at {at}");
        }
    }

    #[tokio::test]
    async fn who_waits_shares_the_fault_of_who_asked_and_the_next_one_tries_again() {
        let (kept, fetches) = (Kept::<()>::default(), AtomicUsize::new(0));
        let fetch = || async {
            fetches.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(OidcFault::SomebodyElse)
        };
        let both = tokio::join!(kept.get(second(0), fetch), kept.get(second(0), fetch));
        assert!(both.0.is_err() && both.1.is_err());
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
        assert!(kept.get(second(0), fetch).await.is_err());
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
    }
}
