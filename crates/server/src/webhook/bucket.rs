//! How many requests an endpoint takes: a token bucket of one atomic number (the generic cell rate algorithm).

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Microseconds in a minute, which is how much may come at once.
const MINUTE: i64 = 60_000_000;

/// Counts the requests of one endpoint. No lock, and nothing to sweep.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// When the bucket would be full again, in microseconds since 1970.
    full_at: AtomicI64,
}

impl Bucket {
    /// Takes one request.
    ///
    /// # Errors
    /// In how many seconds, at least one, the next would be taken.
    pub(super) fn take(&self, now: Timestamp, per_minute: u32) -> Result<(), u64> {
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let after = after_one(full_at, now, per_minute)?;
            match self.full_at.compare_exchange_weak(full_at, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => full_at = other,
            }
        }
    }

    /// Whether one would be taken now.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub(super) fn ask(&self, now: Timestamp, per_minute: u32) -> Result<(), u64> {
        after_one(self.full_at.load(Ordering::Relaxed), now, per_minute).map(drop)
    }
}

/// When a bucket that is full at this time would be full when one was taken more.
fn after_one(full_at: i64, now: Timestamp, per_minute: u32) -> Result<i64, u64> {
    let now = now.as_microsecond();
    let share = (MINUTE / i64::from(per_minute.max(1))).max(1);
    // A clock that was set back must not close the endpoint for hours.
    let from = if full_at > now + 2 * MINUTE { now } else { full_at.max(now) };
    let wait = from + share - now - MINUTE;
    if wait > 0 { Err(wait.unsigned_abs().div_ceil(1_000_000).max(1)) } else { Ok(from + share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_in_a_minute_and_the_next_is_told_when() {
        let (bucket, now) = (Bucket::default(), Timestamp::from_second(1_000_000).unwrap());
        assert!((0..100).all(|_| bucket.ask(now, 60).is_ok()), "who only asks takes nothing");
        assert!((0..60).all(|_| bucket.take(now, 60).is_ok()));
        assert_eq!(bucket.ask(now, 60), Err(1));
        assert_eq!(bucket.take(now, 60), Err(1));
        let later = now + jiff::SignedDuration::from_secs(1);
        assert_eq!((bucket.take(later, 60), bucket.take(later, 60)), (Ok(()), Err(1)));
        let (slow, third) = (Bucket::default(), now + jiff::SignedDuration::from_secs(20));
        assert_eq!((slow.take(now, 1), slow.take(third, 1)), (Ok(()), Err(40)));
    }

    #[test]
    fn a_clock_that_is_set_back_closes_nothing() {
        let (bucket, now) = (Bucket::default(), Timestamp::from_second(1_000_000).unwrap());
        assert_eq!(bucket.take(now, 1), Ok(()));
        assert_eq!(bucket.take(now - jiff::SignedDuration::from_hours(5), 1), Ok(()));
    }
}
