//! Malformed requests over the wire: each gets a 4xx that says what is wrong, changes nothing, and the server works on.

use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::wire::Wire;
use serde_json::{Value, json};

use crate::actors::{CURRENT, TOKENS, admin, auth};

/// How many tokens there are, and how many changes there were.
fn counts(patgate: &Patgate) -> String {
    patgate.sql("SELECT (SELECT count(*) FROM grants), (SELECT value FROM change_sequence)")
}

/// What curl gets for a body that is sent byte for byte.
fn post(patgate: &Patgate, token: &str, content_type: &str, body: &[u8]) -> Answer {
    let file = patgate.directory().join("body");
    std::fs::write(&file, body).unwrap();
    let authorization = format!("Authorization: Bearer {token}");
    let content_type = format!("Content-Type: {content_type}");
    let data = format!("@{}", file.display());
    curl(["-H", &authorization, "-H", &content_type, "--data-binary", &data, &patgate.url_of(TOKENS)])
}

/// A server on which a token may make tokens, so that each request costs no password; and that token.
fn open_server() -> (Patgate, String) {
    let patgate = Patgate::start();
    let token = {
        let admin = admin(&patgate);
        let settings = "/api/v1/settings/personal-access-tokens";
        let mut body = admin.get(settings).json();
        body["tokensMayMakeTokens"] = true.into();
        assert_eq!(admin.send("PUT", settings, &body).status, 200);
        admin.token("caller", "release").text
    };
    (patgate, token)
}

