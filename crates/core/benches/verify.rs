//! How long one verification takes, and how much memory a token needs.
//!
//! `cargo xtask bench verify` runs it. At each size it measures the whole verdict (format, checksum, keyed digest,
//! look-up, state, owner, policy, permission) over tokens in random order, with one and two reading threads, with and
//! without a writer; and in the same run the peer that an application would write by hand: SHA-256 of the text and a
//! `HashMap` behind an `RwLock`. Arguments: the sizes (default 1000 100000 1000000 10000000).
#![expect(clippy::print_stdout, reason = "a benchmark talks to whoever runs it")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use patgate_core::application::ApplicationSlot;
use patgate_core::confirmation::Confirmation;
use patgate_core::expiry::Expiry;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::index::{GrantRecord, Index, OwnerFacts, Standing};
use patgate_core::permission::{Catalog, PermissionSet};
use patgate_core::policy::origin::Rows;
use patgate_core::token::{Digest, DigestKey, DigestKeys, PlainToken, Prefix, TokenText};
use patgate_core::user::{INTERNAL_PROVIDER, Origin, User, UserState};
use patgate_core::verify::{Demand, Surface, verify};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest as _, Sha256};

/// The allocator of the program, so that memory is what a server would hold.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of a token text with a three-letter prefix.
const TEXT: usize = 37;
/// The most tokens that are read in turn; more would only measure the reading of the texts.
const SAMPLE: usize = 1_000_000;
/// Tokens of one owner.
const TOKENS_OF_AN_OWNER: usize = 100;
/// Owners when users from outside are compared with internal ones.
const OUTSIDERS: usize = 100_000;
/// How often each figure is measured; the median is printed.
const ROUNDS: usize = 7;

type Peer = RwLock<HashMap<[u8; 32], (i64, i64)>>;

struct World {
    index: Index,
    owners: usize,
    held: PermissionSet,
    catalog: Catalog,
    records: Vec<(Digest, GrantRecord)>,
    /// Token texts, one after the other.
    sample: String,
    demand: Demand,
    bytes_per_token: f64,
    peer: Peer,
}

fn main() {
    // `cargo bench` adds `--bench`; everything else is a size.
    let mut sizes: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 100_000, 1_000_000, 10_000_000];
    }
    println!("| tokens | threads | writer | Patgate ns | peer ns | Patgate / peer | bytes a token |");
    println!("| ---: | ---: | --- | ---: | ---: | ---: | ---: |");
    for size in sizes {
        let world = World::new(size, TOKENS_OF_AN_OWNER);
        for threads in [1, 2] {
            for has_writer in [false, true] {
                let (own, peer) = world.measure(threads, has_writer);
                // Of fewer tokens, what the allocator keeps ready would be most of it.
                let bytes =
                    if size < 100_000 { "".to_owned() } else { format!("{:.0}", world.bytes_per_token) };
                println!(
                    "| {size} | {threads} | {} | {own:.0} | {peer:.0} | {:.2} | {bytes} |",
                    if has_writer { "yes" } else { "no" },
                    own / peer,
                );
            }
        }
    }
    let world = World::new(OUTSIDERS, 1);
    let (internal, sso) = world.measure_origins();
    println!(
        "{OUTSIDERS} owners with a token each, one thread, no writer: {internal:.0} ns when all are internal, {sso:.0} ns \
         when all are from single sign-on, so {:.2} ×.",
        sso / internal,
    );
}

impl World {
    fn new(size: usize, tokens_of_an_owner: usize) -> Self {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let catalog = Catalog::new([]).expect("the built-in permissions fit");
        let held = catalog.set(&["login", "release#view"].map(|id| id.parse().expect("a permission")));
        let key = || DigestKeys::new(vec![DigestKey::new(1, [7; 32])]).expect("one key");
        let index = Index::new(key());
        let digester = key();
        let mut records = Vec::new();
        let mut sample = String::with_capacity(size.min(SAMPLE) * TEXT);
        let mut peer = HashMap::with_capacity(size);
        let before = resident_bytes();
        let mut not_the_index = 0;
        let owners = size.div_ceil(tokens_of_an_owner);
        put_owners(&index, owners, Origin::Internal, held, &catalog);
        let mut texts = Vec::with_capacity(size.min(SAMPLE));
        for number in 0..size {
            let token = PlainToken::generate(Prefix::ANY, &mut random);
            let digest = digester.newest().digest(TokenText::parse(token.reveal()).expect("a token"));
            let record = GrantRecord {
                id: GrantId::generate(&mut random),
                owner: UserId::from_i64((number / tokens_of_an_owner) as i64),
                name: format!("ci-deploy-{number}").into(),
                application: ApplicationSlot::ANY,
                permissions: None,
                expires_at: Expiry::NEVER,
                standing: Standing::Active,
                left_working: Rows::NONE,
            };
            index.put_grant([&digest], &record);
            if number % size.div_ceil(SAMPLE) == 0 {
                let mut text = [0; TEXT];
                text.copy_from_slice(token.reveal().as_bytes());
                texts.push((text, digest, record));
            }
        }
        not_the_index += texts.capacity() * size_of::<([u8; TEXT], Digest, GrantRecord)>() + texts.len() * 16;
        let grown = resident_bytes().saturating_sub(before).saturating_sub(not_the_index);
        for at in (1..texts.len()).rev() {
            texts.swap(at, (random.next_u64() % (at as u64 + 1)) as usize);
        }
        for (text, digest, record) in texts {
            peer.insert(Sha256::digest(text).into(), (record.owner.as_i64(), i64::MAX));
            sample.push_str(std::str::from_utf8(&text).expect("ASCII"));
            records.push((digest, record));
        }
        // The peer holds as many entries as the index, or its look-ups would be luckier with the caches.
        while peer.len() < size {
            let mut other = [0; 32];
            random.fill_bytes(&mut other);
            peer.insert(other, (0, i64::MAX));
        }
        let view = catalog.slot(&"release#view".parse().expect("a permission"));
        Self {
            index,
            owners,
            held,
            catalog,
            records,
            sample,
            demand: Demand { surface: Surface::Every, permission: view },
            bytes_per_token: grown as f64 / size as f64,
            peer: RwLock::new(peer),
        }
    }

