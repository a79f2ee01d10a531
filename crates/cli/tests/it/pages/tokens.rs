//! Access tokens: generating, copying, using, deleting them; with the mouse, the keyboard, and without JavaScript.

use patgate_core::grant::GrantName;
use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::curl;
use patgate_testkit::servers::patgate::Patgate;

use super::barriers::judged;
use super::{log_in, log_in_admin};
use crate::actors::{CURRENT, admin, auth, with_bearer};

const PAGE: &str = "/account/tokens";
const ROWS: &str = "tbody tr";

/// Opens the panel, fills it, and returns the token that is shown.
fn generate(browser: &Browser, name: &str) -> String {
    browser.press("Generate new tokens");
    browser.fill("Token name", name);
    browser.press("Generate");
    browser.sees("Token generated");
    browser.text("#token")
}

fn live_tokens(patgate: &Patgate) -> usize {
    admin(patgate).get("/api/v1/personal-access-tokens").json().as_array().unwrap().len()
}

#[test]
fn somebody_generates_a_token_uses_the_shown_line_and_deletes_it() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    browser.sees("No tokens yet");
    let token = generate(&browser, "nightly build");
    assert_eq!(judged(&browser, "the generated token"), Vec::<String>::new());
    browser.press("Copy token");
    browser.sees("Copied");
    assert_eq!(browser.clipboard(), token);
    // A screen reader says it, too: a button is no live region.
    assert_eq!(
        browser.run("return document.querySelector('[role=status][data-copied]').textContent"),
        "Copied"
    );
    browser.press("Copy the command");
    browser.reads("[data-copy=call]", &["Copied"]);
    let line = browser.text("#call");
    assert_eq!(browser.clipboard(), line);
    let answer = curl::line(&line);
    assert_eq!(answer.status, 200, "{line}: {}", answer.text());

    browser.press("Done: go to your access tokens");
    browser.reads("tbody th", &["nightly build"]);
    browser.reads(".pill", &["30 days"]);
    // Escape changes nothing, and the focus returns where it came from.
    browser.press("Delete nightly build");
    browser.sees("Delete nightly build?");
    browser.key(Key::Escape);
    browser.sees_no("dialog[open]");
    assert_eq!(browser.focused(), "Delete nightly build");
    browser.press("Delete nightly build");
    browser.press("Cancel");
    browser.sees_no("dialog[open]");
    assert_eq!(auth(&patgate, &token), 200);
    browser.press("Delete nightly build");
    browser.press("Delete token");
    browser.sees("No tokens yet");
    let answer = curl::line(&line);
    assert_eq!(answer.status, 401, "{}", answer.text());
}

#[test]
fn the_shown_line_works_for_a_token_of_either_product() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    for (application, path) in [("Deploy", "/api/v1/deployit"), ("Release", CURRENT)] {
        browser.press("Generate new tokens");
        browser.fill("Token name", application);
        browser.choose("Application", application);
        browser.press("Generate");
        browser.sees("Token generated");
        let line = browser.text("#call");
        assert!(line.contains(path), "{line}");
        let answer = curl::line(&line);
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        browser.press("Done: go to your access tokens");
    }
}

#[test]
fn somebody_who_leaves_the_page_or_has_no_clipboard_leaves_no_token_behind() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    let token = generate(&browser, "left behind");
    // A page over plain http has no clipboard: the text is marked, for the keyboard to copy.
    browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    browser.press("Copy token");
    browser.sees("Marked: copy it with the keyboard");
    assert_eq!(browser.run("return getSelection().toString().trim()"), token.as_str());
    // What the page is when it has been left, and its own script has run.
    browser.run(
        "addEventListener('pagehide', () => {
             const secrets = [...document.querySelectorAll('[data-secret]')].map(one => one.textContent);
             sessionStorage.setItem('left', JSON.stringify([secrets, document.body.innerText]));
         })",
    );
    browser.press("Done: go to your access tokens");
    browser.reads("tbody th", &["left behind"]);
    let left = browser.run("return sessionStorage.getItem('left')");
    let left: serde_json::Value = serde_json::from_str(left.as_str().unwrap()).unwrap();
    assert_eq!(left[0], serde_json::json!(["", ""]));
    assert!(!left[1].as_str().unwrap().contains(&token), "{left}");
}

