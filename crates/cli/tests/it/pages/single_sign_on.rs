//! Signing in at identity providers with Chromium: two of them, which have nothing in common.

use std::time::Duration;

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::oidc::{Canaille, Certified, SECRET};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::{ports, wait};
use serde_json::{Value, json};

use super::barriers::judged;
use crate::actors::{Token, admin, auth};

/// How long a provider may take to show its next page.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with this provider's table, which lets the group `developers` in.
fn patgate(issuer: &str, lines: &str) -> Patgate {
    let file = format!("[[oidc]]\nname = 'company'\nlabel = 'Example Ltd.'\nissuer = '{issuer}'\n{lines}\n");
    let patgate = Patgate::with().configuration(file).start();
    let group = json!({ "username": "developers", "kind": "group", "provider": "company" });
    let role =
        json!({ "name": "developers", "permissions": ["login", "release#create"], "principals": [group] });
    let answer = admin(&patgate).send("POST", "/api/v1/roles/developers", &role);
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    patgate
}

pub(super) fn certified() -> (Patgate, Certified) {
    let port = ports::free();
    let lines = format!(
        "client_id = 'patgate'\nclient_secret = '{SECRET}'\n\
         scopes = ['openid', 'profile', 'email', 'groups', 'offline_access']"
    );
    let patgate = patgate(&Certified::issuer_on(port), &lines);
    let provider = Certified::start(port, &patgate.url(), "company");
    (patgate, provider)
}

/// Fills in whatever the provider asks and sends it, until the browser is back at Patgate.
pub(super) fn sign_in_there(browser: &Browser, patgate: &Patgate, name: &str, password: &str) {
    let is_back =
        || browser.run("return location.href").as_str().is_some_and(|at| at.starts_with(&patgate.url()));
    for _ in 0..10 {
        if is_back() {
            return;
        }
        browser.run(&format!(
            "window.left = false;
             const fill = (name, text) => document.querySelectorAll(`input[name=${{name}}]:not([type=hidden])`)
                 .forEach(field => field.value = text);
             fill('login', '{name}'); fill('password', '{password}');
             const buttons = [...document.querySelectorAll('form[method=post i] [type=submit]')];
             (buttons.find(button => ['accept', 'yes'].includes(button.value)) ?? buttons.at(0)).click();"
        ));
        let next = wait::until(PATIENCE, || {
            let there = browser.run("return window.left === undefined && document.readyState === 'complete'");
            (there == Value::Bool(true)).then_some(())
        });
        assert!(next.is_some(), "the provider shows no next page:\n{}", browser.source());
    }
    panic!("the provider sends nobody back:\n{}", browser.source());
}

