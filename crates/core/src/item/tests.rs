//! What the rule for items says of a mail server.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn draft(pairs: &[(&str, Entered)]) -> Draft {
    pairs.iter().map(|(name, entered)| ((*name).to_owned(), entered.clone())).collect()
}

fn text(text: &str) -> Entered {
    Entered::text(text)
}

fn map(pairs: &[(&str, &str)]) -> Entered {
    Entered::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn whole() -> Draft {
    draft(&[
        ("host", text(" mail.example.org ")),
        ("port", Entered::Integer(465)),
        ("username", text("patgate")),
        ("password", text("hunter2 ")),
        ("fromAddress", text("patgate@example.org")),
        ("smtpProperties", map(&[("mail.smtp.timeout", "5000")])),
    ])
}

fn stored() -> Properties {
    decide(&MAIL_SERVER, None, whole()).unwrap().properties
}

fn change(pairs: &[(&str, Entered)]) -> Result<Decision, Vec<PropertyFault>> {
    let (properties, secrets) = (stored(), BTreeSet::from(["password".to_owned()]));
    decide(&MAIL_SERVER, Some(Stored { properties: &properties, secrets: &secrets }), draft(pairs))
}

fn refused(outcome: Result<Decision, Vec<PropertyFault>>) -> Vec<String> {
    let faults = outcome.unwrap_err();
    faults.into_iter().map(|fault| format!("{}: {}", fault.property, fault.reason)).collect()
}

#[test]
fn a_new_item_has_what_was_entered_and_defaults_for_the_rest() {
    let made = decide(&MAIL_SERVER, None, whole()).unwrap();
    assert_eq!(
        made.properties["host"],
        Value::Text("mail.example.org".to_owned()),
        "without blanks at its ends"
    );
    assert_eq!(made.properties.get("password"), None, "a secret is no value");
    assert_eq!(made.secrets["password"], SecretChange::Set("hunter2 ".into()), "with its blanks");
    assert_eq!(made.properties.get("testAddress"), None);
    let bare = draft(&[("host", text("h")), ("fromAddress", text("a@b"))]);
    assert_eq!(decide(&MAIL_SERVER, None, bare).unwrap().properties["port"], Value::Integer(587));
    assert!(!format!("{made:?}").contains("hunter2"));
}

#[test]
fn a_secret_does_not_stand_in_a_map_in_the_open() {
    for name in [
        "mail.smtp.pass",
        "mail.smtp.pwd",
        "smtp_userPwd",
        "mail.smtp.accessToken",
        "oauth2.token.value",
        "mail.credential",
        "mail.credentials",
        "mail.smtp.PASSWORD",
        "client-secret",
    ] {
        let faults = refused(change(&[("smtpProperties", map(&[(name, "x")]))]));
        assert!(faults.iter().any(|fault| fault.contains(name)), "{name}: {faults:?}");
    }
    for name in ["mail.smtp.auth.xoauth2.disable", "mail.smtp.auth.login.disable", "mail.passive.mode"] {
        let entered = [("smtpProperties", map(&[(name, "x")])), ("password", text("hunter2"))];
        assert!(change(&entered).is_ok(), "{name}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wrong = draft(&[
        ("host", text("smtp://mail")),
        ("port", Entered::Integer(0)),
        ("username", Entered::Boolean(true)),
        ("password", text(MASK)),
        ("fromAddress", text("")),
        ("testAddress", text("nobody")),
        ("smtpProperties", map(&[("mail.smtp.proxy.password", "x")])),
        ("colour", text("red")),
    ]);
    let faults = refused(decide(&MAIL_SERVER, None, wrong));
    let named: Vec<_> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
    assert_eq!(
        named,
        ["host", "port", "username", "password", "fromAddress", "testAddress", "smtpProperties", "colour"]
    );
    assert_eq!(faults[1], "port: this is a whole number from 1 to 65535");
    assert_eq!(faults[4], "fromAddress: this is needed");
    assert!(faults[7].contains("`host`, `port`"), "{}", faults[7]);
}

#[test]
fn the_mask_and_silence_keep_the_secret_and_nothing_takes_it_away() {
    for kept in [vec![], vec![("password", text(MASK))]] {
        let kept = change(&kept).unwrap();
        assert_eq!((kept.properties, kept.secrets.len()), (stored(), 0));
    }
    for removed in [text(""), Entered::Nothing] {
        let removed = change(&[("password", removed)]).unwrap();
        assert_eq!(removed.secrets["password"], SecretChange::Remove);
    }
    let new = change(&[("password", text("another"))]).unwrap();
    assert_eq!(new.secrets["password"], SecretChange::Set("another".into()));
    let none = Stored { properties: &stored(), secrets: &BTreeSet::new() };
    assert!(decide(&MAIL_SERVER, Some(none), draft(&[("password", text(""))])).unwrap().secrets.is_empty());
    assert!(
        decide(&MAIL_SERVER, Some(none), draft(&[("host", text("elsewhere"))])).is_ok(),
        "there is none to send"
    );
}

#[test]
fn whoever_leads_the_secret_elsewhere_must_know_it() {
    for elsewhere in [
        ("host", text("evil.example")),
        ("username", text("mallory")),
        ("username", Entered::Nothing),
        ("smtpProperties", map(&[("mail.smtp.ssl.trust", "*")])),
        ("smtpProperties", map(&[("mail.smtp.host", "evil.example")])),
    ] {
        for secret in [None, Some(("password", text(MASK)))] {
            let all: Vec<_> = secret.into_iter().chain([elsewhere.clone()]).collect();
            let faults = refused(change(&all));
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with("password: give this again"), "{faults:?}");
        }
        assert!(change(&[elsewhere.clone(), ("password", text("hunter2"))]).is_ok());
        assert!(change(&[elsewhere, ("password", Entered::Nothing)]).is_ok(), "it is sent nowhere any more");
    }
    let both = refused(change(&[("host", text("a")), ("username", text("b"))]));
    assert!(both[0].contains("Host and Username changed"), "{both:?}");
}

