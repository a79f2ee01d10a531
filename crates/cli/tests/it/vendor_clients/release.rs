//! `digitalai-release-api-client` and `digitalai-release-sdk` with a token of Release's.

use patgate_testkit::servers::mail::{MailServer, Way};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::vendor::Client;
use serde_json::json;

use super::script;
use crate::actors::{Person, admin};

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
fn behaviour_27_34_35_36_37_64_the_release_client_makes_starts_watches_and_deletes_a_release() {
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
fn behaviour_05_30_31_the_release_client_keeps_users() {
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

#[test]
fn behaviour_14_15_18_19_24_the_release_client_makes_uses_and_deletes_tokens() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let (token, deploy) = (root.token("builder", "release"), root.token("deployer", "deploy"));
    script(Client::Release, &patgate, "tokens", &token, &[ADMIN_PASSWORD, &deploy.text]);
}

#[test]
fn behaviour_12_the_release_client_passes_with_the_name_of_the_owner_and_with_no_other() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire("ann", "correct horse battery", &["login", "release#view"]);
    script(Client::Release, &patgate, "owners_name", &root.token("builder", "release"), &[]);
}

#[test]
fn behaviour_25_the_release_client_takes_a_permission_from_the_tokens_of_a_role() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire("ann", "correct horse battery", &["login", "release#view"]);
    let hers = Person::new(&patgate, "ann", "correct horse battery").token("hers", "release");
    script(Client::Release, &patgate, "narrowed", &root.token("builder", "release"), &[&hers.text]);
}

#[test]
fn behaviour_05_38_the_release_client_tries_its_credentials_as_a_build_server_does() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("builder", "release");
    script(Client::Release, &patgate, "build_server", &token, &[ADMIN_PASSWORD]);
}

#[test]
fn behaviour_66_the_release_client_sees_a_task_fail_whose_token_was_deleted() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("builder", "release");
    script(Client::Release, &patgate, "run_as_ends", &token, &[ADMIN_PASSWORD]);
    assert!(!patgate.log().contains("rpa_"), "{}", patgate.log());
}
