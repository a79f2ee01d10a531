//! Every flow once more by people who have switched JavaScript off. (Their tokens: `tokens.rs`; logging in: `login.rs`;
//! users, roles and rules: `roles.rs`; filters of *All tokens*: `all_tokens.rs`; the mail before an expiry:
//! `notifications.rs`; identity providers: `single_sign_on.rs`.)

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::json;

use super::{log_in, log_in_admin};
use crate::actors::{Person, TOKENS, admin, auth};

const PASSWORD: &str = "password of ann 1";

fn scriptless() -> Browser {
    Browser::with().without_scripts().start()
}

#[test]
fn somebody_without_javascript_keeps_their_profile_and_ends_sessions() {
    let (patgate, browser, other) = (Patgate::start(), scriptless(), scriptless());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    log_in(&browser, &patgate, "ann", PASSWORD, "/account/profile");
    browser.fill("Full name", "Ann Kern");
    browser.fill("E-mail", "ann@example.org");
    browser.press("Save profile");
    browser.sees("Your profile is saved");
    assert_eq!(browser.value("Full name"), "Ann Kern");
    browser.fill("Current password", PASSWORD);
    browser.fill("New password", "another one of ann");
    browser.fill("New password, again", "another one of ann");
    browser.press("Change password");
    browser.sees("Your password is changed");

    log_in(&other, &patgate, "ann", "another one of ann", "/account/tokens");
    browser.reload();
    browser.counts("tbody tr", 2);
    browser.press("End session of Chrome on Linux");
    browser.sees("The session has ended");
    browser.counts("tbody tr", 1);
    other.reload();
    other.arrives("/login?next=%2Faccount%2Ftokens");

    browser.press("Log out everywhere");
    browser.sees("Your one session ends");
    browser.press("Cancel");
    browser.sees("Active sessions");
    browser.press("Log out everywhere");
    browser.press("End all sessions");
    browser.sees("You are logged out");
    browser.open(&patgate.url_of("/account/profile"));
    browser.arrives("/login?next=%2Faccount%2Fprofile");
}

#[test]
fn an_administrator_without_javascript_finds_tokens_deletes_some_and_takes_lists_along() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    let ann = Person::new(&patgate, "ann", PASSWORD);
    let tokens = ["ci-build", "ci-deploy", "ci-lint", "laptop"].map(|name| ann.token(name, "any").text);
    log_in_admin(&browser, &patgate, "/admin/tokens");
    browser.counts("tbody th", 4);
    browser.fill("Name begins with", "ci-");
    browser.choose("Sort by", "Name, Z to A");
    browser.press("Apply");
    browser.reads("tbody th", &["ci-lint", "ci-deploy", "ci-build"]);
    assert!(!browser.has("button[data-choose]"), "a button that does nothing");
    let (_, csv) = browser.download("Download as CSV");
    assert_eq!(csv.lines().count(), 4, "{csv}");
    for name in ["ci-build of ann", "ci-deploy of ann"] {
        browser.press(name);
    }
    browser.press("Delete chosen tokens");
    browser.sees("Delete 2 tokens?");
    browser.press("Delete 2 tokens");
    browser.sees("2 tokens are deleted");
    // One is back where one was.
    browser.reads("tbody th", &["ci-lint"]);
    assert_eq!(browser.value("Name begins with"), "ci-");
    assert_eq!(tokens.each_ref().map(|token| auth(&patgate, token)), [401, 401, 200, 200]);

    browser.press("Audit log");
    browser.choose("What", "Token deleted");
    browser.press("Apply");
    browser.reads("td[data-label=What]", &["Token deleted grant.delete"; 2]);
    // They were deleted in one change, in the order of their identifiers.
    let mut about = browser.texts("td[data-label=About]");
    about.sort();
    assert_eq!(about, ["token ci-build", "token ci-deploy"]);
    let (file, lines) = browser.download("Download as JSON Lines");
    assert!(file.ends_with(".jsonl"), "{file}");
    let name = |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["subject"]["name"].to_string();
    let mut names: Vec<_> = lines.lines().map(name).collect();
    names.sort();
    assert_eq!(names, ["\"ci-build\"", "\"ci-deploy\""]);
}

#[test]
fn people_without_javascript_make_and_use_a_password_reset_link() {
    let (patgate, browser, theirs) = (Patgate::start(), scriptless(), scriptless());
    admin(&patgate).hire("ann", PASSWORD, &["login"]);
    log_in_admin(&browser, &patgate, "/admin/users/ann");
    browser.press("Make a password reset link");
    browser.sees("Make a password reset link for ann?");
    browser.press("Make link");
    browser.sees("Copy it now");
    assert!(!browser.has("button[data-copy]"), "a button that does nothing");
    let link = browser.text("#link");
    theirs.open(&link);
    theirs.fill("New password", "short");
    theirs.fill("New password again", "short");
    theirs.press("Set password");
    theirs.sees("at least 8");
    theirs.fill("New password", "the next one of ann");
    theirs.fill("New password again", "the next one of ann");
    theirs.press("Set password");
    theirs.sees("The password is set");
    log_in(&theirs, &patgate, "ann", "the next one of ann", "/account/tokens");
    browser.open(&link);
    browser.sees("This link opens nothing");
}