#[test]
fn the_port_and_what_says_nothing_of_the_way_change_without_the_secret() {
    for harmless in [
        ("port", Entered::Integer(25)),
        ("fromAddress", text("other@example.org")),
        ("testAddress", text("test@example.org")),
        ("smtpProperties", Entered::Nothing),
        ("smtpProperties", map(&[("mail.smtp.timeout", "1"), ("mail.smtp.ssl.enable", "true")])),
    ] {
        assert!(change(&[harmless]).is_ok());
    }
}

#[test]
fn what_this_program_does_not_know_stays_stored() {
    let mut properties = stored();
    properties.insert("fromTheFuture".to_owned(), Value::Boolean(true));
    let stored = Stored { properties: &properties, secrets: &BTreeSet::new() };
    let kept = decide(&MAIL_SERVER, Some(stored), draft(&[("port", Entered::Integer(25))])).unwrap();
    assert_eq!(kept.properties["fromTheFuture"], Value::Boolean(true));
}

fn any_entered() -> impl Strategy<Value = Entered> {
    prop_oneof![
        Just(Entered::Nothing),
        Just(Entered::Unsuitable),
        Just(text(MASK)),
        "[a-z@.*\u{0}-\u{1f} ]{0,12}".prop_map(Entered::text),
        any::<i64>().prop_map(Entered::Integer),
        any::<bool>().prop_map(Entered::Boolean),
        prop::collection::btree_map(
            "mail\\.smtp\\.(host|timeout|ssl\\.trust|[a-z]{0,4})",
            "[a-z*]{0,3}",
            0..4
        )
        .prop_map(Entered::Map),
    ]
}

proptest! {
    #[test]
    fn no_change_sends_a_kept_secret_to_another_host_or_account(
        draft in prop::collection::btree_map(
            "host|port|username|password|fromAddress|testAddress|smtpProperties", any_entered(), 0..7,
        ),
    ) {
        let (properties, secrets) = (stored(), BTreeSet::from(["password".to_owned()]));
        let before = Stored { properties: &properties, secrets: &secrets };
        if let Ok(decision) = decide(&MAIL_SERVER, Some(before), draft)
            && decision.secrets.is_empty()
        {
            for led in ["host", "username"] {
                prop_assert_eq!(decision.properties.get(led), properties.get(led));
            }
            let map = decision.properties.get("smtpProperties").and_then(Value::as_map);
            prop_assert!(map.is_none_or(|map| !map.contains_key("mail.smtp.host") && !map.contains_key("mail.smtp.ssl.trust")));
        }
    }

    #[test]
    fn what_is_decided_is_decided_again_alike(
        draft in prop::collection::btree_map("host|port|username|fromAddress|testAddress|smtpProperties", any_entered(), 0..6),
    ) {
        if let Ok(decision) = change(&draft.into_iter().map(|(name, entered)| {
            let name: &'static str = MAIL_SERVER.property(&name).unwrap().name;
            (name, entered)
        }).collect::<Vec<_>>()) {
            let secrets = BTreeSet::from(["password".to_owned()]);
            let again = decide(
                &MAIL_SERVER, Some(Stored { properties: &decision.properties, secrets: &secrets }), Draft::new(),
            ).unwrap();
            prop_assert_eq!(again.properties, decision.properties);
        }
    }
}
