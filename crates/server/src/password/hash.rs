//! The slow hash: argon2id (RFC 9106) in PHC text form.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use patgate_store::PasswordHashText;
use zeroize::Zeroize;

use super::PasswordText;
use super::memory::Memory;
use super::new::LONGEST;

/// Memory of one hash in KiB: 7 MiB with five passes is one of the choices of the OWASP Password Storage Cheat Sheet for
/// argon2id, which are all of the same strength. Of those it is the quickest here: what is small stays in a processor's caches.
const MEMORY: u32 = 7 * 1_024;
/// Passes over the memory.
const PASSES: u32 = 5;
/// Lanes, each of which is a thread when there are as many (RFC 9106 §3.1): who waits, waits half as long, and the work is the
/// same for who guesses.
const LANES: u32 = 2;
/// Bytes of salt (RFC 9106 §3.1 recommends 16).
pub(super) const SALT: usize = 16;

/// Which use of BLAKE3 the salt of a [`Mark`] is of.
const MARK_CONTEXT: &str = "patgate 2026-11-22 salt of a password that was right";

/// What stands in for the hash of a user who is not there: the work is the same, and nothing fits it.
const NOBODY: &str =
    "$argon2id$v=19$m=7168,t=5,p=2$cGF0Z2F0ZSBub2JvZHkuLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Memory of a [`Mark`] in KiB.
const MARK_MEMORY: u32 = 1_024;
/// Bytes of a [`Mark`].
const MARK: usize = 32;

/// What a look at a password gives.
pub(super) enum Verdict {
    /// It is another password, or there is none to compare with.
    Wrong,
    /// It is the password.
    Right {
        /// A hash as it is made today, when the stored one is another.
        renewed: Option<PasswordHashText>,
    },
}

/// What one password and one stored hash give together, at a thirty-fifth of the price of the hash: by it a password that
/// was right is known again while the program runs.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Mark([u8; MARK]);

impl Mark {
    /// As dear without a stored hash as with one, and for a password that is too long. `None` when there is no memory.
    pub(super) fn of(
        stored: Option<&PasswordHashText>,
        password: &PasswordText,
        memory: &mut Memory,
    ) -> Option<Self> {
        let bytes = password.reveal().as_bytes();
        let salt =
            blake3::derive_key(MARK_CONTEXT, stored.map_or(NOBODY, PasswordHashText::reveal).as_bytes());
        let params = Params::new(MARK_MEMORY, 1, 1, Some(MARK)).ok()?;
        let beginning = &bytes[..bytes.len().min(LONGEST)];
        let output = compute(Algorithm::Argon2id, Version::V0x13, params, beginning, &salt, memory)?;
        let mark = output.as_bytes().try_into().ok().map(Self);
        mark.filter(|_| bytes.len() <= LONGEST)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Compares a password with a stored hash, at the cost that the hash names. Without one it takes as long and is wrong.
pub(super) fn verify(
    stored: Option<&PasswordHashText>,
    password: &PasswordText,
    memory: &mut Memory,
) -> Verdict {
    let parsed = stored.and_then(|stored| PasswordHash::new(stored.reveal()).ok());
    let is_known = parsed.is_some();
    if stored.is_some() && !is_known {
        tracing::error!("a stored password hash cannot be read; set the user's password again");
    }
    let Some(hash) = parsed.or_else(|| PasswordHash::new(NOBODY).ok()) else { return Verdict::Wrong };
    // A password that is too long fits nothing, and costs no more than one that is not.
    let bytes = password.reveal().as_bytes();
    let output = again(&hash, &bytes[..bytes.len().min(LONGEST)], memory);
    let fits = output.is_some_and(|output| hash.hash == Some(output));
    if fits && is_known && bytes.len() <= LONGEST {
        Verdict::Right { renewed: if is_of_today(&hash) { None } else { renewed(&hash, password, memory) } }
    } else {
        Verdict::Wrong
    }
}

/// Hashes a password as it is done today.
pub(super) fn hash(password: &PasswordText, salt: &[u8], memory: &mut Memory) -> Option<PasswordHashText> {
    let params = Params::new(MEMORY, PASSES, LANES, None).ok()?;
    let bytes = password.reveal().as_bytes();
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(compute(Algorithm::Argon2id, Version::V0x13, params, bytes, salt, memory)?),
    };
    Some(PasswordHashText::new(hash.to_string()))
}

/// What comes out when a password is hashed like a stored one. Equality of outputs takes constant time.
fn again(stored: &PasswordHash, password: &[u8], memory: &mut Memory) -> Option<Output> {
    let algorithm = Algorithm::new(stored.algorithm.as_str()).ok()?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    compute(algorithm, version, Params::try_from(stored).ok()?, password, stored.salt.as_ref()?, memory)
}

fn compute(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    password: &[u8],
    salt: &[u8],
    memory: &mut Memory,
) -> Option<Output> {
    let blocks = memory.blocks(params.block_count())?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
    let argon2 = Argon2::new(algorithm, version, params);
    let done = argon2.hash_password_into_with_memory(password, salt, &mut *output, &mut *blocks);
    // The first blocks of a [`Mark`]'s single pass tell a password far more cheaply than the stored hash does.
    blocks.iter_mut().zeroize();
    done.ok()?;
    Output::new(output).ok()
}

/// Whether a stored hash was made as it is done today: what takes another time would tell who has had their password for long.
fn is_of_today(hash: &PasswordHash) -> bool {
    let price = |params: Params| (params.m_cost(), params.t_cost(), params.p_cost());
    hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash).is_ok_and(|params| price(params) == (MEMORY, PASSES, LANES))
}