#[test]
fn somebody_without_a_mouse_generates_and_deletes_a_token() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    browser.tab_to("Generate new tokens");
    browser.key(Key::Enter);
    browser.sees("Generate token");
    // The focus is in the panel, and stays there.
    assert_eq!(browser.run("return !!document.activeElement.closest('dialog[open]')"), true);
    browser.key(Key::Escape);
    browser.sees_no("dialog[open]");
    assert_eq!(browser.focused(), "Generate new tokens");
    browser.key(Key::Enter);
    if browser.focused() != "Token name" {
        browser.tab_to("Token name");
    }
    browser.types("by hand");
    browser.tab_to("Token expiration");
    browser.types("7");
    browser.tab_to("Use all permissions");
    browser.key(Key::Down);
    browser.sees("Of those that you hold");
    browser.tab_to("Generate");
    browser.key(Key::Enter);
    browser.sees("Token generated");
    let token = browser.text("#token");
    browser.tab_to("Copy token");
    browser.key(Key::Space);
    browser.sees("Copied");
    assert_eq!(browser.clipboard(), token);
    let known = with_bearer(&patgate.url_of(CURRENT), &token).json();
    assert_eq!(known["globalPermissions"], serde_json::json!([]), "{known}");

    browser.tab_to("Done: go to your access tokens");
    browser.key(Key::Enter);
    browser.sees("7 days");
    browser.tab_to("Delete by hand");
    browser.key(Key::Space);
    browser.sees("Delete by hand?");
    browser.tab_to("Delete token");
    browser.key(Key::Enter);
    browser.sees("No tokens yet");
    assert_eq!(auth(&patgate, &token), 401);
}

#[test]
fn somebody_without_javascript_generates_and_deletes_a_token() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, PAGE);
    browser.press("Generate new tokens");
    browser.arrives("/account/tokens/new");
    // What the script would tell beside the list.
    browser.sees("45 days: until ");
    browser.fill("Token name", "by the page");
    // What belongs to another choice cannot be filled in by mistake.
    let is_hidden = |text: &str| !browser.shows(text);
    assert!(is_hidden("Last day") && is_hidden("Of those that you hold"));
    browser.choose("Token expiration", "A day of your own");
    browser.sees("Last day");
    browser.choose("Token expiration", "45 days");
    assert!(is_hidden("Last day"));
    browser.press("Let me select permissions");
    browser.sees("Of those that you hold");
    browser.press("Generate");
    browser.sees("Token generated");
    let token = browser.text("#token");
    assert!(!browser.has("button[data-copy]"), "a button that does nothing");
    assert_eq!(auth(&patgate, &token), 200);
    browser.press("Done: go to your access tokens");
    browser.sees("45 days");
    browser.back();
    assert!(!browser.source().contains(&token), "{}", browser.path());
    browser.open(&patgate.url_of(PAGE));
    browser.press("Delete by the page");
    browser.sees("Delete by the page?");
    browser.press("Cancel");
    browser.press("Delete by the page");
    browser.press("Delete token");
    browser.sees("No tokens yet");
    assert_eq!(auth(&patgate, &token), 401);
}

#[test]
fn a_token_is_gone_when_one_comes_back_and_a_form_makes_one_alone() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    let token = generate(&browser, "kept nowhere");
    // The browser asks whether to send the form again, and somebody says yes.
    browser.reload();
    browser.sees("This form was already used");
    assert!(!browser.source().contains(&token));
    assert_eq!(live_tokens(&patgate), 1);
    browser.press("Go to your access tokens");
    browser.reads("tbody th", &["kept nowhere"]);
    for _ in 0..3 {
        browser.back();
        assert!(!browser.source().contains(&token), "{}", browser.path());
    }
    assert_eq!(live_tokens(&patgate), 1);
}

