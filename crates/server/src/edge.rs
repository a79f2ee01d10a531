//! The edge: the only place where the clock is read and randomness is drawn. Everything below takes both as arguments.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Says what time it is.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is [`Clock::set`], for tests.
    #[must_use]
    pub fn frozen(at: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.as_millisecond()))))
    }

    /// Moves a frozen clock; the system's clock takes no orders.
    pub fn set(&self, at: Timestamp) {
        if let Some(frozen) = &self.0 {
            frozen.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// Now, in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(frozen) => Timestamp::from_millisecond(frozen.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }
}

/// The machine's time zone; UTC when it has none.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine where it is")]
pub fn machine_zone() -> TimeZone {
    TimeZone::system()
}

/// Measures how long something takes, for the log.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Draws randomness. Each draw gets a generator of its own, and the state that made it is gone: who reads the
/// process's memory later cannot reckon back to a token.
pub struct Random(Mutex<ChaCha20Rng>);

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// When the operating system gives no randomness; nothing can be done without it.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws from the operating system")]
    pub fn system() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self(Mutex::new(ChaCha20Rng::from_seed(seed))))
    }

    /// Always the same, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// A generator for one use.
    #[must_use]
    pub fn draw(&self) -> ChaCha20Rng {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut drawn, mut next) = ([0; 32], [0; 32]);
        state.fill_bytes(&mut drawn);
        state.fill_bytes(&mut next);
        *state = ChaCha20Rng::from_seed(next);
        ChaCha20Rng::from_seed(drawn)
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        let (later, clone) = (Timestamp::from_second(60).unwrap(), clock.clone());
        clone.set(later);
        assert_eq!(clock.now(), later, "clones are one clock");
    }

    #[test]
    fn no_draw_is_like_the_one_before() {
        let random = Random::seeded(1);
        assert_ne!(random.draw().next_u64(), random.draw().next_u64());
        assert_eq!(Random::seeded(1).draw().next_u64(), Random::seeded(1).draw().next_u64());
    }
}
