//! `patgate token`: what it changes is in force on every running server before it ends.

use std::process::Output;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;

use crate::actors::{CURRENT, TOKENS, Token, admin, auth, two_nodes, with_bearer};

/// The output of a command that succeeds.
fn done(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaint}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn create(patgate: &Patgate, arguments: &[&str]) -> String {
    let words = ["token", "create", "--owner", "admin", "--name"];
    done(&patgate.run(words.iter().chain(arguments))).trim().to_owned()
}

/// The id that a list shows beside a name.
fn id_of(patgate: &Patgate, name: &str) -> String {
    let list = done(&patgate.run(["token", "list"]));
    let line =
        list.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in\n{list}"));
    line.split_whitespace().next().unwrap().to_owned()
}

fn an_operator_works_on(patgate: &Patgate, others: &[&Patgate], name: &str) {
    let all = || others.iter().copied().chain([patgate]);
    let text = create(patgate, &[name, "--application", "any"]);
    assert!(text.starts_with("pat_") && !text.contains(char::is_whitespace), "{text}");
    // The very next requests, on every server.
    for node in all() {
        assert_eq!(auth(node, &text), 200, "{}", node.log());
    }
    let id = id_of(patgate, name);
    assert_eq!(with_bearer(&patgate.url_of(CURRENT), &text).json()["id"], id.as_str());
    done(&patgate.run(["token", "delete", &id]));
    for node in all() {
        assert_eq!(auth(node, &text), 401, "{}", node.log());
    }
    assert!(!done(&patgate.run(["token", "list"])).contains(name));
    let events = "SELECT action, actor_kind FROM audit_events WHERE subject_name = '?' ORDER BY sequence";
    assert_eq!(
        patgate.sql(&events.replace('?', name)).trim(),
        "grant.create|command_line\ngrant.delete|command_line"
    );
}

#[test]
fn an_operator_makes_and_deletes_a_token_beside_a_running_server() {
    an_operator_works_on(&Patgate::start(), &[], "alone");
}

#[test]
fn an_operator_makes_and_deletes_a_token_beside_two_servers_on_one_database() {
    let database = Database::create();
    let [one, two] = two_nodes(&database);
    an_operator_works_on(&one, &[&two], "here");
    an_operator_works_on(&two, &[&one], "there");
}

#[test]
fn an_operator_works_on_the_data_folder_when_no_server_runs() {
    let mut patgate = Patgate::start();
    let old = admin(&patgate).token("old", "any");
    assert!(patgate.stop().success());
    let new = create(&patgate, &["new"]);
    done(&patgate.run(["token", "delete", &old.id]));
    patgate.start_again();
    assert_eq!([&new, &old.text].map(|text| auth(&patgate, text)), [200, 401]);
}

#[test]
fn an_operator_works_on_the_data_folder_after_a_crash() {
    let mut patgate = Patgate::start();
    let old = admin(&patgate).token("old", "any");
    patgate.kill();
    // The crashed server still stands among those that run; its lock tells that it does not.
    done(&patgate.run(["token", "delete", &old.id]));
    patgate.start_again();
    assert_eq!(auth(&patgate, &old.text), 401);
}

#[test]
fn an_operator_says_what_the_token_may_do_and_for_how_long() {
    let patgate = Patgate::start();
    let read = |text: &str| with_bearer(&patgate.url_of(CURRENT), text).json();
    let narrow =
        create(&patgate, &["narrow", "--permission", "template#create", "--permission", "release#create"]);
    assert!(narrow.starts_with("rpa_"));
    let permissions = read(&narrow)["globalPermissions"].clone();
    assert_eq!(permissions.as_array().unwrap().len(), 2, "{permissions}");
    let none = create(&patgate, &["none", "--no-permissions", "--application", "deploy"]);
    assert!(none.starts_with("dpa_"));
    assert_eq!(read(&none)["globalPermissions"], serde_json::json!([]));
    let ending = create(&patgate, &["ending", "--expires-at", "2099-01-31T12:00:00Z"]);
    assert_eq!(read(&ending)["expiresAt"], "2099-01-31T12:00:00Z");
    let days = create(&patgate, &["days", "--expires-in-days", "7"]);
    assert!(read(&days)["expiresAt"].is_string());
}

#[test]
fn an_operator_who_asks_for_what_cannot_be_is_told_why_and_nothing_changes() {
    let patgate = Patgate::start();
    let before = patgate.sql("SELECT count(*) FROM grants");
    let create = ["token", "create", "--owner", "admin", "--name", "t"];
    for (arguments, code, word) in [
        (&["token", "create", "--owner", "nobody", "--name", "t"][..], 1, "There is no user `nobody`"),
        (&["token", "create", "--owner", "admin", "--name", ""], 2, "`--name`: "),
        (
            &[&create[..], &["--application", "nosuch"]].concat(),
            2,
            "`--application`: There is no application `nosuch`",
        ),
        (&[&create[..], &["--permission", "no#such"]].concat(), 2, "`--permission`: "),
        (
            &[&create[..], &["--expires-in-days", "0"]].concat(),
            2,
            "`--expires-in-days`: a lifetime is 1 to 3650 days",
        ),
        (&[&create[..], &["--expires-at", "soon"]].concat(), 2, "`--expires-at` is a moment"),
        (&[&create[..], &["--expires-at", "2020-01-01T00:00:00Z"]].concat(), 2, "`--expires-at`: "),
        (&["token", "delete", "nosuch"], 2, "11 characters"),
        (&["token", "delete", "11111111111"], 1, "token"),
        (&["token", "list", "--owner", "nobody"], 1, "nobody"),
        (
            &["token", "list", "--application", "nosuch"],
            2,
            "`--application`: there is no application `nosuch`",
        ),
        (&["token", "create"], 2, "--owner"),
    ] {
        let output = patgate.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
        assert!(complaint.contains(word), "{arguments:?}: {complaint}");
        for of_the_api in ["tokenNote", "expiresIn", "expiresAt", "globalPermissions", "/api/"] {
            assert!(!complaint.contains(of_the_api), "{arguments:?}: {complaint}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(patgate.sql("SELECT count(*) FROM grants"), before);
}

#[test]
fn a_list_shows_every_owner_and_no_secret() {
    let patgate = Patgate::start();
    let admin = admin(&patgate);
    admin.hire("ann", "correct horse battery", &["login"]);
    let Token { text, .. } =
        crate::actors::Person::new(&patgate, "ann", "correct horse battery").token("anns", "any");
    admin.token("admins", "release");
    let list = done(&patgate.run(["token", "list"]));
    for word in ["ann", "anns", "admin", "admins", "release", "any"] {
        assert!(list.contains(word), "{word}\n{list}");
    }
    assert!(!list.contains(&text[4..]));
    for narrow in [["--owner", "ann"], ["--search", "ANN"], ["--application", "any"]] {
        let list = done(&patgate.run(["token", "list"].iter().chain(&narrow)));
        assert!(list.contains("anns") && !list.contains("admins"), "{narrow:?}\n{list}");
    }
    assert_eq!(admin.get(&format!("{TOKENS}?owner=*")).json().as_array().unwrap().len(), 2);
}
