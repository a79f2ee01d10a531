//! Webhook endpoints with senders that nobody here wrote: curl and openssl with the lines that the pages show, and the
//! library of Standard Webhooks, which checks what is forwarded as well.

use std::process::Command;
use std::time::Duration;

use patgate_core::identifier::ItemNumber;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::wire::Wire;
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
fn behaviour_55_56_59_60_the_lines_that_pages_show_open_the_endpoints() {
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

#[test]
fn behaviour_57_58_61_63_curl_is_refused_what_an_endpoint_does_not_take() {
    let patgate =
        Patgate::with().configuration("public_url = 'https://example.org/production-xlr'\n").start();
    let root = admin(&patgate);
    let token = root.token("builds", "release").text;
    endpoint(&patgate, POST, "hook", json!({ "secretToken": token }));
    endpoint(&patgate, POST, "closed", json!({ "authentication": "none", "enabled": false }));
    let header = |name: &str| format!("{name}: {token}");
    let [own, release, deploy] =
        ["x-release-webhook-token", "x-release-personal-token", "x-deploy-personal-token"].map(header);
    let bearer = format!("Authorization: Bearer {token}");
    let (basic, kind) = (format!(":{token}"), "Content-Type: application/json");
    let (hook, event) = ("/webhooks/hook", ["-H", kind, "-d", "{}"]);
    for (path, words, status) in [
        ("/webhooks/closed", vec![], 404),
        ("/webhooks/nothing", vec!["-H", &own], 404),
        (hook, vec!["-H", &own, "-X", "PUT"], 405),
        (hook, vec!["-H", &release], 401),
        (hook, vec!["-H", &deploy], 401),
        (hook, vec!["-H", &bearer], 401),
        (hook, vec!["-u", &basic], 401),
        (hook, vec!["-H", &own], 202),
        ("/production-xlr/webhooks/hook", vec!["-H", &own], 202),
    ] {
        let url = patgate.url_of(path);
        let answer = curl::curl(words.iter().copied().chain(event).chain([url.as_str()]));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    let url = patgate.url_of(hook);
    for (kind, body, status) in [("text/plain", "{}", 415), ("application/json", "a=1", 400)] {
        let kind = format!("Content-Type: {kind}");
        let answer = curl::curl(["-H", &own, "-H", &kind, "-d", body, &url]);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    let read = curl::curl(["-H", &own, &url]);
    assert_eq!((read.status, read.header("allow")), (405, Some("POST")));
    let second = json!({
        "id": "Configuration/second", "type": "events.GetWebhookEndpoint",
        "properties": { "path": "hook", "authentication": "none" },
    });
    let refused = root.send("POST", "/api/v1/configuration-items", &second);
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("properties.path")));
}

#[test]
fn behaviour_62_of_what_curl_sends_an_endpoint_keeps_the_newest() {
    let patgate = Patgate::start();
    endpoint(&patgate, POST, "hook", json!({ "authentication": "none", "requestRetention": 3 }));
    for number in 1..=5 {
        assert_eq!(event(&patgate, &format!("hook?n={number}"), "{}"), (202, None));
    }
    let path = format!("/api/v1/webhook-endpoints/{}/requests", number_of(&patgate, "hook"));
    let listed = admin(&patgate).get(&path).json();
    let requests = listed["requests"].as_array().unwrap();
    let sent: Vec<_> = requests.iter().map(|request| &request["parameters"][0]["value"]).collect();
    assert_eq!(sent, ["5", "4", "3"], "{listed}");
}

/// The number of the configuration item that is an endpoint.
fn number_of(patgate: &Patgate, path: &str) -> ItemNumber {
    let number =
        patgate.sql(&format!("SELECT number FROM configuration_items WHERE id = 'Configuration/{path}'"));
    ItemNumber::from_i64(number.trim().parse().unwrap())
}

/// The line on the page of an endpoint.
fn line_of(patgate: &Patgate, path: &str) -> String {
    let number = number_of(patgate, path);
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

/// The status of an event that is sent to an endpoint which anybody may call, and in how many seconds to come again.
fn event(patgate: &Patgate, path: &str, body: &str) -> (u16, Option<u32>) {
    let url = patgate.url_of(&format!("/webhooks/{path}"));
    let answer = curl::curl(["-H", "Content-Type: application/json", "--data-binary", body, &url]);
    let seconds = answer.header("retry-after").map(|seconds| seconds.parse().unwrap());
    assert_eq!(seconds.is_some(), matches!(answer.status, 429 | 503), "{}", answer.text());
    (answer.status, seconds)
}

fn kept(patgate: &Patgate) -> String {
    patgate.sql("SELECT count(*) FROM webhook_requests").trim().to_owned()
}

#[test]
fn who_sends_more_than_an_endpoint_takes_is_told_when_to_come_again() {
    let patgate = Patgate::start();
    endpoint(&patgate, POST, "slow", json!({ "authentication": "none", "requestsPerMinute": 1 }));
    assert_eq!(event(&patgate, "slow", "{}"), (202, None));
    let (status, seconds) = event(&patgate, "slow", "{}");
    assert!(
        status == 429 && seconds.is_some_and(|seconds| (1..=60).contains(&seconds)),
        "{status} {seconds:?}"
    );
    assert_eq!(kept(&patgate), "1");
    let properties = json!({
        "authentication": "none", "action": "forward", "forwardUrl": "https://receiver.invalid/",
    });
    endpoint(&patgate, POST, "full", properties);
    assert_eq!(event(&patgate, "full", "{}"), (202, None));
    let waiting =
        |many: u32| patgate.sql(&format!("UPDATE webhook_counters SET waiting = {many} WHERE waiting > 0"));
    waiting(100_000);
    assert_eq!(event(&patgate, "full", "{}"), (429, Some(60)), "so many wait to be forwarded");
    assert_eq!(kept(&patgate), "2");
    waiting(99_999);
    assert_eq!(event(&patgate, "full", "{}"), (202, None));
}

#[test]
fn who_sends_while_the_room_for_bodies_is_taken_is_told_to_come_again() {
    let patgate = Patgate::start();
    endpoint(&patgate, POST, "big", json!({ "authentication": "none", "bodyLimit": 16_384 }));
    // Of the 20 MiB of an endpoint whose callers have proven nothing, all but a few KiB: bodies that never end.
    let holds = |bytes: usize| {
        let mut wire = Wire::connect(patgate.ports()[0]);
        let head = "POST /webhooks/big HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 16777216\r\n\r\n";
        wire.send(head).unwrap();
        // One that finds no room is closed.
        let _ = wire.send(vec![b' '; bytes]);
        wire
    };
    // It is read at once with its head, so that nothing is left when it is refused.
    let body = json!("x".repeat(7 * 1_024)).to_string();
    let status = |wanted: u16, patience: u64| {
        let is = || (event(&patgate, "big", &body).0 == wanted).then_some(());
        wait::until(Duration::from_secs(patience), is)
    };
    // One that is let in while these bodies are still being read takes their last room: then they are the refused ones.
    let held = wait::until(Duration::from_secs(40), || {
        let held = [holds(16 * 1_024 * 1_024 - 1), holds((4 * 1_024 - 8) * 1_024)];
        status(503, 2).map(|()| held)
    });
    assert!(held.is_some(), "{}", patgate.log());
    drop(held);
    assert!(status(202, 20).is_some(), "{}", patgate.log());
}
