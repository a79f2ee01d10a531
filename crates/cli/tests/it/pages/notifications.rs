//! *Email notifications*: what the mail looks like while it is written.

use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::servers::patgate::Patgate;
use serde_json::{Value, json};

use super::log_in_admin;
use crate::actors::admin;

const PATH: &str = "/settings/notifications";

/// The document in the frame, as the page hands it to the browser.
fn mail(browser: &Browser) -> String {
    let mail = browser.run("return document.querySelector('#preview iframe').srcdoc");
    mail.as_str().map(ToOwned::to_owned).unwrap_or_default()
}

#[test]
fn the_preview_follows_what_is_typed_and_runs_nothing_of_it() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, PATH);
    // Of the default texts, before anything is typed.
    browser.reads("#preview strong", &["Your access token \"ci-deploy\" expires in 5 days"]);
    browser.run("window.isStillOpen = true");
    browser.fill("Subject", "About {{ token_name }}");
    browser.reads("#preview strong", &["About ci-deploy"]);
    browser.fill("Body", "<p>Dear {{ owner }}</p><script>top.document.title = 'ran'</script>");
    browser.fill("Subject", "Last of {{ token_name }}");
    browser.reads("#preview strong", &["Last of ci-deploy"]);
    assert!(mail(&browser).contains("<p>Dear admin</p>"), "{}", mail(&browser));
    assert_eq!(browser.run("return document.title"), "Email notifications · Patgate");
    browser.fill("Subject", "{{ token }}");
    browser.sees("has no placeholder `token`");
    assert!(!browser.has("#preview iframe"));
    assert_eq!(browser.run("return window.isStillOpen"), Value::Bool(true), "the page was never left");
}

#[test]
fn without_scripts_a_button_shows_the_preview_and_another_saves_what_was_typed() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, PATH);
    browser.fill("Subject", "About {{ token_name }}");
    browser.press("Preview");
    browser.reads("#preview strong", &["About ci-deploy"]);
    assert_eq!(browser.value("Subject"), "About {{ token_name }}");
    browser.press("Put the default texts back");
    browser.reads("#preview strong", &["Your access token \"ci-deploy\" expires in 5 days"]);

    // What cannot be sent is neither shown nor saved, and stays to be mended.
    let body = "<p>Dear {{ owners }}, generate a new one.</p>";
    browser.fill("Subject", "About {{ token_name }}");
    browser.fill("Body", body);
    for button in ["Preview", "Save"] {
        browser.press(button);
        browser.sees("has no placeholder `owners`");
        assert!(!browser.has("#preview iframe"));
        assert_eq!([browser.value("Subject"), browser.value("Body")], ["About {{ token_name }}", body]);
    }
    let body = body.replace("owners", "owner");
    browser.fill("Body", &body);
    browser.press("Preview");
    browser.reads("#preview strong", &["About ci-deploy"]);
    assert!(mail(&browser).contains("<p>Dear admin, generate a new one.</p>"), "{}", mail(&browser));
    let stored = || {
        let all = admin(&patgate).get("/api/v1/settings/personal-access-tokens").json();
        ["subject", "body"].map(|name| all["emailNotifications"][name].as_str().unwrap().to_owned())
    };
    assert_ne!(stored()[1], body, "who looks saves nothing");
    browser.press("Save");
    browser.sees("The email notifications are saved. They are in force.");
    assert_eq!(stored(), ["About {{ token_name }}", &body]);
    browser.open(&patgate.url_of("/settings"));
    browser.sees("Texts of your own");
}

#[test]
fn enter_in_a_line_saves() {
    for browser in [Browser::start(), Browser::with().without_scripts().start()] {
        let patgate = Patgate::start();
        log_in_admin(&browser, &patgate, PATH);
        browser.fill("Subject", "About {{ token_name }}");
        browser.key(Key::Enter);
        browser.sees("The email notifications are saved.");
        assert_eq!(browser.value("Subject"), "About {{ token_name }}");
    }
}

#[test]
fn an_administrator_sets_when_and_how_owners_are_reminded() {
    for browser in [Browser::start(), Browser::with().without_scripts().start()] {
        let patgate = Patgate::start();
        let mail = json!({ "host": "127.0.0.1", "port": 1, "fromAddress": "patgate@example.org" });
        let item =
            json!({ "id": "Configuration/MAIL", "type": "notification.PatSmtpServer", "properties": mail });
        assert_eq!(admin(&patgate).send("POST", "/api/v1/configuration-items", &item).status, 201);
        log_in_admin(&browser, &patgate, "/settings");
        browser.press("Change email notifications");
        browser.press("Enable email notifications");
        browser.fill("Days before expiration", "400");
        browser.fill("Further days", "30, 1");
        browser.press("One mail for each person and night");
        browser.choose("Email server", "Configuration/MAIL");
        browser.press("Save");
        browser.sees("Nothing was saved yet");
        assert_eq!(
            (&*browser.value("Further days"), &*browser.value("Email server")),
            ("30, 1", "Configuration/MAIL")
        );
        browser.fill("Days before expiration", "14");
        browser.press("Save");
        browser.sees("The email notifications are saved. They are in force.");
        browser.open(&patgate.url_of("/settings"));
        browser.sees("30, 14 and 1 days before a token expires; one mail for each person and night");
        browser.sees("Configuration/MAIL");
        let stored = admin(&patgate).get("/api/v1/settings/personal-access-tokens").json();
        assert_eq!(stored["emailNotifications"]["enabled"], true);
        assert_eq!(stored["emailNotifications"]["days"], 14);
    }
}
