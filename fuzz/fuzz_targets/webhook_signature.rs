//! Nothing passes as signed that is not, and what is signed passes. The lines of the input are `X-Hub-Signature-256`,
//! `webhook-id`, `webhook-timestamp` and `webhook-signature`; the rest is the body.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use patgate_core::index::Index;
use patgate_core::token::{DigestKey, DigestKeys};
use patgate_core::webhook::{Authentication, Header, Presented, SigningSecret, sign};
use ring::hmac::{self, HMAC_SHA256};

const SECRET: &str = "a secret of 24 bytes ...";
const OTHER: &str = "another one of 24 bytes.";
const NOW: Timestamp = Timestamp::constant(1_777_809_600, 0);

/// `X-Hub-Signature-256`, `webhook-id`, `webhook-timestamp` and `webhook-signature`.
type Lines<'i> = [&'i str; 4];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(5, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(parts.next().unwrap_or_default()).map(str::trim);
    let (Ok(hub), Ok(id), Ok(timestamp), Ok(signatures)) = (line(), line(), line(), line()) else { return };
    let body = parts.next().unwrap_or_default();
    let lines = [hub, id, timestamp, signatures];

    let secrets = || vec![SigningSecret::plain(OTHER), SigningSecret::plain(SECRET)];
    let (github, standard) = (Authentication::GitHub(secrets()), Authentication::Standard(secrets()));
    if passes(&github, lines, body) {
        let signed = is_signed(body, |mac| hub.eq_ignore_ascii_case(&format!("sha256={}", hexadecimal(mac))));
        assert!(signed, "{hub} is no signature");
    }
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    if passes(&standard, lines, body) {
        let signed = is_signed(&message, |mac| {
            let right = format!("v1,{}", STANDARD.encode(mac));
            signatures.split_ascii_whitespace().any(|one| one == right)
        });
        assert!(signed, "{signatures} has no signature");
        let at = timestamp.parse::<i64>().expect("a time is a number");
        assert!((at - NOW.as_second()).abs() <= 300, "{timestamp} is long ago");
    }

    // What is signed passes with this body, and with no other.
    let hub = format!("sha256={}", hexadecimal(mac(SECRET, body).as_ref()));
    let id = if (1..=200).contains(&id.len()) { id } else { "msg_1" };
    let signature = sign(&SigningSecret::plain(SECRET), id, NOW, body);
    let timestamp = NOW.as_second().to_string();
    let lines = [hub.as_str(), id, &timestamp, &signature];
    let other_body = [body, b"\0"].concat();
    for authentication in [github, standard] {
        assert!(passes(&authentication, lines, body) && !passes(&authentication, lines, &other_body));
    }
});

fn passes(authentication: &Authentication, lines: Lines<'_>, body: &[u8]) -> bool {
    let keys = || DigestKeys::new(vec![DigestKey::new(1, [7; 32])]).expect("one key");
    let [hub, id, timestamp, signatures] = lines;
    let header = |name: &str| match name {
        "x-hub-signature-256" => Header::Once(hub),
        "webhook-id" => Header::Once(id),
        "webhook-timestamp" => Header::Once(timestamp),
        "webhook-signature" => Header::Once(signatures),
        _ => Header::Absent,
    };
    let presented = Presented { header: &header, basic: None, body };
    let index = Index::new(keys());
    authentication.judge(ItemNumber::from_i64(1), &presented, &index.view(), &keys(), NOW).is_ok()
}

/// Whether this holds for the signature by one of the secrets.
fn is_signed(text: &[u8], holds: impl Fn(&[u8]) -> bool) -> bool {
    [SECRET, OTHER].iter().any(|secret| holds(mac(secret, text).as_ref()))
}

fn mac(secret: &str, text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()), text)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
