//! Users and roles by administrators who have no mouse, or no JavaScript; and how both are found.

use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::servers::patgate::Patgate;
use serde_json::json;

use super::log_in_admin;
use crate::actors::{Person, TOKENS, admin, auth};

const PASSWORD: &str = "password of ann 1";

#[test]
fn an_administrator_without_a_mouse_makes_renames_and_deletes_a_role() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/admin/roles");
    let follow = |name: &str, seen: &str| {
        browser.tab_to(name);
        browser.key(Key::Enter);
        browser.sees(seen);
    };
    follow("New role", "Who is in this role");
    browser.tab_to("Name");
    browser.types("Developers");
    browser.tab_to("Users");
    browser.types("corp:zoe");
    browser.tab_to("release#view see releases");
    browser.key(Key::Space);
    follow("Make role", "The role is made");
    browser.reads("tbody th", &["Administrators", "Developers"]);
    browser.reads("tbody tr:last-child td[data-label=Permissions]", &["release#view"]);
    follow("Developers", "Rename or delete");
    browser.tab_to("zoe");
    browser.key(Key::Space);
    follow("Take chosen out", "Nobody is in this role yet");
    follow("Rename", "Rename Developers");
    // What is in a field that Tab comes to is marked: typing replaces it.
    browser.tab_to("Name");
    browser.types("Builders");
    follow("Rename role", "The role is renamed");
    browser.reads("tbody th", &["Administrators", "Builders"]);
    follow("Builders", "Rename or delete");
    follow("Delete", "Delete the role Builders?");
    follow("Cancel", "Rename or delete");
    follow("Delete", "Delete the role Builders?");
    follow("Delete role", "The role is deleted");
    browser.reads("tbody th", &["Administrators"]);
}

#[test]
fn an_administrator_without_javascript_looks_after_users_roles_rules_and_the_log() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, "/admin/users");
    browser.press("New user");
    browser.fill("User name", "ann");
    browser.fill("Password", PASSWORD);
    browser.press("Make user");
    browser.sees("The user is made");
    let ann = Person::new(&patgate, "ann", PASSWORD);
    let token = ann.token("nightly", "any").text;

    let guess = || Person::new(&patgate, "ann", "a wrong password").get(TOKENS).status;
    assert!((0..20).any(|_| guess() == 429), "nobody is locked out");
    assert_eq!(ann.get(TOKENS).status, 429);
    browser.press("Unlock");
    browser.press("Forget wrong passwords");
    browser.sees("The wrong passwords are forgotten");
    assert_eq!(ann.get(TOKENS).status, 200);

    browser.press("Disable");
    browser.sees("ann has 1 live token");
    browser.press("Disable user");
    browser.sees("The user is disabled");
    assert_eq!(auth(&patgate, &token), 401);
    browser.press("Enable");
    browser.press("Enable user");
    browser.sees("The user is enabled");
    assert_eq!(auth(&patgate, &token), 200);

    browser.press("Roles and permissions");
    browser.press("New role");
    browser.fill("Name", "Developers");
    browser.fill("Users", "ann");
    browser.press("release#view see releases");
    browser.press("Make role");
    browser.sees("The role is made");
    browser.press("Developers");
    browser.reads("tbody th", &["ann"]);
    browser.fill("Name begins with", "b");
    browser.press("Search");
    browser.sees("No user or group here has a name that begins like this");
    browser.press("Show all");
    browser.reads("tbody th", &["ann"]);
    // Chosen first and saved last: no other button of the page loses it.
    browser.press("release#create create releases");
    browser.fill("Users", "corp:amy");
    browser.fill("Name begins with", "b");
    browser.press("Search");
    browser.sees("What you typed or chose here is not saved yet");
    browser.press("Show all");
    browser.fill("Groups", "corp:developers");
    browser.press("Add to role");
    browser.sees("2 users and groups came in");
    browser.sees("What else you typed or chose here is not saved yet");
    browser.reads("tbody th", &["amy", "ann", "developers"]);
    browser.press("amy");
    browser.press("ann");
    browser.press("Take chosen out");
    browser.sees("2 users and groups are taken out");
    browser.reads("tbody th", &["developers"]);
    browser.press("Save role");
    browser.sees("The role is saved");
    browser.reads("tbody tr:last-child .number", &["0", "1"]);
    browser.reads("tbody tr:last-child td[data-label=Permissions]", &["release#create, release#view"]);

    browser.press("System settings");
    browser.press("Tokens may make tokens");
    browser.press("Save settings");
    browser.sees("The settings are saved");

    browser.press("Users");
    browser.press("ann");
    browser.press("Delete");
    browser.sees("This cannot be taken back");
    browser.press("Delete user");
    browser.sees("The user is deleted");
    browser.reads("tbody th", &["admin"]);
    assert_eq!(auth(&patgate, &token), 401);

    browser.press("Audit log");
    browser.choose("What", "User deleted");
    browser.press("Apply");
    browser.reads("td[data-label=About]", &["user ann"]);
    browser.choose("What", "Settings changed");
    browser.press("Apply");
    browser.reads("td[data-label=Details]", &["Tokens may make tokens no → yes"]);
}

