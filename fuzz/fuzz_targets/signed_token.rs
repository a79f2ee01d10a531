//! Any text is a signed token or refused, and none counts that no key has signed. The first line is the keys.
#![no_main]

use patgate_fuzz::configuration::Secret;
use patgate_fuzz::oidc::jws::{Algorithm, KeySet, Trust, Unverified};

const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (keys, token) = text.split_once('\n').unwrap_or(("", text));
    let keys = KeySet::read(keys.as_bytes()).or_else(|_| KeySet::read(br#"{"keys":[]}"#));
    let (Ok(keys), Ok(token)) = (keys, Unverified::read(token)) else { return };
    let _ = token.claims_to_be_of("https://id.example.com");
    let algorithms: Vec<Algorithm> = ALGORITHMS.iter().filter_map(|name| name.parse().ok()).collect();
    let secret = Secret::new("a secret of sixteen bytes or more".to_owned());
    let trust = Trust { algorithms: &algorithms, keys: &keys, secret: Some(&secret) };
    if token.verify(trust).is_ok() {
        assert!(!keys.is_empty(), "nobody has signed it");
    }
});
