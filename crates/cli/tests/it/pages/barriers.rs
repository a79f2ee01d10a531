//! Whether everybody can use the pages: axe-core on every page in both schemes, and no scrolling sideways on a telephone.

use patgate_testkit::browser::{Browser, Scheme, Size};
use patgate_testkit::servers::patgate::Patgate;

use serde_json::json;

use super::log_in_admin;
use crate::actors::admin;

/// Pages for everybody.
const OPEN: [&str; 3] = ["/login", "/design", "/reset/no-such-link"];
/// Pages for who is signed in, and what each is headed. A new page is one more line.
const SIGNED_IN: [(&str, &str); 22] = [
    ("/account/api", "API"),
    ("/account/profile", "Profile"),
    ("/account/profile/logout", "Log out everywhere?"),
    ("/account/tokens", "Personal access tokens"),
    ("/account/tokens?search=zebra", "Personal access tokens"),
    ("/account/tokens/new", "Generate token"),
    ("/account/tokens/expired/clear", "Clear expired tokens"),
    ("/settings", "System settings"),
    ("/admin/tokens", "All tokens"),
    ("/admin/tokens?search=zebra", "All tokens"),
    ("/admin/users", "Users"),
    ("/admin/users/new", "New user"),
    ("/admin/users/ann", "ann"),
    ("/admin/users/ann/disable", "Disable ann?"),
    ("/admin/users/ann/unlock", "Unlock ann?"),
    ("/admin/users/ann/delete", "Delete ann?"),
    ("/admin/users/ann/reset-link", "Make a password reset link for ann?"),
    ("/admin/users/nobody", "There is nothing here"),
    ("/admin/roles", "Roles and permissions"),
    ("/admin/roles/new", "New role"),
    ("/admin/audit", "Audit log"),
    ("/no-such-page", "There is nothing here"),
];

const LOOKS: [(Scheme, Size); 3] =
    [(Scheme::Light, Size::Wide), (Scheme::Dark, Size::Wide), (Scheme::Light, Size::Phone)];

#[test]
fn nobody_is_kept_out_by_a_page() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    fill(&patgate);
    let mut found = Vec::new();
    for path in OPEN {
        browser.open(&patgate.url_of(path));
        found.extend(judged(&browser, path));
    }
    log_in_admin(&browser, &patgate, "/account/api");
    for (path, heading) in SIGNED_IN {
        browser.open(&patgate.url_of(path));
        if browser.texts("h1") != [heading] {
            found.push(format!("{path} is headed {:?}", browser.texts("h1")));
        }
        found.extend(judged(&browser, path));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Something of every kind to show.
fn fill(patgate: &Patgate) {
    let admin = admin(patgate);
    for (name, application) in [("nightly build", "any"), ("deployer", "deploy"), ("old runner", "release")] {
        admin.token(name, application);
    }
    admin.token_of(&json!({ "tokenNote": "a few", "globalPermissions": ["login"], "expiresInDays": 3 }));
    admin.hire("ann", "password of ann 1", &["login", "release#view"]);
    patgate.sql("UPDATE grants SET created_at = 1, expires_at = 86400000 WHERE name = 'old runner'");
}

/// The barriers of the page that the browser shows, in every look.
pub(super) fn judged(browser: &Browser, page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (scheme, size) in LOOKS {
        browser.look(scheme, size);
        found.extend(
            browser.barriers().into_iter().map(|line| format!("{page}, {scheme:?} {size:?}: {line}")),
        );
        if browser.scrolls_sideways() {
            found.push(format!("{page}, {size:?}: one has to scroll sideways"));
        }
    }
    browser.look(Scheme::Light, Size::Wide);
    found
}
