//! Which signatures count, with keys that the tests make.

use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::json;

use super::*;

/// A DER key as PEM.
pub(crate) fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A signer and its public key as a provider writes it.
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    pub(crate) public: Value,
}

impl Signer {
    pub(crate) fn ed25519(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let public = json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x, "use": "sig" });
        Self::new(&pem(document.as_ref()), Algorithm::EdDsa, id, public)
    }

    pub(crate) fn p256(id: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let public = json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y });
        Self::new(&pem(document.as_ref()), Algorithm::Es256, id, public)
    }

    /// ring makes no RSA keys; openssl does.
    pub(crate) fn rsa(id: &str, algorithm: Algorithm, bits: u32) -> Result<Self, UnusableKey> {
        let pem = patgate_testkit::child::run(
            "openssl",
            ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")],
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, &pem).unwrap();
        let key = SigningKey::read(&path, algorithm, Some(id.to_owned()))?;
        let der = rustls::pki_types::PrivateKeyDer::try_from(der(&pem)).unwrap();
        let pair = RsaKeyPair::from_pkcs8(der.secret_der()).unwrap();
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
        Ok(Self { key, public: json!({ "kty": "RSA", "kid": id, "n": n, "e": e }) })
    }

    fn new(pem: &str, algorithm: Algorithm, id: &str, public: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, pem).unwrap();
        Self { key: SigningKey::read(&path, algorithm, Some(id.to_owned())).unwrap(), public }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims).unwrap()
    }
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// The set of these public keys.
pub(crate) fn set(keys: &[&Value]) -> KeySet {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// A token with this header and these claims, and a signature that the caller makes.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let signature = sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn verify(text: &str, algorithms: &[Algorithm], keys: &KeySet) -> Result<Verified, JwsFault> {
    Unverified::read(text)?.verify(Trust { algorithms, keys, secret: None })
}

#[test]
fn every_kind_of_key_signs_what_it_can_check() {
    let rsa = [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384];
    let signers = rsa.map(|algorithm| Signer::rsa("r", algorithm, 2048).unwrap());
    let others = [Signer::ed25519("e"), Signer::p256("p")];
    for signer in signers.iter().chain(&others) {
        let text = signer.sign(&json!({ "sub": "ann" }));
        let keys = set(&[&signer.public]);
        let verified = verify(&text, &Algorithm::PUBLIC, &keys).unwrap();
        assert_eq!(verified.claims["sub"], "ann");
        assert_eq!(verified.kind.as_deref(), Some("jwt"));
        // One letter of the claims, and it is nobody's.
        let forged = text.replacen('.', ".A", 1);
        assert!(verify(&forged, &Algorithm::PUBLIC, &keys).is_err());
    }
}

#[test]
fn a_short_rsa_key_signs_nothing() {
    assert!(matches!(Signer::rsa("r", Algorithm::Rs256, 1024), Err(UnusableKey::Unfit { .. })));
}

#[test]
fn an_unsigned_token_is_no_token() {
    for name in ["none", "None", "nOnE", ""] {
        let text = token(&json!({ "alg": name }), &json!({ "sub": "eve" }), |_| Vec::new());
        let fault = verify(&text, &Algorithm::PUBLIC, &KeySet::default()).unwrap_err();
        assert_eq!(fault, JwsFault::Algorithm(name.to_owned()));
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_shared_secret() {
    let signer = Signer::rsa("r", Algorithm::Rs256, 2048).unwrap();
    let keys = set(&[&signer.public]);
    let public = signer.public.to_string();
    for secret in [public.as_bytes(), signer.public["n"].as_str().unwrap().as_bytes()] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let text = token(&json!({ "alg": "HS256", "kid": "r" }), &json!({ "sub": "eve" }), |text| {
            hmac::sign(&key, text).as_ref().to_vec()
        });
        assert_eq!(
            verify(&text, &Algorithm::PUBLIC, &keys).unwrap_err(),
            JwsFault::Algorithm("HS256".to_owned())
        );
        // Not even where HS256 is allowed: only the client secret is its key.
        let algorithms = [Algorithm::Rs256, Algorithm::Hs256];
        assert_eq!(verify(&text, &algorithms, &keys).unwrap_err(), JwsFault::NoKey);
        let secret = Secret::new("the client secret".to_owned());
        let trust = Trust { algorithms: &algorithms, keys: &keys, secret: Some(&secret) };
        assert_eq!(Unverified::read(&text).unwrap().verify(trust).unwrap_err(), JwsFault::Signature);
    }
}

#[test]
fn the_client_secret_signs_where_that_is_allowed() {
    let secret = Secret::new("the client secret".to_owned());
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.reveal().as_bytes());
    let text = token(&json!({ "alg": "HS512" }), &json!({ "sub": "ann" }), |text| {
        hmac::sign(&key, text).as_ref().to_vec()
    });
    let keys = KeySet::default();
    let verify = |algorithms: &[Algorithm]| {
        Unverified::read(&text).unwrap().verify(Trust { algorithms, keys: &keys, secret: Some(&secret) })
    };
    assert_eq!(verify(&[Algorithm::Hs512]).unwrap().claims["sub"], "ann");
    assert!(verify(&[Algorithm::Hs256]).is_err());
}

