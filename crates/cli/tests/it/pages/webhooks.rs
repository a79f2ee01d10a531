//! *Webhooks and Events*: making an endpoint, and watching requests arrive.

use patgate_testkit::browser::Browser;
use patgate_testkit::curl::curl;
use patgate_testkit::servers::patgate::Patgate;
use serde_json::Value;

use super::log_in_admin;
use crate::actors::admin;

const LIST: &str = "/configuration/webhooks";
const NEW: &str = "/configuration/new?type=events.PostWebhookEndpoint&folder=Configuration";

/// Fills the form in, and saves it.
fn make(browser: &Browser) {
    browser.fill("Title", "Builds");
    browser.fill("Endpoint Path", "builds");
    browser.choose("Authentication Method", "No authentication");
    browser.press("Save");
    browser.sees("The endpoint is made, and takes requests.");
}

/// Sends an event; the id that is answered.
fn send(patgate: &Patgate) -> String {
    let json = "Content-Type: application/json";
    let answer = curl(["-H", json, "-d", r#"{"event":"push"}"#, &patgate.url_of("/webhooks/builds")]);
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Whether the field of this name can be seen.
fn is_shown(browser: &Browser, name: &str) -> bool {
    let script = format!("return document.querySelector('main .field [name={name}]').offsetParent !== null");
    browser.run(&script) == Value::Bool(true)
}

#[test]
fn requests_appear_as_they_arrive() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, LIST);
    browser.open(&patgate.url_of(NEW));
    assert!(is_shown(&browser, "secretToken") && !is_shown(&browser, "username"));
    browser.choose("Authentication Method", "Basic authentication");
    assert!(!is_shown(&browser, "secretToken") && is_shown(&browser, "username"));
    make(&browser);
    browser.sees("New requests appear here as they arrive.");
    browser.run("window.isStillOpen = true");
    let (first, second) = (send(&patgate), send(&patgate));
    browser.reads("[data-live-rows] th", &[&second, &first]);
    assert_eq!(browser.run("return window.isStillOpen"), Value::Bool(true), "the page was never left");
    browser.press(&first);
    browser.sees("\"event\": \"push\"");
}

/// *Authenticating with Webhook Endpoints Using PATs*, step by step.
#[test]
fn the_steps_of_the_vendors_page_open_an_endpoint_to_a_token_until_it_is_deleted() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    let root = admin(&patgate);
    let token = root.token("builds", "release");
    log_in_admin(&browser, &patgate, "/configuration");
    browser.sees("Connections: Webhooks and Events");
    browser.press("Webhooks and Events");
    browser.press("+ New HTTP Endpoint for Webhooks");
    browser.press("POST takes JSON");
    browser.sees("New HTTP Endpoint for Webhooks (POST)");
    browser.fill("Title", "Builds");
    assert_eq!(
        browser.run("return document.querySelector('main [name=enabled]').checked"),
        Value::Bool(true)
    );
    browser.fill("Endpoint Path", "builds");
    browser.choose("Authentication Method", "Token Authentication");
    browser.fill("Secret Token", &token.text);
    browser.fill("Request Retention", "5");
    browser.press("Save");
    browser.sees("The endpoint is made, and takes requests.");
    let (own, json) = (format!("x-release-webhook-token: {}", token.text), "Content-Type: application/json");
    let url = patgate.url_of("/webhooks/builds");
    let status = || curl(["-H", &own, "-H", json, "-d", "{}", &url]).status;
    assert_eq!(status(), 202);
    root.delete_token(&token);
    assert_eq!(status(), 401);
    browser.reload();
    browser.sees("The endpoint is closed: its personal access token was deleted.");
    assert!(!browser.source().contains(&token.text));
}

#[test]
fn a_page_that_loses_the_server_shows_what_came_meanwhile_once() {
    let (mut patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, LIST);
    browser.open(&patgate.url_of(NEW));
    make(&browser);
    browser.sees("New requests appear here as they arrive.");
    browser.run("window.isStillOpen = true");
    let first = send(&patgate);
    browser.reads("[data-live-rows] th", &[&first]);
    patgate.start_again();
    let (second, third) = (send(&patgate), send(&patgate));
    browser.reads("[data-live-rows] th", &[&third, &second, &first]);
    let fourth = send(&patgate);
    browser.reads("[data-live-rows] th", &[&fourth, &third, &second, &first]);
    assert_eq!(browser.run("return window.isStillOpen"), Value::Bool(true), "the page was never left");
}

#[test]
fn the_address_of_an_endpoint_is_copied_and_its_log_says_the_verdict() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, LIST);
    browser.open(&patgate.url_of(NEW));
    make(&browser);
    let url = patgate.url_of("/webhooks/builds");
    assert_eq!(browser.text("#url"), url);
    browser.press("Copy URL");
    browser.reads("[data-copy=url]", &["Copied"]);
    assert_eq!(browser.clipboard(), url);
    let id = send(&patgate);
    browser.open(&patgate.url_of(LIST));
    browser.press("Copy URL of Builds");
    browser.sees("Copied");
    assert_eq!(browser.clipboard(), url);
    browser.press("Builds");
    browser.press(&id);
    browser.reads("section[aria-labelledby=facts] dt:first-of-type", &["Verdict"]);
    browser.reads("section[aria-labelledby=facts] dt:first-of-type + dd", &["Accepted"]);
}

#[test]
fn what_is_not_kept_is_counted_as_it_arrives() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, LIST);
    browser.open(&patgate.url_of(NEW));
    browser.fill("Title", "Builds");
    browser.fill("Endpoint Path", "builds");
    browser.fill("Request Retention", "0");
    browser.choose("Authentication Method", "No authentication");
    browser.press("Save");
    browser.sees("This endpoint keeps no requests; how many arrive is told here.");
    send(&patgate);
    browser.sees("1 more arrived that are not shown.");
    send(&patgate);
    browser.sees("2 more arrived that are not shown.");
}

#[test]
fn without_scripts_the_whole_form_is_there_and_the_page_is_opened_again() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, LIST);
    browser.open(&patgate.url_of(NEW));
    make(&browser);
    let id = send(&patgate);
    browser.open(&patgate.url_of(LIST));
    browser.press("Builds");
    browser.sees(&id);
    browser.press("Send test request");
    browser.sees("The test request was taken.");
    browser.sees("a test by admin");
}
