//! Who may call an endpoint, what is forwarded where, and when again.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::identifier::ItemNumber;
use crate::index::Index;
use crate::token::{DigestKey, DigestKeys};

const ENDPOINT: ItemNumber = ItemNumber::from_i64(7);

fn keys(ids: &[u32]) -> DigestKeys {
    DigestKeys::new(ids.iter().map(|id| DigestKey::new(*id, [*id as u8; 32])).collect()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn judge(
    authentication: &Authentication,
    headers: &[(&str, &str)],
    basic: Option<(&str, &str)>,
    body: &str,
    now: Timestamp,
) -> Result<(), Refused> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    headers.iter().for_each(|(name, value)| found.entry(name).or_default().push(value));
    let header = |name: &str| match found.get(name).map(Vec::as_slice) {
        None => Header::Absent,
        Some([one]) => Header::Once(one),
        Some(_) => Header::Unclear,
    };
    let index = Index::new(keys(&[1, 2]));
    let presented = Presented { header: &header, basic, body: body.as_bytes() };
    authentication.judge(ENDPOINT, &presented, &index.view(), index.keys(), now).map(drop)
}

#[test]
fn a_secret_opens_its_own_endpoint_under_the_key_it_was_digested_with() {
    let digest = SecretDigest::of(&keys(&[1, 2]), ENDPOINT, "a secret of many words");
    assert_eq!(digest.key, 2);
    assert!(digest.is_of(&keys(&[1, 2, 3]), ENDPOINT, "a secret of many words"));
    for (keys, endpoint, secret) in [
        (keys(&[1, 2]), ENDPOINT, "a secret of many word"),
        (keys(&[1, 2]), ItemNumber::from_i64(8), "a secret of many words"),
        (keys(&[1, 3]), ENDPOINT, "a secret of many words"),
    ] {
        assert!(!digest.is_of(&keys, endpoint, secret), "{secret}");
    }
    assert_eq!(format!("{digest:?}"), "SecretDigest(key 2)");
    assert!(
        !SecretDigest::of(&keys(&[1]), ENDPOINT, "").is_of(&keys(&[1]), ENDPOINT, ""),
        "nothing opens nothing"
    );
}

#[test]
fn a_token_is_looked_for_in_its_own_header_alone() {
    let secret = EndpointToken::Digest(SecretDigest::of(&keys(&[1, 2]), ENDPOINT, "0123456789abcdef"));
    let (token, gitlab) = (Authentication::Token(secret), Authentication::GitLab(secret));
    let ask = |authentication, headers: &[_]| judge(authentication, headers, None, "", at(0));
    assert_eq!(ask(&token, &[("x-release-webhook-token", " 0123456789abcdef\t")]), Ok(()));
    assert_eq!(ask(&gitlab, &[("x-gitlab-token", "0123456789abcdef")]), Ok(()));
    assert_eq!(
        ask(&token, &[("x-gitlab-token", "0123456789abcdef")]),
        Err(Refused::Missing("x-release-webhook-token"))
    );
    let twice = [("x-release-webhook-token", "0123456789abcdef"); 2];
    assert_eq!(ask(&token, &twice), Err(Refused::Unclear("x-release-webhook-token")));
    assert_eq!(ask(&token, &[("x-release-webhook-token", "0123456789abcdeF")]), Err(Refused::Wrong));
    assert_eq!(ask(&token, &[("x-release-webhook-token", "")]), Err(Refused::Wrong));
    assert_eq!(ask(&Authentication::None, &[]), Ok(()));
    assert_eq!(ask(&Authentication::Impossible, &[]), Err(Refused::Impossible));
}

#[test]
fn basic_authentication_needs_both_halves() {
    let password = SecretDigest::of(&keys(&[1, 2]), ENDPOINT, "0123456789abcdef");
    let basic = Authentication::Basic { username: "ci".to_owned(), password };
    let ask = |pair| judge(&basic, &[("authorization", "Basic …")], pair, "", at(0));
    assert_eq!(ask(Some(("ci", "0123456789abcdef"))), Ok(()));
    assert_eq!(ask(Some(("CI", "0123456789abcdef"))), Err(Refused::Wrong));
    assert_eq!(ask(Some(("", "0123456789abcdef"))), Err(Refused::Wrong));
    assert_eq!(ask(Some(("ci", "0123456789abcdee"))), Err(Refused::Wrong));
    assert_eq!(ask(None), Err(Refused::Malformed("authorization")));
    let pair = Some(("ci", "0123456789abcdef"));
    assert_eq!(judge(&basic, &[], pair, "", at(0)), Err(Refused::Missing("authorization")));
}

/// The example of GitHub's page *Validating webhook deliveries*.
#[test]
fn the_signature_that_github_documents_opens_an_endpoint() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let secrets = ["another", "It's a Secret to Everybody"].map(SigningSecret::plain).to_vec();
    let ask = |secrets: &[SigningSecret], signature: &str, body: &str| {
        let authentication = Authentication::GitHub(secrets.to_vec());
        judge(&authentication, &[("x-hub-signature-256", signature)], None, body, at(0))
    };
    assert_eq!(ask(&secrets, signature, "Hello, World!"), Ok(()));
    assert_eq!(ask(&secrets, signature, "Hello, World?"), Err(Refused::Wrong));
    assert_eq!(ask(&secrets[..1], signature, "Hello, World!"), Err(Refused::Wrong));
    for malformed in ["", "sha256=", "sha1=757107ea", &signature[7..], &signature[..70]] {
        let refused = Err(Refused::Malformed("x-hub-signature-256"));
        assert_eq!(ask(&secrets, malformed, "Hello, World!"), refused, "{malformed}");
    }
}

