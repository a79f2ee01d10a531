//! The whole flow of access tokens and of the profile, gone through by everybody: an administrator, an ordinary user, and
//! somebody who signs in at a provider.

use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::curl;
use patgate_testkit::servers::oidc::Certified;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};

use super::log_in;
use super::single_sign_on::{certified, sign_in_there};
use crate::actors::{admin, auth};

const TOKENS: &str = "/account/tokens";
const PROFILE: &str = "/account/profile";
/// More than two pages of the list.
const MANY: usize = 50;

/// Who goes through a flow.
struct Somebody {
    patgate: Patgate,
    provider: Option<Certified>,
    name: &'static str,
    /// The password here; empty for who signs in at the provider.
    password: &'static str,
}

impl Somebody {
    fn administrator() -> Self {
        Self { patgate: Patgate::start(), provider: None, name: "admin", password: ADMIN_PASSWORD }
    }

    fn user() -> Self {
        let somebody = Self { name: "ann", password: "password of ann 1", ..Self::administrator() };
        admin(&somebody.patgate).hire(somebody.name, somebody.password, &["login"]);
        somebody
    }

    fn of_sso() -> Self {
        let (patgate, provider) = certified();
        Self { patgate, provider: Some(provider), name: "alice", password: "" }
    }

    /// Logs them in with a browser, which is at this path then.
    fn log_in(&self, browser: &Browser, password: &str, path: &str) {
        if self.provider.is_none() {
            return log_in(browser, &self.patgate, self.name, password, path);
        }
        browser.open(&self.patgate.url_of(path));
        browser.press("Log in with Example Ltd.");
        sign_in_there(browser, &self.patgate, self.name, "any password");
        browser.arrives(path);
    }

    /// Tokens that nobody made by hand: `many-01` and so on, the last one the newest.
    fn have_many(&self) {
        self.patgate.sql(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
             INSERT INTO grants (id, owner, name, name_key, application, created_at)
             SELECT 1000 + i, (SELECT id FROM users WHERE username = '{}'), printf('many-%02d', i),
                    printf('many-%02d', i), 'any', 1000 + i FROM n",
            self.name
        ));
    }
}

#[test]
fn an_administrator_makes_finds_deletes_and_clears_tokens() {
    tokens(&Somebody::administrator());
}

#[test]
fn a_user_makes_finds_deletes_and_clears_tokens() {
    tokens(&Somebody::user());
}

#[test]
fn somebody_of_sso_makes_finds_deletes_and_clears_tokens() {
    tokens(&Somebody::of_sso());
}

#[test]
fn an_administrator_keeps_their_profile() {
    let (somebody, browser) = (Somebody::administrator(), Browser::start());
    let password = details(&somebody, &browser);
    sessions(&somebody, &browser, password);
}

#[test]
fn a_user_keeps_their_profile() {
    let (somebody, browser) = (Somebody::user(), Browser::start());
    let password = details(&somebody, &browser);
    sessions(&somebody, &browser, password);
}

#[test]
fn somebody_of_sso_reads_their_profile_and_ends_sessions() {
    let (somebody, browser) = (Somebody::of_sso(), Browser::start());
    somebody.log_in(&browser, "", PROFILE);
    browser.sees("They come from Example Ltd., and are changed there.");
    assert!(!browser.has("input[name=full_name], input[name=new_password]"), "nothing is changed here");
    sessions(&somebody, &browser, "");
}

/// Generates a token on the list's page, and returns its text.
fn generate(browser: &Browser, name: &str) -> String {
    browser.press("Generate new tokens");
    browser.fill("Token name", name);
    browser.press("Generate");
    browser.sees("Token generated");
    browser.text("#token")
}

fn tokens(somebody: &Somebody) {
    let (patgate, browser) = (&somebody.patgate, Browser::start());
    somebody.log_in(&browser, somebody.password, TOKENS);
    browser.sees("No tokens yet");
    browser.press("Generate new tokens");
    let lifetimes =
        ["7 days", "30 days", "45 days", "60 days", "1 year", "No expiration", "A day of your own"];
    assert_eq!(browser.options("Token expiration"), lifetimes);
    // The vendor's rule: none for Release for who comes from a provider.
    let applications =
        if somebody.provider.is_some() { &["Any", "Deploy"][..] } else { &["Any", "Release", "Deploy"] };
    assert_eq!(browser.options("Application"), applications);
    browser.press("Cancel");
    browser.sees_no("dialog[open]");
    made_once(patgate, &browser);
    deleted(patgate, &browser);
    found(somebody, &browser);
    cleared(patgate, &browser);
}

/// A token is copied, works, and is shown this once.
fn made_once(patgate: &Patgate, browser: &Browser) {
    let token = generate(browser, "nightly build");
    browser.press("Copy token");
    browser.sees("Copied");
    assert_eq!(browser.clipboard(), token);
    assert_eq!(curl::line(&browser.text("#call")).status, 200);
    // Somebody lets the browser send the form again, and goes back then.
    browser.reload();
    browser.sees("This form was already used");
    assert!(!browser.source().contains(&token));
    browser.press("Go to your access tokens");
    browser.reads("tbody th", &["nightly build"]);
    for _ in 0..2 {
        browser.back();
        assert!(!browser.source().contains(&token), "{}", browser.path());
    }
    browser.open(&patgate.url_of(TOKENS));
    browser.reads("tbody th", &["nightly build"]);
    assert_eq!(auth(patgate, &token), 200);
}

