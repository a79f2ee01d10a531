//! *Releases*: making a template with a script, starting it, and watching what the script says.

use std::time::Duration;

use patgate_testkit::browser::Browser;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wait;
use serde_json::json;

use super::log_in_admin;
use crate::actors::admin;
use crate::releases::{come_to, script, start};

/// How long a script may take to say something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Waits until the log of a task grows on a page as it was loaded: one that is loaded anew begins again.
fn sees_growing(browser: &Browser) {
    let has_grown = "const lines = document.querySelectorAll('[data-log] li').length;
         window.linesAtFirst ??= lines;
         return lines > window.linesAtFirst";
    let grown = wait::until(PATIENCE, || (browser.run(has_grown) == true).then_some(()));
    assert!(grown.is_some(), "the log does not grow on {}", browser.path());
}

#[test]
fn what_a_task_says_appears_on_its_page_while_it_runs() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    log_in_admin(&browser, &patgate, "/releases");
    let root = admin(&patgate);
    // It takes seconds until the first line, so that the page is there before, and more until the last one.
    // A call without a name in it would be done once, while the script is read.
    let slow = "def count():\n    for i in range(20):\n        all(range(1, 4000000 + i))\n        print('line', i)\n\
                all(range(1, 40000000))\ncount()\nfail('enough')";
    let release = start(&root, &[script(slow)], &json!({}));
    browser.reload();
    browser.press("Ship it");
    browser.press("Script");
    sees_growing(&browser);
    come_to(&root, &release, "FAILED");
    let restarted = root.send("POST", &format!("/api/v1/releases/{release}/restart"), &json!({}));
    assert_eq!(restarted.status, 200, "{}", restarted.text());
    browser.reload();
    sees_growing(&browser);
    assert_eq!(browser.texts("[data-log] .begins p"), ["Run 2"]);
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
