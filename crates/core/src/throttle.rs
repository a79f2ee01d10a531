//! How wrong passwords slow down whoever tries them, and nobody else.
//!
//! Three counts run side by side, and the longest wait counts. Each doubles, from one second on, when its free ones are
//! used up:
//!
//! | wrong passwords | free | longest wait | made good by the right password |
//! | --- | --- | --- | --- |
//! | for one name from one network ([`PAIR`]) | 5 | 15 minutes | wholly |
//! | for one name from anywhere ([`NAME`]) | 20 | 10 seconds | wholly |
//! | from one network for any name ([`NETWORK`]) | 100 | 30 seconds | by [`MADE_GOOD`] |
//!
//! The strictest is the pair, because it stands in nobody else's way: a stranger delays the owner of a name by seconds,
//! and one who fails behind a shared address delays the others there by seconds. A quiet [`MEMORY`] makes all of it
//! forgotten. Tokens and sessions are never counted here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

/// For one name from one network.
pub const PAIR: Pace = Pace { free: 5, longest: SignedDuration::from_mins(15) };
/// For one name, from wherever.
pub const NAME: Pace = Pace { free: 20, longest: SignedDuration::from_secs(10) };
/// From one network, for whatever name.
pub const NETWORK: Pace = Pace { free: 100, longest: SignedDuration::from_secs(30) };
/// Wrong passwords of a network that one right password makes good.
pub const MADE_GOOD: u32 = 10;
/// How long a wrong password is remembered after the last one.
pub const MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// How many keys each of the three counts remembers.
///
/// Whoever wants to push a key out must fail that often under other keys, each time waiting for a slow hash: on a
/// machine that does a hundred of them a second that takes longer than the longest wait, and gains nothing. On a quicker one it
/// takes hundreds of networks.
pub const CAPACITY: usize = 100_000;

/// How fast wrong passwords slow down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Wrong passwords before the next one has to wait.
    pub free: u32,
    /// The longest wait.
    pub longest: SignedDuration,
}

/// Somebody's name as it was tried, and what their password was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried<'a> {
    /// The key of the name.
    pub key: &'a str,
    /// The version of the password; 0 when there is none, or nobody of that name.
    pub version: i64,
}

/// All wrong passwords of a while, within a fixed memory.
#[derive(Clone, Debug)]
pub struct Throttle {
    pairs: Counts<(String, IpAddr)>,
    names: Counts<String>,
    networks: Counts<IpAddr>,
}

