//! Tasks that failed and are tried again, and releases that are found by their tags.

use serde_json::{Value, json};

use crate::common::{Answer, Call, PASSWORD, World, get, post, put};

async fn world() -> World {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.release_things().await;
    world
}

impl World {
    async fn as_root(&self, call: Call) -> Answer {
        self.send(call.basic("root", PASSWORD)).await
    }
}

#[tokio::test]
async fn the_task_that_failed_is_tried_again_and_no_other() {
    let world = world().await;
    let retry = |task: &str| {
        post(format!("/api/v1/tasks/Applications/Release3/Phase1/{task}/retry")).json(&json!({}))
    };
    let other = world.as_root(retry("Task1")).await;
    assert_eq!(other.status(), 409, "it is done: {}", other.text());
    assert_eq!(world.as_root(retry("Task9")).await.status(), 404);
    let retried = world.as_root(retry("Task2")).await;
    let task = retried.json();
    assert_eq!(
        (retried.status(), &task["status"], &task["restarts"]),
        (200, &json!("QUEUED"), &json!(1)),
        "{task}"
    );
    let release = world.as_root(get("/api/v1/releases/Release3")).await.json();
    assert_eq!(
        (&release["status"], &release["phases"][0]["tasks"][0]["runs"]),
        (&json!("IN_PROGRESS"), &json!(1))
    );
    assert_eq!(world.as_root(retry("Task2")).await.status(), 409, "it has not failed any more");
}

#[tokio::test]
async fn templates_and_releases_are_found_by_their_tags() {
    let world = world().await;
    let tagged = put("/api/v1/templates/Release1").json(&json!({ "tags": ["nightly", "db"] }));
    assert_eq!(world.as_root(tagged).await.status(), 200);
    let started = post("/api/v1/templates/Release1/start").json(&json!({ "releaseTitle": "Tonight" }));
    assert_eq!(world.as_root(started).await.status(), 200);
    let titles = |found: &Answer| -> Vec<Value> {
        found.json().as_array().unwrap().iter().map(|found| found["title"].clone()).collect()
    };
    for (tag, expected) in [("nightly", vec![json!("Ship it")]), ("night", vec![])] {
        let found = world.as_root(get(format!("/api/v1/templates?tag={tag}"))).await;
        assert_eq!(titles(&found), expected, "{tag}");
    }
    for path in ["search", "search/overview"] {
        let search = |tags: Value| post(format!("/api/v1/releases/{path}")).json(&json!({ "tags": tags }));
        let found = world.as_root(search(json!(["db", "nightly"]))).await;
        assert_eq!(titles(&found), [json!("Tonight")], "{path}");
        assert!(titles(&world.as_root(search(json!(["db", "weekly"]))).await).is_empty());
    }
}
