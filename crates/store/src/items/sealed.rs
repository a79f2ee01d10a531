//! Sealed secrets, as they stand in their column: bytes that mean nothing without the key.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The column of an item without secrets.
pub(super) const NONE: &str = "{}";

/// The secrets of an item by the names of their properties.
pub type SealedSecrets = BTreeMap<String, SealedSecret>;

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
