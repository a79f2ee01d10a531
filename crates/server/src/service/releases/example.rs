//! A release, for tests of what is made of one.

use patgate_core::release::{Release, TaskKind};
use serde_json::json;

/// A planned release of these phases, which are their tasks. Phases and tasks are called by their numbers: `Phase1`, `Task1`.
pub(crate) fn planned(phases: impl IntoIterator<Item = Vec<TaskKind>>) -> Release {
    let mut count = 0;
    let mut task = |kind: TaskKind| {
        count += 1;
        let id = format!("Task{count}");
        json!({ "id": id, "title": id, "kind": kind, "status": "PLANNED" })
    };
    let mut planned = Vec::new();
    for kinds in phases {
        let id = format!("Phase{}", planned.len() + 1);
        let tasks: Vec<_> = kinds.into_iter().map(&mut task).collect();
        planned.push(json!({ "id": id, "title": id, "status": "PLANNED", "tasks": tasks }));
    }
    let release = json!({
        "id": "Release1", "title": "Ship it", "status": "PLANNED", "phases": planned, "variables": [],
        "created_at": "2026-05-03T12:00:00Z",
    });
    serde_json::from_value(release).unwrap()
}
