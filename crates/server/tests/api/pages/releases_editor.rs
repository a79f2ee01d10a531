//! The editor of templates: whose save takes the user for automated tasks away, and what is saved that nobody could check; and
//! the form that starts a release of one.

use serde_json::json;

use crate::common::{NewGrant, PASSWORD, SignedIn, World, get, post};

const MAKES: [&str; 3] = ["login", "template#create", "release#view"];

/// Saves a template with one script on its page. Returns what is told of that then.
async fn save(
    world: &World,
    session: &SignedIn,
    path: &str,
    [version, title, script]: [&str; 3],
    more: &[(&str, &str)],
) -> String {
    let fields = [
        ("version", version),
        ("title", title),
        ("phase-0-title", "Test"),
        ("phase-0-task-0-title", "Call"),
        ("phase-0-task-0-kind", "script"),
        ("phase-0-task-0-script", script),
    ];
    let saved = world.send(post(path).submit(session, &[&fields[..], more].concat())).await;
    assert_eq!(saved.status(), 303, "{}", saved.text());
    let list = world.open(session, saved.header("location")).await;
    let told = list.text().split("The template is saved").nth(1).unwrap_or_else(|| panic!("{}", list.text()));
    told.split('<').next().unwrap().to_owned()
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
        let told = save(&world, session, "/releases/templates/Release1", typed, &[]).await;
        let expected = if typed[0] == "3" { ", without the user for automated tasks: " } else { "." };
        assert!(told.starts_with(expected), "{why}: {told}");
        let read = world.send(get("/api/v1/templates/Release1").basic("ann", PASSWORD)).await.json();
        assert_eq!(read["runAs"].is_object(), is_kept, "{why}: {read}");
        assert_eq!(read["phases"][0]["tasks"][0]["script"], json!(typed[2]), "{why}");
    }
}

#[tokio::test]
async fn who_saves_a_template_is_told_which_passwords_did_not_stay() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &MAKES).await, world.user("bob", &MAKES).await);
    let token = world.token(&ann, NewGrant::default()).await;
    let (ann, bob) = (world.session(&ann).await, world.session(&bob).await);
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it", "scriptUserPassword": token.text,
        "phases": [{
            "title": "Test", "tasks": [{ "type": "xlrelease.ScriptTask", "title": "Call", "script": "print(1)" }],
        }],
        "variables": [{ "key": "secret", "type": "xlrelease.PasswordStringVariable", "value": "swordfish" }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1";
    let page = world.open(&ann, path).await;
    let id = page.text().split("name=\"variable-0-id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let saves = async |session: &SignedIn, typed: [&str; 3], password: &str, more: &[(&str, &str)]| {
        let variable = [
            ("variable-0-id", id),
            ("variable-0-key", "secret"),
            ("variable-0-kind", "password"),
            ("variable-0-kept", "yes"),
            ("variable-0-value", password),
        ];
        save(&world, session, path, typed, &[&variable[..], more].concat()).await
    };
    let none: &[(&str, &str)] = &[];
    let (user, nobody) = ([("scriptUserPassword", &*token.text)], [("clear-credential", "yes")]);
    for (session, typed, password, more, lost) in [
        (&ann, ["1", "Ship it", "print(2)"], "", none, ""),
        (
            &bob,
            ["2", "Ship it", "print(3)"],
            "",
            none,
            "the user for automated tasks and passwords of variables",
        ),
        (&bob, ["3", "Ship it", "print(3)"], "his", none, ""),
        (&ann, ["4", "Ship it", "print(4)"], "", none, "passwords of variables"),
        (&ann, ["5", "Ship it", "print(4)"], "hers", &user[..], ""),
        (&bob, ["6", "Ship it", "print(5)"], "his", &nobody[..], ""),
    ] {
        let told = saves(session, typed, password, more).await;
        let expected = if lost.is_empty() { ".".to_owned() } else { format!(", without {lost}: ") };
        assert!(told.starts_with(&expected), "{typed:?}: {told}");
    }
}

/// No process for scripts can be started here: the program that would be is this test, which takes no such arguments.
#[tokio::test]
async fn a_script_that_nobody_can_check_is_saved_by_the_page_as_by_the_api() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    let ann = world.session(&ann).await;
    let unreadable = "if x\n  print(x)";
    save(&world, &ann, "/releases/templates/new", ["0", "Of the page", unreadable], &[]).await;
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