#[test]
fn a_standard_webhook_is_bound_to_its_id_its_time_and_its_body() {
    let old = SigningSecret::standard("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap();
    let new = SigningSecret::standard("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4").unwrap();
    let both = Authentication::Standard(vec![new.clone(), old.clone()]);
    let time = "1700000000";
    let signature = sign(&old, "msg_1", at(1_700_000_000), b"{}");
    let ask = |authentication: &Authentication, id: &str, time: &str, signature: &str, body: &str, now| {
        let headers = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
        judge(authentication, &headers, None, body, now)
    };
    let now = at(1_700_000_300);
    assert_eq!(ask(&both, "msg_1", time, &signature, "{}", now), Ok(()));
    let several = format!("v1,bm8= v2,xyz {signature}");
    assert_eq!(ask(&both, "msg_1", time, &several, "{}", now), Ok(()));
    assert_eq!(ask(&both, "msg_1", time, &signature, "{}", at(1_700_000_301)), Err(Refused::Stale));
    assert_eq!(ask(&both, "msg_1", time, &signature, "{}", at(1_699_999_699)), Err(Refused::Stale));
    assert_eq!(ask(&both, "msg_2", time, &signature, "{}", now), Err(Refused::Wrong));
    assert_eq!(ask(&both, "msg_1", "1700000001", &signature, "{}", now), Err(Refused::Wrong));
    assert_eq!(ask(&both, "msg_1", time, &signature, "{} ", now), Err(Refused::Wrong));
    let rotated = Authentication::Standard(vec![new]);
    assert_eq!(ask(&rotated, "msg_1", time, &signature, "{}", now), Err(Refused::Wrong));
    for odd in ["+1700000000", "-1", "", "1.7e9", "99999999999999999999"] {
        let refused = Err(Refused::Malformed("webhook-timestamp"));
        assert_eq!(ask(&both, "msg_1", odd, &signature, "{}", now), refused, "{odd}");
    }
    assert_eq!(ask(&both, "msg_1", time, "v1", "{}", now), Err(Refused::Malformed("webhook-signature")));
    let long = "m".repeat(LONGEST_MESSAGE_ID + 1);
    let signature = sign(&old, &long, at(1_700_000_000), b"{}");
    assert_eq!(ask(&both, &long, time, &signature, "{}", now), Err(Refused::Malformed("webhook-id")));
    for text in ["whsec_", "whsec_short", "whsec_c2hvcnQ=", "no base64!"] {
        assert!(SigningSecret::standard(text).is_err(), "{text}");
    }
}

#[test]
fn a_signed_request_without_a_signature_is_refused_before_its_body_is_read() {
    let secrets = vec![SigningSecret::plain("0123456789abcdef")];
    let header = |_: &str| Header::Absent;
    let presented = Presented { header: &header, basic: None, body: &[] };
    let github = Authentication::GitHub(secrets.clone()).precheck(&presented);
    assert_eq!(github, Err(Refused::Missing("x-hub-signature-256")));
    assert_eq!(Authentication::Standard(secrets).precheck(&presented), Err(Refused::Missing("webhook-id")));
    assert_eq!(Authentication::None.precheck(&presented), Ok(()));
}

#[test]
fn an_id_is_taken_from_the_first_header_that_has_one() {
    let id = |headers: &[(&'static str, &'static str)]| {
        let headers = headers.to_vec();
        let header = move |name: &str| {
            headers
                .iter()
                .find(|(known, _)| *known == name)
                .map_or(Header::Absent, |(_, value)| Header::Once(value))
        };
        message_id(&header).map(str::to_owned)
    };
    assert_eq!(id(&[("x-github-delivery", "a"), ("webhook-id", "b")]).as_deref(), Some("b"));
    assert_eq!(id(&[("idempotency-key", " c ")]).as_deref(), Some("c"));
    assert_eq!(id(&[("webhook-id", " ")]), None);
    assert_eq!(id(&[]), None);
}

#[test]
fn pauses_grow_until_a_delivery_is_dead() {
    let pauses: Vec<_> = (1..).map_while(|failures| pause(failures, 0.0)).collect();
    assert!(pauses.is_sorted() && pauses[0] == SignedDuration::from_secs(5));
    assert_eq!(pauses.len() as u32 + 1, MOST_ATTEMPTS);
    let whole: SignedDuration = pauses.iter().sum();
    assert!((70..=74).contains(&whole.as_hours()), "about three days: {whole}");
    assert!(whole < LONGEST_PAUSE && whole + SignedDuration::from_hours(2) > LONGEST_PAUSE);
    assert_eq!(pause(0, 0.0), None);
    assert_eq!(pause(1, 9.0), Some(SignedDuration::from_millis(5_500)));
}

#[test]
fn nothing_is_forwarded_to_the_machine_itself_or_to_its_link() {
    for address in [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "192.0.0.192",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1:7f00:0:100::",
    ] {
        assert!(forbidden(address.parse().unwrap()).is_some(), "{address}");
    }
    for address in [
        "10.0.0.1",
        "192.168.1.1",
        "93.184.216.34",
        "2001:db8::1",
        "fd12:3456::1",
        "fd20:cf::1",
        "100.100.100.201",
    ] {
        assert_eq!(forbidden(address.parse().unwrap()), None, "{address}");
    }
}

#[test]
fn names_tell_what_holds_a_secret() {
    assert!(SECRET_HEADERS.is_sorted());
    assert!(SECRET_HEADERS.iter().all(|name| name.to_lowercase() == **name));
    for name in [
        "Access_Token",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-release-webhook-token",
        "webhook-signature",
        "x-hub-signature",
        "x-hub-signature-256",
        "x-gitlab-token",
        "x-slack-signature",
        "stripe-signature",
        "x-shopify-hmac-sha256",
        "aeg-sas-key",
        "x-functions-key",
        "ocp-apim-subscription-key",
        "x-api-key",
        "x-amz-security-token",
        "X-Amz-Credential",
        "X-Goog-Signature",
        "AWSAccessKeyId",
        "sig",
        "code",
        "key",
        "hapikey",
        "private_token",
        "client_secret",
        "id_token",
        "cf-access-jwt-assertion",
        "PHPSESSIONID",
        "x-auth",
        "xAuth",
        "user_pass",
        "sharedAccessKey",
        "x-vault-token",
        "x-api_key",
        "pat",
    ] {
        assert!(is_secret_parameter(name), "{name}");
    }
    for name in [
        "branch",
        "idempotency-key",
        "x-event-key",
        "issueKey",
        "project_key",
        "webhook-id",
        "x-github-delivery",
        "x-github-event",
        "status_code",
        "author",
        "keyboard",
        "passenger",
        "MessageSid",
        "content-type",
        "user-agent",
        "design",
        "monkey",
        "",
    ] {
        assert!(!is_secret_parameter(name), "{name}");
    }
}

#[test]
fn an_address_in_the_log_has_no_query_and_no_user() {
    for (value, shown) in [
        ("https://example.org/a?token=hush", "https://example.org/a?…"),
        ("https://example.org/#access_token=hush", "https://example.org/?…"),
        ("https://me:hush@example.org/a", "https://…@example.org/a"),
        ("https://me:hu/sh@example.org/a", "https://me:hu/sh@example.org/a"),
        ("/events?sig=hush", "/events?…"),
        ("<https://example.org/?a=hush>; rel=next", "<https://example.org/?…"),
        ("a://b c://me:hush@d", "a://b c://…@d"),
        ("https://example.org/a", "https://example.org/a"),
        ("what? a question", "what? a question"),
        ("/", "/"),
        ("file:///a?b", "file:///a?…"),
        ("", ""),
    ] {
        assert_eq!(without_query(value), shown);
    }
    assert_eq!(without_query(&"://".repeat(100_000)), "://".repeat(100_000));
}

proptest! {
    #[test]
    fn no_header_of_a_stranger_breaks_a_judge_or_opens_anything(
        id in ".{0,30}", time in "[0-9+ -]{0,25}|.{0,9}", signature in "(v1,)?[A-Za-z0-9+/= ]{0,60}|.{0,40}", body in ".{0,40}",
    ) {
        let secrets = vec![SigningSecret::plain("0123456789abcdef")];
        let headers = [
            ("webhook-id", id.as_str()), ("webhook-timestamp", &time), ("webhook-signature", &signature),
            ("x-hub-signature-256", &signature),
        ];
        for authentication in [Authentication::Standard(secrets.clone()), Authentication::GitHub(secrets)] {
            prop_assert!(judge(&authentication, &headers, None, &body, at(0)).is_err());
        }
    }

    #[test]
    fn every_ipv4_address_is_judged_alike_in_its_ipv6_forms(bits in any::<u32>()) {
        let four = std::net::Ipv4Addr::from(bits);
        let verdict = forbidden(IpAddr::V4(four));
        prop_assert_eq!(forbidden(IpAddr::V6(four.to_ipv6_mapped())), verdict);
    }
}