#[test]
fn an_administrator_without_javascript_decides_about_tokens_that_a_rule_touches() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    let token = admin(&patgate).token_of(&json!({ "tokenNote": "laptop", "expiresInDays": 365 })).text;
    log_in_admin(&browser, &patgate, "/settings");
    browser.choose("Maximum token expiration duration", "30 days");
    browser.press("Save settings");
    browser.sees("One token is touched");
    browser.reads("tbody th", &["laptop"]);
    browser.press("Suspend them until the maximum rises, or an administrator lifts it");
    assert_eq!(auth(&patgate, &token), 200, "nothing happens before the choice");
    browser.press("Decide");
    browser.sees("It is decided, and in force");
    assert_eq!(auth(&patgate, &token), 401);
}

#[test]
fn somebody_without_javascript_clears_tokens_that_are_over() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    for name in ["laptop", "old-runner", "older-runner"] {
        admin(&patgate).token(name, "any");
    }
    patgate.sql("UPDATE grants SET created_at = 1, expires_at = 86400000 WHERE name LIKE 'old%'");
    log_in_admin(&browser, &patgate, "/account/tokens");
    browser.counts("tr.over", 2);
    browser.press("Clear expired tokens");
    browser.sees("old-runner");
    browser.press("Cancel");
    browser.counts("tr.over", 2);
    browser.press("Clear expired tokens");
    browser.press("Delete 2 expired tokens");
    browser.sees("The expired tokens are cleared");
    browser.reads("tbody th", &["laptop"]);
}

/// A day to come, within a year. Its day and month are alike, in whatever order the browser asks for them.
#[expect(clippy::disallowed_methods, reason = "the program runs in the present, and so do its tokens")]
fn day_to_come() -> Date {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut days = (2..365).map(|days| today + days.days());
    days.find(|day| day.day() == day.month()).unwrap()
}

#[test]
fn without_javascript_a_day_of_ones_own_ends_in_utc() {
    let (patgate, browser, day) = (Patgate::start(), scriptless(), day_to_come());
    log_in_admin(&browser, &patgate, "/account/tokens/new");
    browser.fill("Token name", "by the page");
    browser.sees("A day of your own: until the end of that day in UTC");
    browser.choose("Token expiration", "A day of your own");
    browser.fill("Last day", &day.strftime("%d%m%Y").to_string());
    browser.press("Generate");
    browser.sees("Token generated");
    let made = admin(&patgate).get("/api/v1/personal-access-tokens").json();
    assert_eq!(made[0]["expiresAt"], format!("{day}T23:59:59Z"), "{made}");
    browser.press("Done: go to your access tokens");
    browser.sees(&format!("{}, 23:59 UTC", day.strftime("%-d %b %Y")));
}

#[test]
fn an_administrator_without_javascript_switches_tokens_of_sso_users_off_and_on() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    log_in_admin(&browser, &patgate, "/settings");
    let cells = || {
        ["release.sso", "deploy.sso", "others.sso"]
            .map(|cell| browser.has(&format!("input[value='{cell}']:checked")))
    };
    for was_open in [[false, true, true], [true; 3]] {
        assert_eq!(cells(), was_open);
        for is_on in [false, true] {
            browser.press("Allow personal access tokens for SSO users");
            browser.press("Save settings");
            browser.sees("The settings are saved");
            assert_eq!((browser.has("#sso:checked"), cells()), (is_on, was_open.map(|open| is_on && open)));
        }
        browser.press("Release, SSO users");
        browser.press("Save settings");
        browser.sees("The settings are saved");
    }
}

