//! Logging in and out.

use patgate_core::policy::notification::MailBody;
use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::json;

use super::barriers::judged;
use super::{log_in, log_in_admin};
use crate::actors::admin;

#[test]
fn somebody_logs_in_goes_on_where_they_wanted_and_logs_out_by_the_menu() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    browser.open(&patgate.url_of("/account/api"));
    browser.arrives("/login?next=%2Faccount%2Fapi");
    browser.fill("User name", "admin");
    browser.fill("Password", "a wrong password");
    browser.press("Log in");
    browser.sees("User name or password is wrong");
    assert_eq!((browser.value("User name"), browser.value("Password")), ("admin".into(), String::new()));
    browser.fill("Password", ADMIN_PASSWORD);
    browser.press("Log in");
    browser.sees("What scripts can ask");
    browser.arrives("/account/api");

    browser.press("Menu of admin");
    browser.press("Log out");
    browser.sees("You are logged out");
    // What the page showed is not in the browser's memory.
    browser.back();
    browser.arrives("/login?next=%2Faccount%2Fapi");
    assert!(!browser.shows("What scripts can ask"));
}

#[test]
fn somebody_without_a_mouse_logs_in_and_out() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    browser.open(&patgate.url_of("/login?next=%2Faccount%2Fapi"));
    browser.tab_to("User name");
    browser.types("admin");
    browser.tab_to("Password");
    browser.types(ADMIN_PASSWORD);
    browser.key(Key::Enter);
    browser.sees("What scripts can ask");

    // The first stop of a page leads past the navigation.
    browser.key(Key::Tab);
    assert_eq!(browser.focused(), "Skip to the content");
    browser.tab_to("Menu of admin");
    browser.key(Key::Enter);
    browser.sees("Log out");
    browser.key(Key::Escape);
    browser.sees_no(".menu-body");
    assert_eq!(browser.focused(), "Menu of admin", "the focus returns where it came from");
    browser.key(Key::Enter);
    browser.tab_to("Log out");
    browser.key(Key::Enter);
    browser.sees("You are logged out");
}

#[test]
fn somebody_without_javascript_logs_in_and_out() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, "/account/api");
    browser.sees("Times in UTC");
    browser.press("Menu of admin");
    browser.press("Log out");
    browser.sees("You are logged out");
}

#[test]
fn somebody_sees_the_places_they_may_go_to() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).hire("ann", "password of ann 1", &["login"]);
    log_in(&browser, &patgate, "ann", "password of ann 1", "/account/api");
    browser.reads("nav .places a, nav.places a", &["Access tokens", "API"]);
    browser.press("Menu of ann");
    browser.reads(".menu-body a, .menu-body button", &["Access tokens", "Profile", "Log out"]);
}

#[test]
fn somebody_chooses_colours_that_stay() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    browser.open(&patgate.url_of("/login"));
    let ground = || browser.run("return getComputedStyle(document.documentElement).backgroundColor");
    let light = ground();
    browser.press("Dark colours");
    let dark = ground();
    assert_ne!(light, dark);
    browser.reload();
    assert_eq!(ground(), dark);
    browser.press("Light colours");
    assert_eq!(ground(), light);
}

/// Somebody writes a mail that no address holds, loses the session, and goes on with it.
fn keeps_a_long_mail(browser: &Browser, has_scripts: bool) {
    let patgate = Patgate::start();
    log_in_admin(browser, &patgate, "/settings/notifications");
    let line = "<p title=\"it's\">Dear {{ owner }} & all</p>\n";
    let body = line.repeat(MailBody::LONGEST / (line.len() + 1)).trim_end().to_owned();
    browser.run(&format!("document.querySelector('#body').value = {}", json!(body)));
    browser.fill("Subject", "About {{ token_name }}");
    patgate.sql("DELETE FROM sessions");
    browser.press("Save");
    browser.reads("h1", &["Your session has ended"]);
    // What judges a page is a script.
    if has_scripts {
        assert_eq!(judged(browser, "the page that keeps a form"), Vec::<String>::new());
    }
    // Too early, which loses nothing.
    browser.press("Go on with what you typed");
    browser.reads("h1", &["Your session has ended"]);
    browser.press("Log in (opens in a new tab)");
    browser.turn_to_other_tab();
    browser.arrives("/login?next=%2Flogin%2Fdone");
    browser.fill("User name", "admin");
    browser.fill("Password", ADMIN_PASSWORD);
    browser.press("Log in");
    browser.reads("h1", &["You are logged in"]);
    browser.turn_to_other_tab();
    browser.press("Go on with what you typed");
    browser.sees("Not saved yet");
    browser.arrives("/settings/notifications");
    assert_eq!([browser.value("Subject"), browser.value("Body")], ["About {{ token_name }}", &body]);
    browser.press("Save");
    browser.sees("The email notifications are saved. They are in force.");
    assert_eq!(browser.value("Body"), body);
}

#[test]
fn somebody_whose_session_ends_goes_on_with_a_long_mail() {
    keeps_a_long_mail(&Browser::start(), true);
}

#[test]
fn somebody_without_javascript_whose_session_ends_goes_on_with_a_long_mail() {
    keeps_a_long_mail(&Browser::with().without_scripts().start(), false);
}

#[test]
fn somebody_who_has_logged_in_again_elsewhere_goes_on_with_the_form_of_before() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/account/tokens/new");
    browser.fill("Token name", "half done");
    browser.run("window.open('/login?next=%2Flogin%2Fdone')");
    browser.turn_to_other_tab();
    browser.fill("User name", "admin");
    browser.fill("Password", ADMIN_PASSWORD);
    browser.press("Log in");
    browser.reads("h1", &["You are logged in"]);
    browser.turn_to_other_tab();
    browser.press("Generate");
    browser.reads("h1", &["This form belongs to another session"]);
    assert_eq!(judged(&browser, "the page that keeps a form of before"), Vec::<String>::new());
    browser.press("Go on with what you typed");
    browser.sees("Generate token");
    assert_eq!(browser.value("Token name"), "half done");
    browser.press("Generate");
    browser.sees("Token generated");
}
