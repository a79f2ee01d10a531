//! Which credential decides: every kind, every combination, every fault, and any bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "pat_U7C10Qhh00HEaqaBxfz4OMOiPc72lMuWV";
const RELEASE: &str = "x-release-personal-token";
const DEPLOY: &str = "x-deploy-personal-token";

fn token_headers() -> TokenHeaders {
    TokenHeaders::new([RELEASE, DEPLOY, "x-shop-key"].map(HeaderName::from_static)).unwrap()
}

fn headers<V: AsRef<[u8]>>(lines: &[(&'static str, V)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_ref()).unwrap());
    }
    headers
}

fn basic(text: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// What is found, secrets revealed, in one line.
fn found(lines: &[(&'static str, impl AsRef<[u8]>)]) -> Result<String, CredentialFault> {
    let headers = headers(lines);
    find(&headers, &token_headers(), Some(SessionCookie::Plain)).map(|credential| match credential {
        Credential::Nothing => "nothing".to_owned(),
        Credential::Token(token) => match token.via() {
            Via::TokenHeader(name) => format!("{name} {}", token.reveal()),
            Via::Bearer => format!("bearer {}", token.reveal()),
            Via::BasicBlank => format!("blank {}", token.reveal()),
            Via::BasicOwner(owner) => format!("{owner} {}", token.reveal()),
        },
        Credential::Password(password) => format!("password {} {}", password.username(), password.reveal()),
        Credential::Session(value) => format!("session {}", value.reveal()),
    })
}

fn fault(name: &'static str, value: impl AsRef<[u8]>) -> CredentialFault {
    found(&[(name, value)]).unwrap_err()
}

#[test]
fn each_kind_is_found_where_clients_put_it() {
    for (name, value, expected) in [
        (RELEASE, TOKEN.to_owned(), format!("{RELEASE} {TOKEN}")),
        (DEPLOY, format!(" \t{TOKEN}\t "), format!("{DEPLOY} {TOKEN}")),
        ("x-shop-key", "whatever".to_owned(), "x-shop-key whatever".to_owned()),
        ("authorization", format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")),
        ("authorization", format!("  bEARER \t {TOKEN} "), format!("bearer {TOKEN}")),
        ("authorization", basic(format!(":{TOKEN}")), format!("blank {TOKEN}")),
        ("authorization", basic(format!("  : {TOKEN}\u{a0}")), format!("blank {TOKEN}")),
        ("authorization", basic(":secret"), "blank secret".to_owned()),
        ("authorization", basic(format!("ann:{TOKEN}")), format!("ann {TOKEN}")),
        ("authorization", basic(format!(" Änn : {TOKEN} ")), format!("Änn {TOKEN}")),
        ("authorization", basic("ann:se:cr:et"), "password ann se:cr:et".to_owned()),
        ("authorization", basic("Änn: ümläut "), "password Änn  ümläut ".to_owned()),
        ("authorization", format!("BASIC  {}", STANDARD.encode("a:b")), "password a b".to_owned()),
        ("cookie", "patgate_session=abc".to_owned(), "session abc".to_owned()),
        ("cookie", "a=1; patgate_session= abc ;b=2".to_owned(), "session abc".to_owned()),
        ("cookie", "a=1; patgate_sessions=abc; x=patgate_session=y".to_owned(), "nothing".to_owned()),
        ("cookie", "__Host-patgate_session=abc; PATGATE_SESSION=abc".to_owned(), "nothing".to_owned()),
        ("x-other", TOKEN.to_owned(), "nothing".to_owned()),
    ] {
        assert_eq!(found(&[(name, &value)]), Ok(expected), "{name}: {value}");
    }
}

#[test]
fn the_first_kind_present_decides_in_every_combination_right_or_wrong() {
    let wrong = "Basic ???";
    let kinds = [
        vec![(RELEASE, TOKEN.to_owned()), (RELEASE, "wrong".to_owned())],
        vec![
            ("authorization", format!("Bearer {TOKEN}")),
            ("authorization", "Bearer wrong".to_owned()),
            ("authorization", basic("ann:password")),
            ("authorization", wrong.to_owned()),
        ],
        vec![
            ("cookie", "patgate_session=abc".to_owned()),
            ("cookie", "patgate_session=a; patgate_session=b".to_owned()),
        ],
    ];
    let with_none = |kind: &[(&'static str, String)]| kind.iter().cloned().map(Some).chain([None]).collect();
    let [token, authorization, cookie]: [Vec<Option<_>>; 3] = kinds.each_ref().map(|kind| with_none(kind));
    let mut combinations = 0;
    for token in &token {
        for authorization in &authorization {
            for cookie in &cookie {
                let present: Vec<_> = [token, authorization, cookie].into_iter().flatten().cloned().collect();
                let reversed: Vec<_> = present.iter().rev().cloned().collect();
                let expected = present
                    .first()
                    .map_or(Ok("nothing".to_owned()), |(name, value)| found(&[(*name, value)]));
                assert_eq!(found(&present), expected, "{present:?}");
                assert_eq!(found(&reversed), expected, "the order of the lines does not count: {reversed:?}");
                combinations += 1;
            }
        }
    }
    assert_eq!(combinations, 3 * 5 * 3);
}

#[test]
fn what_stands_twice_is_refused_even_when_both_are_good() {
    let bearer = format!("Bearer {TOKEN}");
    let twice = |name: &'static str| Err(CredentialFault::Twice(HeaderName::from_static(name)));
    assert_eq!(found(&[(RELEASE, TOKEN), (RELEASE, TOKEN)]), twice(RELEASE));
    assert_eq!(found(&[("authorization", &bearer), ("authorization", &bearer)]), twice("authorization"));
    let behind = [(RELEASE, TOKEN), ("authorization", &bearer), ("authorization", &bearer)];
    assert_eq!(found(&behind), twice("authorization"));
    assert_eq!(
        found(&[(RELEASE, TOKEN), (DEPLOY, TOKEN)]),
        Err(CredentialFault::TwoTokenHeaders(RELEASE.parse().unwrap(), DEPLOY.parse().unwrap()))
    );
    let sessions = CredentialFault::TwoSessions("patgate_session");
    assert_eq!(fault("cookie", "patgate_session=a; patgate_session=a"), sessions);
    assert_eq!(found(&[("cookie", "patgate_session=a"), ("cookie", "patgate_session=a")]), Err(sessions));
}

#[test]
fn each_fault_is_named_with_its_header() {
    use CredentialFault as Fault;
    let at = |name: &'static str| HeaderName::from_static(name);
    let long = "x".repeat(LONGEST + 1);
    for (name, value, expected) in [
        (RELEASE, b"".to_vec(), Fault::Empty(at(RELEASE))),
        (RELEASE, b" \t ".to_vec(), Fault::Empty(at(RELEASE))),
        (RELEASE, b"pat_\xff".to_vec(), Fault::NotText(at(RELEASE))),
        (RELEASE, long.clone().into_bytes(), Fault::TooLong(at(RELEASE))),
        ("authorization", b"".to_vec(), Fault::Empty(AUTHORIZATION)),
        ("authorization", b"Bearer".to_vec(), Fault::Empty(AUTHORIZATION)),
        ("authorization", b"Basic  ".to_vec(), Fault::Empty(AUTHORIZATION)),
        ("authorization", b"Bearer \xc3\xa4".to_vec(), Fault::NotText(AUTHORIZATION)),
        ("authorization", format!("Bearer {long}").into_bytes(), Fault::TooLong(AUTHORIZATION)),
        ("authorization", b"Negotiate abc".to_vec(), Fault::OtherScheme),
        ("authorization", TOKEN.into(), Fault::OtherScheme),
        ("authorization", b"Bearer:x".to_vec(), Fault::OtherScheme),
        ("authorization", b"Basic a:b".to_vec(), Fault::NotBase64),
        ("authorization", b"Basic YTpi=".to_vec(), Fault::NotBase64),
        ("authorization", b"Basic YTpi YTpi".to_vec(), Fault::NotBase64),
        ("authorization", b"Basic YTo_Pw==".to_vec(), Fault::NotBase64),
        ("authorization", basic(b"a:\xff").into(), Fault::NotUtf8),
        ("authorization", basic("annpassword").into(), Fault::NoColon),
        ("authorization", basic("").into(), Fault::Empty(AUTHORIZATION)),
        ("authorization", basic("ann:a\0b").into(), Fault::ControlCharacter),
        ("authorization", basic("ann:a\nb").into(), Fault::ControlCharacter),
        ("authorization", basic("a\u{85}:b").into(), Fault::ControlCharacter),
        ("authorization", basic("ann:").into(), Fault::NoPassword),
        ("authorization", basic(":").into(), Fault::NoPassword),
        ("authorization", basic(format!("{TOKEN}:")).into(), Fault::TokenAsUsername),
        ("authorization", basic(format!("{TOKEN}:x-oauth-basic")).into(), Fault::TokenAsUsername),
        ("cookie", b"patgate_session=".to_vec(), Fault::Empty(at("cookie"))),
        ("cookie", b"patgate_session=a b".to_vec(), Fault::NotText(at("cookie"))),
        ("cookie", b"patgate_session=\xff".to_vec(), Fault::NotText(at("cookie"))),
        ("cookie", format!("patgate_session={long}").into_bytes(), Fault::TooLong(at("cookie"))),
    ] {
        let found = fault(name, &value);
        assert_eq!(found, expected, "{name}: {}", String::from_utf8_lossy(&value));
        assert!(found.to_string().contains(name) || found == Fault::TokenAsUsername, "{found}");
    }
}

#[test]
fn a_session_counts_only_where_it_may_and_under_its_own_name() {
    let headers =
        headers(&[("cookie", "patgate_session=plain; __Host-patgate_session=secure; other=\u{e4}")]);
    let session = |cookie| match find(&headers, &token_headers(), cookie).unwrap() {
        Credential::Session(value) => Some(value.reveal().to_owned()),
        _ => None,
    };
    assert_eq!(session(None), None);
    assert_eq!(session(Some(SessionCookie::of(false))).as_deref(), Some("plain"));
    assert_eq!(session(Some(SessionCookie::of(true))).as_deref(), Some("secure"));
}

#[test]
fn two_applications_cannot_share_a_header() {
    let name = HeaderName::from_static(RELEASE);
    let shared = TokenHeaders::new([name.clone(), HeaderName::from_static(DEPLOY), name.clone()]);
    assert_eq!(shared.unwrap_err(), SharedTokenHeader(name));
}

#[test]
fn a_header_with_a_long_name_is_found_too() {
    let name = HeaderName::from_bytes("x-long".repeat(16).as_bytes()).unwrap();
    let names = TokenHeaders::new([name.clone()]).unwrap();
    assert!(names.contains(&name));
    assert!(!names.contains(&HeaderName::from_bytes("y-long".repeat(16).as_bytes()).unwrap()));
    assert_eq!(names.iter().collect::<Vec<_>>(), [&name]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_nothing_prints_them(
        lines in proptest::collection::vec(
            (prop::sample::select(vec![RELEASE, DEPLOY, "authorization", "cookie"]), any::<Vec<u8>>()), 0..4),
    ) {
        let lines: Vec<_> = lines
            .into_iter()
            .filter(|(_, value)| HeaderValue::from_bytes(value).is_ok())
            .collect();
        let headers = headers(&lines);
        let _ = find(&headers, &token_headers(), Some(SessionCookie::Secure));
    }

    #[test]
    fn basic_gives_back_what_was_put_in(username in "[^:\\p{Cc}]{1,20}", password in "[^\\p{Cc}]{1,40}") {
        prop_assume!(!username.trim().is_empty());
        let line = basic(format!("{username}:{password}"));
        let expected = format!("password {} {password}", username.trim());
        prop_assert_eq!(found(&[("authorization", line)]), Ok(expected));
    }

    #[test]
    fn no_secret_is_ever_printed(secret in "[a-z0-9]{20}", kind in 0_usize..5) {
        let (name, value) = match kind {
            0 => (RELEASE, secret.clone()),
            1 => ("authorization", format!("Bearer {secret}")),
            2 => ("authorization", basic(format!(":{secret}"))),
            3 => ("authorization", basic(format!("ann:{secret}"))),
            _ => ("cookie", format!("patgate_session={secret}")),
        };
        let headers = headers(&[(name, &value)]);
        let found = find(&headers, &token_headers(), Some(SessionCookie::Plain)).unwrap();
        let printed = format!("{found:?}");
        prop_assert!(!printed.contains(&secret), "{}", printed);
    }
}