#[test]
fn somebody_who_errs_finds_what_they_typed_and_what_is_wrong() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PAGE);
    let long = "x".repeat(300);
    browser.press("Generate new tokens");
    browser.fill("Token name", &long);
    assert_eq!(browser.value("Token name"), "x".repeat(GrantName::LONGEST), "nobody types more");
    // A browser that does not know the bound sends it all.
    browser.run("document.querySelector('#name').value = 'x'.repeat(300)");
    browser.choose("Token expiration", "7 days");
    browser.press("Let me select permissions");
    browser.press("Generate");
    browser.sees("at most");
    assert_eq!(browser.value("Token name"), long);
    assert_eq!(browser.value("Token expiration"), "7");
    assert!(browser.has("[role=alert] a[href='#name']"), "the summary leads to the field");
    assert_eq!(judged(&browser, "a refused form"), Vec::<String>::new());
    browser.fill("Token name", "<script>document.title = 'caught'</script>");
    browser.press("Generate");
    browser.sees("Token generated");
    browser.press("Done: go to your access tokens");
    browser.sees("<script>document.title = 'caught'</script>");
    browser.press("Delete <script>document.title = 'caught'</script>");
    browser.sees("Delete <script>document.title = 'caught'</script>?");
    assert_ne!(browser.run("return document.title"), "caught");
}

#[test]
fn somebody_whose_session_ends_goes_on_with_what_they_typed() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/account/tokens/new");
    browser.fill("Token name", "half done");
    browser.choose("Token expiration", "60 days");
    patgate.sql("DELETE FROM sessions");
    browser.press("Generate");
    browser.fill("User name", "admin");
    browser.fill("Password", patgate_testkit::servers::patgate::ADMIN_PASSWORD);
    browser.press("Log in");
    browser.sees("Generate token");
    assert_eq!(browser.value("Token name"), "half done");
    assert_eq!(browser.value("Token expiration"), "60");
    browser.press("Generate");
    browser.sees("Token generated");
}

#[test]
fn two_people_deleting_the_same_token_both_see_a_calm_answer() {
    let (patgate, one, two) = (Patgate::start(), Browser::start(), Browser::start());
    let token = admin(&patgate).token("twice", "any");
    for browser in [&one, &two] {
        log_in_admin(browser, &patgate, PAGE);
        browser.press("Delete twice");
    }
    one.press("Delete token");
    one.sees("deleted");
    two.press("Delete token");
    two.sees("already deleted");
    assert!(!two.has(".banner.failed, .faults"));
    assert_eq!(auth(&patgate, &token.text), 401);
}

#[test]
fn somebody_finds_tokens_by_name_and_clears_those_that_are_over() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    let admin = admin(&patgate);
    for name in ["ci-build", "ci-deploy", "laptop", "old-runner"] {
        admin.token(name, "any");
    }
    patgate.sql("UPDATE grants SET created_at = 1, expires_at = 86400000 WHERE name = 'old-runner'");
    // The newest comes first, also when both were made within a millisecond.
    patgate.sql("UPDATE grants SET created_at = created_at - 1000 WHERE name = 'ci-build'");
    log_in_admin(&browser, &patgate, PAGE);
    browser.counts(ROWS, 4);
    browser.reads("tr.over .pill", &["Expired"]);
    browser.fill("Name begins with", "ci");
    browser.press("Apply");
    browser.reads("tbody th", &["ci-deploy", "ci-build"]);
    browser.fill("Name begins with", "");
    browser.choose("Show", "Expired ones");
    browser.press("Apply");
    browser.reads("tbody th", &["old-runner"]);
    browser.press("Clear expired tokens");
    browser.sees("old-runner");
    browser.press("Delete 1 expired token");
    browser.sees("laptop");
    assert!(!browser.shows("old-runner"));
}

#[test]
fn nobody_sees_or_deletes_anothers_token() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    let admin = admin(&patgate);
    let token = admin.token("the administrator's", "any");
    admin.hire("ann", "password of ann 1", &["login"]);
    log_in(&browser, &patgate, "ann", "password of ann 1", PAGE);
    browser.sees("No tokens yet");
    for id in [token.id.as_str(), "AAAAAAAAAAA", "nonsense"] {
        browser.open(&patgate.url_of(&format!("/account/tokens/{id}/delete")));
        assert_eq!(browser.texts("h1"), ["There is nothing here"], "{id}");
    }
    assert_eq!(auth(&patgate, &token.text), 200);
}
