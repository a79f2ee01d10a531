//! Mails as the vendors' pages have them, with `curl` on either port: how a mail server is spoken to, who is reminded, and
//! of what.

use std::time::Duration;

use patgate_testkit::curl::Answer;
use patgate_testkit::servers::mail::{MailServer, PASSWORD, USER, Way};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::wait;
use serde_json::{Value, json};

use crate::actors::{TOKENS, admin, ask};

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";
const RUNS: &str = "/api/v1/reminders/runs";
/// How long a mail may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The administrator calls on one of the ports, in JSON.
fn call(patgate: &Patgate, port: usize, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let (user, body) = (format!("admin:{ADMIN_PASSWORD}"), body.map(Value::to_string));
    let mut words = vec!["-u", user.as_str(), "-X", method, "-H", "Accept: application/json"];
    words.extend(body.iter().flat_map(|body| ["-H", "Content-Type: application/json", "-d", body.as_str()]));
    ask(patgate, port, path, &words)
}

/// Makes a mail server of Deploy's, and sends its test mail by a control task. Returns how the task ended.
fn test_mail(patgate: &Patgate, port: usize, name: &str, server: &Value) -> Value {
    let place = format!("Configuration/{name}");
    let made = call(patgate, port, "POST", &format!("/deployit/repository/ci/{place}"), Some(server));
    assert_eq!(made.status, 200, "{}", made.text());
    let prepared =
        call(patgate, port, "GET", &format!("/deployit/control/prepare/sendTestMail/{place}"), None);
    let task = call(patgate, port, "POST", "/deployit/control", Some(&prepared.json())).json();
    let task = format!("/deployit/tasks/v2/{}", task["string"].as_str().unwrap());
    assert_eq!(call(patgate, port, "POST", &format!("{task}/start"), None).status, 204);
    let ended = wait::until(PATIENCE, || {
        let task = call(patgate, port, "GET", &task, None).json();
        (task["state"] != "EXECUTING").then_some(task)
    });
    ended.unwrap_or_else(|| panic!("the test mail of {name} does not end\n{}", patgate.log()))
}

#[test]
fn behaviour_70_71_a_test_mail_goes_as_the_properties_say_on_either_port() {
    let mails = MailServer::start();
    let patgate = Patgate::with().listeners(2).start();
    let trusting = json!({ "mail.smtp.ssl.enable": "true", "mail.smtp.ssl.trust": "*" });
    let mut without_auth = trusting.clone();
    without_auth["mail.smtp.auth"] = "false".into();
    // By its way, who signs in, the properties; what becomes of it: encrypted or not, as whom, or not at all.
    let cases = [
        ("clear", Way::Plain, None, json!({ "mail.smtp.starttls.enable": "true" }), Some((false, None))),
        ("required", Way::Plain, None, json!({ "mail.smtp.starttls.required": "true" }), None),
        ("nobody", Way::ImplicitLogin, None, trusting.clone(), Some((true, None))),
        ("switched-off", Way::ImplicitLogin, Some(USER), without_auth, Some((true, None))),
        ("somebody", Way::ImplicitLogin, Some(USER), trusting, Some((true, Some(USER)))),
    ];
    for (port, case) in [0, 1].into_iter().flat_map(|port| cases.iter().map(move |case| (port, case))) {
        let (name, way, user, properties, arrives) = case;
        let server = json!({
            "type": "notification.PatSmtpServer", "host": "127.0.0.1", "port": mails.port(*way),
            "username": user, "password": user.map(|_| PASSWORD), "fromAddress": "patgate@example.org",
            "testAddress": "ann@example.org", "smtpProperties": properties,
        });
        let before = mails.count();
        let task = test_mail(&patgate, port, &format!("{name}-{port}"), &server);
        let kept = mails.kept_after(before);
        let seen: Vec<_> = kept.iter().map(|mail| (mail.is_encrypted, mail.user.as_deref())).collect();
        assert_eq!(seen, arrives.iter().copied().collect::<Vec<_>>(), "{name}: {task}\n{}", mails.log());
        let state = if arrives.is_some() { "EXECUTED" } else { "FAILED" };
        assert_eq!(task["state"], state, "{name}: {task}");
        assert!(!task.to_string().contains(PASSWORD), "{name}: a password is in the task");
    }
}

#[test]
fn behaviour_67_68_69_a_token_that_ends_soon_is_told_of_once_and_without_a_mail_server_nothing_fails() {
    let mails = MailServer::start();
    let patgate = Patgate::with().listeners(2).start();
    let root = admin(&patgate);
    let profile = json!({ "username": "admin", "email": "admin@example.org" });
    assert_eq!(root.send("PUT", "/api/v1/users/admin", &profile).status, 200);
    let soon = json!({ "tokenNote": "ends soon", "application": "release", "expiresInDays": 7 });
    let soon = root.token_of(&soon);
    root.token("never ends", "deploy");
    let mut settings = root.get(SETTINGS).json();
    settings["emailNotifications"]["enabled"] = true.into();
    settings["emailNotifications"]["days"] = 30.into();
    settings["emailNotifications"]["body"] = "<p>A token <b>ends soon</b>.</p>".into();
    let save = |settings: &Value| {
        let saved = root.send("PUT", SETTINGS, settings);
        assert_eq!(saved.status, 200, "{}", saved.text());
    };
    let run = |port: usize| {
        let run = call(&patgate, port, "POST", RUNS, Some(&json!({})));
        assert_eq!(run.status, 201, "{}\n{}", run.text(), patgate.log());
        run.json()["planned"].as_u64().unwrap()
    };
    save(&settings);
    for port in [0, 1] {
        assert_eq!(run(port), 0, "nowhere to send it");
        assert_eq!(call(&patgate, port, "GET", TOKENS, None).status, 200);
        let header = format!("x-release-personal-token: {}", soon.text);
        assert_eq!(ask(&patgate, port, "/api/v1/releases", &["-H", &header]).status, 200);
    }
    let server = json!({
        "type": "notification.PatSmtpServer", "host": "127.0.0.1", "port": mails.port(Way::Plain),
        "fromAddress": "patgate@example.org",
    });
    let made = call(&patgate, 1, "POST", "/deployit/repository/ci/Configuration/MAIL", Some(&server));
    assert_eq!(made.status, 200, "{}", made.text());
    settings["emailNotifications"]["server"] = "Configuration/MAIL".into();
    save(&settings);
    assert_eq!((run(1), run(0)), (1, 0), "the token that ends, and once");
    let kept = wait::until(PATIENCE, || mails.kept().pop());
    let kept = kept.unwrap_or_else(|| panic!("no mail comes\n{}", patgate.log()));
    assert_eq!(kept.recipients, ["admin@example.org"]);
    assert!(kept.html.as_deref().unwrap_or_default().contains("<b>ends soon</b>"), "{kept:?}");
    assert!(kept.text.as_deref().is_some_and(|text| text.contains("ends soon") && !text.contains("<b>")));
    mails.settle();
    assert_eq!(mails.count(), 1);
}
