//! A mail server as an administrator sets it up: its password is stored sealed, opened for a mail, and sealed anew.

use patgate_testkit::servers::mail::{MailServer, PASSWORD, USER, Way};
use patgate_testkit::servers::patgate::Patgate;
use serde_json::{Value, json};

use crate::actors::admin;

const ITEMS: &str = "/api/v1/configuration-items";
const PLACE: &str = "/api/v1/configuration-items/Configuration/SMTPSERVERTEST";

/// Sends a test mail; the steps with how each ended.
fn test_mail(patgate: &Patgate, to: &str) -> Vec<(String, String)> {
    let answer = admin(patgate).send("POST", &format!("{PLACE}/test-mail"), &json!({ "to": to }));
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), patgate.log());
    assert!(!answer.text().contains(PASSWORD), "a password is in the report");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = answer.json()["steps"].as_array().unwrap().clone();
    steps.iter().map(|step| (text(&step["name"]), text(&step["outcome"]))).collect()
}

fn sealing_key(patgate: &Patgate) -> Value {
    let stored = patgate.sql("SELECT sealed_secrets FROM configuration_items");
    assert!(!stored.contains(PASSWORD));
    serde_json::from_str::<Value>(stored.trim()).unwrap()["password"]["key"].clone()
}

fn done(patgate: &Patgate, arguments: &[&str]) -> String {
    let output = patgate.run(arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}: {told}", output.status);
    told
}

#[test]
fn a_sealed_password_opens_for_mails_before_and_after_a_rotation_and_a_restart() {
    let mails = MailServer::start();
    let mut patgate = Patgate::start();
    let item = json!({
        "id": "Configuration/SMTPSERVERTEST",
        "type": "notification.PatSmtpServer",
        "properties": {
            "host": "localhost",
            "port": mails.port(Way::Implicit),
            "username": USER,
            "password": PASSWORD,
            "fromAddress": "patgate@example.org",
            "smtpProperties": { "mail.smtp.ssl.enable": "true", "mail.smtp.ssl.trust": "*" },
        },
    });
    let made = admin(&patgate).send("POST", ITEMS, &item);
    assert_eq!(made.status, 201, "{}", made.text());
    let went_well = |patgate: &Patgate, sent: usize| {
        let steps = test_mail(patgate, "ann@example.org");
        assert_eq!(
            steps.last().unwrap(),
            &("message".to_owned(), "done".to_owned()),
            "{steps:?}\n{}",
            mails.log()
        );
        assert!(steps.contains(&("authentication".to_owned(), "done".to_owned())), "{steps:?}");
        assert_eq!(mails.count(), sent);
    };
    went_well(&patgate, 1);
    assert_eq!(sealing_key(&patgate), 1);
    let told = done(&patgate, &["keys", "rotate"]);
    assert!(told.contains("sealing key 2") && told.contains("1 stored secret is encrypted anew"), "{told}");
    assert_eq!(sealing_key(&patgate), 2);
    // The server that was running all the time learns of the key by itself.
    went_well(&patgate, 2);
    assert!(done(&patgate, &["keys", "reseal"]).contains("No stored secret needed it"));
    assert!(done(&patgate, &["keys", "add"]).contains("sealing key 3"));
    // Whoever saves a password now has it sealed with the newest key, by the same running server.
    let again = json!({ "version": 1, "properties": { "password": PASSWORD } });
    let saved = admin(&patgate).send("PUT", PLACE, &again);
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(sealing_key(&patgate), 3);
    patgate.stop();
    patgate.start_again();
    went_well(&patgate, 3);
    // A wrong password is refused by the mail server, in its own words.
    let wrong = json!({ "version": 2, "properties": { "password": "wrong" } });
    assert_eq!(admin(&patgate).send("PUT", PLACE, &wrong).status, 200);
    let steps = test_mail(&patgate, "ann@example.org");
    assert_eq!(steps.last().unwrap(), &("authentication".to_owned(), "failed".to_owned()), "{steps:?}");
    assert!(!patgate.log().contains(PASSWORD), "a password is in the log");
}

#[test]
fn a_server_without_its_key_file_does_not_start_over_a_sealed_secret() {
    let mut patgate = Patgate::start();
    let item = json!({
        "id": "Configuration/m",
        "type": "notification.PatSmtpServer",
        "properties": { "host": "localhost", "username": "u", "password": PASSWORD, "fromAddress": "a@example.org" },
    });
    let made = admin(&patgate).send("POST", ITEMS, &item);
    assert_eq!(made.status, 201, "{}", made.text());
    patgate.stop();
    std::fs::remove_file(patgate.data_directory().join("keys")).unwrap();
    let output = patgate.run(["keys", "reseal"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("is missing"), "{told}");
    assert!(!patgate.data_directory().join("keys").exists(), "no new one was made for old data");
}
