//! Which rule decides, and which requests no rule is asked about because they could be read in two ways.

use http::{HeaderMap, HeaderValue};
use patgate_core::permission::Catalog;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1";

fn slot(id: &str) -> PermissionSlot {
    Catalog::new([]).unwrap().slot(&id.parse().unwrap()).unwrap()
}

fn gate(rules: Vec<Rule>) -> Gate {
    let name = "release".parse().unwrap();
    Gate { rules, ..Gate::new(name, ApplicationSlot::RELEASE, RELEASE_TOKEN_HEADER) }
}

fn rule(methods: &[&str], path: &str, permission: Option<&str>) -> Rule {
    Rule::new(methods.iter().copied(), path, permission.map(slot)).unwrap()
}

/// Reading releases needs one permission, aborting one another, what is under `/open` none; the rest is closed.
fn release() -> Gate {
    gate(vec![
        rule(&["GET"], "/api/releases/**", Some("release#view")),
        rule(&["POST", "PUT"], "/api/releases/*/abort", Some("release#abort")),
        rule(&[], "/admin/**", Some("admin")),
        rule(&[], "/open/**", None),
        rule(&[], "/straße", None),
        rule(&[], "/", None),
    ])
}

fn told(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn asked(gate: &Gate, method: &str, uri: &str) -> Result<Option<PermissionSlot>, RouteFault> {
    let headers = told(&[("x-original-method", method), ("x-original-uri", uri)]);
    let proxies = TrustedProxies::read([PROXY]).unwrap();
    gate.route(&headers, PROXY.parse().unwrap(), &proxies).map(|route| route.permission)
}

#[test]
fn the_first_rule_that_covers_a_request_decides() {
    let gate = release();
    for (method, uri, expected) in [
        ("GET", "/api/releases", Some("release#view")),
        ("GET", "/api/releases/", Some("release#view")),
        ("HEAD", "/api/releases/a/b/c?x=1&y=../..", Some("release#view")),
        ("GET", "/api/releases/a/abort", Some("release#view")),
        ("GET", "/api/rele%61ses/x", Some("release#view")),
        ("GET", "http://example.org:80/api/releases/1", Some("release#view")),
        ("GET", "HTTPS://[::1]/api/releases/1", Some("release#view")),
        ("POST", "/api/releases/a%20b/abort", Some("release#abort")),
        ("PUT", "/api/releases/x/abort/", Some("release#abort")),
        ("PROPFIND", "/admin", Some("admin")),
        ("GET", "/%61dmin/x", Some("admin")),
        ("DELETE", "/open/x", None),
        ("GET", "/open/100%25", None),
        ("GET", "/stra%C3%9Fe", None),
        ("GET", "/", None),
        ("GET", "/?/admin", None),
        ("GET", "http://example.org", None),
    ] {
        assert_eq!(asked(&gate, method, uri), Ok(expected.map(slot)), "{method} {uri}");
    }
}

#[test]
fn what_no_rule_covers_is_closed() {
    let gate = release();
    for (method, uri) in [
        ("DELETE", "/api/releases/a"),
        ("POST", "/api/releases/a/b/abort"),
        ("POST", "/api/releases/abort"),
        ("PATCH", "/api/releases/a/abort"),
        ("GET", "/api/releasesx"),
        ("GET", "/API/releases"),
        ("GET", "/api"),
        ("GET", "/ADMIN"),
        ("GET", "/other"),
    ] {
        assert_eq!(asked(&gate, method, uri), Err(RouteFault::NotCovered), "{method} {uri}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_closed() {
    let gate = gate(vec![rule(&[], "/admin/**", Some("admin")), rule(&[], "/**", None)]);
    let long = format!("/{}", "x".repeat(8192));
    for (uri, fault) in [
        ("/open/../admin", PathFault::DotSegment),
        ("/open/..", PathFault::DotSegment),
        ("/./admin", PathFault::DotSegment),
        ("/admin.", PathFault::DotSegment),
        ("/admin%20/x", PathFault::DotSegment),
        ("/open/%2e%2e/admin", PathFault::EncodedSeparator),
        ("/open/.%2E/admin", PathFault::EncodedSeparator),
        ("/open%2f..%2fadmin", PathFault::EncodedSeparator),
        ("/admin%2Fx", PathFault::EncodedSeparator),
        ("/open%5cadmin", PathFault::EncodedSeparator),
        ("/admin%3fx", PathFault::EncodedSeparator),
        ("/admin%23x", PathFault::EncodedSeparator),
        ("/admin%3Bx", PathFault::EncodedSeparator),
        ("/%252e%252e/admin", PathFault::TwiceEncoded),
        ("/%2561dmin", PathFault::TwiceEncoded),
        ("/open\\..\\admin", PathFault::Separator),
        ("/admin;x=1", PathFault::Separator),
        ("/..;/admin", PathFault::Separator),
        ("//admin", PathFault::EmptySegment),
        ("/open//admin", PathFault::EmptySegment),
        ("/admin//", PathFault::EmptySegment),
        ("http://example.org//admin", PathFault::EmptySegment),
        ("/admin%00", PathFault::ControlCharacter),
        ("/admin%0d%0aX: y", PathFault::ControlCharacter),
        ("/admin%7f", PathFault::ControlCharacter),
        ("/admin%C2%85", PathFault::ControlCharacter),
        ("/admin%", PathFault::Encoding),
        ("/admin%6", PathFault::Encoding),
        ("/admin%zz", PathFault::Encoding),
        ("/admin%+1", PathFault::Encoding),
        ("/%c0%aeadmin", PathFault::NotUtf8),
        ("/%ff", PathFault::NotUtf8),
        ("/admin x", PathFault::Character),
        ("/admin\tx", PathFault::Character),
        ("/admin#x", PathFault::Character),
        ("/\u{e4}", PathFault::Character),
        ("", PathFault::NotAPath),
        ("*", PathFault::NotAPath),
        ("admin", PathFault::NotAPath),
        ("?/open", PathFault::NotAPath),
        ("example.org:443", PathFault::NotAPath),
        ("ftp://example.org/open", PathFault::NotAPath),
        ("http:/open", PathFault::NotAPath),
        ("http:///open", PathFault::NotAPath),
        ("http://a@b/open", PathFault::NotAPath),
        ("http://a\\b/open", PathFault::NotAPath),
        (&long, PathFault::TooLong),
    ] {
        assert_eq!(asked(&gate, "GET", uri), Err(RouteFault::Path(fault)), "{uri}");
    }
    for method in ["", "get", "Get", "GET ", " GET", "G/T", "GET,POST", "GÉT", &"A".repeat(33)] {
        let fault = Err(RouteFault::Method(METHOD_HEADER));
        assert_eq!(asked(&gate, method, "/open"), fault, "{method:?}");
    }
}

#[test]
fn only_a_trusted_proxy_says_what_the_request_was() {
    let gate = release();
    let good = [("x-original-method", "GET"), ("x-original-uri", "/open")];
    let route = |lines: &[(&'static str, &str)], peer: &str, trusted: &[&str]| {
        let proxies = TrustedProxies::read(trusted.iter().copied()).unwrap();
        gate.route(&told(lines), peer.parse().unwrap(), &proxies)
    };
    let stranger: IpAddr = "192.0.2.1".parse().unwrap();
    assert_eq!(route(&good, PROXY, &[PROXY]), Ok(Route { permission: None }));
    assert_eq!(route(&good, "192.0.2.1", &[PROXY]), Err(RouteFault::Untrusted(stranger)));
    assert_eq!(route(&good, "192.0.2.1", &[]), Err(RouteFault::Untrusted(stranger)));
    let forwarded = [good[0], good[1], ("x-forwarded-for", PROXY)];
    assert_eq!(route(&forwarded, "192.0.2.1", &[PROXY]), Err(RouteFault::Untrusted(stranger)));
    assert_eq!(route(&good[..1], PROXY, &[PROXY]), Err(RouteFault::Missing(URI_HEADER)));
    assert_eq!(route(&good[1..], PROXY, &[PROXY]), Err(RouteFault::Missing(METHOD_HEADER)));
    let twice = [good[0], good[1], ("x-original-uri", "/open")];
    assert_eq!(route(&twice, PROXY, &[PROXY]), Err(RouteFault::Twice(URI_HEADER)));
    let twice = [good[0], good[0], good[1]];
    assert_eq!(route(&twice, PROXY, &[PROXY]), Err(RouteFault::Twice(METHOD_HEADER)));
}

#[test]
fn without_rules_nothing_is_asked_and_nobody_needs_to_be_trusted() {
    let route =
        gate(vec![]).route(&HeaderMap::new(), "192.0.2.1".parse().unwrap(), &TrustedProxies::default());
    assert_eq!(route, Ok(Route { permission: None }));
}

#[test]
fn an_application_names_its_own_pair_of_headers() {
    let pair = (METHOD_HEADER, HeaderName::from_static("x-forwarded-uri"));
    let gate = Gate { method_header: pair.0, uri_header: pair.1, ..release() };
    let proxies = TrustedProxies::read([PROXY]).unwrap();
    let lines = [("x-original-method", "GET"), ("x-forwarded-uri", "/admin"), ("x-original-uri", "/open")];
    let route = gate.route(&told(&lines), PROXY.parse().unwrap(), &proxies);
    assert_eq!(route, Ok(Route { permission: Some(slot("admin")) }));
}

#[test]
fn a_rule_after_one_that_covers_all_of_it_never_decides() {
    let covers = |first: (&[&str], &str), second: (&[&str], &str)| {
        rule(first.0, first.1, None).covers_all_of(&rule(second.0, second.1, None))
    };
    for (first, second) in [
        ((&[][..], "/**"), (&[][..], "/admin/**")),
        ((&[], "/**"), (&["GET"], "/")),
        ((&["GET"], "/a/**"), (&["HEAD"], "/a")),
        ((&["GET", "PUT"], "/a/*/c"), (&["PUT"], "/a/b/c")),
        ((&[], "/*/**"), (&[], "/*/b/**")),
        ((&[], "/a"), (&[], "/a/")),
    ] {
        assert!(covers(first, second), "{first:?} {second:?}");
        assert!(first.1 == "/a" || !covers(second, first), "{second:?} {first:?}");
    }
    for (first, second) in [
        ((&["GET"][..], "/**"), (&[][..], "/a")),
        ((&["HEAD"], "/**"), (&["GET"], "/a")),
        ((&["GET"], "/a"), (&["GET", "PUT"], "/a")),
        ((&[], "/*"), (&[], "/**")),
        ((&[], "/a/*"), (&[], "/*/a")),
        ((&[], "/a/**"), (&[], "/b/**")),
        ((&[], "/*/b/**"), (&[], "/**")),
        ((&[], "/a/b"), (&[], "/a/b/**")),
    ] {
        assert!(!covers(first, second), "{first:?} {second:?}");
    }
}

#[test]
fn a_rule_that_could_never_match_is_refused() {
    let of =
        |methods: &[&'static str], path: &str| Rule::new(methods.iter().copied(), path, None).unwrap_err();
    for method in ["get", "", "G T"] {
        assert_eq!(of(&[method], "/"), UnusableRule::Method(method.into()));
    }
    for path in ["", "api", "*", "**", "a/b"] {
        assert_eq!(of(&[], path), UnusableRule::NoSlash, "{path}");
    }
    for path in ["/a*", "/*a/b", "/**/a", "/a**", "/***", "/a/**/b/**"] {
        assert_eq!(of(&[], path), UnusableRule::Star, "{path}");
    }
    for (path, segment) in [
        ("//", ""),
        ("/a//b", ""),
        ("/a/../b", ".."),
        ("/a?x", "a?x"),
        ("/a%20b", "a%20b"),
        ("/a;b/**", "a;b"),
    ] {
        assert_eq!(of(&[], path), UnusableRule::Segment(segment.into()), "{path}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_in_one_way_or_refused(
        uri in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            "[ab./%2356ef;?\\\\ ]{0,12}".prop_map(String::into_bytes),
            "(/?(a|\\.|%61|%2e|%25|%C3%A4|b)){1,8}[/?]?".prop_map(String::into_bytes),
        ],
    ) {
        let uri = [b"/", &uri[..]].concat();
        if let Ok(path) = RequestPath::read(&uri) {
            let raw = uri.split(|byte| *byte == b'?').next().unwrap();
            let raw = std::str::from_utf8(raw).unwrap().trim_end_matches('/');
            let decoded = percent_decode_str(raw).decode_utf8().unwrap();
            let segments: Vec<_> = path.segments().collect();
            prop_assert_eq!(segments.iter().map(|s| format!("/{s}")).collect::<String>(), decoded);
            prop_assert!(segments.iter().all(|s| !s.is_empty() && !s.contains(['/', '\\', ';', '?', '#'])));
            prop_assert!(!segments.contains(&".") && !segments.contains(&".."));
        }
    }

    #[test]
    fn encoding_a_letter_changes_nothing(words in proptest::collection::vec("[a-zäß0-9]{1,6}", 1..5)) {
        let plain = format!("/{}", words.join("/"));
        let encoded: String =
            words.iter().map(|word| format!("/{}", utf8_percent_encode(word, NON_ALPHANUMERIC))).collect();
        let all: String = plain
            .bytes()
            .map(|b| if b == b'/' { "/".to_owned() } else { format!("%{b:02x}") })
            .collect();
        let pattern = PathPattern::read(&plain).unwrap();
        for uri in [&encoded, &all] {
            prop_assert!(pattern.matches(&RequestPath::read(uri.as_bytes()).unwrap()), "{}", uri);
        }
        let rest = PathPattern::read("/**").unwrap();
        let stars = PathPattern::read(&"/*".repeat(words.len())).unwrap();
        let fewer = PathPattern::read(&format!("/{}", ["*"].repeat(words.len() - 1).join("/"))).unwrap();
        let path = RequestPath::read(encoded.as_bytes()).unwrap();
        prop_assert!(rest.matches(&path) && stars.matches(&path) && !fewer.matches(&path));
    }
}
