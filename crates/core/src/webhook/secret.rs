//! Secrets of an endpoint that are only compared, and of which no copy is kept.

use std::fmt;

use jiff::Timestamp;

use super::Refused;
use crate::identifier::{GrantId, ItemNumber};
use crate::index::View;
use crate::token::{Digest, DigestKeys, TokenText};
use crate::verify::{Demand, Denied, Permit, Surface, judge};

/// The keyed digest of a secret, and the number of its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretDigest {
    /// Which key.
    pub key: u32,
    /// The digest.
    pub digest: Digest,
}

/// What the caller of an endpoint sends as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointToken {
    /// A personal access token: the one of this grant, for as long as it passes.
    Grant(GrantId),
    /// Any other secret.
    Digest(SecretDigest),
}

impl SecretDigest {
    /// The digest of a secret of an endpoint, by the newest key. What stands in the row of another endpoint is no digest
    /// of the same secret.
    #[must_use]
    pub fn of(keys: &DigestKeys, endpoint: ItemNumber, secret: &str) -> Self {
        let key = keys.newest();
        Self { key: key.id(), digest: key.digest_secret(&context(endpoint), secret) }
    }

    /// Whether this is the digest of that secret; nothing is none. Takes as long for a wrong one, wherever it is wrong.
    #[must_use]
    pub fn is_of(&self, keys: &DigestKeys, endpoint: ItemNumber, secret: &str) -> bool {
        keys.iter()
            .find(|key| key.id() == self.key && !secret.is_empty())
            .is_some_and(|key| key.digest_secret(&context(endpoint), secret).is_same(&self.digest))
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretDigest(key {})", self.key)
    }
}

impl EndpointToken {
    /// Judges what the caller sent.
    pub(super) fn judge<'v>(
        self,
        endpoint: ItemNumber,
        shown: &str,
        view: &'v View<'_>,
        keys: &DigestKeys,
        now: Timestamp,
    ) -> Result<Option<Permit<'v>>, Refused> {
        match self {
            Self::Digest(digest) if digest.is_of(keys, endpoint, shown) => Ok(None),
            Self::Digest(_) => Err(Refused::Wrong),
            Self::Grant(bound) => {
                let token = TokenText::parse(shown).map_err(Denied::Malformed).map_err(Refused::Denied)?;
                // Looked for once: another token may come in at any time, also between two looks.
                let grant = view.find(token).ok_or(Refused::Denied(Denied::Unknown))?;
                // Before the verdict: of another token no use is noted.
                if grant.id() != bound {
                    return Err(Refused::Wrong);
                }
                let demand = Demand { surface: Surface::Every, permission: None };
                judge(view, grant, demand, now).map(Some).map_err(Refused::Denied)
            }
        }
    }
}

/// What a digest is for.
fn context(endpoint: ItemNumber) -> Vec<u8> {
    [b"patgate webhook secret 1\0", &endpoint.as_i64().to_be_bytes()[..], b"\0"].concat()
}
