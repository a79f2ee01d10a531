//! What the running program does by itself: it asks a directory about the owners of tokens.

use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::slapd::{PEOPLE, READER, READER_PASSWORD, Slapd};
use patgate_testkit::wait;
use serde_json::json;

use crate::actors::{Person, admin, auth};

/// A look comes every ten seconds.
const LOOK: Duration = Duration::from_secs(60);

#[test]
fn a_running_server_learns_by_itself_that_an_owner_was_disabled_and_came_back() {
    let slapd = Slapd::start();
    let patgate = Patgate::with()
        .configuration(format!(
            "[[ldap]]\nname = 'company'\nurls = ['{}']\ntrust = '{}'\nmanager_dn = '{READER}'\n\
             manager_password = '{READER_PASSWORD}'\nuser_search_base = '{PEOPLE}'\n\
             disabled_filter = '(userAccountControl=514)'\n",
            slapd.ldaps_url(),
            slapd.authority().display(),
        ))
        .start();
    let alice = Person::new(&patgate, "alice", "alice password");
    // The first sign-in makes the user, whom the administrator can name then.
    alice.get("/api/v1/session");
    let role =
        json!({ "principals": [{ "username": "alice", "provider": "company" }], "permissions": ["login"] });
    let made = admin(&patgate).send("POST", "/api/v1/roles/people", &role);
    assert_eq!(made.status, 201, "{}", made.text());
    let token = alice.token("nightly", "any").text;
    assert_eq!(auth(&patgate, &token), 200);
    for (account, status) in [("514", 401), ("512", 200)] {
        slapd.set("alice", "userAccountControl", account);
        let seen = wait::until(LOOK, || {
            // Again and again: a look that has begun puts off the next.
            patgate.sql("UPDATE confirmations SET due_at = 0");
            (auth(&patgate, &token) == status).then_some(())
        });
        assert!(seen.is_some(), "no {status} after {account}:\n{}", patgate.log());
    }
    let actions = "action IN ('user.withdraw', 'user.confirm')";
    let events = patgate.sql(&format!("SELECT action FROM audit_events WHERE {actions} ORDER BY sequence"));
    assert_eq!(events.lines().collect::<Vec<_>>(), ["user.withdraw", "user.confirm"]);
}
