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
#[serde(untagged, try_from = "Written")]
pub enum StoredSecret {
    /// Encrypted.
    Sealed(SealedSecret),
    /// Its keyed digest: it can be compared, and not be read.
    Digest(DigestedSecret),
    /// It is the personal access token of this grant.
    Grant(BoundGrant),
}

/// A secret as it stands in its column: read once, and then told by what is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: Option<u32>,
    #[serde(default, deserialize_with = "from_text_that_may_be_absent")]
    sealed: Option<Vec<u8>>,
    #[serde(default, deserialize_with = "from_text_that_may_be_absent")]
    digest: Option<Vec<u8>>,
    grant: Option<GrantId>,
}

impl TryFrom<Written> for StoredSecret {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        match written {
            Written { key: Some(key), sealed: Some(sealed), digest: None, grant: None } => {
                Ok(Self::Sealed(SealedSecret { key, sealed }))
            }
            Written { key: Some(key), sealed: None, digest: Some(digest), grant: None } => {
                Ok(Self::Digest(DigestedSecret { key, digest }))
            }
            Written { key: None, sealed: None, digest: None, grant: Some(grant) } => {
                Ok(Self::Grant(BoundGrant { grant }))
            }
            _ => Err("neither a sealed secret, nor a digest, nor a grant"),
        }
    }
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

fn from_text_that_may_be_absent<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<u8>>, D::Error> {
    from_text(deserializer).map(Some)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use patgate_core::item::Value;

    use super::*;

    #[test]
    fn every_value_is_read_as_it_is_written_and_nothing_else_is() {
        let map = [("a".to_owned(), "1".to_owned())].into();
        for value in [
            Value::Boolean(false),
            Value::Integer(i64::MIN),
            Value::Integer(i64::MAX),
            Value::Text(String::new()),
            Value::Text("\"\n\u{e9}".to_owned()),
            Value::Map(BTreeMap::new()),
            Value::Map(map),
        ] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
        }
        for text in ["null", "1.5", "[]", "9223372036854775808", r#"{"a": 1}"#] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_secret_is_read_as_it_is_written_and_nothing_else_is() {
        for secret in [
            StoredSecret::Sealed(SealedSecret { key: 1, sealed: vec![1, 2, 255] }),
            StoredSecret::Digest(DigestedSecret { key: 2, digest: vec![0; 32] }),
            StoredSecret::Grant(BoundGrant { grant: GrantId::from_i64(7) }),
        ] {
            let text = serde_json::to_string(&secret).unwrap();
            assert_eq!(serde_json::from_str::<StoredSecret>(&text).unwrap(), secret, "{text}");
        }
        for text in [
            "{}",
            r#"{"key": 1}"#,
            r#"{"sealed": "AA=="}"#,
            r#"{"key": 1, "sealed": "AA==", "digest": "AA=="}"#,
            r#"{"key": 1, "sealed": "?"}"#,
            r#"{"key": 1, "sealed": "AA==", "more": 1}"#,
        ] {
            assert!(serde_json::from_str::<StoredSecret>(text).is_err(), "{text}");
        }
    }
}
