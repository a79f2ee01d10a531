//! *Releases*: making a template with a script, starting it, and watching what the script says.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;

use super::log_in_admin;

const NEW: &str = "/releases/templates/new";
const TITLE: &str = "document.querySelector('[name=phase-0-task-0-script]').value = ";

/// Writes the script of the only task.
fn write(browser: &Browser, script: &str) {
    browser.run(&format!("{TITLE}{}", serde_json::Value::from(script)));
}

/// Makes the template *Ship it* with this script.
fn make(browser: &Browser, script: &str) {
    browser.fill("Title", "Ship it");
    write(browser, script);
    browser.press("Save template");
    browser.sees("The template is saved.");
}

#[test]
fn a_script_is_mended_by_its_line_then_saved_and_run() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, NEW);
    browser.fill("Title", "Ship it");
    write(&browser, "x = 1\nprint(y)");
    browser.press("Save template");
    browser.sees("Nothing was saved yet");
    browser.sees("Line 2, column 7");
    make(
        &browser,
        "def pause():\n    for i in range(40):\n        for j in range(100000):\n            x = j\n        print('line', i)\npause()",
    );
    browser.press("Start Ship it");
    browser.press("Start release");
    browser.sees("The release has started.");
    browser.press("Script");
    browser.sees("line 39");
    browser.sees("Completed");
}

#[test]
fn without_scripts_of_the_browser_the_pages_are_whole() {
    let (patgate, browser) = (Patgate::start(), Browser::with().without_scripts().start());
    log_in_admin(&browser, &patgate, NEW);
    browser.press("Add gate to Phase 1");
    browser.sees("Not saved yet");
    browser.press("Move up Approval");
    browser.fill("Title", "Ship it");
    browser.press("Save template");
    browser.sees("The template is saved.");
    browser.press("Start Ship it");
    browser.press("Start release");
    browser.sees("Waits for approval");
    browser.press("Approve Approval");
    browser.press("Approve");
    browser.sees("The gate is approved.");
}
