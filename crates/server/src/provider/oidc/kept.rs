//! What is fetched from a provider and kept for a while: its discovery document, its keys.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::fault::OidcFault;

/// How long anything is kept.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// How long nobody asks again, whoever wants something newer, and whatever came of it.
const SHORTEST: SignedDuration = SignedDuration::from_secs(30);

/// One thing, at most an hour old.
#[derive(Debug)]
pub(super) struct Kept<T> {
    /// Held for moments.
    slot: Mutex<Slot<T>>,
    /// Held by who fetches; who has something that counts does not wait for it.
    fetching: tokio::sync::Mutex<()>,
    /// How often it was fetched, well or not.
    fetches: AtomicU64,
}

#[derive(Debug)]
struct Slot<T> {
    kept: Option<(Arc<T>, Timestamp)>,
    /// The last fetch, if it went wrong.
    failed: Option<(OidcFault, Timestamp)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(Slot { kept: None, failed: None }),
            fetching: tokio::sync::Mutex::default(),
            fetches: AtomicU64::new(0),
        }
    }
}

impl<T> Kept<T> {
    /// What is kept, or what is fetched now. Who waits while another fetches takes what that one got, the fault too, and
    /// so does everybody for 30 s: a provider that does not answer holds people up once, not one after the other.
    pub(super) async fn get<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F) -> Result<Arc<T>, OidcFault>
    where
        F: Future<Output = Result<T, OidcFault>>,
    {
        self.younger_than(LONGEST, now, fetch).await
    }

    /// As [`Kept::get`], but fetched anew unless that was tried within the last 30 s.
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
        if let Some(known) = self.slot().known(age, now) {
            return known;
        }
        let before = self.fetches.load(Ordering::Acquire);
        let _turn = self.fetching.lock().await;
        {
            let slot = self.slot();
            if let Some(known) = slot.known(age, now) {
                return known;
            }
            // A fetch may have taken longer than what came of it counts.
            if before != self.fetches.load(Ordering::Acquire)
                && let Some((fault, _)) = &slot.failed
            {
                return Err(fault.clone());
            }
        }
        let fetched = fetch().await.map(Arc::new);
        let mut slot = self.slot();
        self.fetches.fetch_add(1, Ordering::AcqRel);
        match &fetched {
            Ok(value) => *slot = Slot { kept: Some((Arc::clone(value), now)), failed: None },
            Err(fault) => slot.failed = Some((fault.clone(), now)),
        }
        fetched
    }

    fn slot(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Slot<T> {
    /// What need not be fetched: something of this age, or the fault of who tried a moment ago.
    fn known(&self, age: SignedDuration, now: Timestamp) -> Option<Result<Arc<T>, OidcFault>> {
        // Either way: who set the clock back does not keep an old thing for ever.
        let is_within = |at: Timestamp, age: SignedDuration| now.duration_since(at).abs() < age;
        let kept = self.kept.as_ref().filter(|(_, at)| is_within(*at, age));
        let failed = self.failed.as_ref().filter(|(_, at)| is_within(*at, SHORTEST));
        match (kept, failed) {
            (Some((kept, _)), _) => Some(Ok(Arc::clone(kept))),
            (None, Some((fault, _))) => Some(Err(fault.clone())),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use futures_util::FutureExt;

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
    async fn who_waits_shares_the_fault_of_who_asked_and_nobody_tries_again_for_half_a_minute() {
        let (kept, fetches) = (Kept::<()>::default(), AtomicUsize::new(0));
        let fetch = || async {
            fetches.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(OidcFault::SomebodyElse)
        };
        // The other one came long after, and still waits for the same answer.
        let both = tokio::join!(kept.get(second(0), fetch), kept.get(second(50), fetch));
        assert!(both.0.is_err() && both.1.is_err());
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
        for (at, expected) in [(29, 1), (30, 2), (59, 2), (60, 3)] {
            assert!(
                kept.get(second(at), fetch).await.is_err() && kept.renewed(second(at), fetch).await.is_err()
            );
            assert_eq!(fetches.load(Ordering::SeqCst), expected, "at {at}");
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_read_while_another_waits_for_a_newer_one_and_after_that_failed() {
        let kept = Kept::default();
        kept.get(second(0), || async { Ok(1) }).await.unwrap();
        let unasked = || async { panic!("it is kept") };
        {
            let mut renewed = pin!(kept.renewed(second(60), std::future::pending::<Result<i32, OidcFault>>));
            assert!(renewed.as_mut().now_or_never().is_none());
            assert_eq!(kept.get(second(60), unasked).now_or_never().unwrap(), Ok(Arc::new(1)));
        }
        let failing = || async { Err(OidcFault::SomebodyElse) };
        assert!(kept.renewed(second(60), failing).await.is_err());
        assert!(kept.renewed(second(89), unasked).await.is_err(), "a fault counts for 30 s too");
        assert_eq!(kept.get(second(89), unasked).await, Ok(Arc::new(1)));
        assert_eq!(kept.renewed(second(90), || async { Ok(2) }).await, Ok(Arc::new(2)));
    }
}
