//! The sights of releases and templates.

use super::Sight;
use super::Step::{Fill, Press, See};

/// All of them.
pub(super) const RELEASES: &[Sight] = &[
    Sight::of("releases", "/releases", "/releases", "Releases"),
    Sight::of("releases-none", "/releases", "/releases?search=zebra", "Releases"),
    Sight::of("release", "/releases/{id}", "/releases/{release}", "Ship 2.1"),
    Sight::of("release-start", "/releases/{id}/start", "/releases/{release}/start", "Start Ship 2.1?"),
    Sight::of("release-abort", "/releases/{id}/abort", "/releases/{release}/abort", "Abort Ship 2.1?"),
    Sight::of(
        "release-restart",
        "/releases/{id}/restart",
        "/releases/{release}/restart",
        "Restart Ship 2.1 from the task that failed?",
    ),
    Sight::of("release-delete", "/releases/{id}/delete", "/releases/{release}/delete", "Delete Ship 2.1?"),
    Sight::of(
        "release-task",
        "/releases/{id}/tasks/{task}",
        "/releases/{release}/tasks/{script}",
        "Tell everybody",
    ),
    Sight::of(
        "release-approve",
        "/releases/{id}/tasks/{task}/approve",
        "/releases/{release}/tasks/{gate}/approve",
        "Approve Look at it?",
    ),
    Sight::of("templates", "/releases/templates", "/releases/templates", "Templates"),
    Sight::of("template-new", "/releases/templates/new", "/releases/templates/new", "New template"),
    Sight::of("template-new-wrong", "/releases/templates/new", "/releases/templates/new", "New template")
        .after(&[
            Fill("Title", "Ship it"),
            Fill("Script", "x = 1\nprint(y)"),
            Press("Save template"),
            See("Line 2, column 7"),
        ]),
    Sight::of("template", "/releases/templates/{id}", "/releases/templates/{template}", "Ship it"),
    Sight::of(
        "template-edit",
        "/releases/templates/{id}/edit",
        "/releases/templates/{template}/edit",
        "Edit template",
    ),
    Sight::of(
        "template-phase-new",
        "/releases/templates/{id}/phases/new",
        "/releases/templates/{template}/phases/new",
        "New phase",
    ),
    Sight::of(
        "template-phase",
        "/releases/templates/{id}/phases/{phase}",
        "/releases/templates/{template}/phases/{phase}",
        "Edit phase",
    ),
    Sight::of(
        "template-phase-delete",
        "/releases/templates/{id}/phases/{phase}/delete",
        "/releases/templates/{template}/phases/{phase}/delete",
        "Delete the phase Production?",
    ),
    Sight::of(
        "template-task-new",
        "/releases/templates/{id}/phases/{phase}/add",
        "/releases/templates/{template}/phases/{phase}/add",
        "New task",
    ),
    Sight::of(
        "template-task",
        "/releases/templates/{id}/tasks/{task}",
        "/releases/templates/{template}/tasks/{tell}",
        "Edit task",
    ),
    Sight::of(
        "template-gate",
        "/releases/templates/{id}/tasks/{task}",
        "/releases/templates/{template}/tasks/{look}",
        "Edit task",
    ),
    Sight::of(
        "template-task-delete",
        "/releases/templates/{id}/tasks/{task}/delete",
        "/releases/templates/{template}/tasks/{tell}/delete",
        "Delete the task Tell everybody?",
    ),
    Sight::of(
        "template-variable-new",
        "/releases/templates/{id}/variables/new",
        "/releases/templates/{template}/variables/new",
        "New variable",
    ),
    Sight::of(
        "template-variable",
        "/releases/templates/{id}/variables/{variable}",
        "/releases/templates/{template}/variables/{variable}",
        "Edit variable",
    ),
    Sight::of(
        "template-variable-delete",
        "/releases/templates/{id}/variables/{variable}/delete",
        "/releases/templates/{template}/variables/{variable}/delete",
        "Delete the variable Version?",
    ),
    Sight::of(
        "template-start",
        "/releases/templates/{id}/start",
        "/releases/templates/{template}/start",
        "Start Ship it",
    ),
    Sight::of(
        "template-delete",
        "/releases/templates/{id}/delete",
        "/releases/templates/{template}/delete",
        "Delete the template Ship it?",
    ),
];