    fn text(&self, at: usize) -> &str {
        &self.sample[at * TEXT..(at + 1) * TEXT]
    }

    fn verify(&self, text: &str) {
        let view = self.index.view();
        let permit = verify(&view, text, None, self.demand, now()).expect("the token passes");
        black_box(permit.permissions() != PermissionSet::NONE);
    }

    /// Nanoseconds of one verification when all owners are internal, and when all are from a provider that vouched for
    /// them: medians of rounds that take turns.
    fn measure_origins(&self) -> (f64, f64) {
        let round = |origin| {
            put_owners(&self.index, self.owners, origin, self.held, &self.catalog);
            self.round(1, false, &|text: &str| self.verify(text), |_| {})
        };
        let rounds: Vec<_> = (0..ROUNDS).map(|_| (round(Origin::Internal), round(Origin::Sso))).collect();
        (median(rounds.iter().map(|round| round.0)), median(rounds.iter().map(|round| round.1)))
    }

    /// Nanoseconds of one verification, ours and the peer's: medians of rounds that take turns.
    fn measure(&self, threads: usize, has_writer: bool) -> (f64, f64) {
        let own = |text: &str| self.verify(text);
        let other = |text: &str| {
            let digest: [u8; 32] = Sha256::digest(text).into();
            let (owner, expires_at) = self.peer.read().expect("not poisoned")[&digest];
            black_box((owner, expires_at > now().as_second()));
        };
        let rounds: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let own = self.round(threads, has_writer, &own, |at| {
                    let (digest, record) = &self.records[at % self.records.len()];
                    self.index.put_grant([digest], record);
                });
                let peer = self.round(threads, has_writer, &other, |at| {
                    let digest: [u8; 32] = Sha256::digest(self.text(at % self.records.len())).into();
                    self.peer.write().expect("not poisoned").insert(digest, (at as i64, i64::MAX));
                });
                (own, peer)
            })
            .collect();
        (median(rounds.iter().map(|round| round.0)), median(rounds.iter().map(|round| round.1)))
    }

    /// One pass of every thread over the sample, while a writer (if any) changes a thousand tokens a second.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn round(
        &self,
        threads: usize,
        has_writer: bool,
        read: &(impl Fn(&str) + Sync),
        write: impl Fn(usize) + Sync,
    ) -> f64 {
        let count = self.records.len();
        let passes = 1_000_000_usize.div_ceil(count);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            if has_writer {
                scope.spawn(|| {
                    for at in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        write(at);
                        thread::park_timeout(Duration::from_millis(1));
                    }
                });
            }
            let readers: Vec<_> = (0..threads)
                .map(|reader| {
                    scope.spawn(move || {
                        let from = count * reader / threads;
                        let pass = || (from..count).chain(0..from).for_each(|at| read(self.text(at)));
                        // Not counted: the other side's turn has left the caches full of its own.
                        pass();
                        let start = Instant::now();
                        (0..passes).for_each(|_| pass());
                        start.elapsed().as_nanos() as f64 / (passes * count) as f64
                    })
                })
                .collect();
            let times = readers.into_iter().map(|reader| reader.join().expect("a reader does not panic"));
            let mean = times.sum::<f64>() / threads as f64;
            stop.store(true, Ordering::Relaxed);
            mean
        })
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_777_809_600, 0)
}

fn put_owners(index: &Index, count: usize, origin: Origin, held: PermissionSet, catalog: &Catalog) {
    for owner in 0..count {
        index.put_owner(UserId::from_i64(owner as i64), OwnerFacts::new(&user(owner, origin), held, catalog));
    }
}

fn user(number: usize, origin: Origin) -> User {
    User {
        id: UserId::from_i64(number as i64),
        origin,
        provider: INTERNAL_PROVIDER.into(),
        subject: number.to_string(),
        username: format!("user{number}").parse().expect("a name"),
        full_name: String::new(),
        email: format!("user{number}@example.org"),
        groups: Vec::new(),
        state: UserState::Enabled,
        confirmation: match origin {
            Origin::Internal => Confirmation::Own,
            Origin::Ldap | Origin::Sso => Confirmation::At(now()),
        },
        created_at: Timestamp::UNIX_EPOCH,
        last_active_at: None,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the kernel holds in memory for this process (proc(5), `/proc/pid/statm`, in pages of 4 KiB).
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}
