//! What administrators do on the pages: users and their passwords, roles, the rules, everybody's tokens, the audit log.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;

use super::barriers::judged;
use super::{log_in, log_in_admin};
use crate::actors::{Person, admin, auth};

const PASSWORD: &str = "password of ann 1";

#[test]
fn an_administrator_makes_a_user_who_sets_a_password_by_a_link_that_works_once() {
    let (patgate, browser, theirs) = (Patgate::start(), Browser::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/admin/users");
    browser.press("New user");
    browser.fill("User name", "ann.kern");
    browser.fill("Full name", "Ann Kern");
    browser.fill("E-mail", "ann@example.org");
    browser.press("Make user");
    browser.sees("ann.kern");
    browser.press("Roles and permissions");
    browser.press("New role");
    browser.fill("Name", "Developers");
    browser.fill("Users", "ann.kern");
    browser.press("login sign in to the pages");
    browser.press("Make role");
    browser.sees("Developers");

    browser.open(&patgate.url_of("/admin/users/ann.kern"));
    browser.press("Make a password reset link");
    browser.sees("Make a password reset link for ann.kern?");
    browser.press("Make link");
    browser.sees("Copy it now");
    browser.press("Copy link");
    browser.reads("[data-copy=link]", &["Copied"]);
    let link = browser.text("#link");
    for attempt in ["first", "second"] {
        theirs.open(&link);
        if attempt == "second" {
            theirs.sees("This link opens nothing");
            break;
        }
        theirs.fill("New password", PASSWORD);
        theirs.fill("New password again", PASSWORD);
        theirs.press("Set password");
        theirs.sees("The password is set");
    }
    log_in(&theirs, &patgate, "ann.kern", PASSWORD, "/account/tokens");
    theirs.reads(".places a", &["Access tokens", "API"]);
    // What she may not see is not there.
    for path in ["/admin/users", "/admin/tokens", "/admin/audit", "/settings"] {
        theirs.open(&patgate.url_of(path));
        assert_eq!(theirs.texts("h1"), ["You may not do this"], "{path}");
    }
}

#[test]
fn an_administrator_disables_a_user_whose_tokens_stop_and_pass_again() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    let token = Person::new(&patgate, "ann", PASSWORD).token("nightly", "any").text;
    log_in_admin(&browser, &patgate, "/admin/users/ann");
    browser.press("Disable");
    browser.sees("Disable ann?");
    assert_eq!(auth(&patgate, &token), 200, "nothing happens before the second button");
    browser.press("Disable user");
    browser.sees("The user is disabled");
    assert_eq!(auth(&patgate, &token), 401);
    browser.open(&patgate.url_of("/admin/users/ann"));
    browser.press("Enable");
    browser.sees("Enable ann?");
    assert_eq!(auth(&patgate, &token), 401, "nothing happens before the second button");
    browser.press("Enable user");
    browser.sees("The user is enabled");
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn an_administrator_keeps_name_and_e_mail_of_a_user() {
    let patgate = Patgate::start();
    for (name, browser) in [("ann", Browser::start()), ("kim", Browser::with().without_scripts().start())] {
        admin(&patgate).hire(name, PASSWORD, &["login"]);
        log_in_admin(&browser, &patgate, "/admin/users");
        browser.press(name);
        browser.fill("Full name", "Robin Kern");
        browser.fill("E-mail", "nobody");
        browser.press("Save");
        browser.sees("Nothing was saved yet");
        assert!(browser.has("#email-error"), "{}", browser.source());
        assert_eq!(browser.value("Full name"), "Robin Kern");
        browser.fill("E-mail", "robin@example.org");
        browser.press("Save");
        browser.sees("Saved.");
        browser.open(&patgate.url_of(&format!("/admin/users/{name}")));
        let shown = ["Full name", "E-mail"].map(|label| browser.value(label));
        assert_eq!(shown, ["Robin Kern", "robin@example.org"]);
        let user = admin(&patgate).get(&format!("/api/v1/users/{name}")).json();
        assert_eq!([&user["fullName"], &user["email"]], ["Robin Kern", "robin@example.org"]);
    }
}

#[test]
fn an_administrator_chooses_in_the_table_whose_tokens_pass_where() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    let [deploy, release] = ["deploy", "release"].map(|name| admin(&patgate).token(name, name).text);
    let is_checked = |box_of: &str| browser.has(&format!("input[value='{box_of}']:checked"));
    log_in_admin(&browser, &patgate, "/settings");
    // The switch and its cells follow each other: it is off only where SSO users have no tokens at all.
    let switch = "Allow personal access tokens for SSO users";
    let cells = || ["release.sso", "deploy.sso", "others.sso"].map(is_checked);
    assert_eq!((browser.has("#sso:checked"), cells()), (true, [false, true, true]));
    browser.press("Release, SSO users");
    browser.press(switch);
    assert_eq!((browser.has("#sso:checked"), cells()), (false, [false; 3]));
    browser.press("Release, SSO users");
    assert_eq!((browser.has("#sso:checked"), cells()), (true, [true, false, false]));
    browser.press("Release, SSO users");
    browser.press(switch);
    assert_eq!((browser.has("#sso:checked"), cells()), (true, [true; 3]), "what it cleared");
    browser.press("Release, SSO users");
    browser.press("Deploy, SSO users");
    assert!(browser.has("#sso:checked") && is_checked("others.sso"));
    browser.press("Save settings");
    browser.sees("The settings are saved");
    assert!(!is_checked("deploy.sso") && is_checked("others.sso") && is_checked("deploy.internal"));
    browser.press("Deploy, internal users");
    browser.press("Save settings");
    browser.sees("Closing internal users for Deploy");
    browser.reads("tbody th", &["deploy"]);
    assert_eq!(auth(&patgate, &deploy), 200, "nothing happens before the choice");
    browser.press("Decide");
    browser.sees("It is decided, and in force");
    assert_eq!([&deploy, &release].map(|token| auth(&patgate, token)), [401, 200]);
    browser.press("Deploy, internal users");
    browser.press(switch);
    browser.press("Save settings");
    browser.sees("The settings are saved");
    assert_eq!([&deploy, &release].map(|token| auth(&patgate, token)), [200, 200]);
    // Saved in between as well: Deploy had been closed before.
    assert_eq!(cells(), [false; 3]);
    browser.press(switch);
    assert_eq!((browser.has("#sso:checked"), cells()), (true, [false, false, true]));
}

