//! The pill *Expires in* of a page that stays open, held against the one rule of the core.

use jiff::Timestamp;
use patgate_core::expiry::{Expiry, Remaining};
use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;
use serde_json::json;

use super::log_in_admin;
use crate::actors::admin;

const HOUR: i64 = 3_600_000;

/// How the vendor's page tells what is left, and how it looks.
pub(super) fn told(remaining: Remaining) -> (&'static str, String) {
    match remaining {
        Remaining::Never => ("plain", "Never".to_owned()),
        Remaining::Days(days) => ("plain", format!("{days} days")),
        Remaining::FewDays(1) => ("warning", "1 day".to_owned()),
        Remaining::FewDays(days) => ("warning", format!("{days} days")),
        Remaining::LessThanADay => ("warning", "Less than 24 hours".to_owned()),
        Remaining::Expired => ("bad", "Expired".to_owned()),
    }
}

#[test]
fn a_pill_counts_down_by_the_rule_while_the_page_stays_open() {
    let (patgate, browser) = (Patgate::start(), Browser::with().zone("Asia/Kolkata").start());
    admin(&patgate).token_of(&json!({ "tokenNote": "counted", "expiresInDays": 30 }));
    log_in_admin(&browser, &patgate, "/account/tokens");
    browser.reads(".pill", &["30 days"]);
    browser.run("window.isStillOpen = true");
    let until = browser.run("return document.querySelector('.pill').dataset.until");
    let until: Timestamp = until.as_str().unwrap().parse().unwrap();
    let expires_at = Expiry::at(until).unwrap();
    for left in [
        700 * HOUR,
        120 * HOUR + 1,
        120 * HOUR,
        96 * HOUR + 1,
        24 * HOUR + 1,
        24 * HOUR,
        24 * HOUR - 1,
        1,
        0,
        -HOUR,
    ] {
        let now = until.as_millisecond() - left;
        browser.stands_at(now);
        let (look, text) = told(expires_at.remaining(Timestamp::from_millisecond(now).unwrap()));
        browser.reads(&format!(".pill.{look}"), &[&text]);
    }
    assert_eq!(browser.run("return window.isStillOpen"), true, "the page was loaded again");
}

#[test]
fn a_pill_is_right_at_once_after_the_computer_slept() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).token_of(&json!({ "tokenNote": "slept over", "expiresInDays": 30 }));
    log_in_admin(&browser, &patgate, "/account/tokens");
    browser.reads(".pill", &["30 days"]);
    let until = browser.run("return document.querySelector('.pill').dataset.until");
    let until: Timestamp = until.as_str().unwrap().parse().unwrap();
    for (left, text) in [(50 * HOUR, "3 days"), (HOUR, "Less than 24 hours"), (0, "Expired")] {
        let script = "return document.querySelector('.pill').innerText";
        let told = browser.wakes_up_at(until.as_millisecond() - left, script);
        assert_eq!(told.as_str().map(str::trim), Some(text), "{left}");
    }
}