#[test]
fn an_administrator_finds_users_and_roles_by_name() {
    finds_users_and_roles(&Browser::start());
}

#[test]
fn an_administrator_without_javascript_finds_users_and_roles_by_name() {
    finds_users_and_roles(&Browser::with().without_scripts().start());
}

fn finds_users_and_roles(browser: &Browser) {
    let patgate = Patgate::start();
    for name in ["ann", "anton", "kim"] {
        admin(&patgate).hire(name, PASSWORD, &["login"]);
    }
    admin(&patgate).send("POST", "/api/v1/users/anton/disable", &json!({}));
    log_in_admin(browser, &patgate, "/admin/users");
    let finds = |label: &str, beginning: &str, found: &[&str]| {
        browser.fill(label, beginning);
        browser.press("Search");
        browser.reads("tbody th", found);
    };
    browser.reads("tbody th", &["admin", "ann", "anton", "kim"]);
    finds("User name begins with", "AN", &["ann", "anton"]);
    assert_eq!(browser.value("User name begins with"), "AN");
    browser.choose("Show", "Disabled");
    finds("User name begins with", "a", &["anton"]);
    browser.choose("Show", "All");
    finds("User name begins with", "zebra", &[]);
    browser.sees("Nobody found");
    browser.press("Show all users");
    browser.reads("tbody th", &["admin", "ann", "anton", "kim"]);

    browser.press("Roles and permissions");
    browser.reads("tbody th", &["Administrators", "ann", "anton", "kim"]);
    finds("Name begins with", "AN", &["ann", "anton"]);
    assert_eq!(browser.value("Name begins with"), "AN");
    finds("Name begins with", "zebra", &[]);
    browser.sees("No role found");
    browser.press("Show all roles");
    browser.reads("tbody th", &["Administrators", "ann", "anton", "kim"]);
}

#[test]
fn an_administrator_without_javascript_renames_and_deletes_a_role() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    admin(&patgate).hire("ann", PASSWORD, &["login", "security#view"]);
    let sees = || Person::new(&patgate, "ann", PASSWORD).get("/api/v1/roles").status;
    log_in_admin(&browser, &patgate, "/admin/roles");
    browser.press("ann");
    browser.press("Rename");
    browser.sees("Rename ann");
    browser.fill("Name", "Administrators");
    browser.press("Rename role");
    browser.sees("Nothing was saved yet");
    assert!(browser.has("#name-error"), "{}", browser.source());
    assert_eq!(browser.value("Name"), "Administrators");
    browser.fill("Name", "Builders");
    browser.press("Rename role");
    browser.sees("The role is renamed");
    browser.reads("tbody th", &["Administrators", "Builders"]);
    assert_eq!(sees(), 200, "who is in it keeps what they may do");
    browser.press("Builders");
    browser.press("Delete");
    browser.sees("Delete the role Builders?");
    browser.press("Cancel");
    browser.sees("Rename or delete");
    assert_eq!(sees(), 200, "nothing happens before the second button");
    browser.press("Delete");
    browser.press("Delete role");
    browser.sees("The role is deleted");
    browser.reads("tbody th", &["Administrators"]);
    assert_eq!(sees(), 403);
}
