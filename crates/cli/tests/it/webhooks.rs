//! Webhook endpoints with senders that nobody here wrote: curl and openssl with the lines that the pages show, and the
//! library of Standard Webhooks, which checks what is forwarded as well.

use std::process::Command;
use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::{child, curl, standard_webhooks, wait};
use serde_json::{Value, json};

use crate::actors::admin;

const SECRET: &str = "It's a Secret to Everybody";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Makes an endpoint.
pub(crate) fn endpoint(patgate: &Patgate, kind: &str, path: &str, mut properties: Value) {
    properties["path"] = json!(path);
    let item = json!({ "id": format!("Configuration/{path}"), "type": kind, "properties": properties });
    let answer = admin(patgate).send("POST", "/api/v1/configuration-items", &item);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

pub(crate) const POST: &str = "events.PostWebhookEndpoint";

#[test]
fn the_lines_that_pages_show_open_the_endpoints() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("builds", "release").text;
    let endpoints = [
        ("by-token", json!({ "secretToken": token })),
        ("by-gitlab", json!({ "authentication": "gitlab", "secretToken": token })),
        ("by-name", json!({ "authentication": "basic", "username": "it's ci", "password": SECRET })),
        ("by-github", json!({ "authentication": "github", "signingSecret": SECRET })),
        ("by-standard", json!({ "authentication": "standard", "signingSecret": WHSEC })),
        ("by-nobody", json!({ "authentication": "none" })),
    ];
    for (path, properties) in &endpoints {
        endpoint(&patgate, POST, path, properties.clone());
    }
    endpoint(&patgate, "events.GetWebhookEndpoint", "by-get", json!({ "secretToken": token }));
    let paths = endpoints.iter().map(|(path, _)| *path).chain(["by-get"]);
    for path in paths {
        let line = line_of(&patgate, path);
        let quoted = SECRET.replace('\'', "'\\''");
        for (secret, status) in [(true, " 202 "), (false, " 401 ")] {
            let line = match secret {
                true => line
                    .replace("<token>", &token)
                    .replace("<password>", &quoted)
                    .replace("<secret>", &quoted)
                    .replace("<whsec_…>", WHSEC),
                false => line.replace("<whsec_…>", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
            };
            let wanted = if path == "by-nobody" { " 202 " } else { status };
            let output = child::run_with_input(
                {
                    let mut shell = Command::new("sh");
                    shell.args(["-c", &line]);
                    shell
                },
                "",
            );
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.lines().next().unwrap_or_default().contains(wanted), "{path}: {line}\n{said}");
        }
    }
    assert!(!patgate.log().contains(&token) && !patgate.log().contains(SECRET));
}

/// The line on the page of an endpoint.
fn line_of(patgate: &Patgate, path: &str) -> String {
    let number =
        patgate.sql(&format!("SELECT number FROM configuration_items WHERE id = 'Configuration/{path}'"));
    let number = patgate_core::identifier::ItemNumber::from_i64(number.trim().parse().unwrap());
    let url = patgate.url_of("/api/v1/session");
    let body = json!({ "username": "admin", "password": patgate_testkit::servers::patgate::ADMIN_PASSWORD });
    let answer = curl::curl(["-H", "Content-Type: application/json", "-d", &body.to_string(), &url]);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = curl::curl([
        "-H",
        &format!("Cookie: {cookie}"),
        &patgate.url_of(&format!("/configuration/webhooks/{number}")),
    ]);
    let text = page.text();
    let line = text.split("<code id=\"call\">").nth(1).unwrap().split("</code>").next().unwrap();
    let pairs = [
        ("&#38;", "&"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
}

#[test]
fn the_library_of_standard_webhooks_signs_what_is_taken_and_checks_what_is_forwarded() {
    let patgate = Patgate::with().configuration("[webhooks]\nforward_to = ['127.0.0.1']\n").start();
    let receiver = Upstream::start();
    let properties = json!({
        "authentication": "standard", "signingSecret": WHSEC, "action": "forward",
        "forwardUrl": format!("{}/events", receiver.url()), "forwardSigningSecret": WHSEC,
    });
    endpoint(&patgate, POST, "hook", properties);
    let body = r#"{"event":"push","by":"Änn"}"#;
    let send = |secret: &str, id: &str| {
        let headers = standard_webhooks::signed(secret, id, body);
        let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let mut words = vec!["-H", "Content-Type: application/json", "--data-binary", body];
        lines.iter().for_each(|line| words.extend(["-H", line]));
        let url = patgate.url_of("/webhooks/hook");
        words.push(&url);
        curl::curl(words).status
    };
    assert_eq!((send(WHSEC, "msg_1"), send(WHSEC, "msg_1")), (202, 200));
    assert_eq!(send("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_2"), 401);
    let arrived = || (!receiver.requests().is_empty()).then_some(());
    assert!(wait::until(Duration::from_secs(20), arrived).is_some(), "{}", patgate.log());
    let request = receiver.requests().remove(0);
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|name| (name, request.header(name).unwrap_or_default()));
    let text = String::from_utf8(request.body.clone()).unwrap();
    assert_eq!((text.as_str(), headers[0].1), (body, "msg_1"));
    assert_eq!(standard_webhooks::complaint(WHSEC, &headers, &text), None);
    assert!(standard_webhooks::complaint(WHSEC, &headers, "{}").is_some(), "the library does check");
}
