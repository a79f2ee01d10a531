//! How wrong passwords slow down whoever tries them.
//!
//! The first [`FREE`] wrong ones cost nothing. After that each doubles the time until the next try, from one second up
//! to [`LONGEST`], and a quiet [`MEMORY`] makes them forgotten. Tokens and sessions are never counted here.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

/// Wrong passwords before the next one has to wait.
pub const FREE: u32 = 5;
/// The longest wait.
pub const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// How long a wrong password is remembered after the last one.
pub const MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// How many keys one [`Throttle`] remembers.
///
/// Whoever wants to push a key out must fail that often under other keys, each time waiting for a slow hash: on a
/// machine that does a hundred of them a second that takes longer than [`LONGEST`], and gains nothing.
pub const CAPACITY: usize = 100_000;

/// Wrong passwords under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    /// One more wrong password, after those before it that are still remembered.
    #[must_use]
    pub fn after(before: Option<Self>, now: Timestamp) -> Self {
        let remembered =
            before.filter(|failures| !failures.is_forgotten(now)).map_or(0, |failures| failures.count);
        Self { count: remembered.saturating_add(1), last: now }
    }

    /// How long until the next try; `None` when it may be now.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<SignedDuration> {
        let doublings = self.count.checked_sub(FREE)?;
        let delay =
            1_i64.checked_shl(doublings.min(62)).map_or(LONGEST, SignedDuration::from_secs).min(LONGEST);
        // A clock that was set back must not make anybody wait for longer than the delay.
        let passed = now.duration_since(self.last).max(SignedDuration::ZERO);
        Some(delay.saturating_sub(passed)).filter(SignedDuration::is_positive)
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        now.duration_since(self.last) >= MEMORY
    }
}

/// Wrong passwords under many keys (user names, or networks), within a fixed memory.
#[derive(Clone, Debug)]
pub struct Throttle<K> {
    failures: HashMap<K, Failures>,
    by_age: BTreeSet<(Timestamp, K)>,
    capacity: usize,
}

impl<K: Clone + Hash + Ord> Throttle<K> {
    /// One that remembers nothing yet, and at most `capacity` keys ever.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { failures: HashMap::new(), by_age: BTreeSet::new(), capacity }
    }

    /// How long until the next try under this key; `None` when it may be now.
    #[must_use]
    pub fn wait<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: Timestamp) -> Option<SignedDuration>
    where
        K: Borrow<Q>,
    {
        self.failures.get(key)?.wait(now)
    }

    /// Counts a wrong password. What is forgotten, and what is oldest when there is no room, makes way.
    pub fn fail(&mut self, key: K, now: Timestamp) {
        let failures = Failures::after(self.remove(&key), now);
        while let Some((last, _)) = self.by_age.first()
            && (self.by_age.len() >= self.capacity || now.duration_since(*last) >= MEMORY)
        {
            if let Some((_, oldest)) = self.by_age.pop_first() {
                self.failures.remove(&oldest);
            }
        }
        self.by_age.insert((now, key.clone()));
        self.failures.insert(key, failures);
    }

    /// Forgets a key. Returns whether anything was known of it.
    pub fn forgive<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.remove(key).is_some()
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.failures.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<Failures>
    where
        K: Borrow<Q>,
    {
        let (key, failures) = self.failures.remove_entry(key)?;
        self.by_age.remove(&(failures.last, key));
        Some(failures)
    }
}

/// The network that counts as one client: an IPv4 address by itself, of IPv6 the 64 bits that one subscriber is given
/// (RFC 6177 §2).
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wait_after(count: u32) -> Option<i64> {
        let failures = (0..count).fold(None, |failures, _| Some(Failures::after(failures, at(0))));
        failures.and_then(|failures| failures.wait(at(0))).map(|wait| wait.as_secs())
    }

    #[test]
    fn five_are_free_and_then_each_doubles_the_wait() {
        let waits: Vec<_> = (0..17).map(wait_after).collect();
        let mut wanted = vec![None; 5];
        wanted.extend([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map(Some));
        assert_eq!(waits, wanted);
        assert_eq!(Failures { count: u32::MAX, last: at(0) }.wait(at(0)), Some(LONGEST));
    }

    #[test]
    fn a_wait_ends_to_the_second_and_an_hour_forgets() {
        let failures = Failures { count: 7, last: at(100) };
        assert_eq!(failures.wait(at(103)), Some(SignedDuration::from_secs(1)));
        assert_eq!(failures.wait(at(104)), None);
        assert_eq!(Failures::after(Some(failures), at(100 + 3_599)).count, 8);
        assert_eq!(Failures::after(Some(failures), at(100 + 3_600)).count, 1);
    }

    #[test]
    fn one_key_does_not_slow_down_another_and_forgiveness_is_complete() {
        let mut throttle = Throttle::<String>::new(10);
        (0..6).for_each(|_| throttle.fail("ann".into(), at(0)));
        assert!(throttle.wait("ann", at(0)).is_some());
        assert_eq!(throttle.wait("ben", at(0)), None);
        assert!(throttle.forgive("ann"));
        assert!(!throttle.forgive("ann"));
        assert_eq!(throttle.wait("ann", at(0)), None);
        assert!(throttle.is_empty());
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_client() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn nobody_waits_for_longer_than_the_longest_wait(
            fails in proptest::collection::vec(0_i64..10_000, 0..60),
            now in -10_000_i64..20_000,
        ) {
            let failures = fails.iter().fold(None, |before, second| Some(Failures::after(before, at(*second))));
            let wait = failures.and_then(|failures| failures.wait(at(now)));
            prop_assert!(wait.is_none_or(|wait| wait.is_positive() && wait <= LONGEST));
        }

        #[test]
        fn memory_is_bounded_and_the_newest_stays(keys in proptest::collection::vec(0_u8..20, 1..80)) {
            let mut throttle = Throttle::<u8>::new(8);
            for (second, key) in keys.iter().enumerate() {
                throttle.fail(*key, at(second as i64));
                prop_assert!(throttle.len() <= 8);
                prop_assert_eq!(throttle.len(), throttle.by_age.len());
                prop_assert!(throttle.failures.contains_key(key));
            }
        }

        #[test]
        fn it_counts_like_a_plain_map_while_there_is_room(
            tries in proptest::collection::vec((0_u8..4, 0_i64..2_000), 0..80),
        ) {
            let (mut throttle, mut plain) = (Throttle::<u8>::new(8), HashMap::new());
            let mut now = 0;
            for (key, pause) in tries {
                now += pause;
                throttle.fail(key, at(now));
                let failures = Failures::after(plain.get(&key).copied(), at(now));
                plain.insert(key, failures);
                for key in 0..4 {
                    let wanted = plain.get(&key).and_then(|failures: &Failures| failures.wait(at(now)));
                    prop_assert_eq!(throttle.wait(&key, at(now)), wanted);
                }
            }
        }
    }
}
