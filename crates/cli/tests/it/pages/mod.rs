//! The pages as people use them: a real Chromium, the real program. One file a flow.

mod administration;
mod all_tokens;
mod api;
mod barriers;
mod countdown;
mod everybody;
mod keyboard;
mod lists;
mod login;
mod notifications;
mod releases;
mod roles;
mod scriptless;
mod single_sign_on;
mod tokens;
mod webhooks;
mod zones;

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};

/// Logs somebody in, who then is at this path.
fn log_in(browser: &Browser, patgate: &Patgate, name: &str, password: &str, path: &str) {
    browser.open(&patgate.url_of(path));
    browser.fill("User name", name);
    browser.fill("Password", password);
    browser.press("Log in");
    browser.sees_no("form[action$='/login']");
    browser.arrives(path);
}

/// Logs the first administrator in.
fn log_in_admin(browser: &Browser, patgate: &Patgate, path: &str) {
    log_in(browser, patgate, "admin", ADMIN_PASSWORD, path);
}