impl Throttle {
    /// One that remembers nothing yet, and at most `capacity` pairs, names and networks each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            pairs: Counts::new(PAIR, capacity),
            names: Counts::new(NAME, capacity),
            networks: Counts::new(NETWORK, capacity),
        }
    }

    /// How long until the next try for this name from this network; `None` when it may be now. What was tried may be no
    /// name at all.
    #[must_use]
    pub fn wait(&self, key: Option<&str>, network: IpAddr, now: Timestamp) -> Option<SignedDuration> {
        let key = key.map(str::to_owned);
        let by_name = key.as_ref().and_then(|key| self.names.wait(key, now));
        let by_pair = key.and_then(|key| self.pairs.wait(&(key, network), now));
        by_pair.max(by_name).max(self.networks.wait(&network, now))
    }

    /// Counts a wrong password.
    pub fn fail(&mut self, tried: Option<Tried<'_>>, network: IpAddr, now: Timestamp) {
        if let Some(Tried { key, version }) = tried {
            self.pairs.fail((key.to_owned(), network), version, now);
            self.names.fail(key.to_owned(), version, now);
        }
        self.networks.fail(network, 0, now);
    }

    /// Counts a right password. What failed for the same name from other networks stays theirs.
    pub fn succeed(&mut self, key: &str, network: IpAddr) {
        self.pairs.remove(&(key.to_owned(), network));
        self.names.remove(&key.to_owned());
        self.networks.make_good(&network, MADE_GOOD);
    }

    /// Forgets a name, from wherever it was tried. Networks stay counted.
    pub fn forgive(&mut self, key: &str) {
        self.forgive_where(key, |_| true);
    }

    /// Forgets what was tried under a name when the password was another one than this version.
    pub fn forgive_other_versions(&mut self, key: &str, version: i64) {
        self.forgive_where(key, |failures| failures.version != version);
    }

    /// Forgets all names. Networks stay counted.
    pub fn forgive_all_names(&mut self) {
        self.pairs.clear();
        self.names.clear();
    }

    /// Whether any wrong password is remembered under a name.
    #[must_use]
    pub fn remembers(&self, key: &str) -> bool {
        self.names.failures.contains_key(key) || self.pairs_of(key).next().is_some()
    }

    fn forgive_where(&mut self, key: &str, is_over: impl Fn(&Failures) -> bool) {
        let pairs: Vec<_> =
            self.pairs_of(key).filter(|(_, it)| is_over(it)).map(|(pair, _)| pair).cloned().collect();
        for pair in &pairs {
            self.pairs.remove(pair);
        }
        if self.names.failures.get(key).is_some_and(is_over) {
            self.names.remove(&key.to_owned());
        }
    }

    fn pairs_of(&self, key: &str) -> impl Iterator<Item = (&(String, IpAddr), &Failures)> {
        let first = (key.to_owned(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.pairs.failures.range(first.clone()..).take_while(move |((name, _), _)| *name == first.0)
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

/// Wrong passwords under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failures {
    count: u32,
    last: Timestamp,
    version: i64,
}

impl Failures {
    /// One more wrong password, after those before it that are still remembered and tried the same password.
    fn after(before: Option<Self>, version: i64, now: Timestamp) -> Self {
        let is_counted = |failures: &Self| !failures.is_forgotten(now) && failures.version == version;
        let remembered = before.filter(is_counted).map_or(0, |failures| failures.count);
        Self { count: remembered.saturating_add(1), last: now, version }
    }

    fn wait(self, pace: Pace, now: Timestamp) -> Option<SignedDuration> {
        let doublings = self.count.checked_sub(pace.free)?;
        let delay = 1_i64.checked_shl(doublings.min(62)).map_or(pace.longest, SignedDuration::from_secs);
        // A clock that was set back must not make anybody wait for longer than the delay.
        let passed = now.duration_since(self.last).max(SignedDuration::ZERO);
        Some(delay.min(pace.longest).saturating_sub(passed)).filter(SignedDuration::is_positive)
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        now.duration_since(self.last) >= MEMORY
    }
}

/// Wrong passwords under many keys of one kind.
#[derive(Clone, Debug)]
struct Counts<K> {
    pace: Pace,
    failures: BTreeMap<K, Failures>,
    by_age: BTreeSet<(Timestamp, K)>,
    capacity: usize,
}

impl<K: Clone + Ord> Counts<K> {
    fn new(pace: Pace, capacity: usize) -> Self {
        Self { pace, failures: BTreeMap::new(), by_age: BTreeSet::new(), capacity }
    }

    fn wait(&self, key: &K, now: Timestamp) -> Option<SignedDuration> {
        self.failures.get(key)?.wait(self.pace, now)
    }

    /// What is forgotten, and what is oldest when there is no room, makes way.
    fn fail(&mut self, key: K, version: i64, now: Timestamp) {
        let failures = Failures::after(self.remove(&key), version, now);
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

    fn make_good(&mut self, key: &K, number: u32) {
        let Some(failures) = self.failures.get_mut(key) else { return };
        failures.count = failures.count.saturating_sub(number);
        if failures.count == 0 {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: &K) -> Option<Failures> {
        let (key, failures) = self.failures.remove_entry(key)?;
        self.by_age.remove(&(failures.last, key));
        Some(failures)
    }

    fn clear(&mut self) {
        self.failures.clear();
        self.by_age.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn from(number: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, number])
    }

    fn ann() -> Option<Tried<'static>> {
        Some(Tried { key: "ann", version: 1 })
    }

    fn seconds(wait: Option<SignedDuration>) -> Option<i64> {
        wait.map(|wait| wait.as_secs())
    }

    /// The wait of each pace after each number of wrong passwords at once.
    fn waits(pace: Pace, numbers: std::ops::Range<u32>) -> Vec<Option<i64>> {
        let of = |count| Failures { count, last: at(0), version: 0 }.wait(pace, at(0));
        numbers.map(|count| seconds(of(count))).collect()
    }

    #[test]
    fn the_free_ones_cost_nothing_and_then_each_doubles_the_wait() {
        assert_eq!(waits(PAIR, 0..5), [None; 5]);
        assert_eq!(waits(PAIR, 5..17), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map(Some));
        assert_eq!(waits(NAME, 0..20), [None; 20]);
        assert_eq!(waits(NAME, 20..26), [1, 2, 4, 8, 10, 10].map(Some));
        assert_eq!(waits(NETWORK, 0..100), [None; 100]);
        assert_eq!(waits(NETWORK, 100..107), [1, 2, 4, 8, 16, 30, 30].map(Some));
        for (pace, longest) in [(PAIR, 900), (NAME, 10), (NETWORK, 30)] {
            assert_eq!(waits(pace, u32::MAX - 1..u32::MAX), [Some(longest)]);
        }
    }

    #[test]
    fn a_wait_ends_to_the_second_and_an_hour_forgets() {
        let failures = Failures { count: 7, last: at(100), version: 1 };
        assert_eq!(failures.wait(PAIR, at(103)), Some(SignedDuration::from_secs(1)));
        assert_eq!(failures.wait(PAIR, at(104)), None);
        assert_eq!(Failures::after(Some(failures), 1, at(100 + 3_599)).count, 8);
        assert_eq!(Failures::after(Some(failures), 1, at(100 + 3_600)).count, 1);
    }

    #[test]
    fn a_stranger_delays_neither_the_owner_of_a_name_elsewhere_nor_the_other_names_here() {
        let mut throttle = Throttle::new(10);
        (0..19).for_each(|_| throttle.fail(ann(), from(1), at(0)));
        assert_eq!(seconds(throttle.wait(Some("ann"), from(1), at(0))), Some(900));
        assert_eq!(throttle.wait(Some("ann"), from(2), at(0)), None);
        assert_eq!(throttle.wait(Some("ben"), from(1), at(0)), None);
        assert_eq!(throttle.wait(None, from(1), at(0)), None);
        (0..1_000).for_each(|_| throttle.fail(ann(), from(1), at(0)));
        assert_eq!(seconds(throttle.wait(Some("ann"), from(2), at(0))), Some(10));
        assert_eq!(seconds(throttle.wait(Some("ben"), from(1), at(0))), Some(30));
        assert_eq!(throttle.wait(Some("ben"), from(2), at(0)), None);
    }

    #[test]
    fn the_right_password_makes_good_what_was_tried_there_and_ten_of_the_network() {
        let mut throttle = Throttle::new(200);
        for _ in 0..6 {
            throttle.fail(ann(), from(1), at(0));
            throttle.fail(ann(), from(2), at(0));
        }
        (0..98).for_each(|_| throttle.fail(None, from(1), at(0)));
        assert_eq!(seconds(throttle.wait(None, from(1), at(0))), Some(16));
        throttle.succeed("ann", from(1));
        assert_eq!(throttle.wait(Some("ann"), from(1), at(0)), None);
        assert_eq!(seconds(throttle.wait(Some("ann"), from(2), at(0))), Some(2));
        (0..6).for_each(|_| throttle.fail(None, from(1), at(0)));
        assert_eq!(seconds(throttle.wait(None, from(1), at(0))), Some(1));
        (0..10).for_each(|_| throttle.succeed("ann", from(1)));
        assert!(!throttle.networks.failures.contains_key(&from(1)));
    }

    #[test]
    fn forgiveness_of_a_name_is_complete_and_touches_no_other() {
        let mut throttle = Throttle::new(1_000);
        let others = ["am", "anm", "ann ", "anna", "b"];
        for number in 0..9 {
            for key in others.into_iter().chain(["ann"]) {
                (0..6).for_each(|_| throttle.fail(Some(Tried { key, version: 1 }), from(number), at(0)));
            }
            throttle.fail(ann(), "2001:db8::".parse().unwrap(), at(0));
        }
        throttle.forgive("ann");
        assert!(!throttle.remembers("ann"));
        assert!((0..9).all(|number| throttle.wait(Some("ann"), from(number), at(0)).is_none()));
        for key in others {
            assert_eq!(throttle.pairs_of(key).count(), 9, "{key}");
            assert!(throttle.remembers(key));
        }
        throttle.forgive_all_names();
        assert!(others.iter().all(|key| !throttle.remembers(key)));
        assert_eq!(throttle.networks.failures.len(), 10);
    }

    #[test]
    fn only_another_password_forgives_what_was_tried_against_the_old_one() {
        let mut throttle = Throttle::new(10);
        (0..6).for_each(|_| throttle.fail(ann(), from(1), at(0)));
        throttle.forgive_other_versions("ann", 1);
        assert!(throttle.wait(Some("ann"), from(1), at(0)).is_some());
        throttle.forgive_other_versions("ann", 2);
        assert!(!throttle.remembers("ann"));
        // Tried before the new password was known here, and after.
        (0..6).for_each(|_| throttle.fail(ann(), from(1), at(0)));
        throttle.fail(Some(Tried { key: "ann", version: 2 }), from(1), at(0));
        assert_eq!(throttle.wait(Some("ann"), from(1), at(0)), None);
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
            let failures = fails.iter().fold(None, |before, second| Some(Failures::after(before, 1, at(*second))));
            let wait = failures.and_then(|failures| failures.wait(PAIR, at(now)));
            prop_assert!(wait.is_none_or(|wait| wait.is_positive() && wait <= PAIR.longest));
        }

        #[test]
        fn memory_is_bounded_and_the_newest_stays(keys in proptest::collection::vec((0_u8..20, 0_u8..20), 1..80)) {
            let mut throttle = Throttle::new(8);
            for (second, (name, network)) in keys.iter().enumerate() {
                let key = name.to_string();
                throttle.fail(Some(Tried { key: &key, version: 1 }), from(*network), at(second as i64));
                prop_assert!(throttle.pairs.failures.len() <= 8 && throttle.names.failures.len() <= 8);
                prop_assert!(throttle.networks.failures.len() <= 8);
                prop_assert_eq!(throttle.pairs.failures.len(), throttle.pairs.by_age.len());
                prop_assert!(throttle.remembers(&key));
                prop_assert!(throttle.networks.failures.contains_key(&from(*network)));
            }
        }

        #[test]
        fn it_counts_like_a_plain_map_while_there_is_room(
            tries in proptest::collection::vec((0_u8..4, 0_i64..2_000), 0..80),
        ) {
            let (mut counts, mut plain) = (Counts::<u8>::new(PAIR, 8), BTreeMap::new());
            let mut now = 0;
            for (key, pause) in tries {
                now += pause;
                counts.fail(key, 1, at(now));
                let failures = Failures::after(plain.get(&key).copied(), 1, at(now));
                plain.insert(key, failures);
                for key in 0..4 {
                    let wanted = plain.get(&key).and_then(|failures: &Failures| failures.wait(PAIR, at(now)));
                    prop_assert_eq!(counts.wait(&key, at(now)), wanted);
                }
            }
        }
    }
}