/// The same password as it is hashed today. The salt stays: it is still this user's alone, and needs no randomness here.
fn renewed(stored: &PasswordHash, password: &PasswordText, memory: &mut Memory) -> Option<PasswordHashText> {
    stored.salt.as_ref().filter(|salt| salt.len() >= SALT).and_then(|salt| hash(password, salt, memory))
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    impl From<[u8; MARK]> for Mark {
        fn from(bytes: [u8; MARK]) -> Self {
            Self(bytes)
        }
    }

    const SALTED: &[u8; SALT] = b"sixteen bytes of";

    fn weak(password: &str) -> PasswordHashText {
        let params = Params::new(8 * 1_024, 1, 1, None).unwrap();
        let hash: PasswordHash =
            Argon2::from(params).hash_password_with_salt(password.as_bytes(), SALTED).unwrap();
        PasswordHashText::new(hash.to_string())
    }

    #[test]
    fn a_hash_names_its_cost_and_fits_its_password_alone() {
        let stored = hash(&PasswordText::copy_of("correct horse"), SALTED, &mut Memory::default()).unwrap();
        assert!(stored.reveal().starts_with("$argon2id$v=19$m=7168,t=5,p=2$"));
        let verdict =
            |text: &str| verify(Some(&stored), &PasswordText::copy_of(text), &mut Memory::default());
        assert!(matches!(verdict("correct horse"), Verdict::Right { renewed: None }));
        assert!(matches!(verdict("correct horsf"), Verdict::Wrong));
        assert!(matches!(verdict(""), Verdict::Wrong));
    }

    #[test]
    fn what_is_too_long_is_wrong_even_when_its_beginning_fits() {
        let longest = "x".repeat(LONGEST);
        let stored = hash(&PasswordText::copy_of(&longest), SALTED, &mut Memory::default()).unwrap();
        assert!(matches!(
            verify(Some(&stored), &PasswordText::copy_of(&longest), &mut Memory::default()),
            Verdict::Right { .. }
        ));
        let longer = PasswordText::new(format!("{longest}x"));
        assert!(matches!(verify(Some(&stored), &longer, &mut Memory::default()), Verdict::Wrong));
    }

    #[test]
    fn nobody_costs_what_somebody_costs_and_is_never_right() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert!(is_of_today(&nobody));
        assert_eq!(Params::try_from(&nobody).unwrap(), Params::new(MEMORY, PASSES, LANES, Some(32)).unwrap());
        assert!(matches!(verify(None, &PasswordText::copy_of(""), &mut Memory::default()), Verdict::Wrong));
        let unreadable = PasswordHashText::new("plain".into());
        assert!(matches!(
            verify(Some(&unreadable), &PasswordText::copy_of("plain"), &mut Memory::default()),
            Verdict::Wrong
        ));
    }

    /// The most resident memory of this process in KiB since [`forget_peak`].
    fn peak() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Lets the peak begin anew at what is resident now (proc(5), `clear_refs`).
    fn forget_peak() {
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
    }

    #[test]
    fn a_password_of_nobody_is_hashed_all_the_same() {
        let unreadable = PasswordHashText::new("plain".into());
        for stored in [None, Some(&unreadable)] {
            // A hash takes its memory; what other tests of this process give back meanwhile may hide one.
            let is_hashed = (0..20).any(|_| {
                forget_peak();
                let before = peak();
                assert!(matches!(
                    verify(stored, &PasswordText::copy_of("a guess"), &mut Memory::default()),
                    Verdict::Wrong
                ));
                peak() - before > u64::from(MEMORY) / 4 * 3
            });
            assert!(is_hashed, "{}", stored.is_some());
        }
    }

    #[test]
    fn a_hash_of_another_strength_is_renewed_by_the_right_password() {
        let stored = weak("correct horse");
        assert!(matches!(
            verify(Some(&stored), &PasswordText::copy_of("wrong"), &mut Memory::default()),
            Verdict::Wrong
        ));
        let Verdict::Right { renewed: Some(renewed) } =
            verify(Some(&stored), &PasswordText::copy_of("correct horse"), &mut Memory::default())
        else {
            panic!("the password is right and its hash weak");
        };
        assert!(matches!(
            verify(Some(&renewed), &PasswordText::copy_of("correct horse"), &mut Memory::default()),
            Verdict::Right { renewed: None }
        ));
    }

    #[test]
    fn nothing_of_a_password_stays_in_the_memory() {
        let (mut memory, password) = (Memory::default(), PasswordText::copy_of("a password"));
        let is_wiped = |memory: &mut Memory| {
            let blocks = memory.blocks(MEMORY as usize).unwrap();
            blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
        };
        assert!(hash(&password, SALTED, &mut memory).is_some() && is_wiped(&mut memory));
        assert!(Mark::of(None, &password, &mut memory).is_some() && is_wiped(&mut memory));
    }

    /// Resident memory of this process in KiB.
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn threads_that_hashed_once_keep_no_memory() {
        let (before, turn) = (resident(), std::sync::Mutex::new(()));
        let (all, hashed) = (std::sync::Barrier::new(13), std::sync::Barrier::new(13));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    let one = turn.lock().unwrap();
                    // Twice, because the first one of a thread is given back even without our help.
                    for _ in 0..2 {
                        let mut memory = Memory::default();
                        assert!(hash(&PasswordText::copy_of("a password"), SALTED, &mut memory).is_some());
                    }
                    drop(one);
                    hashed.wait();
                    all.wait();
                });
            }
            hashed.wait();
            let grown = resident().saturating_sub(before);
            all.wait();
            assert!(grown < 30 * 1_024, "{grown} KiB");
        });
    }
}
