//! What the pages of releases weigh when titles are as long as they may be, and one has as much in it as it may have.

use patgate_core::release::{
    Phase, Release, ReleaseStatus, Task, TaskStatus, Variable, VariableKind, VariableValue,
};

use super::weights::{MANY, are_light, username};
use crate::common::World;

/// A title of as many characters as there may be, of five bytes each in a page.
pub(super) fn title(number: usize) -> String {
    format!("{number:04}{}", "<".repeat(251))
}

/// An identifier as long as it may be.
pub(super) fn id(word: &str, number: usize) -> String {
    format!("{word}{number:064}")
}

/// As much as there may be: a hundred phases, of which all but the last have one task, five hundred tasks and two hundred
/// variables.
pub(super) fn fill(release: &mut Release) {
    let (phase, task) = (release.phases[0].clone(), release.phases[0].tasks[1].clone());
    let task = |number: usize| Task {
        id: id("Task", number).parse().unwrap(),
        title: title(number),
        status: TaskStatus::Failed,
        status_line: Some("<".repeat(1_000)),
        restarts: 1,
        ..task.clone()
    };
    let phase = |number: usize| Phase {
        id: id("Phase", number).parse().unwrap(),
        title: title(number),
        tasks: if number < 99 { vec![task(number)] } else { (99..500).map(task).collect() },
        ..phase.clone()
    };
    release.phases = (0..100).map(phase).collect();
    let variable = |number: usize| Variable {
        id: id("Variable", number).parse().unwrap(),
        key: title(number),
        kind: VariableKind::Text,
        value: Some(VariableValue::Text("<".repeat(2_000))),
        label: String::new(),
        description: String::new(),
        requires_value: false,
        show_on_release_start: false,
    };
    release.variables = (0..200).map(variable).collect();
    release.description = "<".repeat(16 * 1_024);
}

#[tokio::test]
async fn lists_of_releases_and_templates_stay_light() {
    let world = World::new().await;
    let root = world.user(&username(0), &["admin"]).await;
    let session = world.session(&root).await;
    for number in 0..2 * MANY {
        let change_it = |release: &mut Release| {
            release.id = id("Release", number).parse().unwrap();
            release.title = title(number);
            release.owner = root.id;
            if number % 2 == 0 {
                release.status = ReleaseStatus::InProgress;
                release.phases[0].tasks[0].title = title(number);
                release.phases[0].tasks[0].status = TaskStatus::InProgress;
            }
        };
        world.put_release(i64::try_from(number).unwrap() + 1, change_it).await;
    }
    let paths = ["/releases", "/releases?search=00", "/releases/templates", "/releases/templates?search=00"];
    are_light(&world, &session, &paths.map(str::to_owned)).await;
}

#[tokio::test]
async fn a_release_of_as_much_as_there_may_be_stays_light() {
    let world = World::new().await;
    let root = world.user(&username(0), &["admin"]).await;
    let session = world.session(&root).await;
    let number = id("Release", 1);
    let change_it = |release: &mut Release| {
        release.id = number.parse().unwrap();
        release.title = title(1);
        release.owner = root.id;
        release.status = ReleaseStatus::Failed;
        fill(release);
    };
    world.put_release(1, change_it).await;
    let base = format!("/releases/{number}");
    let last = format!("{base}?tasks=485&variables=190");
    let paths = [
        base.clone(),
        format!("{base}?variables=10"),
        last.clone(),
        format!("{base}/tasks/{}", id("Task", 7)),
    ];
    are_light(&world, &session, &paths).await;
    // Every task stands on one page, and the first one of which something is to be seen on each.
    let (mut path, mut seen) = (base.clone(), Vec::new());
    loop {
        let page = world.open(&session, &path).await;
        let (tasks, variables) = page.text().split_once("<h2>Variables</h2>").unwrap();
        assert!(tasks.contains(&format!("<dt>At</dt><dd><a href=\"{base}/tasks/{}\">", id("Task", 0))));
        let mark = format!("data-label=\"Task\"><span><a href=\"{base}/tasks/Task");
        seen.extend(tasks.split(&mark).skip(1).map(|rest| rest[..64].parse::<usize>().unwrap()));
        assert_eq!(variables.matches("data-label=\"Name\"").count(), 10);
        let next = tasks.split("rel=\"next\" href=\"").nth(1);
        let Some(next) = next else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&");
    }
    assert_eq!(seen, (0..500).collect::<Vec<_>>());
    let page = world.open(&session, &last).await;
    assert!(!page.text().contains("rel=\"next\""), "{}", page.text());
    assert!(page.text().contains(&format!("<th scope=\"row\" data-label=\"Name\">{:04}", 199)));
}
