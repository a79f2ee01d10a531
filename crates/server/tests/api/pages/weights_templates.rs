//! What the pages of a template weigh, and the form that starts a release of it, when it has as much in it as it may have.

use patgate_core::release::{Release, ReleaseStatus, TaskKind};

use super::link;
use super::weights::{are_light, username, weigh_pages};
use super::weights_releases::{fill, id, title};
use crate::common::{Answer, SignedIn, World};

/// A template of as much as there may be, whose variables are all asked for. Returns its page.
async fn template(world: &World) -> (SignedIn, String) {
    let root = world.user(&username(0), &["admin"]).await;
    let number = id("Release", 1);
    let change_it = |release: &mut Release| {
        release.id = number.parse().unwrap();
        release.title = title(1);
        release.owner = root.id;
        release.status = ReleaseStatus::Template;
        fill(release);
        for task in release.phases.iter_mut().flat_map(|phase| &mut phase.tasks) {
            task.kind = TaskKind::Script { script: "<".repeat(1_000) };
        }
        for variable in &mut release.variables {
            variable.show_on_release_start = true;
            variable.label = "<".repeat(1_000);
        }
    };
    world.put_release(1, change_it).await;
    (world.session(&root).await, format!("/releases/templates/{number}"))
}

/// The numbers of the parts of this kind that a page has a row of.
fn numbers(page: &Answer, word: &str) -> Vec<usize> {
    let row = format!("<tr id=\"{word}");
    let rows = page.text().split(&row).skip(1);
    rows.map(|rest| rest[..64].parse().unwrap()).collect()
}

#[tokio::test]
async fn the_outline_of_a_template_of_as_much_as_there_may_be_stays_light_and_has_all_of_it() {
    let world = World::new().await;
    let (session, path) = template(&world).await;
    let mut heavy = Vec::new();
    for (list, word, most) in [(0, "Task", 500), (1, "Variable", 200)] {
        let (mut seen, mut at) = (Vec::new(), path.clone());
        loop {
            let page = world.open(&session, &at).await;
            seen.extend(numbers(&page, word));
            heavy.extend(weigh_pages(&world, &session, &at).await);
            // Each of the two lists ends where the other begins, or the page does.
            let onward = page.text().split("<h2>Variables</h2>").nth(list).unwrap();
            let Some(next) = onward.split("rel=\"next\" href=\"").nth(1) else { break };
            at = next.split('"').next().unwrap().replace("&#38;", "&");
        }
        assert_eq!(seen, (0..most).collect::<Vec<_>>(), "{word}");
    }
    assert!(heavy.is_empty(), "{heavy:?}");
}

#[tokio::test]
async fn the_pages_of_its_parts_and_the_form_that_starts_it_stay_light() {
    let world = World::new().await;
    let (session, path) = template(&world).await;
    let (phase, task, variable) = (id("Phase", 7), id("Task", 7), id("Variable", 7));
    let paths = [
        "phases/new".to_owned(),
        format!("phases/{phase}"),
        format!("phases/{phase}/add"),
        format!("phases/{phase}/delete"),
        format!("tasks/{task}"),
        format!("tasks/{task}/delete"),
        "variables/new".to_owned(),
        format!("variables/{variable}"),
        format!("variables/{variable}/delete"),
        "start".to_owned(),
        "start?variables=20".to_owned(),
        "start?variables=180".to_owned(),
        format!("start?variables=20&whole={}", id("Variable", 30)),
        "delete".to_owned(),
    ];
    are_light(&world, &session, &paths.map(|below| format!("{path}/{below}"))).await;
    let start = world.open(&session, &format!("{path}/start")).await;
    assert!(start.text().contains("It is longer than this"), "{}", start.shown());
    assert_eq!(link(&start, "next"), None, "it turns by buttons, which keep what is typed");
}