/// A token is deleted when that was confirmed, and not before.
fn deleted(patgate: &Patgate, browser: &Browser) {
    let token = generate(browser, "short-lived");
    browser.press("Done: go to your access tokens");
    browser.press("Delete short-lived");
    browser.sees("Delete short-lived?");
    browser.key(Key::Escape);
    browser.sees_no("dialog[open]");
    assert_eq!(auth(patgate, &token), 200, "nothing happens before the second button");
    browser.press("Delete short-lived");
    browser.press("Delete token");
    browser.sees("The token is deleted. It no longer works anywhere.");
    browser.reads("tbody th", &["nightly build"]);
    assert_eq!(auth(patgate, &token), 401);
}

/// Many tokens are leafed through, sorted, and found by how their names begin.
fn found(somebody: &Somebody, browser: &Browser) {
    somebody.have_many();
    browser.reload();
    let is_at = |first: &str, last: &str, count: usize| {
        browser.reads("tbody tr:first-child th", &[first]);
        browser.reads("tbody tr:last-child th", &[last]);
        browser.counts("tbody tr", count);
    };
    is_at("nightly build", "many-32", 20);
    browser.press("Next ›");
    is_at("many-31", "many-12", 20);
    browser.press("Next ›");
    is_at("many-11", "many-01", 11);
    browser.sees_no("a[rel=next]");
    browser.press("‹ Previous");
    is_at("many-31", "many-12", 20);
    browser.choose("Sort by", "Name, A to Z");
    browser.press("Apply");
    is_at("many-01", "many-20", 20);
    browser.press("Next ›");
    is_at("many-21", "many-40", 20);
    browser.fill("Name begins with", "many-1");
    browser.press("Apply");
    is_at("many-10", "many-19", 10);
    browser.fill("Name begins with", "zebra");
    browser.press("Apply");
    browser.sees("No token fits");
    browser.press("Show all tokens");
    is_at("nightly build", "many-32", 20);
}

/// Tokens that have expired stay visible until they are cleared.
fn cleared(patgate: &Patgate, browser: &Browser) {
    patgate.sql("UPDATE grants SET expires_at = 86400000 WHERE name IN ('many-01', 'many-02')");
    browser.open(&patgate.url_of(TOKENS));
    browser.choose("Show", "Expired ones");
    browser.press("Apply");
    browser.reads("tbody th", &["many-02", "many-01"]);
    browser.reads("tr.over .pill", &["Expired", "Expired"]);
    browser.press("Clear expired tokens");
    browser.sees("many-01");
    browser.press("Cancel");
    browser.press("Clear expired tokens");
    browser.press("Delete 2 expired tokens");
    browser.sees("The expired tokens are cleared.");
    browser.choose("Show", "Expired ones");
    browser.press("Apply");
    browser.sees("No token fits");
    let left = patgate.sql("SELECT count(*) FROM grants WHERE name LIKE 'many-%' AND deleted_at IS NULL");
    assert_eq!(left.trim(), (MANY - 2).to_string());
}

/// Name, address and password are changed. The new password.
fn details(somebody: &Somebody, browser: &Browser) -> &'static str {
    let new = "the next good password";
    somebody.log_in(browser, somebody.password, PROFILE);
    browser.fill("Full name", "Kim Kern");
    browser.fill("E-mail", "kim@example.org");
    browser.press("Save profile");
    browser.sees("Your profile is saved");
    assert_eq!(
        (browser.value("Full name"), browser.value("E-mail")),
        ("Kim Kern".to_owned(), "kim@example.org".to_owned())
    );
    let change = |current: &str, repeated: &str| {
        browser.fill("Current password", current);
        browser.fill("New password", new);
        browser.fill("New password, again", repeated);
        browser.press("Change password");
    };
    change("not the password", new);
    browser.sees("This is not the current password.");
    change(somebody.password, "another one");
    browser.sees("The new password is not the same twice.");
    change(somebody.password, new);
    browser.sees("Your password is changed");
    new
}

/// One session is ended from another, and then all.
fn sessions(somebody: &Somebody, browser: &Browser, password: &str) {
    let other = Browser::start();
    somebody.patgate.sql("DELETE FROM sessions");
    somebody.log_in(&other, password, TOKENS);
    somebody.log_in(browser, password, PROFILE);
    browser.counts("tbody tr", 2);
    browser.press("End session of Chrome on Linux");
    browser.sees("The session has ended");
    browser.counts("tbody tr", 1);
    other.reload();
    other.arrives("/login?next=%2Faccount%2Ftokens");
    somebody.log_in(&other, password, TOKENS);
    browser.press("Log out everywhere");
    browser.sees("Log out everywhere?");
    browser.press("Cancel");
    browser.sees_no("dialog[open]");
    browser.press("Log out everywhere");
    browser.press("End all sessions");
    browser.sees("You are logged out");
    for one in [browser, &other] {
        one.open(&somebody.patgate.url_of(PROFILE));
        one.arrives("/login?next=%2Faccount%2Fprofile");
    }
}
