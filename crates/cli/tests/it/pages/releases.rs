//! *Releases*: making a template with a script, starting it, and watching what the script says.

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;

use super::log_in_admin;

const NEW: &str = "/releases/templates/new";
const SCRIPT: &str = "document.querySelector('[name=script]').value = ";
const GATE: &str = "Gate: somebody approves";
/// The tasks in the outline of a template.
const TASKS: &str = "main th[data-label=Task]";

/// Writes the script of the task.
fn write(browser: &Browser, script: &str) {
    browser.run(&format!("{SCRIPT}{}", serde_json::Value::from(script)));
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
    assert_eq!(browser.value("Script"), "x = 1\nprint(y)");
    write(&browser, "print('before')");
    browser.press("Save template");
    browser.sees("The template is saved.");
    browser.press("Script");
    write(
        &browser,
        "def pause():\n    for i in range(40):\n        for j in range(100000):\n            x = j\n        print('line', i)\npause()",
    );
    browser.press("Save task");
    browser.sees("The template is saved.");
    browser.press("Start a release");
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
    browser.fill("Title", "Ship it");
    browser.fill("First task", "Approval");
    browser.choose("Kind", GATE);
    browser.press("Save template");
    browser.sees("The template is saved.");
    browser.press("Add task to Phase 1");
    browser.fill("Title", "Another look");
    browser.choose("Kind", GATE);
    browser.press("Save task");
    browser.reads(TASKS, &["Approval", "Another look"]);
    browser.press("Move up Another look");
    browser.reads(TASKS, &["Another look", "Approval"]);
    browser.press("Another look");
    browser.press("Delete");
    browser.press("Delete for good");
    browser.reads(TASKS, &["Approval"]);
    browser.press("Start a release");
    browser.press("Start release");
    browser.sees("Waits for approval");
    browser.press("Approve Approval");
    browser.press("Approve");
    browser.sees("The gate is approved.");
}