#[test]
fn an_administrator_without_javascript_closes_a_box_of_the_table_looks_waits_and_undoes() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    let tokens = ["deploy", "release"].map(|name| admin(&patgate).token(name, name).text);
    let pass = || tokens.each_ref().map(|token| auth(&patgate, token));
    let is_checked = || browser.has("input[value='deploy.internal']:checked");
    let close = || {
        browser.press("Deploy, internal users");
        browser.press("Save settings");
        browser.sees("Closing internal users for Deploy");
        browser.reads("tbody th", &["deploy"]);
    };
    log_in_admin(&browser, &patgate, "/settings");
    close();
    browser.press("Cancel");
    browser.arrives("/settings");
    assert_eq!((is_checked(), pass()), (true, [200, 200]), "who looks changes nothing");

    close();
    browser.press("Later: it can be undone until then");
    browser.press("Decide");
    browser.sees("Choose a date and a time");
    assert!(browser.has("input[value=later]:checked"), "what was chosen stays");
    // From the year, which has room for more than four digits, Tab leads on; the letter is for clocks of twelve hours.
    let at = day_to_come().strftime("%d%m%Y").to_string() + "\u{e004}0900A";
    browser.fill("Date and time", &at);
    browser.press("Decide");
    browser.sees("It is decided, and takes effect at the time that you chose.");
    let decision = "Closed: internal users for Deploy; their tokens are suspended";
    browser.reads("th[data-label=Decision]", &[decision]);
    browser.sees(&day_to_come().strftime("%-d %b %Y, 09:00").to_string());
    assert_eq!((is_checked(), pass()), (true, [200, 200]), "it waits");
    browser.press("Undo");
    browser.sees("Undo this decision?");
    browser.press("Undo decision");
    browser.sees("The decision is undone.");
    browser.reads("td[data-label=State]", &["Undone by admin"]);

    close();
    browser.press("Decide");
    browser.sees("It is decided, and in force");
    assert_eq!((is_checked(), pass()), (false, [401, 200]));
    browser.press("Deploy, internal users");
    browser.press("Save settings");
    browser.sees("The settings are saved");
    assert_eq!((is_checked(), pass()), (true, [200, 200]));
}

#[test]
fn an_administrator_without_javascript_switches_passwords_on_the_api_off_and_on() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    let token = admin(&patgate).token("script", "any").text;
    log_in_admin(&browser, &patgate, "/settings");
    for (is_on, status) in [(false, 401), (true, 200)] {
        browser.press("Passwords on the API");
        browser.press("Save settings");
        browser.sees("The settings are saved");
        assert_eq!(browser.has("[name=passwords_on_api]:checked"), is_on);
        assert_eq!(admin(&patgate).get(TOKENS).status, status);
        assert_eq!(auth(&patgate, &token), 200, "tokens go on");
        // The pages take passwords all the same.
        browser.press("Menu of admin");
        browser.press("Log out");
        browser.sees("You are logged out");
        log_in_admin(&browser, &patgate, "/settings");
    }
}

#[test]
fn somebody_without_javascript_mends_a_wrong_password_and_a_refused_form() {
    let (patgate, browser) = (Patgate::start(), scriptless());
    browser.open(&patgate.url_of("/account/tokens/new"));
    browser.fill("User name", "admin");
    browser.fill("Password", "a wrong password");
    browser.press("Log in");
    browser.sees("User name or password is wrong");
    assert_eq!((browser.value("User name"), browser.value("Password")), ("admin".into(), String::new()));
    browser.fill("Password", ADMIN_PASSWORD);
    browser.press("Log in");
    browser.sees("Generate token");
    browser.fill("Token name", "half done");
    browser.choose("Token expiration", "A day of your own");
    browser.press("Let me select permissions");
    browser.press("Generate");
    browser.sees("Nothing was saved yet");
    assert!(browser.has("#date-error"), "{}", browser.source());
    assert_eq!(
        (browser.value("Token name"), browser.value("Token expiration")),
        ("half done".into(), "date".into())
    );
    assert!(browser.has("[name=permissions][value=chosen]:checked"), "what was chosen stays");
    browser.fill("Last day", &day_to_come().strftime("%d%m%Y").to_string());
    browser.press("Generate");
    browser.sees("Token generated");
    assert_eq!(auth(&patgate, &browser.text("#token")), 200);
}

#[test]
fn two_people_without_javascript_delete_the_same_token_and_read_its_life() {
    let (patgate, one, two) = (Patgate::start(), scriptless(), scriptless());
    let token = admin(&patgate).token("twice", "any");
    for browser in [&one, &two] {
        log_in_admin(browser, &patgate, "/account/tokens");
        browser.press("Delete twice");
        browser.sees("What uses this token stops working at once");
    }
    assert_eq!(auth(&patgate, &token.text), 200, "nothing happens before the second button");
    one.press("Delete token");
    one.sees("The token is deleted");
    two.press("Delete token");
    two.sees("This token is already deleted");
    assert!(!two.has(".banner.failed, .faults"));
    assert_eq!(auth(&patgate, &token.text), 401);
    two.press("Audit log");
    two.press_in_row(&["Token deleted", "twice"], "twice");
    two.reads("h1", &["twice"]);
    two.sees(&token.id);
    two.reads("td[data-label=What]", &["Token deleted grant.delete", "Token generated grant.create"]);
}
