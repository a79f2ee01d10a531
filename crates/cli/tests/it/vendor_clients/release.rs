//! `digitalai-release-api-client` and `digitalai-release-sdk` with a token of Release's.

use patgate_testkit::servers::mail::{MailServer, Way};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::vendor::Client;
use serde_json::json;

use super::script;
use crate::actors::admin;

/// A fresh server, and a script with an administrator's token.
fn run(name: &str) {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("builder", "release");
    script(Client::Release, &patgate, name, &token, &[]);
}

#[test]
fn behaviour_02_27_the_release_client_lists_releases() {
    run("releases");
}

#[test]
fn behaviour_34_37_64_the_release_client_makes_starts_watches_and_deletes_a_release() {
    run("release_life");
}

#[test]
fn behaviour_06_the_release_client_is_refused_with_a_wrong_token() {
    run("refused_token");
}

#[test]
fn behaviour_08_the_release_client_is_told_which_permission_a_token_lacks() {
    let patgate = Patgate::start();
    let body = json!({"tokenNote": "narrow", "globalPermissions": ["runner#registration"]});
    let token = admin(&patgate).token_of(&body);
    script(Client::Release, &patgate, "lacks_permission", &token, &[]);
}

#[test]
fn behaviour_26_the_release_client_lists_the_global_permissions() {
    run("permissions");
}

#[test]
fn behaviour_28_the_release_client_asks_what_the_server_is() {
    run("instance");
}

#[test]
fn behaviour_29_an_id_passes_raw_and_encoded() {
    run("encoded_ids");
}

#[test]
fn behaviour_30_31_the_release_client_keeps_users() {
    let patgate = Patgate::start();
    let admin = admin(&patgate);
    // Users with passwords are made by a token where tokens may make tokens.
    let settings = admin.get("/api/v1/settings/personal-access-tokens").json();
    let mut settings = settings;
    settings["tokensMayMakeTokens"] = json!(true);
    let saved = admin.send("PUT", "/api/v1/settings/personal-access-tokens", &settings);
    assert!((200..300).contains(&saved.status), "{}", saved.text());
    let token = admin.token("builder", "release");
    script(Client::Release, &patgate, "users", &token, &["a password for now", "another password"]);
}

#[test]
fn behaviour_32_the_release_client_keeps_configurations() {
    let mails = MailServer::start();
    let patgate = Patgate::start();
    let token = admin(&patgate).token("builder", "release");
    let port = mails.port(Way::Plain).to_string();
    script(Client::Release, &patgate, "configurations", &token, &[&port]);
    assert_eq!(mails.count(), 0, "whether it works is asked without a mail");
}

#[test]
fn behaviour_33_a_client_of_the_older_generation_writes_properties_flat() {
    run("flat_configuration");
}

#[test]
fn behaviour_65_a_container_task_calls_with_the_token_of_its_run_as_user() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("run as", "release");
    script(Client::ReleaseSdk, &patgate, "", &token, &[]);
}
