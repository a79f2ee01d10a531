//! What the running program does by itself: it asks providers about the owners of tokens, and notes whose confirmation grew
//! old.

use std::time::Duration;

use patgate_testkit::curl::curl;
use patgate_testkit::servers::oidc::{Certified, SECRET, Visitor};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::slapd::Slapd;
use patgate_testkit::{ports, wait};
use serde_json::json;

use crate::actors::{Person, admin, auth, from_directory};

/// A look comes every ten seconds.
const LOOK: Duration = Duration::from_secs(60);

#[test]
fn a_running_server_learns_by_itself_that_an_owner_was_disabled_and_came_back() {
    let slapd = Slapd::start();
    let lines = "disabled_filter = '(userAccountControl=514)'\nrecheck_confirms =";
    let patgate = Patgate::with().configuration(slapd.table("company", lines)).start();
    let alice = from_directory(&patgate, "company", "alice", "alice password");
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
    let told = "owners of tokens are re-checked: they confirm who is there and not disabled";
    assert!(patgate.log().contains(told), "{}", patgate.log());
}

#[test]
fn a_running_server_notes_by_itself_that_nobody_confirmed_an_owner_within_the_window() {
    // Nobody asks this provider anything: there is no refresh token.
    let file = "[[oidc]]\nname = 'company'\nissuer = 'http://localhost:9'\nclient_id = 'patgate'\nscim_user = 'robot'\n";
    let patgate = Patgate::with().configuration(file).start();
    admin(&patgate).hire("robot", "correct horse battery", &["scim#provision"]);
    let robot = Person::new(&patgate, "robot", "correct horse battery").token("provisioning", "any");
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "alice", "externalId": "key-alice",
    });
    let made = curl([
        "-H",
        &format!("Authorization: Bearer {}", robot.text),
        "-H",
        "Content-Type: application/scim+json",
        "-d",
        &user.to_string(),
        &patgate.url_of("/scim/v2/Users"),
    ]);
    assert_eq!(made.status, 201, "{}", made.text());
    let output =
        patgate.run(["token", "create", "--owner", "alice", "--name", "nightly", "--application", "any"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    patgate.sql("UPDATE users SET confirmed_at = 1 WHERE username = 'alice'");
    let lapses = "SELECT subject_name FROM audit_events WHERE action = 'user.lapse'";
    let seen = wait::until(LOOK, || (patgate.sql(lapses).trim() == "alice").then_some(()));
    assert!(seen.is_some(), "{}\n{}", patgate.sql(lapses), patgate.log());
}

#[test]
fn a_running_server_asks_an_identity_provider_by_itself_and_takes_over_new_groups() {
    let port = ports::free();
    let patgate = Patgate::with()
        .configuration(format!(
            "[[oidc]]\nname = 'company'\nissuer = '{}'\nclient_id = 'patgate'\nclient_secret = '{SECRET}'\n\
             scopes = ['openid', 'profile', 'email', 'groups', 'offline_access']\n",
            Certified::issuer_on(port)
        ))
        .start();
    let provider = Certified::start(port, &patgate.url(), "company");
    let group = json!({ "username": "developers", "kind": "group", "provider": "company" });
    let role = json!({ "permissions": ["login"], "principals": [group] });
    assert_eq!(admin(&patgate).send("POST", "/api/v1/roles/developers", &role).status, 201);
    let begun = curl([&patgate.url_of("/login/external/company")]);
    let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let back =
        Visitor::new("alice", "any password").sign_in(begun.header("location").unwrap(), &patgate.url());
    let arrived = curl(["-H", &format!("Cookie: {cookie}"), &back]);
    assert_eq!(arrived.status, 303, "{}\n{}", arrived.text(), patgate.log());
    provider.change("alice", &json!({ "groups": ["developers", "testers"] }));
    let seen = wait::until(LOOK, || {
        // Again and again: a look that has begun puts off the next.
        patgate.sql("UPDATE confirmations SET due_at = 0");
        patgate.sql("SELECT groups FROM users WHERE username = 'alice'").contains("testers").then_some(())
    });
    assert!(seen.is_some(), "nobody asked the provider:\n{}\n{}", patgate.log(), provider.log());
    assert!(
        patgate.log().contains("re-checked: they bring new groups, and confirm nobody"),
        "{}",
        patgate.log()
    );
}
