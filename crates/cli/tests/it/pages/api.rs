//! The page of the API: the calls, and trying one in one's own session.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;
use serde_json::Value;

use super::log_in_admin;
use crate::actors::{CURRENT, admin, auth, with_bearer};

const LIST: &str = "form[data-path=\"/api/v1/personal-access-tokens\"][data-try=GET]";

#[test]
fn somebody_tries_a_call_in_their_own_session() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).token("nightly build", "any");
    log_in_admin(&browser, &patgate, "/account/api");
    browser.run(&format!("document.querySelector('{LIST}').closest('details').open = true"));
    browser.run(&format!("document.querySelector('{LIST} button[type=submit]').click()"));
    browser.sees("200 OK");
    browser.sees("\"tokenNote\": \"nightly build\"");
}

#[test]
fn somebody_makes_a_token_with_a_body_that_they_typed() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/account/api");
    open_call(&browser, "POST /api/v1/personal-access-tokens ");
    browser.fill("Body", r#"{"tokenNote": "by the page", "expiresInDays": 7}"#);
    browser.press("Send POST");
    browser.sees("201 Created");
    let answer = browser.text("output.answer");
    let (_, made) = answer.split_once('\n').unwrap();
    let made: Value = serde_json::from_str(made).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(made["tokenNote"], "by the page");
    assert_eq!(with_bearer(&patgate.url_of(CURRENT), made["token"].as_str().unwrap()).status, 200);
}

#[test]
fn a_call_that_deletes_is_asked_about_once_more() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    let token = admin(&patgate).token("nightly build", "any");
    log_in_admin(&browser, &patgate, "/account/api");
    let form = "form[data-path=\"/api/v1/personal-access-tokens/{id}\"][data-try=DELETE]";
    browser.run(&format!("document.querySelector('{form}').closest('details').open = true"));
    browser.fill("id", &token.id);
    browser.press("Send DELETE");
    browser.sees("This is no rehearsal");
    assert_eq!(browser.focused(), "Delete for real");
    browser.press("Cancel");
    browser.sees_no("[data-sure]");
    assert_eq!(auth(&patgate, &token.text), 200, "nothing happens before the second button");
    browser.press("Send DELETE");
    browser.press("Delete for real");
    browser.sees("204 No Content");
    browser.sees_no("[data-sure]");
    assert_eq!(auth(&patgate, &token.text), 401);
}

/// Opens the call that begins like this.
fn open_call(browser: &Browser, beginning: &str) {
    browser.sees("What scripts can ask");
    let calls = browser.texts("details.call summary");
    let call = calls.iter().find(|call| call.starts_with(beginning));
    browser.press(call.unwrap_or_else(|| panic!("no call begins with `{beginning}`: {calls:?}")));
}

#[test]
fn somebody_without_javascript_tries_calls_in_their_own_session() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    let token = admin(&patgate).token("nightly build", "any");
    log_in_admin(&browser, &patgate, "/account/api");
    open_call(&browser, "GET /api/v1/personal-access-tokens ");
    browser.press("Send GET");
    browser.reads("h2", &["200 OK"]);
    browser.sees("\"tokenNote\": \"nightly build\"");
    browser.press("Back to the calls");
    browser.sees("What scripts can ask");
    browser.counts("details.call[open]", 1);
    open_call(&browser, "GET /api/v1/personal-access-tokens ");
    browser.sees_no("details.call[open]");
    open_call(&browser, "DELETE /api/v1/personal-access-tokens/{id} ");
    browser.fill("id", &token.id);
    browser.press("Send DELETE");
    browser.sees("This is no rehearsal");
    assert_eq!(auth(&patgate, &token.text), 200, "nothing happens before the second button");
    browser.press("Delete for real");
    browser.reads("h2", &["204 No Content"]);
    assert_eq!(auth(&patgate, &token.text), 401);
}
