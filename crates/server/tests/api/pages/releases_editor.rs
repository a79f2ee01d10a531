//! The editor of templates: whose save takes the user for automated tasks away, and what is saved that nobody could check.

use serde_json::json;

use crate::common::{NewGrant, PASSWORD, SignedIn, World, get, post};

const MAKES: [&str; 3] = ["login", "template#create", "release#view"];

/// Saves a template with one script on its page.
async fn save(world: &World, session: &SignedIn, path: &str, [version, title, script]: [&str; 3]) {
    let fields = [
        ("version", version),
        ("title", title),
        ("phase-0-title", "Test"),
        ("phase-0-task-0-title", "Call"),
        ("phase-0-task-0-kind", "script"),
        ("phase-0-task-0-script", script),
    ];
    let saved = world.send(post(path).submit(session, &fields)).await;
    let told = (saved.status(), saved.header("location"));
    assert_eq!(told, (303, "/releases/templates?done=saved"), "{}", saved.text());
}

#[tokio::test]
async fn who_else_saves_another_script_takes_the_credential_away() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &MAKES).await, world.user("bob", &MAKES).await);
    let token = world.token(&ann, NewGrant::default()).await;
    let (ann, bob) = (world.session(&ann).await, world.session(&bob).await);
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it", "scriptUserPassword": token.text,
        "phases": [{
            "title": "Test", "tasks": [{ "type": "xlrelease.ScriptTask", "title": "Call", "script": "print(1)" }],
        }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert!(made.json()["runAs"].is_object(), "{}", made.text());
    for (session, typed, is_kept, why) in [
        (&ann, ["1", "Ship it", "print(2)"], true, "her own hand"),
        (&bob, ["2", "Ship it all", "print(2)"], true, "the script is the same"),
        (&bob, ["3", "Ship it all", "print(3)"], false, "somebody else’s script"),
        (&ann, ["4", "Ship it all", "print(2)"], false, "it does not come back by itself"),
    ] {
        save(&world, session, "/releases/templates/Release1", typed).await;
        let read = world.send(get("/api/v1/templates/Release1").basic("ann", PASSWORD)).await.json();
        assert_eq!(read["runAs"].is_object(), is_kept, "{why}: {read}");
        assert_eq!(read["phases"][0]["tasks"][0]["script"], json!(typed[2]), "{why}");
    }
}

/// No process for scripts can be started here: the program that would be is this test, which takes no such arguments.
#[tokio::test]
async fn a_script_that_nobody_can_check_is_saved_by_the_page_as_by_the_api() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    let ann = world.session(&ann).await;
    let unreadable = "if x\n  print(x)";
    save(&world, &ann, "/releases/templates/new", ["0", "Of the page", unreadable]).await;
    let template = json!({
        "title": "Of the API",
        "phases": [{
            "title": "Test", "tasks": [{ "type": "xlrelease.ScriptTask", "title": "Call", "script": unreadable }],
        }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let saved = world.send(get("/api/v1/templates").basic("ann", PASSWORD)).await.json();
    let mut saved: Vec<_> = saved
        .as_array()
        .unwrap()
        .iter()
        .map(|template| (&template["title"], &template["phases"][0]["tasks"][0]["script"]))
        .map(|(title, script)| (title.as_str().unwrap(), script.as_str().unwrap()))
        .collect();
    saved.sort_unstable();
    assert_eq!(saved, [("Of the API", unreadable), ("Of the page", unreadable)]);
}
