//! The public keys of a provider (RFC 7517), as far as they can check signatures.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::algorithm::{Algorithm, KeyKind};

/// The most keys of a provider that are looked at.
const MOST_KEYS: usize = 100;

/// A key that checks signatures.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm it is for, when it says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// All keys of a provider that can check signatures.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

/// A key as it is written (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Private parts are not read.
#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct WrittenSet {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a set. Keys of other kinds or for other uses are passed over (RFC 7517 §5).
    ///
    /// # Errors
    /// When it is no set of keys.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let set: WrittenSet = serde_json::from_slice(json)?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        Ok(Self(keys.filter_map(|key| Key::of(serde_json::from_value(key).ok()?)).collect()))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that may have signed. A key without an id may be any; a token without one may be of any.
    pub(super) fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| {
            let is_it = match (id, key.id.as_deref()) {
                (Some(wanted), Some(id)) => wanted == id,
                _ => true,
            };
            is_it
                && key.kind() == algorithm.key_kind()
                && key.algorithm.is_none_or(|declared| declared == algorithm)
        })
    }
}

impl Key {
    /// Whether this signature of this text is of this key.
    pub(super) fn verifies(&self, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Rsa { n, e } => {
                let Some(parameters) = algorithm.rsa() else { return false };
                RsaPublicKeyComponents { n, e }.verify(parameters, text, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(text, signature)
            }
            Material::P384(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(text, signature)
            }
            Material::Ed25519(point) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(text, signature)
            }
        };
        verified.is_ok()
    }

    fn of(written: Written) -> Option<Self> {
        let is_for_signatures = written.r#use.as_deref().is_none_or(|purpose| purpose == "sig")
            && written.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|it| it == "verify"));
        if !is_for_signatures {
            return None;
        }
        // An algorithm that is not known here is none that a token can be taken with.
        let algorithm = match written.alg.as_deref() {
            None => None,
            Some(name) => Some(name.parse().ok()?),
        };
        let material = match (written.kty.as_str(), written.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: number(written.n)?, e: number(written.e)? },
            ("EC", Some("P-256")) => Material::P256(point(written.x, written.y, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(written.x, written.y, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(decode(written.x?)?),
            _ => return None,
        };
        Some(Self { id: written.kid, algorithm, material })
    }

    fn kind(&self) -> KeyKind {
        match self.material {
            Material::Rsa { .. } => KeyKind::Rsa,
            Material::P256(_) => KeyKind::P256,
            Material::P384(_) => KeyKind::P384,
            Material::Ed25519(_) => KeyKind::Ed25519,
        }
    }
}

/// A number without the zeros at its start that some providers write against RFC 7518 §2, and ring refuses.
fn number(text: Option<String>) -> Option<Vec<u8>> {
    let bytes = decode(text?)?;
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

/// A point of a curve in SEC 1's uncompressed form.
fn point(x: Option<String>, y: Option<String>, length: usize) -> Option<Vec<u8>> {
    let (x, y) = (decode(x?)?, decode(y?)?);
    let fits = x.len() == length && y.len() == length;
    fits.then(|| [&[4_u8][..], &x, &y].concat())
}

#[expect(clippy::needless_pass_by_value, reason = "what was read is used up here")]
fn decode(text: String) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}