#[test]
fn a_key_is_found_by_its_id_and_by_what_it_is_for() {
    let (one, two) = (Signer::ed25519("one"), Signer::ed25519("two"));
    let text = one.sign(&json!({}));
    assert_eq!(verify(&text, &[Algorithm::EdDsa], &set(&[&two.public])).unwrap_err(), JwsFault::NoKey);
    assert!(verify(&text, &[Algorithm::EdDsa], &set(&[&two.public, &one.public])).is_ok());
    let mut nameless = one.public.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    assert!(verify(&text, &[Algorithm::EdDsa], &set(&[&nameless])).is_ok());
    for (field, value) in [("use", json!("enc")), ("key_ops", json!(["sign"])), ("alg", json!("ES256"))] {
        let mut other = one.public.clone();
        other[field] = value;
        assert_eq!(
            verify(&text, &[Algorithm::EdDsa], &set(&[&other])).unwrap_err(),
            JwsFault::NoKey,
            "{field}"
        );
    }
    assert_eq!(
        verify(&text, &[Algorithm::Rs256], &set(&[&one.public])).unwrap_err(),
        JwsFault::Algorithm("EdDSA".to_owned())
    );
}

#[test]
fn a_key_that_the_token_brings_along_is_not_looked_at() {
    let (good, own) = (Signer::p256("k"), Signer::p256("k"));
    let claims = json!({ "sub": "eve" });
    let text = own.sign(&claims);
    assert_eq!(verify(&text, &Algorithm::PUBLIC, &set(&[&good.public])).unwrap_err(), JwsFault::Signature);
    let header = json!({ "alg": "ES256", "jwk": own.public, "jku": "https://evil.example/keys" });
    let text = token(&header, &claims, |_| vec![0; 64]);
    assert_eq!(verify(&text, &Algorithm::PUBLIC, &set(&[&good.public])).unwrap_err(), JwsFault::Signature);
}

#[test]
fn what_is_no_signed_token_is_refused() {
    let critical =
        token(&json!({ "alg": "RS256", "crit": ["b64"], "b64": false }), &json!({}), |_| Vec::new());
    assert_eq!(verify(&critical, &Algorithm::PUBLIC, &KeySet::default()).unwrap_err(), JwsFault::Critical);
    // Five parts are an encrypted token.
    for text in ["", ".", "..", "a.b.c", "e30.e30.", "eyJhbGciOiJSUzI1NiJ9.e30.e30.e30.e30"] {
        assert!(verify(text, &Algorithm::PUBLIC, &KeySet::default()).is_err(), "{text}");
    }
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"RS256"}"#);
    assert_eq!(Unverified::read(&format!("{twice}.e30.")).err(), Some(JwsFault::Malformed));
    assert_eq!(Unverified::read(&"a".repeat(LONGEST + 1)).err(), Some(JwsFault::Malformed));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-zA-Z0-9._-]{0,200}", keys in any::<Vec<u8>>()) {
        let _ = Unverified::read(&text).map(|token| token.verify(Trust {
            algorithms: &Algorithm::PUBLIC, keys: &KeySet::default(), secret: None,
        }));
        let _ = KeySet::read(&keys);
    }
}
