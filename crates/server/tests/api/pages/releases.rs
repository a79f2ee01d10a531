//! *Releases*: lists, one release and its tasks, and the questions before acts.

use std::time::Duration;

use http_body_util::BodyExt;
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::ReleaseStatus;
use patgate_store::{LogLine, LogPlace};
use patgate_testkit::clock::NOON;

use super::link;
use crate::common::{Answer, SignedIn, World, get, post};

async fn person(world: &World, name: &str, permissions: &[&str]) -> SignedIn {
    let person = world.user(name, permissions).await;
    world.session(&person).await
}

/// The titles in a list, in its order.
fn titles(list: &Answer) -> Vec<String> {
    let cells = list.text().split(r#"<th scope="row" data-label="Title"><a href=""#).skip(1);
    cells.map(|rest| rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()).collect()
}

/// The titles of these nights, the newest first.
fn nights(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.rev().map(|number| format!("Nightly {number}")).collect()
}

#[tokio::test]
async fn lists_go_on_from_a_row_whatever_is_made_meanwhile() {
    let world = World::new().await;
    let ann = person(&world, "ann", &["login", "release#view"]).await;
    for (list, status) in
        [("/releases", ReleaseStatus::Planned), ("/releases/templates", ReleaseStatus::Template)]
    {
        world.nightly(status, 1..=45).await;
        let open = async |path: Option<String>| world.open(&ann, &path.unwrap()).await;
        let first = open(Some(list.to_owned())).await;
        assert_eq!((titles(&first), link(&first, "prev")), (nights(26..=45), None), "{list}");
        world.nightly(status, 46..=47).await;
        let second = open(link(&first, "next")).await;
        assert_eq!(titles(&second), nights(6..=25), "{list}: nothing is shown twice");
        let last = open(link(&second, "next")).await;
        assert_eq!((titles(&last), link(&last, "next")), (nights(1..=5), None), "{list}");
        let back = open(link(&last, "prev")).await;
        assert_eq!(titles(&back), nights(6..=25), "{list}");
        let newer = open(link(&back, "prev")).await;
        assert_eq!(titles(&newer), nights(26..=45), "{list}: those next to the page before");
        let newest = open(link(&newer, "prev")).await;
        assert_eq!((titles(&newest), link(&newest, "prev")), (nights(46..=47), None), "{list}");
        let found = open(Some(format!("{list}?search=LY+4&state=PLANNED"))).await;
        let fitting = [nights(40..=47), nights(4..=4)].concat();
        assert_eq!((titles(&found), link(&found, "next")), (fitting, None), "{list}");
        let many = open(Some(format!("{list}?search=night"))).await;
        let next = link(&many, "next").unwrap();
        assert!(next.contains("search=night&after="), "{next}");
        assert_eq!(titles(&open(Some(next)).await), nights(8..=27), "{list}");
        // Addresses from before, and such as nobody was given, are the beginning.
        for strange in ["page=1", "after=x", "before=5"] {
            let page = open(Some(format!("{list}?{strange}"))).await;
            assert_eq!(titles(&page), nights(28..=47), "{list}?{strange}");
        }
    }
}

#[tokio::test]
async fn somebody_finds_a_release_and_sees_where_it_stands() {
    let world = World::new().await;
    world.release_things().await;
    let ann = person(&world, "ann", &["login", "release#view"]).await;
    let list = world.open(&ann, "/releases").await;
    for shown in ["Release2", "Planned", "Release3", "Failed", "Release4", "In progress", "Task2"] {
        assert!(list.text().contains(shown), "{shown}: {}", list.text());
    }
    assert!(!list.text().contains(">Ship it<"), "a template is no release");
    let failed = world.open(&ann, "/releases?state=FAILED").await;
    assert!(failed.text().contains("Release3") && !failed.text().contains("Release4"));
    let none = world.open(&ann, "/releases?search=zebra").await;
    assert!(none.text().contains("Nothing found"));
    let one = world.open(&ann, "/releases/Release3").await;
    for shown in
        ["It failed.", "Approved by root.", "Phase", "Task1", "Gate", "Nobody: its scripts can call nothing"]
    {
        assert!(one.text().contains(shown), "{shown}: {}", one.text());
    }
    for act in ["start", "abort", "restart", "delete"] {
        assert!(!one.text().contains(&format!("/releases/Release3/{act}\"")), "who may only look: {act}");
    }
    let task = world.open(&ann, "/releases/Release3/tasks/Task2").await;
    for shown in ["It failed.", "print(1)", "The script has printed nothing yet."] {
        assert!(task.text().contains(shown), "{shown}: {}", task.text());
    }
}

#[tokio::test]
async fn each_act_is_asked_for_and_done_once() {
    let world = World::new().await;
    world.release_things().await;
    let root = person(&world, "root", &["admin"]).await;
    let page = world.open(&root, "/releases/Release4").await;
    assert!(page.text().contains("/releases/Release4/tasks/Task1/approve\""), "{}", page.text());
    for (path, asked, done) in [
        ("/releases/Release4/tasks/Task1/approve", "Approve Task1?", "/releases/Release4?done=approved"),
        ("/releases/Release4/abort", "Abort Release4?", "/releases/Release4?done=aborted"),
        ("/releases/Release4/delete", "Delete Release4?", "/releases?done=deleted"),
        ("/releases/Release3/restart", "Restart Release3 from", "/releases/Release3?done=restarted"),
        ("/releases/Release2/start", "Start Release2?", "/releases/Release2?done=started"),
    ] {
        let question = world.open(&root, path).await;
        assert!(question.text().contains(asked), "{path}: {}", question.text());
        let answer = world.send(post(path).submit(&root, &[])).await;
        assert_eq!((answer.status(), answer.header("location")), (303, done), "{path}: {}", answer.text());
        if path.ends_with("delete") {
            assert_eq!(world.send(post(path).submit(&root, &[])).await.header("location"), done);
        } else {
            let again = world.send(post(path).submit(&root, &[])).await;
            assert_eq!(again.status(), 409, "{path}: {}", again.text());
            assert!(again.text().contains(asked), "{path}");
        }
    }
}

#[tokio::test]
async fn who_watches_a_task_is_told_of_each_line_once_and_that_the_release_goes_on() {
    let world = World::new().await;
    world.release_things().await;
    let root = person(&world, "root", &["admin"]).await;
    let mut open = world.begin(get("/releases/Release3/live?task=Task2").cookie(&root)).await;
    assert_eq!(open.status(), 200);
    let mut next = async || {
        let frame = tokio::time::timeout(Duration::from_secs(30), open.body_mut().frame()).await;
        let data = frame.unwrap().unwrap().unwrap().into_data().unwrap();
        String::from_utf8(data.to_vec()).unwrap()
    };
    assert!(next().await.starts_with(':'), "it begins");
    let (release, task) = (ReleaseNumber::from_i64(3), "Task2".parse().unwrap());
    for line in [1, 2] {
        let said = LogLine { place: LogPlace { run: 1, line }, at: NOON, said: format!("<{line}>\n") };
        world.state.store.append_release_log(release, &task, &[said]).await.unwrap();
        let told = format!(r#"{{"run":1,"at":"2026-05-03T12:00:00Z","said":"<{line}>\n"}}"#);
        assert_eq!(next().await, format!("event: line\ndata: {told}\n\n"));
    }
    let restarted = world.send(post("/releases/Release3/restart").submit(&root, &[])).await;
    assert_eq!(restarted.status(), 303, "{}", restarted.text());
    assert_eq!(next().await, "event: changed\ndata: {}\n\n");
}

#[tokio::test]
async fn who_may_only_start_releases_sees_a_template_and_changes_nothing() {
    let world = World::new().await;
    world.release_things().await;
    let ann = person(&world, "ann", &["login", "release#create", "release#view"]).await;
    let template = world.open(&ann, "/releases/templates/Release1").await;
    assert!(
        template.text().contains("You may see it, not change it.")
            && !template.text().contains("Move up")
            && !template.text().contains("Add task")
    );
    let task = world.open(&ann, "/releases/templates/Release1/tasks/Task2").await;
    assert!(
        task.text().contains("print(1)") && task.text().contains("<fieldset disabled>"),
        "{}",
        task.text()
    );
    assert!(!task.text().contains("Save task"), "{}", task.text());
    for path in ["Release1", "new", "Release1/delete", "Release1/edit", "Release1/tasks/Task2"] {
        let path = format!("/releases/templates/{path}");
        assert_eq!(world.send(post(path.as_str()).submit(&ann, &[])).await.status(), 403, "{path}");
    }
    assert_eq!(world.send(get("/releases/Release4/abort").cookie(&ann)).await.status(), 403);
    let form = world.open(&ann, "/releases/templates/Release1/start").await;
    assert!(form.text().contains("Start Ship it"), "{}", form.text());
    let wrong = [("title", "Mine"), ("scriptUserPassword", "rpa_wrong")];
    let refused = world.send(post("/releases/templates/Release1/start").submit(&ann, &wrong)).await;
    assert_eq!(refused.status(), 400, "{}", refused.text());
    assert!(refused.text().contains("nothing was started") && !refused.text().contains("rpa_wrong"));
    let started =
        world.send(post("/releases/templates/Release1/start").submit(&ann, &[("title", "Mine")])).await;
    assert_eq!(started.status(), 303, "{}", started.text());
    let page = world.open(&ann, started.header("location")).await;
    for shown in ["The release has started.", "Mine", "Waits for approval"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}
