//! Long lists: page by page forward and back, and as files.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;

use super::log_in_admin;

/// More than one batch of a download.
const MANY: usize = 1_100;
/// The column of the audit log that says what an event is about.
const ABOUT: &str = "td[data-label=About]";

/// Tokens and events that nobody made by hand, named `many-0001` and so on; the events are later than all others.
fn fill(patgate: &Patgate) {
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})");
    let admin = "(SELECT id FROM users WHERE username = 'admin')";
    let name = "printf('many-%04d', i)";
    patgate.sql(&format!(
        "{numbers} INSERT INTO grants (id, owner, name, name_key, application, created_at)
         SELECT 1000 + i, {admin}, {name}, {name}, 'any', 1000 + i FROM n"
    ));
    patgate.sql(&format!(
        "{numbers} INSERT INTO audit_events
         (sequence, position, at, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, detail)
         SELECT 1000000 + i, 0, 1777809600000 + i, 'system', 'night shift', 'user.update', 'user', '1', {name}, '{{}}'
         FROM n"
    ));
}

/// What stands in a column of the row.
fn shown(column: &str, number: usize) -> String {
    if column == ABOUT { format!("user {}", name(number)) } else { name(number) }
}

fn name(number: usize) -> String {
    format!("many-{number:04}")
}

#[test]
fn an_administrator_turns_pages_forward_and_back_and_downloads_what_is_listed() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    fill(&patgate);
    log_in_admin(&browser, &patgate, "/admin/tokens");
    let is_at = |column: &str, first: usize, last: usize| {
        browser.reads(&format!("tbody tr:first-child {column}"), &[&shown(column, first)]);
        browser.reads(&format!("tbody tr:last-child {column}"), &[&shown(column, last)]);
    };
    is_at("th", 1, 20);
    browser.press("Next ›");
    is_at("th", 21, 40);
    browser.press("Next ›");
    is_at("th", 41, 60);
    browser.press("‹ Previous");
    is_at("th", 21, 40);
    browser.press("‹ Previous");
    is_at("th", 1, 20);
    browser.sees_no("a[rel=prev]");
    let (file, text) = browser.download("Download as CSV");
    assert!(file.starts_with("patgate-tokens-") && file.ends_with(".csv"), "{file}");
    assert_eq!(text.lines().count(), MANY + 1, "{file}");
    // What is asked for stays on the next page, to the last one, and in the file.
    browser.fill("Name begins with", "many-00");
    browser.choose("Sort by", "Name, Z to A");
    browser.press("Apply");
    is_at("th", 99, 80);
    for (first, last) in [(79, 60), (59, 40), (39, 20), (19, 1)] {
        browser.press("Next ›");
        is_at("th", first, last);
    }
    browser.sees_no("a[rel=next]");
    let (_, text) = browser.download("Download as CSV");
    let names = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap());
    assert!(names.eq((1..100).rev().map(name)), "{text}");

    browser.open(&patgate.url_of("/admin/audit?actor=night+shift"));
    is_at(ABOUT, MANY, MANY - 19);
    browser.press("Next ›");
    is_at(ABOUT, MANY - 20, MANY - 39);
    browser.press("‹ Previous");
    is_at(ABOUT, MANY, MANY - 19);
    let (file, text) = browser.download("Download as JSON Lines");
    assert!(file.starts_with("patgate-audit-") && file.ends_with(".jsonl"), "{file}");
    let events = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let subjects: Vec<_> =
        events.map(|event| event["subject"]["name"].as_str().unwrap().to_owned()).collect();
    assert!(subjects.iter().cloned().eq((1..=MANY).rev().map(name)), "{subjects:?}");
}

#[test]
fn somebody_without_javascript_searches_and_sorts_their_tokens_and_turns_pages() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    fill(&patgate);
    log_in_admin(&browser, &patgate, "/account/tokens");
    let is_at = |first: usize, last: usize| {
        browser.reads("tbody tr:first-child th", &[&name(first)]);
        browser.reads("tbody tr:last-child th", &[&name(last)]);
    };
    // The newest first.
    is_at(MANY, MANY - 19);
    browser.fill("Name begins with", "MANY-00");
    browser.choose("Sort by", "Name, A to Z");
    browser.press("Apply");
    is_at(1, 20);
    browser.press("Next ›");
    is_at(21, 40);
    browser.press("‹ Previous");
    is_at(1, 20);
    browser.sees_no("a[rel=prev]");
    browser.choose("Show", "Expired ones");
    browser.press("Apply");
    browser.sees("No token fits");
    browser.press("Show all tokens");
    is_at(MANY, MANY - 19);
}

#[test]
fn a_day_of_the_log_is_one_where_the_reader_is() {
    // The fifth of May lasts there from ten to ten (UTC).
    reads_a_day_of_the_log(&Browser::with().zone("Pacific/Kiritimati").start(), 1_777_888_800);
}

#[test]
fn without_javascript_a_day_of_the_log_is_one_of_utc() {
    let browser = Browser::with().zone("Pacific/Kiritimati").without_scripts().start();
    reads_a_day_of_the_log(&browser, 1_777_939_200);
}

/// Asks for the fifth of May, which begins at this second for the reader, and for what follows it.
fn reads_a_day_of_the_log(browser: &Browser, begins: i64) {
    let patgate = Patgate::start();
    let ends = begins + 24 * 3_600;
    for (name, at) in [("before", begins - 1), ("first", begins), ("last", ends - 1), ("after", ends)] {
        patgate.sql(&format!(
            "INSERT INTO audit_events
             (sequence, position, at, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, detail)
             VALUES ({at}, 0, {at} * 1000, 'system', 'night shift', 'user.update', 'user', '1', '{name}', '{{}}')"
        ));
    }
    log_in_admin(browser, &patgate, "/admin/audit");
    // Day and month are alike, in whatever order the browser asks for them.
    browser.fill("From", "05052026");
    browser.fill("Until", "05052026");
    browser.press("Apply");
    browser.reads(ABOUT, &["user last", "user first"]);
    let (_, text) = browser.download("Download as JSON Lines");
    assert_eq!(text.lines().count(), 2, "{text}");
    browser.fill("Until", "06062026");
    browser.press("Apply");
    browser.reads(ABOUT, &["user after", "user last", "user first"]);
    // What cannot be asked finds nothing, and stays to be mended.
    browser.fill("From", "07072026");
    browser.press("Apply");
    browser.sees("Choose a day that is not before the first one.");
    browser.counts(ABOUT, 0);
    assert_eq!([browser.value("From"), browser.value("Until")], ["2026-07-07", "2026-06-06"]);
}
