//! Who means harm at webhook endpoints: requests that are two to one reader and one to another, and whoever reads the bytes
//! of the database.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::wire::Wire;
use patgate_testkit::{child, curl, standard_webhooks, wait};
use serde_json::json;

use crate::actors::admin;
use crate::webhooks::{POST, endpoint};

/// The statuses of all answers until the server closes: after a refusal, or after the request that asks for it.
fn answers(patgate: &Patgate, bytes: &[u8]) -> Vec<u16> {
    let mut wire = Wire::connect(patgate.ports()[0]);
    // It may have closed already, with an answer that says why.
    let _ = wire.send(bytes);
    let next = || match wire.answer() {
        Ok(answer) => answer.map(|answer| answer.status),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
        Err(error) => panic!("{error}\n{}", patgate.log()),
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn nobody_smuggles_a_request_past_a_webhook_endpoint() {
    let patgate = Patgate::start();
    endpoint(&patgate, POST, "open", json!({ "authentication": "none" }));
    endpoint(&patgate, POST, "inner", json!({ "authentication": "none" }));
    let inner = "POST /webhooks/inner HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                 connection: close\r\ncontent-length: 2\r\n\r\n{}";
    let chunks = |line: &str| format!("{line}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{inner}");
    let both = inner.len() + 2;
    for framing in [
        // One length ends before the second request, the other after it.
        format!("content-length: {both}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{inner}"),
        format!("transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{inner}"),
        format!("content-length: 2\r\ncontent-length: {both}\r\n\r\n{{}}{inner}"),
        format!("content-length: 2, {both}\r\n\r\n{{}}{inner}"),
        format!("content-length: +2\r\n\r\n{{}}{inner}"),
        format!("content-length: 2 \x0b\r\n\r\n{{}}{inner}"),
        // What some proxies take for `chunked`, and others do not.
        chunks("transfer-encoding: xchunked"),
        chunks("transfer-encoding: chunked, identity"),
        chunks("transfer-encoding : chunked"),
        chunks("transfer-encoding:\x0bchunked"),
        chunks("transfer-encoding: identity\r\ntransfer-encoding: \"chunked\""),
        // A line that goes on, which some join and others drop (RFC 9112 §5.2).
        chunks("transfer-encoding:\r\n chunked"),
        chunks("x-odd: a\r\n transfer-encoding: chunked"),
        // Lines and chunks that end with a line feed alone.
        format!("x-odd: a\ncontent-length: {both}\r\ncontent-length: 2\r\n\r\n{{}}{inner}"),
        format!("x-odd: a\rcontent-length: 2\r\n\r\n{{}}{inner}"),
        format!("transfer-encoding: chunked\r\n\r\n2\n{{}}\n0\n\n{inner}"),
        format!("transfer-encoding: chunked\r\n\r\n2;a\n{{}}\r\n0\r\n\r\n{inner}"),
        format!("transfer-encoding: chunked\r\n\r\n0x2\r\n{{}}\r\n0\r\n\r\n{inner}"),
        format!("transfer-encoding: chunked\r\n\r\n-2\r\n{{}}\r\n0\r\n\r\n{inner}"),
    ] {
        let bytes =
            format!("POST /webhooks/open HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{framing}");
        let statuses = answers(&patgate, bytes.as_bytes());
        assert!(statuses.len() <= 1, "{framing:?}: {statuses:?}");
        // With a length and chunks, the chunks may count, if the connection ends then (RFC 9112 §6.1).
        assert!(
            statuses.iter().all(|status| *status == 202 || (400..500).contains(status)),
            "{framing:?}: {statuses:?}"
        );
        let smuggled = patgate.sql("SELECT count(*) FROM webhook_counters c JOIN configuration_items i ON i.number = c.endpoint WHERE i.id = 'Configuration/inner'");
        assert_eq!(smuggled.trim(), "0", "{framing:?}");
    }
    // What is meant to be two requests is two.
    let one = inner.replace("/inner", "/open").replace("connection: close\r\n", "");
    assert_eq!(answers(&patgate, format!("{one}{inner}").as_bytes()), [202, 202]);
}

/// Secrets that endpoints have, or that callers send without being asked for.
const PLAIN: &str = "a plain secret of an endpoint";
const PASSWORD: &str = "a password of an endpoint";
const SIGNING: &str = "what a sender signs with";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const RECEIVERS: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// What stands in the two behind `whsec_`, in base64.
const KEYS: [&[u8]; 2] = [
    b"\x31\xf2\x90\xf6\xbf\x06\x29\x8a\xab\x4f\x08\xd4\x3c\x3f\x08\x2c\xf6\x48\xa3\x62\xda\x2d\xa4\xb0",
    b"\x0b\x61\x55\xb0\x14\x08\x86\xbb\x1c\x0a\x19\x50\x20\xc5\x7e\x6f\x9b\x12\x62\xca\x68\x6f\xba\x03",
];
const AUTHORIZATION: &str = "Bearer for-the-receiver-alone";
const STRAY: &str = "a-stray-credential-of-a-caller";

/// Makes endpoints with every kind of secret, and calls them with right and wrong ones.
fn use_secrets(patgate: &Patgate, token: &str) {
    let receiver = Upstream::start();
    let forwarded = |mut properties: serde_json::Value| {
        properties["action"] = json!("forward");
        properties["forwardUrl"] = json!(format!("{}/events", receiver.url()));
        properties["forwardAuthorizationSecret"] = json!(AUTHORIZATION);
        properties["forwardSigningSecret"] = json!(RECEIVERS);
        properties
    };
    endpoint(patgate, POST, "token", json!({ "secretToken": token }));
    endpoint(patgate, POST, "plain", forwarded(json!({ "secretToken": PLAIN })));
    let basic = json!({ "authentication": "basic", "username": "ci", "password": PASSWORD });
    endpoint(patgate, POST, "basic", basic);
    endpoint(patgate, POST, "github", json!({ "authentication": "github", "signingSecret": SIGNING }));
    endpoint(patgate, POST, "standard", json!({ "authentication": "standard", "signingSecret": WHSEC }));
    endpoint(patgate, "events.GetWebhookEndpoint", "get", json!({ "secretToken": PLAIN }));
    let call = |path: &str, more: &[&str]| {
        let (key, cookie) = (format!("x-api-key: {STRAY}"), format!("cookie: session={STRAY}"));
        let (url, body) = (patgate.url_of(&format!("/webhooks/{path}")), r#"{"event":"push"}"#);
        let mut words = vec!["-H", &key, "-H", &cookie];
        words.extend(more);
        if !path.starts_with("get") {
            words.extend(["-H", "Content-Type: application/json", "--data-binary", body]);
        }
        words.push(&url);
        curl::curl(words).status
    };
    let (right, plain) =
        (format!("x-release-webhook-token: {token}"), format!("x-release-webhook-token: {PLAIN}"));
    assert_eq!(call("token", &["-H", &right]), 202);
    assert_eq!(call("token", &["-H", &plain]), 401);
    assert_eq!(call("plain", &["-H", &plain]), 202);
    assert_eq!(call("plain", &["-H", &right]), 401);
    assert_eq!(call(&format!("get?access_token={STRAY}"), &["-H", &plain]), 202);
    assert_eq!(call(&format!("get?access_token={STRAY}"), &["-H", &right]), 401);
    assert_eq!(call("basic", &["-u", &format!("ci:{PASSWORD}")]), 202);
    assert_eq!(call("basic", &["-u", &format!("ci:{STRAY}")]), 401);
    assert_eq!(call("github", &["-H", &format!("x-hub-signature-256: sha256={STRAY}")]), 401);
    let headers = standard_webhooks::signed(WHSEC, "msg_1", r#"{"event":"push"}"#);
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let mut words = Vec::new();
    lines.iter().for_each(|line| words.extend(["-H", line.as_str()]));
    assert_eq!(call("standard", &words), 202);
    let came = || {
        let waiting = patgate.sql("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'");
        (!receiver.requests().is_empty() && waiting.trim() == "0").then_some(())
    };
    assert!(wait::until(Duration::from_secs(30), came).is_some(), "{}", patgate.log());
    assert_eq!(receiver.requests()[0].header("authorization"), Some(AUTHORIZATION));
    let refused = || {
        let refused = patgate.sql("SELECT count(*) FROM webhook_refusals");
        (refused.trim() == "5").then_some(())
    };
    assert!(wait::until(Duration::from_secs(30), refused).is_some(), "{}", patgate.log());
}

/// No secret is in these bytes, neither as it is nor in base64 or hexadecimal digits.
fn assert_clean(place: &str, bytes: &[u8], token: &str) {
    let contains = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let texts = [token, PLAIN, PASSWORD, SIGNING, &WHSEC[6..], &RECEIVERS[6..], AUTHORIZATION, STRAY];
    let secrets = texts.iter().map(|text| text.as_bytes().to_vec()).chain(KEYS.map(<[u8]>::to_vec));
    for secret in secrets {
        let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = String::from_utf8_lossy(&secret).into_owned();
        assert!(!contains(&secret), "`{shown}` is in {place}");
        assert!(!contains(hexadecimal.as_bytes()), "`{shown}` is in {place}, in hexadecimal digits");
    }
    let pair = "Y2k6YSBwYXNzd29yZCBvZiBhbiBlbmRwb2ludA==";
    assert!(!contains(pair.as_bytes()), "the header of Basic authentication is in {place}");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_byte_of_an_sqlite_database_tells_a_secret_after_it_was_used() {
    let mut patgate = Patgate::with().configuration("[webhooks]\nforward_to = ['127.0.0.1']\n").start();
    let token = admin(&patgate).token("builds", "release").text;
    use_secrets(&patgate, &token);
    let look = |patgate: &Patgate, wanted: &str| {
        let all = files(&patgate.data_directory());
        assert!(all.iter().any(|file| file.ends_with(wanted)), "{all:?}");
        for file in all {
            assert_clean(&file.display().to_string(), &fs::read(&file).unwrap(), &token);
        }
    };
    look(&patgate, "patgate.db-wal");
    // The search finds what is there.
    let bytes = fs::read(patgate.data_directory().join("patgate.db-wal")).unwrap();
    assert!(bytes.windows(6).any(|window| window == b"x-api-"), "what callers sent is in it");
    patgate.stop();
    look(&patgate, "patgate.db");
    assert_clean("the log", patgate.log().as_bytes(), &token);
}

#[test]
fn no_line_of_a_postgresql_dump_tells_a_secret_after_it_was_used() {
    let database = Database::create();
    let patgate = Patgate::with()
        .database_url(database.url())
        .configuration("[webhooks]\nforward_to = ['127.0.0.1']\n")
        .start();
    let token = admin(&patgate).token("builds", "release").text;
    use_secrets(&patgate, &token);
    let dump = child::run(child::program("pg_dump"), [database.url()]);
    assert!(dump.contains("x-api-key") && dump.contains("webhook_requests"), "what callers sent is in it");
    assert_clean("the dump", dump.as_bytes(), &token);
    assert_clean("the log", patgate.log().as_bytes(), &token);
}
