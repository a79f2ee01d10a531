//! The key with which a client proves who it is (`private_key_jwt`, OIDC Core §9), and its signatures.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::algorithm::Algorithm;

/// A private key for one algorithm. Not printed.
pub struct SigningKey {
    algorithm: Algorithm,
    id: Option<String>,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a file is no key for an algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// No PEM with a private key.
    #[error("`{0}` holds no private key in PEM; a key for signing is written as PKCS #8")]
    NoPem(String),
    /// A key of another kind, or too short.
    #[error("the key in `{path}` cannot sign with {algorithm}: {reason}")]
    Unfit {
        /// The file.
        path: String,
        /// What it was to do.
        algorithm: Algorithm,
        /// In words.
        reason: String,
    },
    /// A shared secret is no private key.
    #[error("{0} signs with a shared secret; choose an algorithm with a private key, like `RS256`")]
    Shared(Algorithm),
}

impl SigningKey {
    /// Reads the key of a file, PEM. `id` is what the provider calls it.
    ///
    /// # Errors
    /// [`UnusableKey`].
    pub fn read(path: &Path, algorithm: Algorithm, id: Option<String>) -> Result<Self, UnusableKey> {
        let name = path.display().to_string();
        let der = PrivateKeyDer::from_pem_file(path).map_err(|_| UnusableKey::NoPem(name.clone()))?;
        let unfit = |reason: &dyn fmt::Display| UnusableKey::Unfit {
            path: name.clone(),
            algorithm,
            reason: reason.to_string(),
        };
        let pair = match (algorithm.ecdsa_signing(), algorithm.rsa_signing()) {
            (Some(kind), _) => EcdsaKeyPair::from_pkcs8(kind, der.secret_der(), &SystemRandom::new())
                .map(Pair::Ecdsa)
                .map_err(|reason| unfit(&reason))?,
            (None, Some(_)) => match &der {
                PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
                other => RsaKeyPair::from_pkcs8(other.secret_der()),
            }
            .map(Pair::Rsa)
            .map_err(|reason| unfit(&reason))?,
            (None, None) if algorithm == Algorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_der())
                    .map(Pair::Ed25519)
                    .map_err(|reason| unfit(&reason))?
            }
            (None, None) => return Err(UnusableKey::Shared(algorithm)),
        };
        Ok(Self { algorithm, id, pair })
    }

    /// A signed token that says this; `None` when ring cannot sign.
    ///
    /// ring takes randomness for blinding and salts from the system alone; nothing that is decided depends on it.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let mut header = json!({ "alg": self.algorithm.name(), "typ": "JWT" });
        if let Some(id) = &self.id {
            header["kid"] = json!(id);
        }
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", encode(&header), encode(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, text.as_bytes()).ok()?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(self.algorithm.rsa_signing()?, &random, text.as_bytes(), &mut signature).ok()?;
                signature
            }
        };
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({}, …)", self.algorithm)
    }
}
