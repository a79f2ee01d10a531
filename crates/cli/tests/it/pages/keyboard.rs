//! Every flow once more by people who have no mouse. (Their tokens: `tokens.rs`; logging in: `login.rs`; roles: `roles.rs`.)

use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::servers::patgate::Patgate;

use super::{log_in, log_in_admin};
use crate::actors::{Person, TOKENS, admin, auth};

const PASSWORD: &str = "password of ann 1";

/// Goes to what has this name and presses it; waits until the page shows the text.
fn follow(browser: &Browser, name: &str, key: Key, seen: &str) {
    browser.tab_to(name);
    browser.key(key);
    browser.sees(seen);
}

fn type_in(browser: &Browser, name: &str, text: &str) {
    browser.tab_to(name);
    browser.types(text);
}

#[test]
fn an_administrator_without_a_mouse_makes_and_disables_a_user_and_changes_a_rule() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/admin/users");
    follow(&browser, "New user", Key::Enter, "Makes an internal user");
    type_in(&browser, "User name", "ann");
    type_in(&browser, "Password", PASSWORD);
    follow(&browser, "Make user", Key::Enter, "The user is made");
    let ann = Person::new(&patgate, "ann", PASSWORD);
    assert_eq!(ann.get(TOKENS).status, 200);
    follow(&browser, "Disable", Key::Enter, "Disable ann?");
    follow(&browser, "Cancel", Key::Enter, "Disable or delete");
    follow(&browser, "Disable", Key::Enter, "Disable ann?");
    follow(&browser, "Disable user", Key::Space, "The user is disabled");
    assert_eq!(ann.get(TOKENS).status, 401);

    follow(&browser, "System settings", Key::Enter, "The rules for personal access tokens");
    browser.tab_to("Tokens may make tokens");
    browser.key(Key::Space);
    follow(&browser, "Save settings", Key::Enter, "The settings are saved");
    let stored = admin(&patgate).get("/api/v1/settings/personal-access-tokens").json();
    assert_eq!(stored["tokensMayMakeTokens"], true);
}

#[test]
fn an_administrator_without_a_mouse_finds_and_deletes_tokens_and_reads_of_it() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    let ann = Person::new(&patgate, "ann", PASSWORD);
    let tokens = ["ci-build", "ci-deploy", "laptop"].map(|name| ann.token(name, "any").text);
    log_in_admin(&browser, &patgate, "/admin/tokens");
    browser.counts("tbody th", 3);
    type_in(&browser, "Name begins with", "ci-");
    browser.key(Key::Enter);
    browser.reads("tbody th", &["ci-build", "ci-deploy"]);
    browser.tab_to("ci-deploy of ann");
    browser.key(Key::Space);
    browser.tab_to("Choose all on this page");
    browser.key(Key::Space);
    browser.reads("button[data-choose]", &["Choose none"]);
    browser.key(Key::Space);
    browser.reads("button[data-choose]", &["Choose all on this page"]);
    browser.key(Key::Space);
    browser.open(&patgate.url_of("/admin/tokens?search=ci-"));
    browser.tab_to("ci-build of ann");
    browser.key(Key::Space);
    follow(&browser, "Delete chosen tokens", Key::Enter, "Delete this token?");
    follow(&browser, "Delete token", Key::Enter, "The token is deleted");
    browser.reads("tbody th", &["ci-deploy"]);
    assert_eq!(tokens.each_ref().map(|token| auth(&patgate, token)), [401, 200, 200]);

    follow(&browser, "Audit log", Key::Enter, "Who changed what");
    type_in(&browser, "Who", "admin");
    browser.tab_to("What");
    // Below “Anything” and “Token generated”.
    browser.key(Key::Down);
    browser.key(Key::Down);
    assert_eq!(browser.value("What"), "grant.delete");
    follow(&browser, "Apply", Key::Enter, "token ci-build");
    browser.reads("td[data-label=What]", &["Token deleted grant.delete"]);
    follow(&browser, "ci-build", Key::Enter, "Its life");
}

#[test]
fn somebody_without_a_mouse_changes_their_profile_and_tries_the_api() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    Person::new(&patgate, "ann", PASSWORD).token("nightly build", "any");
    log_in(&browser, &patgate, "ann", PASSWORD, "/account/profile");
    type_in(&browser, "Full name", "Ann Kern");
    follow(&browser, "Save profile", Key::Enter, "Your profile is saved");
    assert_eq!(browser.value("Full name"), "Ann Kern");
    follow(&browser, "Log out everywhere", Key::Enter, "Log out everywhere?");
    browser.key(Key::Escape);
    browser.sees_no("dialog[open]");
    assert_eq!(browser.focused(), "Log out everywhere", "the focus returns where it came from");

    follow(&browser, "API", Key::Enter, "What scripts can ask");
    let call = "form[data-path=\"/api/v1/personal-access-tokens\"][data-try=GET]";
    let name = browser.run(&format!(
        "return document.querySelector('{call}').closest('details').querySelector('summary')
             .innerText.replace(/\\s+/g, ' ').trim()"
    ));
    browser.tab_to(name.as_str().unwrap());
    browser.key(Key::Enter);
    browser.tab_to("Send GET");
    browser.key(Key::Enter);
    browser.sees("200 OK");
    browser.sees("\"tokenNote\": \"nightly build\"");
}

#[test]
fn somebody_without_a_mouse_makes_a_webhook_endpoint_and_tries_it() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/configuration/webhooks");
    follow(&browser, "+ New HTTP Endpoint for Webhooks", Key::Enter, "takes query parameters");
    follow(&browser, "POST takes JSON", Key::Enter, "New HTTP Endpoint for Webhooks (POST)");
    type_in(&browser, "Title", "Builds");
    type_in(&browser, "Endpoint Path", "builds");
    browser.tab_to("Authentication Method");
    browser.types("No auth");
    assert_eq!(browser.value("Authentication Method"), "none");
    follow(&browser, "Save", Key::Enter, "The endpoint is made, and takes requests.");
    follow(&browser, "Send test request", Key::Enter, "The test request was taken.");
    browser.sees("a test by admin");
    follow(&browser, "Refused requests", Key::Enter, "Nobody was refused");
}
