//! Sealing: how secrets that Patgate must be able to read again are stored.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha, RFC 8439) with a `sealing` key of the key file, which is never in the
//! database. A sealed secret opens only as what it was sealed for: its [`Purpose`] and the number of the key are
//! authenticated with it, so that nobody who can write to the database puts the password of one server into another.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use patgate_core::identifier::{ItemNumber, ReleaseNumber, UserId};
use patgate_core::item::SecretText;
use patgate_store::SealedSecret;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::{self, SealingKey};
use crate::problem::Problem;

/// The bytes of a nonce. So many are drawn at random that none comes twice.
const NONCE: usize = 24;

/// What a secret is sealed for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'p> {
    /// A secret of a configuration item.
    Item {
        /// The item it is of. Its number, because the item may move.
        item: ItemNumber,
        /// The property it is the value of.
        property: &'p str,
    },
    /// The value of a password among the variables of a release.
    Variable {
        /// The release it is of.
        release: ReleaseNumber,
        /// Which variable.
        variable: &'p str,
    },
    /// The token with which an identity provider is asked about a user.
    RefreshToken(UserId),
    /// The token that an identity provider gave a user, for its log-out.
    IdToken(UserId),
    /// What a browser keeps of a sign-in that is under way at an identity provider.
    SignIn,
    /// A password that somebody typed in a form, which keeps it until they send the whole.
    Typed {
        /// Who.
        user: UserId,
        /// The place of the variable that it is the value of.
        variable: &'p str,
    },
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Parts>);

struct Parts {
    /// Newest first.
    keys: ArcSwap<Vec<SealingKey>>,
    file: PathBuf,
}

/// Why a secret cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The key is not in the key file.
    #[error(
        "the sealing key {0} is not in the key file, so a stored secret cannot be opened; restore the key file, or \
         enter the secret again"
    )]
    NoKey(u32),
    /// Sealed for something else, or changed since.
    #[error(
        "a stored secret does not open: it was changed in the database, or belongs elsewhere; enter it again"
    )]
    Forged,
    /// There is no key at all, or the secret is too long.
    #[error("a secret cannot be sealed; is there a sealing key in the key file?")]
    Unsealable,
}

impl Sealer {
    /// A sealer with these keys, newest first, which come from this file.
    #[must_use]
    pub fn new(keys: Vec<SealingKey>, file: PathBuf) -> Self {
        Self(Arc::new(Parts { keys: ArcSwap::from_pointee(keys), file }))
    }

    /// Reads the key file again, so that a key that was added meanwhile is known and used. When it cannot be read, the
    /// keys stay as they are, and the log says why.
    pub async fn refresh(&self) {
        let file = self.0.file.clone();
        match tokio::task::spawn_blocking(move || keys::read(&file)).await {
            Ok(Ok(keys)) => self.0.keys.store(Arc::new(keys.sealing)),
            Ok(Err(fault)) => tracing::warn!(%fault, "the key file was not read again"),
            Err(fault) => tracing::warn!(%fault, "the key file was not read again"),
        }
    }

    /// Where the keys come from.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The number of the key that seals now.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        self.0.keys.load().first().map(SealingKey::id)
    }

    /// Seals a secret with the newest key.
    ///
    /// # Errors
    /// [`SealFault::Unsealable`].
    pub fn seal(
        &self,
        purpose: Purpose<'_>,
        secret: &SecretText,
        random: &mut impl CryptoRng,
    ) -> Result<SealedSecret, SealFault> {
        let keys = self.0.keys.load();
        let key = keys.first().ok_or(SealFault::Unsealable)?;
        let mut nonce = [0; NONCE];
        random.fill_bytes(&mut nonce);
        let text = secret.reveal().as_bytes();
        // Room for all of it, so that no copy is left behind by a buffer that grew.
        let mut buffer = Zeroizing::new(Vec::with_capacity(text.len() + 16));
        buffer.extend_from_slice(text);
        let sealed =
            cipher(key).encrypt_in_place(&XNonce::from(nonce), &purpose.bound_to(key.id()), &mut *buffer);
        sealed.map_err(|_| SealFault::Unsealable)?;
        Ok(SealedSecret { key: key.id(), sealed: [&nonce[..], &buffer[..]].concat() })
    }

    /// Opens what was sealed for this.
    ///
    /// # Errors
    /// [`SealFault::NoKey`], [`SealFault::Forged`].
    pub fn open(&self, purpose: Purpose<'_>, sealed: &SealedSecret) -> Result<SecretText, SealFault> {
        let keys = self.0.keys.load();
        let key = keys.iter().find(|key| key.id() == sealed.key).ok_or(SealFault::NoKey(sealed.key))?;
        let (nonce, text) = sealed.sealed.split_first_chunk::<NONCE>().ok_or(SealFault::Forged)?;
        let mut buffer = Zeroizing::new(text.to_vec());
        let opened =
            cipher(key).decrypt_in_place(&XNonce::from(*nonce), &purpose.bound_to(key.id()), &mut *buffer);
        opened.map_err(|_| SealFault::Forged)?;
        str::from_utf8(&buffer).map(SecretText::from).map_err(|_| SealFault::Forged)
    }
}

/// A sealed secret as a browser keeps it.
#[must_use]
pub fn to_text(sealed: &SealedSecret) -> String {
    URL_SAFE_NO_PAD.encode([&sealed.key.to_be_bytes()[..], &sealed.sealed].concat())
}

/// A sealed secret as a browser brings it back; `None` when it is none.
#[must_use]
pub fn of_text(text: &str) -> Option<SealedSecret> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (key, sealed) = bytes.split_first_chunk::<4>()?;
    Some(SealedSecret { key: u32::from_be_bytes(*key), sealed: sealed.to_vec() })
}

/// Keys are nobody's to read.
impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer")
    }
}

impl Purpose<'_> {
    /// What is authenticated with a secret.
    fn bound_to(self, key: u32) -> Vec<u8> {
        let (context, number, text): (&[u8], i64, &str) = match self {
            Self::Item { item, property } => {
                (b"patgate configuration item secret 1\0", item.as_i64(), property)
            }
            Self::Variable { release, variable } => {
                (b"patgate release variable 1\0", release.as_i64(), variable)
            }
            Self::RefreshToken(user) => (b"patgate refresh token 1\0", user.as_i64(), ""),
            Self::IdToken(user) => (b"patgate ID token 1\0", user.as_i64(), ""),
            Self::SignIn => (b"patgate sign-in under way 1\0", 0, ""),
            Self::Typed { user, variable } => (b"patgate typed password 1\0", user.as_i64(), variable),
        };
        [context, &key.to_be_bytes(), &number.to_be_bytes(), text.as_bytes()].concat()
    }
}

/// An administrator learns what to do; nobody learns more.
impl From<SealFault> for Problem {
    fn from(fault: SealFault) -> Self {
        Self::new(http::StatusCode::CONFLICT, "sealed_secret", fault.to_string())
    }
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_bytes().into())
}