#[tokio::test]
async fn what_is_too_long_in_a_template_is_refused_beside_its_field_and_kept() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    let ann = world.session(&ann).await;
    let right = [
        ("title", "Ship it"),
        ("description", "All of it."),
        ("phase-0-title", "Ask"),
        ("phase-0-task-0-title", "Somebody"),
        ("phase-0-task-0-kind", "gate"),
        ("variable-0-key", "version"),
        ("variable-0-kind", "text"),
        ("variable-0-label", "Version"),
        ("variable-0-value", "1"),
    ];
    let before = world.state.store.last_sequence().await.unwrap();
    for (field, length, beside, words) in [
        ("description", 16 * 1_024 + 1, "description", "A description is at most 16384 bytes long."),
        ("phase-0-title", 256, "phase-0-title", "A title is 1 to 255 characters"),
        ("variable-0-key", 256, "variable-0-key", "The key of a variable is 1 to 255 characters"),
        ("variable-0-label", 16 * 1_024 + 1, "variable-0-key", "A description is at most 16384 bytes long."),
        ("variable-0-value", 32 * 1_024 + 1, "variable-0-key", "is at most 32768 bytes long."),
    ] {
        let long = "x".repeat(length);
        let fields = right.map(|(name, text)| (name, if name == field { long.as_str() } else { text }));
        let refused = world.send(post("/releases/templates/new").submit(&ann, &fields)).await;
        assert_eq!(refused.status(), 400, "{field}");
        for shown in [words, &format!("<a href=\"#{beside}\">"), &long] {
            assert!(refused.text().contains(shown), "{field}: {shown}: {}", refused.text());
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    let saved = world.send(post("/releases/templates/new").submit(&ann, &right)).await;
    assert_eq!(saved.header("location"), "/releases/templates?done=saved", "{}", saved.text());
}

#[tokio::test]
async fn who_starts_a_release_on_its_page_gives_its_variables_and_the_user_for_its_scripts() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "template#create", "release#create", "release#view"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let ann = world.session(&ann).await;
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it",
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        "variables": [
            { "key": "steady", "value": "as it was" },
            { "key": "version", "label": "Which version", "requiresValue": true, "showOnReleaseStart": true },
            { "key": "count", "type": "xlrelease.IntegerVariable", "value": 1, "showOnReleaseStart": true },
            { "key": "secret", "type": "xlrelease.PasswordStringVariable", "showOnReleaseStart": true },
        ],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1/start";
    let form = world.open(&ann, path).await;
    for shown in ["Which version", "count", "secret", "variable-2-value", "Run automated tasks as user"] {
        assert!(form.text().contains(shown), "{shown}: {}", form.text());
    }
    assert!(!form.text().contains("steady"), "it is not asked for: {}", form.text());
    let releases = async || world.send(get("/api/v1/releases").basic("ann", PASSWORD)).await.json();
    let submit = async |version: &str, count: &str, password: &str| {
        let fields = [
            ("title", "Ship 1.2"),
            ("variable-0-value", version),
            ("variable-1-value", count),
            ("variable-2-value", "swordfish"),
            ("scriptUsername", ""),
            ("scriptUserPassword", password),
        ];
        world.send(post(path).submit(&ann, &fields)).await
    };
    for (version, count, password, why) in [
        ("", "7", &*token.text, "needs a value"),
        ("1.2", "seven", &*token.text, "Enter a whole number"),
        ("1.2", "7", "rpa_wrong", "nothing was started"),
    ] {
        let refused = submit(version, count, password).await;
        assert_eq!(refused.status(), 400, "{why}: {}", refused.text());
        for shown in [why, "Ship 1.2", count] {
            assert!(refused.text().contains(shown), "{shown}: {}", refused.text());
        }
        for secret in ["swordfish", password] {
            assert!(!refused.text().contains(secret), "{why}: {}", refused.text());
        }
    }
    assert_eq!(releases().await, json!([]), "nothing was made");
    let started = submit("1.2", "7", &token.text).await;
    assert_eq!(started.status(), 303, "{}", started.text());
    let release = releases().await[0].take();
    assert_eq!((&release["title"], &release["status"]), (&json!("Ship 1.2"), &json!("IN_PROGRESS")));
    assert_eq!(release["runAs"], json!({ "username": "ann", "by": "token" }));
    let values: Vec<_> =
        release["variables"].as_array().unwrap().iter().map(|variable| &variable["value"]).collect();
    assert_eq!(values, [&json!("as it was"), &json!("1.2"), &json!(7), &json!("********")]);
}