#[test]
fn somebody_signs_in_at_the_company_makes_a_token_and_logs_out_there_as_well() {
    let ((patgate, provider), browser) = (certified(), Browser::start());
    browser.open(&patgate.url_of("/account/tokens/new?application=any"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens/new?application=any");
    browser.sees("Generate token");

    // Our page that leads on leaves at once: it is judged as a copy, from another session of hers.
    let copy = browser.run(
        "const request = new XMLHttpRequest();
         request.open('POST', '/logout', false);
         request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
         request.send(new URLSearchParams(new FormData(document.querySelector('form[action$=\"/logout\"]'))).toString());
         document.documentElement.innerHTML = request.responseText;
         return request.responseText",
    );
    assert!(copy.as_str().unwrap().contains("Log out at Example Ltd."), "{copy}");
    assert_eq!(judged(&browser, "the page that leads to the provider"), Vec::<String>::new());
    browser.open(&patgate.url_of("/account/tokens"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens");

    browser.press("Menu of alice");
    browser.press("Log out");
    // By way of our page to the provider's, which asks.
    browser.sees("Do you want to sign-out from");
    browser.press("Yes, sign me out");
    browser.arrives("/login");
    // The provider does not know her any more either: it asks for the password again.
    browser.press("Log in with Example Ltd.");
    browser.sees("Sign-in");
    drop(provider);
}

#[test]
fn somebody_who_logs_out_at_the_company_is_logged_out_here() {
    let ((patgate, provider), browser) = (certified(), Browser::start());
    browser.open(&patgate.url_of("/account/tokens"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens");
    let token = made_by(&patgate, &browser);
    browser.open(&format!("{}/session/end", provider.issuer()));
    browser.press("Yes, sign me out");
    browser.sees("Sign-out Success");
    let gone = wait::until(PATIENCE, || {
        browser.open(&patgate.url_of("/account/tokens"));
        (browser.path() == "/login?next=%2Faccount%2Ftokens").then_some(())
    });
    assert!(gone.is_some(), "{}\n{}", patgate.log(), provider.log());
    assert_eq!(auth(&patgate, &token.text), 200, "a log-out is no word against her tokens");
    let events = patgate.sql("SELECT actor_name FROM audit_events WHERE action = 'session.delete'");
    assert_eq!(events.trim(), "provider company");
}

#[test]
fn somebody_whose_session_ends_signs_in_at_the_company_and_goes_on_with_a_long_form() {
    let ((patgate, _provider), browser) = (certified(), Browser::start());
    browser.open(&patgate.url_of("/account/tokens/new"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens/new");
    // No address holds it: each letter takes fifteen bytes there.
    let name = "\u{65e5}".repeat(100);
    browser.fill("Token name", &name);
    patgate.sql("DELETE FROM sessions");
    browser.press("Generate");
    browser.reads("h1", &["Your session has ended"]);
    browser.press("Log in (opens in a new tab)");
    browser.turn_to_other_tab();
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/login/done");
    browser.turn_to_other_tab();
    browser.press("Go on with what you typed");
    browser.sees("It is shown once");
    assert_eq!(browser.value("Token name"), name);
    browser.press("Generate");
    browser.sees("Token generated");
}

/// A token that the browser's session makes, for all applications.
fn made_by(patgate: &Patgate, browser: &Browser) -> Token {
    let text = browser.run(
        "const request = new XMLHttpRequest();
         request.open('GET', '/api/v1/session', false); request.send();
         const csrf = JSON.parse(request.responseText).csrfToken;
         request.open('POST', '/api/v1/personal-access-tokens', false);
         request.setRequestHeader('Content-Type', 'application/json'); request.setRequestHeader('X-CSRF-Token', csrf);
         request.send(JSON.stringify({ tokenNote: 'ci', application: 'any' }));
         return request.responseText",
    );
    let made: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let field =
        |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}\n{}", patgate.log())).to_owned();
    Token { id: field("id"), text: field("token") }
}

/// As an administrator does who allows no personal access tokens for SSO users, and suspends those that there are.
fn switch_tokens_off(patgate: &Patgate) {
    let path = "/api/v1/settings/personal-access-tokens";
    let mut settings = admin(patgate).get(path).json();
    for application in ["release", "deploy", "others"] {
        settings["origins"][application]["sso"] = json!(false);
    }
    settings["existingTokens"] = json!({ "originClosed": "suspend" });
    let answer = admin(patgate).send("PUT", path, &settings);
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}

#[test]
fn somebody_of_the_company_is_told_when_an_administrator_switches_their_tokens_off() {
    let ((patgate, _provider), browser) = (certified(), Browser::start());
    browser.open(&patgate.url_of("/account/tokens"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens");
    let token = made_by(&patgate, &browser);
    assert_eq!(auth(&patgate, &token.text), 200);
    switch_tokens_off(&patgate);
    assert_eq!(auth(&patgate, &token.text), 401);
    browser.reload();
    browser.sees("An administrator has switched personal access tokens off for SSO users");
    browser.reads("tbody th", &["ci"]);
    assert!(browser.has("button[disabled]") && !browser.has("a[data-dialog=generate]"));
    browser.open(&patgate.url_of("/account/tokens/new"));
    browser.reads("h1", &["You cannot generate tokens"]);
}

#[test]
fn somebody_signs_in_at_a_provider_of_another_family() {
    let port = ports::free();
    let lines = "client_id = 'patgate'\nclient_secret = 'pat-secret-pat-secret'\n\
                 scopes = ['openid', 'profile', 'email', 'groups', 'offline_access']";
    let patgate = patgate(&Canaille::issuer_on(port), lines);
    let (provider, browser) = (Canaille::start(port, &patgate.url()), Browser::start());
    browser.open(&patgate.url_of("/account/api"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "alicepw");
    browser.arrives("/account/api");
    browser.sees("What scripts can ask");
    let user =
        patgate.sql("SELECT origin, provider, username, full_name, email FROM users WHERE origin = 'sso'");
    assert_eq!(user.trim(), "sso|company|alice|Alice Test|alice@example.org", "{}", provider.log());
}

#[test]
fn somebody_without_javascript_gets_to_the_company_and_no_further_with_a_wrong_answer() {
    let ((patgate, _provider), browser) = (certified(), Browser::with().without_scripts().start());
    browser.open(&patgate.url_of("/login"));
    browser.press("Log in with Example Ltd.");
    browser.sees("Sign-in");
    browser.open(&patgate.url_of("/oidc-login?code=a&state=b"));
    browser.sees("You are not signed in");
    browser.sees("an administrator finds the reason in the log under");
    assert!(patgate.log().contains("a sign-in was refused"));
    browser.press("Try again");
    browser.sees("Sign-in");
}

#[test]
fn somebody_without_javascript_signs_in_at_the_company_loses_their_tokens_and_logs_out_there() {
    let ((patgate, _provider), browser) = (certified(), Browser::with().without_scripts().start());
    browser.open(&patgate.url_of("/account/tokens"));
    browser.press("Log in with Example Ltd.");
    sign_in_there(&browser, &patgate, "alice", "any password");
    browser.arrives("/account/tokens");
    browser.sees("No tokens yet");
    browser.press("Generate new tokens");
    browser.fill("Token name", "ci");
    browser.press("Generate");
    browser.sees("Token generated");
    let token = browser.text("#token");
    assert_eq!(auth(&patgate, &token), 200);

    switch_tokens_off(&patgate);
    assert_eq!(auth(&patgate, &token), 401);
    let off = "An administrator has switched personal access tokens off for SSO users";
    browser.open(&patgate.url_of("/account/tokens"));
    browser.sees(off);
    browser.reads("tbody th", &["ci"]);
    assert!(browser.has("button[disabled]") && !browser.has("a[href$='/account/tokens/new']"));
    browser.press("Delete ci");
    browser.press("Delete token");
    browser.sees("The token is deleted");
    browser.sees(off);
    assert!(!browser.has("table, main button, main a.button"), "no list, and nothing to generate with");
    browser.open(&patgate.url_of("/account/tokens/new"));
    browser.reads("h1", &["You cannot generate tokens"]);

    browser.press("Menu of alice");
    browser.press("Log out");
    browser.sees("Do you want to sign-out from");
    browser.press("Yes, sign me out");
    browser.arrives("/login");
    browser.open(&patgate.url_of("/account/tokens"));
    browser.arrives("/login?next=%2Faccount%2Ftokens");
}
