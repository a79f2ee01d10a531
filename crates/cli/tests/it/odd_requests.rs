//! Requests that no ordinary client sends, by raw TCP: the server answers 4xx or closes, never with 5xx, never hangs,
//! and serves the next client.

use std::io;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wire::Wire;

use crate::actors::{CURRENT, TOKENS, admin, auth};

/// A server with a token of its administrator.
fn server() -> (Patgate, String) {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("t", "any").text;
    (patgate, token)
}

/// The status of the first answer to these bytes; `None` when the server closes instead. Half a minute of silence
/// fails the test.
fn first(patgate: &Patgate, bytes: impl AsRef<[u8]>) -> Option<u16> {
    let mut wire = Wire::connect(patgate.ports()[0]);
    // It may have closed already, with an answer that says why.
    let _ = wire.send(bytes);
    next(&mut wire, patgate)
}

fn next(wire: &mut Wire, patgate: &Patgate) -> Option<u16> {
    match wire.answer() {
        Ok(answer) => answer.map(|answer| answer.status),
        // A reset is an end too: so the system refuses what the server did not read.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
        Err(error) => panic!("{error}\n{}", patgate.log()),
    }
}

/// All answers until the server closes, which the last request must ask for.
fn all(patgate: &Patgate, bytes: impl AsRef<[u8]>) -> Vec<u16> {
    let mut wire = Wire::connect(patgate.ports()[0]);
    wire.send(bytes).unwrap();
    std::iter::from_fn(|| next(&mut wire, patgate)).collect()
}

fn assert_refused(patgate: &Patgate, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
    let status = first(patgate, bytes);
    assert!(matches!(status, Some(400..500)), "{shown:?}: {status:?}");
}

/// The client goes away in the middle: whatever the server says, it ends.
fn assert_ended(patgate: &Patgate, bytes: impl AsRef<[u8]>) {
    let mut wire = Wire::connect(patgate.ports()[0]);
    let _ = wire.send(bytes).and_then(|()| wire.finish());
    while let Some(status) = next(&mut wire, patgate) {
        assert!((400..500).contains(&status), "{status}");
    }
}

#[test]
fn a_client_with_endless_headers_is_refused() {
    let (patgate, token) = server();
    let bearer = format!("authorization: Bearer {token}\r\n");
    for path in ["/auth", CURRENT, "/healthz"] {
        for filler in [
            format!("x-filler: {}\r\n", "a".repeat(40 * 1024)),
            format!("authorization: Bearer {}\r\n", "a".repeat(40 * 1024)),
            "x-filler: a\r\n".repeat(4_000),
            format!("{}: a\r\n", "x".repeat(40 * 1024)),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{filler}\r\n");
            let status = first(&patgate, request);
            assert!(matches!(status, Some(431 | 400)), "{path} {filler:.30}: {status:?}");
        }
        let request = format!("GET {path}?{} HTTP/1.1\r\nhost: a\r\n{bearer}\r\n", "q".repeat(100 * 1024));
        let status = first(&patgate, request);
        assert!(matches!(status, Some(414 | 431)), "{path}: {status:?}");
    }
    // A long one that is within the limit is only a wrong one.
    let request =
        format!("GET /auth HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", "a".repeat(20 * 1024));
    assert_eq!(first(&patgate, request), Some(401));
    assert_eq!(auth(&patgate, &token), 200);
}

