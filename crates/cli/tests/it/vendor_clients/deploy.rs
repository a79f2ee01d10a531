//! `xldeploy-py` with a token of Deploy's.

use patgate_testkit::servers::mail::{MailServer, Way};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::vendor::Client;
use serde_json::json;

use super::script;
use crate::actors::{Person, admin};

/// A fresh server, and a script with an administrator's token.
fn run(name: &str) {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("deployer", "deploy");
    script(Client::Deploy, &patgate, name, &token, &[]);
}

#[test]
fn behaviour_39_xldeploy_py_authenticates_with_a_token_and_tells_a_wrong_one() {
    run("authenticate");
}

#[test]
fn behaviour_40_xldeploy_py_makes_a_mail_server_and_reads_it() {
    run("create_and_read");
}

#[test]
fn behaviour_41_xldeploy_py_reads_changes_and_sends_back() {
    run("update");
}

#[test]
fn behaviour_42_xldeploy_py_is_told_that_somebody_else_was_faster() {
    run("stale");
}

#[test]
fn behaviour_43_44_xldeploy_py_asks_what_exists_and_deletes() {
    run("exists_and_delete");
}

#[test]
fn behaviour_44_xldeploy_py_deletes_nothing_without_permission() {
    let patgate = Patgate::start();
    let admin = admin(&patgate);
    let server = json!({
        "id": "Configuration/SMTPSERVERTEST", "type": "notification.PatSmtpServer",
        "properties": {"host": "mail.example.org", "fromAddress": "patgate@example.org"},
    });
    assert_eq!(admin.send("POST", "/api/v1/configuration-items", &server).status, 201);
    admin.hire("ann", "correct horse battery", &["login", "config#view"]);
    let token = Person::new(&patgate, "ann", "correct horse battery").token("hers", "deploy");
    script(Client::Deploy, &patgate, "delete_without_permission", &token, &[]);
}

#[test]
fn behaviour_45_xldeploy_py_finds_moves_renames_and_copies() {
    run("query");
}

#[test]
fn behaviour_52_xldeploy_py_asks_whether_the_server_runs() {
    run("state");
}

#[test]
fn behaviour_54_xldeploy_py_sends_blanks_around_values_that_do_not_count() {
    run("blanks");
}

#[test]
fn behaviour_47_xldeploy_py_is_told_which_ci_is_missing() {
    run("missing");
}

#[test]
fn behaviour_48_49_51_xldeploy_py_is_told_what_is_wrong() {
    run("wrong");
}

#[test]
fn behaviour_50_xldeploy_py_lists_the_types() {
    run("metadata");
}

#[test]
fn behaviour_53_a_test_mail_is_sent_as_a_control_task() {
    let mails = MailServer::start();
    let patgate = Patgate::start();
    let token = admin(&patgate).token("deployer", "deploy");
    let port = mails.port(Way::Plain).to_string();
    script(Client::Deploy, &patgate, "send_test_mail", &token, &[&port, "ann@example.org"]);
    assert_eq!(mails.kept()[0].recipients, ["ann@example.org"]);
}

#[test]
fn behaviour_12_a_client_that_needs_a_user_name_passes_with_that_of_the_owner() {
    run("owners_name");
}

#[test]
fn behaviour_14_xldeploy_py_is_refused_with_a_token_of_releases() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let token = root.token("deployer", "deploy");
    let others = ["release", "any"].map(|application| root.token(application, application).text);
    script(Client::Deploy, &patgate, "which_token", &token, &[&others[0], &others[1]]);
}

#[test]
fn behaviour_15_19_xldeploy_py_deletes_its_token_and_is_refused() {
    run("deleted_token");
}

#[test]
fn behaviour_24_xldeploy_py_changes_nothing_with_a_token_that_only_sees() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let token = root.token("deployer", "deploy");
    let body =
        json!({ "tokenNote": "narrow", "application": "deploy", "globalPermissions": ["config#view"] });
    let narrow = root.token_of(&body);
    script(Client::Deploy, &patgate, "scope", &token, &[&narrow.text]);
}
