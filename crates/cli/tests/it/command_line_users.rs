//! `patgate user`: what it changes is in force on every running server before it ends.

use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::servers::postgres::Database;

use crate::actors::{Person, TOKENS, auth, two_nodes};

const PASSWORD: &str = "correct horse battery";

/// Runs a command that succeeds, with a password on its input.
fn done(patgate: &Patgate, arguments: &[&str], input: &str) -> String {
    let output = patgate.run_with_input(arguments, &format!("{input}\n"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {complaint}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn an_operator_works_on(patgate: &Patgate, others: &[&Patgate]) {
    let all = || others.iter().copied().chain([patgate]);
    let can_sign_in = |password: &str| {
        let answers: Vec<u16> =
            all().map(|node| Person::new(node, "ann", password).get(TOKENS).status).collect();
        assert!(answers.iter().all(|status| *status == answers[0]), "{answers:?}");
        answers[0] == 200
    };
    done(
        patgate,
        &["user", "create", "ann", "--full-name", "Ann Example", "--email", "ann@example.com"],
        PASSWORD,
    );
    assert!(can_sign_in(PASSWORD));
    let token = Person::new(patgate, "ann", PASSWORD).token("t", "any").text;
    let passes =
        |expected: u16| all().for_each(|node| assert_eq!(auth(node, &token), expected, "{}", node.log()));
    // The other servers hear of the API's change by themselves; a command would have waited for them.
    done(patgate, &["user", "set-password", "ann"], "another horse battery");
    assert!(can_sign_in("another horse battery") && !can_sign_in(PASSWORD));
    passes(200);
    done(patgate, &["user", "disable", "ann"], "");
    passes(401);
    assert!(!can_sign_in("another horse battery"));
    assert!(
        done(patgate, &["user", "list"], "")
            .lines()
            .any(|line| line.contains("ann") && line.contains("disabled"))
    );
    done(patgate, &["user", "enable", "ann"], "");
    passes(200);
    assert!(can_sign_in("another horse battery"));
    let list = done(patgate, &["user", "list"], "");
    assert!(
        list.contains("Ann Example") && list.contains("ann@example.com") && list.contains("admin"),
        "{list}"
    );
    let events =
        "SELECT DISTINCT actor_kind FROM audit_events WHERE subject_kind = 'user' AND subject_name = 'ann'";
    assert_eq!(patgate.sql(events).trim(), "command_line");
}

#[test]
fn an_operator_changes_users_beside_a_running_server() {
    an_operator_works_on(&Patgate::start(), &[]);
}

#[test]
fn an_operator_changes_users_beside_two_servers_on_one_database() {
    let database = Database::create();
    let [one, two] = two_nodes(&database);
    an_operator_works_on(&one, &[&two]);
}

#[test]
fn an_operator_who_lost_the_first_password_sets_another_and_its_file_goes_away() {
    let mut patgate = Patgate::with().without_admin_password().start();
    let file = patgate.data_directory().join("initial-admin-password");
    let made_up = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(patgate.stop().success());
    done(&patgate, &["user", "set-password", "admin"], PASSWORD);
    assert!(!file.exists());
    patgate.start_again();
    assert_eq!(Person::new(&patgate, "admin", PASSWORD).get(TOKENS).status, 200);
    assert_eq!(Person::new(&patgate, "admin", &made_up).get(TOKENS).status, 401);
}

#[test]
fn an_operator_puts_a_user_into_a_role() {
    let patgate = Patgate::start();
    done(&patgate, &["user", "create", "ann", "--role", "Administrators"], PASSWORD);
    let ann = Person::new(&patgate, "ann", PASSWORD);
    assert_eq!(ann.get("/api/v1/users").status, 200);
    done(&patgate, &["user", "create", "bob"], PASSWORD);
    assert_eq!(Person::new(&patgate, "bob", PASSWORD).get("/api/v1/users").status, 403);
}

#[test]
fn an_operator_gives_a_password_in_a_file_or_none() {
    let patgate = Patgate::start();
    let file = patgate.directory().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let path = file.display().to_string();
    done(&patgate, &["user", "create", "ann", "--password-file", &path], "");
    assert_eq!(Person::new(&patgate, "ann", PASSWORD).get(TOKENS).status, 200);
    done(&patgate, &["user", "create", "robot", "--no-password"], "");
    assert_eq!(Person::new(&patgate, "robot", "").get(TOKENS).status, 401);
    let output = patgate.run(["token", "create", "--owner", "robot", "--name", "t", "--application", "any"]);
    assert_eq!(auth(&patgate, String::from_utf8_lossy(&output.stdout).trim()), 200);
}

#[test]
fn an_operator_who_asks_for_what_cannot_be_is_told_why_and_nothing_changes() {
    let patgate = Patgate::start();
    let before = patgate.sql("SELECT count(*), (SELECT value FROM change_sequence) FROM users");
    for (arguments, input, word) in [
        (&["user", "create", "admin"][..], PASSWORD, "admin"),
        (&["user", "create", "ADMIN"], PASSWORD, "ADMIN"),
        (&["user", "create", "ann"], "short", "8"),
        (&["user", "create", "correct horse"], "correct horse", ""),
        (&["user", "create", "annabell"], "annabell", "error: a password is not the user name"),
        (&["user", "create", "ann", "--role", "nosuch"], PASSWORD, "nosuch"),
        (&["user", "create", ""], PASSWORD, "name"),
        (&["user", "disable", "nobody"], "", "nobody"),
        (&["user", "enable", "nobody"], "", "nobody"),
        (&["user", "set-password", "nobody"], PASSWORD, "nobody"),
        (&["user", "set-password", "admin"], "short", "8"),
        (&["user", "disable", "admin"], "", "administrator"),
    ] {
        let output = patgate.run_with_input(arguments, &format!("{input}\n"));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments:?}: {complaint}");
        assert!(complaint.contains(word), "{arguments:?}: {complaint}");
    }
    let output = patgate.run(["user", "create", "ann"]);
    assert!(!output.status.success(), "no password at all");
    assert_eq!(patgate.sql("SELECT count(*), (SELECT value FROM change_sequence) FROM users"), before);
    assert_eq!(Person::new(&patgate, "admin", ADMIN_PASSWORD).get(TOKENS).status, 200);
}
