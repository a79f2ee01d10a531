//! Stored secrets, as they stand in their column: bytes that mean nothing without the key, or the name of a grant.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use patgate_core::identifier::GrantId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The column of an item without secrets.
pub(super) const NONE: &str = "{}";

/// The secrets of an item by the names of their properties.
pub type StoredSecrets = BTreeMap<String, StoredSecret>;

/// A secret of an item, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoredSecret {
    /// Encrypted.
    Sealed(SealedSecret),
    /// Its keyed digest: it can be compared, and not be read.
    Digest(DigestedSecret),
    /// It is the personal access token of this grant.
    Grant(BoundGrant),
}

/// The keyed digest of a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestedSecret {
    /// The number of the key.
    pub key: u32,
    /// 32 bytes.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub digest: Vec<u8>,
}

/// The grant of a personal access token that is a secret of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundGrant {
    /// The grant.
    pub grant: GrantId,
}

impl StoredSecret {
    /// What was encrypted, when it is that.
    #[must_use]
    pub fn sealed(&self) -> Option<&SealedSecret> {
        match self {
            Self::Sealed(sealed) => Some(sealed),
            Self::Digest(_) | Self::Grant(_) => None,
        }
    }
}

impl fmt::Debug for DigestedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DigestedSecret(key {})", self.key)
    }
}

/// A secret that was encrypted. What is in it is for the server to say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedSecret {
    /// The number of the key that opens it.
    pub key: u32,
    /// Nonce and ciphertext.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedSecret(key {})", self.key)
    }
}

fn to_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
