//! What logs show, and what they never show.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use patgate_core::identifier::GrantId;
use patgate_core::token::{PlainToken, Prefix};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

/// An output that is looked at afterwards.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: Format, is_coloured: bool, filter: &str, work: impl FnOnce()) -> String {
    let output = Output::default();
    let (settings, writer) = (LogSettings { format, filter: filter.parse().unwrap() }, output.clone());
    let subscriber = subscriber(&settings, is_coloured, move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    String::from_utf8(output.0.lock().unwrap().clone()).unwrap()
}

fn token() -> PlainToken {
    PlainToken::generate(Prefix::RELEASE, &mut ChaCha20Rng::seed_from_u64(5))
}

fn line(path: &str) -> RequestLine<'_> {
    RequestLine {
        method: &http::Method::POST,
        path,
        status: http::StatusCode::CREATED,
        duration: Duration::from_micros(1_500),
        user: Some("ann"),
        token: Some(GrantId::from_i64(7)),
    }
}

#[test]
fn a_request_is_one_object_without_its_query() {
    let text = logged(Format::Json, false, "info", || line("/api/v1/users?password=hunter2").log());
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(object["method"], "POST");
    assert_eq!(object["path"], "/api/v1/users");
    assert_eq!(object["status"], 201);
    assert_eq!(object["milliseconds"], 1.5);
    assert_eq!(object["user"], "ann");
    assert_eq!(object["token"], GrantId::from_i64(7).to_string());
    assert!(!text.contains("hunter2"));
}

#[test]
fn checks_by_proxies_are_quiet_unless_they_are_asked_for() {
    for path in ["/auth", "/auth/shop", "/healthz", "/readyz"] {
        assert_eq!(logged(Format::Text, false, "info", || line(path).log()), "");
        assert!(logged(Format::Text, false, "debug", || line(path).log()).contains(path));
    }
    assert!(logged(Format::Text, false, "info", || line("/authors").log()).contains("/authors"));
}

#[test]
fn a_token_in_a_sentence_or_a_field_is_not_written() {
    let token = token();
    let work = || {
        tracing::error!(
            cause = token.reveal(),
            "the upstream says \"{}\"\n{}",
            token.reveal(),
            token.reveal()
        );
        tracing::error!("twice: {0}{0} Bearer {0}.", format!("|{}", token.reveal()));
    };
    for (format, is_coloured) in [(Format::Text, false), (Format::Text, true), (Format::Json, false)] {
        let text = logged(format, is_coloured, "info", work);
        assert!(!text.contains(&token.reveal()[5..20]), "{text}");
        assert_eq!(text.matches("rpa_…").count(), 6, "{text}");
    }
}

#[test]
fn a_token_in_another_spelling_is_not_written() {
    let token = token();
    let secret = &token.reveal()[4..];
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for spelling in [
        format!("rpa%5F{secret}"),
        format!("rpa%5f{secret}"),
        format!("rpa_{secret}x"),
        format!("rpa_{encoded}"),
        format!("rp%61%5F{secret}7"),
        format!("RPA_{secret}"),
    ] {
        let path = loggable_path(&format!("/x/{spelling}/y?z")).into_owned();
        assert!(path.starts_with("/x/") && path.ends_with("…/y"), "{path}");
        for format in [Format::Text, Format::Json] {
            let text = logged(format, false, "info", || tracing::info!(spelling, "{spelling}"));
            assert!(!text.contains(&secret[..10]) && !text.contains(&encoded[..30]), "{text}");
            assert_eq!(text.matches('…').count(), 2, "{text}");
        }
    }
}

#[test]
fn what_merely_looks_a_little_like_a_token_stays() {
    let name = "security_group_of_the_release_orchestration_and_deployment_people";
    let text = logged(Format::Text, false, "info", || tracing::info!("{name} pat_tooshort"));
    assert!(text.contains(name) && text.contains("pat_tooshort"), "{text}");
}

#[test]
fn a_path_cannot_forge_a_line_or_carry_a_token() {
    assert_eq!(loggable_path("/a/b?c#d"), "/a/b");
    assert_eq!(loggable_path("/a\r\nINFO forged"), "/a\u{fffd}\u{fffd}INFO forged");
    assert_eq!(loggable_path(&format!("/webhooks/{}/x", token().reveal())), "/webhooks/rpa_…/x");
    let long = loggable_path(&"/ä".repeat(300)).into_owned();
    assert!(long.len() < 210 && long.ends_with('…'), "{long}");
}

#[test]
fn filters_are_checked_when_they_are_read() {
    for good in ["info", "warn,patgate=debug", "patgate_server::listener=trace"] {
        assert_eq!(good.parse::<Filter>().unwrap().to_string(), good);
    }
    for bad in ["", "loud=everything=yes", "patgate=verbose"] {
        assert!(bad.parse::<Filter>().is_err(), "{bad}");
    }
}
