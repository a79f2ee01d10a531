//! Signed tokens in their compact form (RFC 7515 §7.1, RFC 7519): which signature counts, and what it covers.
//!
//! ring does the arithmetic. What is decided here is what attacks on such tokens are about (RFC 8725): the algorithm is
//! one of those that the caller allows, never what the token asks for; a key checks only the algorithms of its kind, so
//! that a public key is never taken for a shared secret; keys that a token brings along or points to are not looked at.

mod algorithm;
mod key;
mod sign;
#[cfg(test)]
pub(crate) mod tests;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::algorithm::{Algorithm, NotAnAlgorithm};
pub use self::key::KeySet;
pub use self::sign::{SigningKey, UnusableKey};
use crate::configuration::Secret;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a signed token says.
pub type Claims = Map<String, Value>;

/// A token that was read, and whose signature nobody has checked yet. What it says is kept back until then.
pub struct Unverified<'t> {
    header: Header,
    algorithm: Algorithm,
    signed: &'t str,
    signature: Vec<u8>,
    claims: Claims,
}

/// A token whose signature is right.
#[derive(Debug)]
pub struct Verified {
    /// What it says it is (`typ`), in lower case, without `application/` (RFC 7515 §4.1.9).
    pub kind: Option<String>,
    /// What it says.
    pub claims: Claims,
}

/// Why a token does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsFault {
    /// Not three parts, or not base64url, or not JSON, or too long.
    #[error("it is no signed token")]
    Malformed,
    /// It demands something that is not known here (RFC 7515 §4.1.11).
    #[error("it demands extensions that are not known here")]
    Critical,
    /// The algorithm is not among the allowed ones.
    #[error("it is signed with `{0}`, which is not allowed here")]
    Algorithm(String),
    /// There is no key that could have signed it.
    #[error("none of the provider's keys could have signed it")]
    NoKey,
    /// No key did.
    #[error("its signature is wrong")]
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// With what a signature is checked.
#[derive(Clone, Copy)]
pub struct Trust<'k> {
    /// The algorithms that may be used.
    pub algorithms: &'k [Algorithm],
    /// The provider's public keys.
    pub keys: &'k KeySet,
    /// What both sides know, for HMAC (OIDC Core §10.1).
    pub secret: Option<&'k Secret>,
}

impl<'t> Unverified<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`JwsFault::Malformed`], [`JwsFault::Critical`], [`JwsFault::Algorithm`].
    pub fn read(text: &'t str) -> Result<Self, JwsFault> {
        if text.len() > LONGEST {
            return Err(JwsFault::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsFault::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsFault::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwsFault::Malformed)?;
        if header.crit.is_some() {
            return Err(JwsFault::Critical);
        }
        let algorithm = header.alg.parse().map_err(|_| not_allowed(&header.alg))?;
        let claims = serde_json::from_slice(&decode(payload)?).map_err(|_| JwsFault::Malformed)?;
        Ok(Self { algorithm, signed, signature: decode(signature)?, claims, header })
    }

    /// Whether it says that this issuer made it: for the choice of whose keys to check it with, and nothing else.
    #[must_use]
    pub fn claims_to_be_of(&self, issuer: &str) -> bool {
        self.claims.get("iss").and_then(Value::as_str) == Some(issuer)
    }

    /// Hands over what the token says, when its signature is right.
    ///
    /// # Errors
    /// [`JwsFault::Algorithm`], [`JwsFault::NoKey`] (the keys may be old), [`JwsFault::Signature`].
    pub fn verify(self, trust: Trust<'_>) -> Result<Verified, JwsFault> {
        if !trust.algorithms.contains(&self.algorithm) {
            return Err(not_allowed(&self.header.alg));
        }
        let text = self.signed.as_bytes();
        let is_right = match self.algorithm.hmac() {
            Some(algorithm) => {
                let secret = trust.secret.ok_or(JwsFault::NoKey)?;
                let key = hmac::Key::new(algorithm, secret.reveal().as_bytes());
                hmac::verify(&key, text, &self.signature).is_ok()
            }
            None => {
                let mut keys = trust.keys.candidates(self.header.kid.as_deref(), self.algorithm).peekable();
                if keys.peek().is_none() {
                    return Err(JwsFault::NoKey);
                }
                keys.any(|key| key.verifies(self.algorithm, text, &self.signature))
            }
        };
        if !is_right {
            return Err(JwsFault::Signature);
        }
        let kind = self.header.typ.map(|kind| kind.to_ascii_lowercase());
        let kind = kind.map(|kind| kind.strip_prefix("application/").map(str::to_owned).unwrap_or(kind));
        Ok(Verified { kind, claims: self.claims })
    }
}

fn not_allowed(name: &str) -> JwsFault {
    JwsFault::Algorithm(name.chars().filter(char::is_ascii_graphic).take(20).collect())
}