#[test]
fn an_administrator_sets_a_maximum_and_people_are_offered_no_more() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/settings");
    let lifetimes = ["No expiration", "7 days", "30 days", "45 days", "60 days", "1 year"];
    assert_eq!(browser.options("Maximum token expiration duration"), lifetimes);
    browser.choose("Maximum token expiration duration", "45 days");
    browser.press("Save settings");
    browser.sees("The settings are saved");
    browser.press("Access tokens");
    browser.press("Generate new tokens");
    assert_eq!(browser.options("Token expiration"), ["7 days", "30 days", "45 days", "A day of your own"]);
    // The calendar ends with the last day that is whole within the maximum, unless midnight comes meanwhile.
    let script = "const [begins, ends] = ['min', 'max'].map(end => document.querySelector('#date')[end]);
        return (new Date(ends) - new Date(begins)) / 86400000";
    let days = browser.run(script).as_i64();
    assert!(matches!(days, Some(43..=45)), "{days:?}");
}

#[test]
fn two_administrators_change_the_rules_at_once_and_neither_loses_the_others_unseen() {
    let (patgate, one, two) = (Patgate::start(), Browser::start(), Browser::start());
    for browser in [&one, &two] {
        log_in_admin(browser, &patgate, "/settings");
    }
    let is_on = |browser: &Browser, name: &str| {
        browser.run(&format!("return document.querySelector('[name={name}]').checked")) == true
    };
    one.press("Tokens may make tokens");
    one.press("Save settings");
    one.sees("The settings are saved");
    two.press("Passwords on the API");
    two.press("Save settings");
    two.sees("Somebody else changed these settings, or decided about them, while you did");
    two.reads("tbody th[data-label=Setting]", &["Tokens may make tokens", "Passwords on the API"]);
    two.reads("td[data-label='Stored now']", &["on", "on"]);
    two.reads("td[data-label=Yours]", &["off", "off"]);
    assert!(!is_on(&two, "passwords_on_api"), "what was chosen stays");
    two.press("Tokens may make tokens");
    two.press("Save settings");
    two.sees("The settings are saved");
    one.open(&patgate.url_of("/settings"));
    assert!(is_on(&one, "tokens_may_make_tokens") && !is_on(&one, "passwords_on_api"));
}