#[test]
fn a_client_that_sends_a_wrong_field_is_told_which() {
    let (patgate, token) = open_server();
    let before = counts(&patgate);
    let long = "x".repeat(101);
    for (body, field) in [
        (json!({}), "tokenNote"),
        (json!({ "tokenNote": null }), "tokenNote"),
        (json!({ "tokenNote": 7 }), "tokenNote"),
        (json!({ "tokenNote": "" }), "tokenNote"),
        (json!({ "tokenNote": " \t " }), "tokenNote"),
        (json!({ "tokenNote": long }), "tokenNote"),
        (json!({ "tokenNote": "a\u{0}b" }), "tokenNote"),
        (json!({ "tokenNote": "a\nb" }), "tokenNote"),
        (json!({ "tokenNote": "a\u{7f}b" }), "tokenNote"),
        (json!({ "tokenNote": "a\u{85}b" }), "tokenNote"),
        (json!({ "tokenNote": "a", "expiresAt": "2020-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiryDate": "2020-01-01T00:00:00Z" }), "expiryDate"),
        (json!({ "tokenNote": "a", "expiresAt": "tomorrow" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresAt": "" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresAt": "2027-02-30T00:00:00Z" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresAt": "9999-12-31T23:59:59Z" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresAt": "99999-12-31T23:59:59Z" }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresAt": 1_800_000_000 }), "expiresAt"),
        (json!({ "tokenNote": "a", "expiresInDays": 0 }), "expiresInDays"),
        (json!({ "tokenNote": "a", "expiresInDays": -1 }), "expiresInDays"),
        (json!({ "tokenNote": "a", "expiresInDays": 1.5 }), "expiresInDays"),
        (json!({ "tokenNote": "a", "expiresInDays": 1_000_000_000_000_000_000_i64 }), "expiresInDays"),
        (
            json!({ "tokenNote": "a", "expiresInDays": 1, "expiresAt": "2099-01-01T00:00:00Z" }),
            "expiresInDays",
        ),
        (json!({ "tokenNote": "a", "globalPermissions": ["no#such"] }), "globalPermissions"),
        (json!({ "tokenNote": "a", "globalPermissions": "admin" }), "globalPermissions"),
        (json!({ "tokenNote": "a", "globalPermissions": [7] }), "globalPermissions[0]"),
        (json!({ "tokenNote": "a", "application": "nosuch" }), "application"),
        (json!({ "tokenNote": "a", "expiresat": "2099-01-01T00:00:00Z" }), "expiresat"),
    ] {
        let answer = post(&patgate, &token, "application/json", body.to_string().as_bytes());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(answer.json()["field"], Value::from(field), "{body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(counts(&patgate), before);
}

#[test]
fn a_client_that_sends_a_broken_body_is_refused_and_the_next_one_is_served() {
    let (patgate, token) = open_server();
    let before = counts(&patgate);
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"tokenNote\":{}{}}}", "{\"a\":".repeat(50_000), "1");
    for (body, status) in [
        (&b""[..], 400),
        (b"{", 400),
        (b"{\"tokenNote\":\"a\"", 400),
        (b"{\"tokenNote\":\"a\"} x", 400),
        (b"{\"tokenNote\":\"a\xff\xfe\"}", 400),
        (b"{\"tokenNote\":\"\xc3\x28\"}", 400),
        (b"{\"tokenNote\":\"\xed\xa0\x80\"}", 400),
        (b"{\"tokenNote\":\"\\ud800\"}", 400),
        (b"\xef\xbb\xbf{\"tokenNote\":\"a\"}", 400),
        (b"\x00\x00\x00", 400),
        (b"{\"tokenNote\":\"a\",\"tokenNote\":\"b\"}", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\"a\"", 400),
        (deep.as_bytes(), 400),
        (nested.as_bytes(), 400),
    ] {
        let answer = post(&patgate, &token, "application/json", body);
        assert_eq!(answer.status, status, "{:?}: {}", &body[..body.len().min(40)], answer.text());
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a", ""] {
        let answer = post(&patgate, &token, content_type, b"{\"tokenNote\":\"a\"}");
        assert_eq!(answer.status, 415, "{content_type}: {}", answer.text());
    }
    assert_eq!(counts(&patgate), before);
    let answer = post(&patgate, &token, "application/json", "{\"tokenNote\":\"Ünïcode 🦀\"}".as_bytes());
    assert_eq!((answer.status, &answer.json()["tokenNote"]), (201, &json!("Ünïcode 🦀")));
}

#[test]
fn a_client_that_sends_more_than_the_limit_is_told_so() {
    let patgate = Patgate::with().configuration("body_limit = 2048\n").start();
    let token = admin(&patgate).token("t", "release").text;
    let body = |length: usize| format!("{{\"tokenNote\":\"a\",\"x\":\"{}\"}}", "y".repeat(length));
    assert_eq!(post(&patgate, &token, "application/json", body(1_000).as_bytes()).status, 400);
    for length in [2_048, 100_000, 5_000_000] {
        let answer = post(&patgate, &token, "application/json", body(length).as_bytes());
        assert_eq!(answer.status, 413, "{length}: {}", answer.text());
        assert!(answer.text().contains("longer than the 2048 bytes"), "{}", answer.text());
    }
    // A length that is claimed, and one that is not known before the end.
    let head = format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    let mut wire = Wire::connect(patgate.ports()[0]);
    wire.send(format!("{head}content-length: 99999999999\r\n\r\n")).unwrap();
    assert_eq!(wire.answer().unwrap().unwrap().status, 413);
    let mut wire = Wire::connect(patgate.ports()[0]);
    wire.send(format!("{head}transfer-encoding: chunked\r\n\r\n1000\r\n{}\r\n", "y".repeat(0x1000))).unwrap();
    assert_eq!(wire.answer().unwrap().unwrap().status, 413);
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn a_client_with_several_credentials_is_nobody() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("t", "any").text;
    let wrong = "Authorization: Bearer pat_wrong".to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let release = format!("x-release-personal-token: {token}");
    let deploy = format!("x-deploy-personal-token: {token}");
    let basic = ["-u".to_owned(), format!("admin:{ADMIN_PASSWORD}")];
    for path in ["/auth", "/auth/release", TOKENS, CURRENT, "/deployit/tokens/users"] {
        let status = |headers: &[&str]| {
            let headers = headers.iter().flat_map(|header| ["-H", header]);
            let url = patgate.url_of(path);
            let answer = curl(headers.chain([url.as_str()]));
            let challenges = answer.headers.iter().filter(|(name, _)| name == "www-authenticate").count();
            assert_eq!(challenges, usize::from(answer.status == 401), "{path}: {:?}", answer.headers);
            answer.status
        };
        assert_eq!(status(&[&bearer]), 200, "{path}");
        assert_eq!(status(&[&release, &wrong]), 200, "{path}: the first kind decides");
        assert_eq!(status(&["x-release-personal-token: pat_wrong", &bearer]), 401, "{path}");
        assert_eq!(
            status(&["x-release-personal-token;", &bearer]),
            401,
            "{path}: an empty one is a wrong one"
        );
        assert_eq!(status(&[&release, &deploy]), 401, "{path}");
        assert_eq!(status(&[&release, &release]), 401, "{path}");
        assert_eq!(status(&[&bearer, &bearer]), 401, "{path}");
        assert_eq!(status(&[&bearer, &wrong]), 401, "{path}");
        assert_eq!(status(&["Authorization: Basic !!!"]), 401, "{path}");
        assert_eq!(status(&["Authorization: Basic Og=="]), 401, "{path}: `:`");
        assert_eq!(status(&["Authorization: Basic bm9jb2xvbg=="]), 401, "{path}: no colon");
        assert_eq!(status(&["Authorization: Bearer"]), 401, "{path}");
        assert_eq!(status(&["Authorization: Negotiate abc"]), 401, "{path}");
    }
    // A token header decides before a password.
    let url = patgate.url_of(TOKENS);
    let answer = curl([&basic[0], &basic[1], "-H", "x-release-personal-token: pat_wrong", &url]);
    assert_eq!(answer.status, 401);
}
