//! The key file: what the database alone is worthless without.
//!
//! One line a key, so that no parser copies a secret where it cannot be wiped:
//!
//! ```text
//! # comment
//! digest 1 <64 hexadecimal digits>
//! sealing 1 <64 hexadecimal digits>
//! ```
//!
//! `digest` keys (one to three, the highest number makes new digests) turn a token into what the database holds of it.
//! `sealing` keys (one to three) encrypt the secrets that Patgate must be able to read again. The file is the same on
//! all nodes, belongs to one user alone (0600), and is never made anew when there is something that needs the old one.

mod file;
mod rotation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use patgate_core::token::DigestKeys;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::rotation::add_sealing_key;

/// The keys of this node, and of every other node of the same database.
#[derive(Debug)]
pub struct Keys {
    /// What turns tokens into digests.
    pub digest: DigestKeys,
    /// What encrypts stored secrets, newest first: the first encrypts, each is tried for what is stored.
    pub sealing: Vec<SealingKey>,
}

/// A key for secrets that are stored encrypted, with the number that stands beside them. Wiped when dropped.
pub struct SealingKey {
    id: u32,
    key: Zeroizing<[u8; 32]>,
}

impl SealingKey {
    /// The number stored beside each secret made with this key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The 256 bits, for the cipher.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKey({})", self.id)
    }
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysFault {
    /// The file is missing although the database holds tokens or sealed secrets.
    #[error(
        "the key file `{0}` is missing, and without it no token in the database can be recognised\n\
         hint: restore it from the backup, or set `keys_file` to where it is; Patgate never makes new keys for old data"
    )]
    Missing(PathBuf),
    /// The file holds other keys than those of the database.
    #[error(
        "the key file `{0}` belongs to another database: the tokens in this one were made with other keys\n\
         hint: restore the right one from the backup, or set `keys_file` to where it is"
    )]
    Foreign(PathBuf),
    /// Others may read the file.
    #[error(
        "the key file `{path}` has mode {mode:04o}, so that others can read it\n\
         hint: run `chmod 600 {path}`"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no regular file.
    #[error("the key file `{0}` is not a regular file\nhint: set `keys_file` to a file")]
    NotAFile(PathBuf),
    /// A line cannot be read.
    #[error(
        "line {line} of the key file `{path}` is not `digest` or `sealing`, a number and 64 hexadecimal digits\n\
         hint: restore the file from the backup"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// There are too few or too many keys, or a number stands twice.
    #[error(
        "the key file `{0}` must hold one to three `digest` and one to three `sealing` keys, each with a number of its own\n\
         hint: restore it from the backup; on a node that never made a token, delete it and start again"
    )]
    Unusable(PathBuf),
    /// There are as many sealing keys as there can be, and something is sealed with the oldest.
    #[error(
        "the key file `{path}` holds three `sealing` keys, and stored secrets still need number {id}\n\
         hint: run `patgate keys reseal` first"
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// The number of the key.
        id: u32,
    },
    /// The system refused.
    #[error("cannot {action} the key file `{path}`: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The fingerprints of the digest keys of a database after a start with these keys: those that were `known`, and those
/// of new keys. Without tokens those that were known are of no use.
///
/// # Errors
/// [`KeysFault::Foreign`] when tokens exist, and none of their keys is here, or another one stands under its number.
pub fn known_again(
    keys: &DigestKeys,
    known: &BTreeMap<u32, String>,
    tokens_exist: bool,
    path: &Path,
) -> Result<BTreeMap<u32, String>, KeysFault> {
    let mut here: BTreeMap<u32, String> = keys.iter().map(|key| (key.id(), key.fingerprint())).collect();
    if tokens_exist && !known.is_empty() {
        let mut of_both = known.iter().filter_map(|(id, print)| Some((print, here.get(id)?))).peekable();
        if of_both.peek().is_none() || of_both.any(|(known, here)| known != here) {
            return Err(KeysFault::Foreign(path.to_owned()));
        }
        here.extend(known.clone());
    }
    Ok(here)
}

/// Reads the key file.
///
/// # Errors
/// [`KeysFault`]: it is missing, others can read it, or it cannot be read.
pub fn read(path: &Path) -> Result<Keys, KeysFault> {
    file::read(path)
}

/// Reads the key file, or makes it on the first start of all. A new file is on the disk when this returns.
///
/// `rows_exist` says whether the database holds anything that needs the old keys. Two nodes that start at once make
/// one file: who comes second reads it.
///
/// # Errors
/// [`KeysFault`]: the file is missing although `rows_exist`, others can read it, or it cannot be read or made.
pub fn load_or_create(path: &Path, rows_exist: bool, random: &mut impl CryptoRng) -> Result<Keys, KeysFault> {
    match file::read(path) {
        Err(KeysFault::Missing(_)) if !rows_exist => match file::create(path, random) {
            Err(KeysFault::System { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                file::read(path)
            }
            Err(fault) => Err(fault),
            Ok(()) => file::read(path),
        },
        outcome => outcome,
    }
}