/// Three times as many connections as the system lets the server have: the hard limit counts, and who says nothing
/// makes room.
#[test]
fn a_client_that_takes_all_connections_keeps_nobody_out() {
    let patgate = Patgate::with().under(["prlimit", "--nofile=128:256"]).start();
    let token = admin(&patgate).token("t", "any").text;
    let connect = || Wire::connect(patgate.ports()[0]);
    let silent: Vec<Wire> = (0..400).map(|_| connect()).collect();
    let halves: Vec<Wire> = (0..400)
        .map(|_| {
            let mut wire = connect();
            let _ = wire.send("GET /auth HTTP/1.1\r\nhost");
            wire
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(auth(&patgate, &token), 200);
    }
    assert!(!patgate.log().contains("cannot accept"), "{}", patgate.log());
    drop((silent, halves));
}

#[test]
fn a_client_that_speaks_no_http_is_refused() {
    let (patgate, token) = server();
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / \r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\n: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nho st: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\x00b\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
        b"G\xe9T / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /nothing HTTP/1.1\nhost: a\n\n",
    ] {
        assert_refused(&patgate, bytes);
    }
    for bytes in [
        &b""[..],
        b"\r\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x01\x02\x03\xff\xfe\xfd",
    ] {
        assert_ended(&patgate, bytes);
    }
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn a_client_whose_body_lies_about_its_length_is_refused() {
    let (patgate, token) = server();
    let head = format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    for rest in [
        "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2;ext=1\r\n{}XX0\r\n\r\n",
        "transfer-encoding: gzip\r\n\r\n{}",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        "content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "content-length: 2, 3\r\n\r\n{}",
        "content-length: -1\r\n\r\n{}",
        "content-length: +2\r\n\r\n{}",
        "content-length: 0x2\r\n\r\n{}",
        "content-length: 99999999999999999999999\r\n\r\n{}",
        "expect: nonsense\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        assert_refused(&patgate, format!("{head}{rest}"));
    }
    for rest in ["transfer-encoding: chunked\r\n\r\n5\r\n{}\r\n", "content-length: 100\r\n\r\n{}"] {
        assert_ended(&patgate, format!("{head}{rest}"));
    }
    assert_eq!(patgate.sql("SELECT count(*) FROM grants").trim(), "1");
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn a_client_that_never_sends_the_end_is_not_waited_for() {
    let (patgate, token) = server();
    let head = format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    let mut half_a_head = Wire::connect(patgate.ports()[0]);
    half_a_head.send(&head).unwrap();
    let mut half_a_body = Wire::connect(patgate.ports()[0]);
    half_a_body.send(format!("{head}content-length: 100\r\n\r\n{{")).unwrap();
    assert_eq!(next(&mut half_a_head, &patgate), None);
    assert_eq!(next(&mut half_a_body, &patgate), Some(408));
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn a_client_that_smuggles_a_second_request_gets_no_answer_to_it() {
    let (patgate, token) = server();
    let smuggled = format!("GET /auth HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
    for framing in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    ] {
        let bytes = format!("POST {TOKENS} HTTP/1.1\r\nhost: a\r\n{framing}\r\n0\r\n\r\n{smuggled}");
        // With both, the chunks count and the connection ends (RFC 9112 §6.1), or the request is refused outright.
        let statuses = all(&patgate, bytes);
        assert!(matches!(statuses[..], [400..500]), "{statuses:?}");
    }
}

#[test]
fn an_old_client_is_served() {
    let (patgate, token) = server();
    let request = format!("GET /auth HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n");
    assert_eq!(all(&patgate, &request), [200]);
    let kept =
        format!("GET {CURRENT} HTTP/1.0\r\nauthorization: Bearer {token}\r\nconnection: keep-alive\r\n\r\n");
    assert_eq!(all(&patgate, format!("{kept}{request}")), [200, 200]);
    assert_eq!(all(&patgate, "GET /healthz HTTP/1.0\r\n\r\n"), [200]);
}

#[test]
fn a_client_that_pipelines_gets_every_answer_in_order() {
    let (patgate, token) = server();
    let with = format!("authorization: Bearer {token}\r\n");
    let mut bytes = String::new();
    let mut expected = Vec::new();
    for _ in 0..50 {
        for (path, header, status) in [
            ("/auth", with.as_str(), 200),
            ("/auth", "", 401),
            (CURRENT, &with, 200),
            ("/nowhere", &with, 404),
        ] {
            bytes.push_str(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n{header}\r\n"));
            expected.push(status);
        }
    }
    bytes.push_str("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    expected.push(200);
    assert_eq!(all(&patgate, bytes), expected);
}

#[test]
fn a_client_that_writes_its_target_in_an_odd_form_gets_nothing_more() {
    let (patgate, token) = server();
    let ask = |target: &str, credentials: &str| {
        first(&patgate, format!("GET {target} HTTP/1.1\r\nhost: a\r\n{credentials}\r\n"))
    };
    let with = format!("authorization: Bearer {token}\r\n");
    assert_eq!(
        ask("http://other.example/auth", &with),
        Some(200),
        "the absolute form is the same request (RFC 9112 §3.2.2)"
    );
    assert_eq!(ask(&format!("http://other.example{CURRENT}"), &with), Some(200));
    for target in [
        "*",
        "auth",
        "//auth",
        "/auth/",
        "/auth/../auth",
        "/auth/nosuch",
        "/auth/release/x",
        "/auth/%72elease",
        "/AUTH",
        "/a%75th",
        "/auth%00",
        "/api/v1//personal-access-tokens",
        "/api/v1/../v1/personal-access-tokens",
        "/api/v1/%2e%2e/v1/personal-access-tokens",
        "/api/v1/personal-access-tokens/..%2f..%2fusers",
        "/api/v1/personal-access-tokens/%ff",
        "/api/v1/personal-access-tokens/%00",
        "/api/v1/personal-access-tokens/-1",
        "/api/v1/personal-access-tokens?page=-1",
        "/api/v1/personal-access-tokens?page=99999999999999999999",
        "/api/v1/personal-access-tokens?resultsPerPage=0",
        "/api/v1/personal-access-tokens?resultsPerPage=101",
        "/api/v1/personal-access-tokens?page=1&page=2",
        "/api/v1/personal-access-tokens?owner=%ff%fe",
        "/api/v1/personal-access-tokens?search=%ff",
        "/deployit/tokens/users/../../auth",
        "/static/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        for credentials in [with.as_str(), ""] {
            let status = ask(target, credentials);
            assert!(matches!(status, Some(400..500)), "{target}: {status:?}");
        }
    }
    for method in ["OPTIONS", "TRACE", "PUT", "PATCH", "BREW", "get"] {
        let bytes = format!("{method} {TOKENS} HTTP/1.1\r\nhost: a\r\n{with}\r\n");
        let status = first(&patgate, bytes);
        assert!(matches!(status, Some(400..500)), "{method}: {status:?}");
    }
    let bytes = format!("CONNECT other.example:443 HTTP/1.1\r\nhost: other.example:443\r\n{with}\r\n");
    assert_refused(&patgate, bytes);
    assert_eq!(auth(&patgate, &token), 200);
}
