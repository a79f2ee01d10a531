//! The page of the API: the calls, and trying one in one's own session.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;

use super::log_in_admin;
use crate::actors::admin;

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
