//! *All tokens*: what its filters find, each by itself and together, with JavaScript and without.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;
use serde_json::json;

use super::log_in_admin;
use crate::actors::admin;

const PAGE: &str = "/admin/tokens";
const NAMES: &str = "tbody th";

/// Browsers with JavaScript and without, in which the first administrator sees the list.
fn browsers(patgate: &Patgate) -> [Browser; 2] {
    let browsers = [Browser::start(), Browser::with().without_scripts().start()];
    for browser in &browsers {
        log_in_admin(browser, patgate, PAGE);
    }
    browsers
}

/// A token: whose, its name, and the days from now on which it was made, ends and was last used; `None` is never.
type Line<'l> = (&'l str, &'l str, i32, Option<i32>, Option<i32>);

/// Makes a user who is not there yet for each name, and a token for each line.
fn stage(patgate: &Patgate, users: &[&str], tokens: &[Line<'_>]) {
    for user in users {
        admin(patgate).hire(user, "a good password", &["login"]);
    }
    let at = |days: Option<i32>| {
        days.map_or("NULL".to_owned(), |days| format!("(strftime('%s', 'now') + {days} * 86400) * 1000"))
    };
    let line = |(number, (owner, name, made, ends, used)): (usize, &Line<'_>)| {
        format!(
            "INSERT INTO grants (id, owner, name, name_key, application, created_at, expires_at, last_used_at)
             SELECT {number} + 1000, id, '{name}', '{name}', 'any', {}, {}, {}
             FROM users WHERE username = '{owner}';",
            at(Some(*made)),
            at(*ends),
            at(*used)
        )
    };
    let lines: String = tokens.iter().enumerate().map(line).collect();
    patgate.sql(&lines);
}

/// Fills in a field of the form, chooses in it, or checks the box of this name.
fn ask(browser: &Browser, field: &str, text: &str) {
    match (field, text) {
        ("Show" | "Sort by", option) => browser.choose(field, option),
        (name, "") => browser.press(name),
        (label, text) => browser.fill(label, text),
    }
}

/// Asks for what ends soon, by name as well, and for all again.
fn orders_what_ends_soon(browser: &Browser) {
    browser.fill("Expiring within days", "10");
    browser.press("Apply");
    browser.reads(NAMES, &["nightly", "ci-deploy", "ci-lint"]);
    browser.choose("Sort by", "Name, A to Z");
    browser.press("Apply");
    browser.reads(NAMES, &["ci-deploy", "ci-lint", "nightly"]);
    browser.choose("Sort by", "Expires soonest");
    browser.press("Apply");
    browser.reads(NAMES, &["nightly", "ci-deploy", "ci-lint"]);
    browser.fill("Expiring within days", "");
    browser.press("Apply");
    browser.reads(NAMES, &["agent", "backup", "ci-build", "ci-deploy", "ci-lint", "nightly"]);
}

#[test]
fn an_administrator_finds_tokens_by_each_filter_and_by_several_together() {
    let patgate = Patgate::start();
    let settings = "/api/v1/settings/personal-access-tokens";
    let mut rules = admin(&patgate).get(settings).json();
    rules["maximumLifetimeDays"] = json!(30);
    assert_eq!(admin(&patgate).send("PUT", settings, &rules).status, 200);
    let tokens = [
        ("admin", "agent", 0, Some(100), None),
        ("ann", "backup", -100, None, Some(-50)),
        ("ann", "ci-build", -100, Some(-80), None),
        ("kim", "ci-deploy", -1, Some(3), Some(0)),
        ("kim", "ci-lint", -20, Some(9), None),
        ("admin", "nightly", -1, Some(2), Some(-1)),
    ];
    stage(&patgate, &["ann", "kim"], &tokens);
    assert_eq!(admin(&patgate).send("POST", "/api/v1/users/kim/disable", &json!({})).status, 204);
    let (endless, over, disabled) =
        ("without an expiration", "that live longer than the maximum of 30 days", "of disabled users");
    for browser in browsers(&patgate) {
        browser.reads(NAMES, &tokens.map(|(_, name, ..)| name));
        for (asked, found) in [
            (&[("Name begins with", "CI-")][..], &["ci-build", "ci-deploy", "ci-lint"][..]),
            (&[("Owner", "ann")], &["backup", "ci-build"]),
            (&[("Show", "Active ones")], &["agent", "backup", "ci-deploy", "ci-lint", "nightly"]),
            (&[("Show", "Expired ones")], &["ci-build"]),
            // Nobody chose an order: what ends first stands first.
            (&[("Expiring within days", "5")], &["nightly", "ci-deploy"]),
            (&[("Unused for days", "30")], &["backup", "ci-build"]),
            (&[(endless, "")], &["backup"]),
            (&[(over, "")], &["agent", "backup"]),
            (&[(disabled, "")], &["ci-deploy", "ci-lint"]),
            (&[("Unused for days", "10"), (disabled, "")], &["ci-lint"]),
            (&[("Owner", "ann"), ("Unused for days", "30"), ("Show", "Active ones")], &["backup"]),
            (
                &[("Name begins with", "ci"), ("Expiring within days", "10"), ("Sort by", "Expires latest")],
                &["ci-lint", "ci-deploy"],
            ),
            (&[("Owner", "admin"), (over, ""), ("Unused for days", "1")], &[]),
        ] {
            browser.open(&patgate.url_of(PAGE));
            for (field, text) in asked {
                ask(&browser, field, text);
            }
            browser.press("Apply");
            browser.reads(NAMES, found);
            for (field, text) in asked.iter().filter(|(field, text)| !text.is_empty() && *field != "Show") {
                // The value of a list is a word of the address.
                let shown = if *field == "Sort by" { "-expires" } else { *text };
                assert_eq!(browser.value(field), shown, "{asked:?}");
            }
        }
        browser.sees("No token fits");
        browser.press("Show all tokens");
        browser.counts(NAMES, tokens.len());
        orders_what_ends_soon(&browser);
        // What cannot be asked finds nothing, instead of more than was meant.
        for (field, text, why) in [
            ("Owner", "nobody", "There is no user “nobody”."),
            ("Unused for days", "0", "Type a number of days, 1 to 3650."),
        ] {
            browser.open(&patgate.url_of(PAGE));
            browser.fill(field, text);
            browser.press("Apply");
            browser.sees(why);
            assert_eq!((browser.texts(NAMES), browser.value(field)), (Vec::new(), text.to_owned()));
        }
    }
}

#[test]
fn an_administrator_turns_pages_of_what_several_filters_find() {
    let patgate = Patgate::start();
    // Of four in a row, one is another's, and one ends; those that fit have even numbers.
    let names: Vec<String> = (1..=80).map(|number| format!("many-{number:02}")).collect();
    let tokens = names.iter().zip(1..).map(|(name, number)| match number % 4 {
        1 => ("admin", name.as_str(), -1, None, None),
        3 => ("ann", name.as_str(), -1, Some(20), None),
        _ => ("ann", name.as_str(), -1, None, None),
    });
    let tokens: Vec<_> = tokens.chain([("ann", "laptop", -1, None, None)]).collect();
    stage(&patgate, &["ann"], &tokens);
    for browser in browsers(&patgate) {
        let is_at = |numbers: std::ops::Range<usize>| {
            let names: Vec<_> = numbers.rev().map(|half| format!("many-{:02}", 2 * half)).collect();
            browser.reads(NAMES, &names.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(browser.value("Owner"), "ann");
            assert!(browser.has("input[name=endless]:checked"), "{}", browser.path());
        };
        let asked = [("Name begins with", "many"), ("Owner", "ann"), ("Sort by", "Name, Z to A")].into_iter();
        for (field, text) in asked.chain([("without an expiration", "")]) {
            ask(&browser, field, text);
        }
        browser.press("Apply");
        is_at(21..41);
        browser.press("Next ›");
        is_at(1..21);
        browser.sees_no("a[rel=next]");
        browser.press("‹ Previous");
        is_at(21..41);
        browser.sees_no("a[rel=prev]");
        let (_, csv) = browser.download("Download as CSV");
        assert_eq!(csv.lines().count(), 41, "{csv}");
    }
}