#[test]
fn an_administrator_finds_tokens_of_everybody_deletes_them_and_reads_of_it() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    let ann = Person::new(&patgate, "ann", PASSWORD);
    let tokens = ["ci-build", "ci-deploy", "laptop"].map(|name| ann.token(name, "any").text);
    log_in_admin(&browser, &patgate, "/admin/tokens");
    browser.counts("tbody th", 3);
    browser.fill("Name begins with", "ci-");
    browser.press("Apply");
    browser.sees_no("a[href*='laptop'], tbody tr:nth-child(3)");
    for name in ["ci-build of ann", "ci-deploy of ann"] {
        browser.press(name);
    }
    browser.press("Delete chosen tokens");
    browser.sees("Delete 2 tokens?");
    browser.press("Delete 2 tokens");
    browser.sees("2 tokens are deleted");
    assert_eq!(tokens.each_ref().map(|token| auth(&patgate, token)), [401, 401, 200]);
    browser.press("Audit log");
    browser.press_in_row(&["Token deleted", "ci-deploy"], "ci-deploy");
    // A token's whole life, also of one that is deleted.
    browser.reads("h1", &["ci-deploy"]);
    let life = ["Token deleted grant.delete", "Token generated grant.create"];
    browser.reads("td[data-label=What]", &life);
}

#[test]
fn somebody_changes_their_password_and_logs_out_everywhere() {
    let (patgate, one, two) = (Patgate::start(), Browser::start(), Browser::start());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    log_in(&one, &patgate, "ann", PASSWORD, "/account/profile");
    log_in(&two, &patgate, "ann", PASSWORD, "/account/tokens");
    one.reload();
    one.counts("tbody tr", 2);
    one.fill("Current password", PASSWORD);
    one.fill("New password", "another one of ann");
    one.fill("New password, again", "another one of ann");
    one.press("Change password");
    one.sees("Your password is changed");
    one.counts("tbody tr", 1);
    two.reload();
    log_in(&two, &patgate, "ann", "another one of ann", "/account/tokens");
    one.press("Log out everywhere");
    one.press("End all sessions");
    one.sees("Log in");
    two.reload();
    two.sees("Log in");
}

#[test]
fn people_of_sso_are_told_when_an_administrator_switches_their_tokens_off() {
    let (mut patgate, browser, anns, kims) =
        (Patgate::start(), Browser::start(), Browser::start(), Browser::start());
    for (name, theirs) in [("ann", &anns), ("kim", &kims)] {
        admin(&patgate).hire(name, PASSWORD, &["login"]);
        log_in(theirs, &patgate, name, PASSWORD, "/account/tokens");
    }
    let token = Person::new(&patgate, "ann", PASSWORD).token("nightly", "any").text;
    // As if they had come from a provider that is no longer asked.
    patgate.sql("UPDATE users SET origin = 'sso' WHERE username IN ('ann', 'kim')");
    patgate.start_again();
    assert_eq!(auth(&patgate, &token), 200);
    log_in_admin(&browser, &patgate, "/settings");
    browser.press("Allow personal access tokens for SSO users");
    browser.press("Save settings");
    browser.sees("One token is touched");
    assert_eq!(auth(&patgate, &token), 200, "nothing happens before the choice");
    browser.press("Decide");
    browser.sees("It is decided, and in force");
    assert_eq!(auth(&patgate, &token), 401);
    // With tokens the list stays, and nothing can be generated.
    anns.reload();
    anns.sees("switched personal access tokens off");
    anns.reads("tbody th", &["nightly"]);
    assert!(anns.has("button[disabled]") && !anns.has("a[data-dialog=generate]"));
    assert_eq!(judged(&anns, "tokens switched off"), Vec::<String>::new());
    // Without any there is no list and no button.
    kims.reload();
    kims.sees("switched personal access tokens off");
    assert!(!kims.has("table, main button, main a.button"));
    kims.open(&patgate.url_of("/account/tokens/new"));
    kims.sees("You cannot generate tokens");
}
