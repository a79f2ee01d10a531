//! Saves of the parts of a template: whose save takes the user for automated tasks away, and what is saved that nobody could check.

use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, SignedIn, World, get, post};

const MAKES: [&str; 3] = ["login", "template#create", "release#view"];
const PATH: &str = "/releases/templates/Release1";

/// Saves the form of a page. Returns what is told of that then.
async fn save(world: &World, session: &SignedIn, path: &str, fields: &[(&str, &str)]) -> String {
    let saved = world.send(post(path).submit(session, fields)).await;
    assert_eq!(saved.status(), 303, "{}", saved.text());
    let outline = world.open(session, saved.header("location").split('#').next().unwrap()).await;
    let told = outline.text().split("The template is saved").nth(1);
    told.unwrap_or_else(|| panic!("{}", outline.text())).split('<').next().unwrap().to_owned()
}

/// Makes a template with a script that runs as who makes it, and a password; returns it as the API tells of it.
async fn make(world: &World, token: &str) -> Value {
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it", "scriptUserPassword": token,
        "phases": [{
            "title": "Test", "tasks": [{ "type": "xlrelease.ScriptTask", "title": "Call", "script": "print(1)" }],
        }],
        "variables": [{ "key": "secret", "type": "xlrelease.PasswordStringVariable", "value": "swordfish" }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    let made = made.json();
    assert!(made["runAs"].is_object(), "{made}");
    made
}

/// The page of a part of the template.
fn page(folder: &str, part: &Value) -> String {
    let id = part["id"].as_str().unwrap();
    format!("{PATH}/{folder}/{}", id.rsplit('/').next().unwrap())
}

#[tokio::test]
async fn who_else_saves_another_script_takes_the_credential_away() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &MAKES).await, world.user("bob", &MAKES).await);
    let token = world.token(&ann, NewGrant::default()).await;
    let (ann, bob) = (world.session(&ann).await, world.session(&bob).await);
    let task = page("tasks", &make(&world, &token.text).await["phases"][0]["tasks"][0]);
    let edit = format!("{PATH}/edit");
    let both = ", without the user for automated tasks and passwords of variables: ";
    for (session, version, title, script, is_kept, why) in [
        (&ann, "1", "", "print(2)", true, "her own hand"),
        (&bob, "2", "Ship it all", "print(2)", true, "the script is the same"),
        (&bob, "3", "", "print(3)", false, "somebody else’s script"),
        (&ann, "4", "", "print(2)", false, "it does not come back by itself"),
    ] {
        let told = if title.is_empty() {
            let fields = [("version", version), ("title", "Call"), ("kind", "script"), ("script", script)];
            save(&world, session, &task, &fields).await
        } else {
            save(&world, session, &edit, &[("version", version), ("title", title)]).await
        };
        assert!(told.starts_with(if version == "3" { both } else { "." }), "{why}: {told}");
        let read = world.send(get("/api/v1/templates/Release1").basic("ann", PASSWORD)).await.json();
        assert_eq!(read["runAs"].is_object(), is_kept, "{why}: {read}");
        assert_eq!(read["phases"][0]["tasks"][0]["script"], json!(script), "{why}");
    }
}

#[tokio::test]
async fn who_saves_a_template_is_told_which_passwords_did_not_stay() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &MAKES).await, world.user("bob", &MAKES).await);
    let token = world.token(&ann, NewGrant::default()).await;
    let (ann, bob) = (world.session(&ann).await, world.session(&bob).await);
    let made = make(&world, &token.text).await;
    let (task, variable) =
        (page("tasks", &made["phases"][0]["tasks"][0]), page("variables", &made["variables"][0]));
    let edit = format!("{PATH}/edit");
    let script = |script| vec![("title", "Call"), ("kind", "script"), ("script", script)];
    let secret = |password| vec![("key", "secret"), ("kind", "password"), ("variable-value", password)];
    let (user, nobody) = (("scriptUserPassword", &*token.text), ("clear_credential", "yes"));
    let whole = |credential| vec![("title", "Ship it"), credential];
    for (version, (session, path, typed, lost)) in (1..).zip([
        (&ann, &task, script("print(2)"), ""),
        (&ann, &variable, secret(""), ""),
        (&bob, &task, script("print(3)"), "the user for automated tasks and passwords of variables"),
        (&bob, &variable, secret("his"), ""),
        (&ann, &task, script("print(4)"), "passwords of variables"),
        (&ann, &variable, secret("hers"), ""),
        (&ann, &edit, whole(user), ""),
        (&bob, &variable, secret("his"), "the user for automated tasks"),
        (&ann, &edit, whole(user), ""),
        (&bob, &edit, whole(nobody), ""),
    ]) {
        let version = version.to_string();
        let fields = [&[("version", version.as_str())], &typed[..]].concat();
        let told = save(&world, session, path, &fields).await;
        let expected = if lost.is_empty() { ".".to_owned() } else { format!(", without {lost}: ") };
        assert!(told.starts_with(&expected), "{version}: {told}");
    }
}

/// No process for scripts can be started here: the program that would be is this test, which takes no such arguments.
#[tokio::test]
async fn a_script_that_nobody_can_check_is_saved_by_the_page_as_by_the_api() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    let ann = world.session(&ann).await;
    let unreadable = "if x\n  print(x)";
    let typed = [("title", "Of the page"), ("phase", "Test"), ("task", "Call"), ("script", unreadable)];
    save(&world, &ann, "/releases/templates/new", &typed).await;
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
    let token = world.token(&ann, NewGrant::default()).await;
    let ann = world.session(&ann).await;
    let variables = make(&world, &token.text).await["variables"][0].take();
    let known = page("variables", &variables);
    let new = "/releases/templates/new";
    let template =
        [("title", "Ship it"), ("description", "All."), ("phase", "Ask"), ("task", "Kim"), ("kind", "gate")];
    let variable = [
        ("version", "1"),
        ("key", "version"),
        ("kind", "text"),
        ("label", "Version"),
        ("variable-value", "1"),
    ];
    let script = [
        ("title", "Ship it"),
        ("phase", "Test"),
        ("task", "Call"),
        ("kind", "script"),
        ("script", "print(1)"),
    ];
    let before = world.state.store.last_sequence().await.unwrap();
    let add = format!("{PATH}/variables/new");
    for (path, right, field, length, words) in [
        (new, template, "description", 16 * 1_024 + 1, "A description is at most 16384 bytes long."),
        (new, template, "phase", 256, "A title is 1 to 255 characters"),
        (new, template, "task", 256, "A title is 1 to 255 characters"),
        (new, script, "script", 64 * 1_024 + 1, "The text of the script may have 65536 bytes at most."),
        (&*add, variable, "key", 256, "The key of a variable is 1 to 255 characters"),
        (&*known, variable, "label", 16 * 1_024 + 1, "A description is at most 16384 bytes long."),
        (&*add, variable, "variable-value", 32 * 1_024 + 1, "is at most 32768 bytes long."),
    ] {
        let long = "x".repeat(length);
        let fields = right.map(|(name, text)| (name, if name == field { long.as_str() } else { text }));
        let refused = world.send(post(path).submit(&ann, &fields)).await;
        assert_eq!(refused.status(), 400, "{field}");
        for shown in [words, &format!("<a href=\"#{field}\">"), &long] {
            assert!(refused.text().contains(shown), "{field}: {shown}: {}", refused.text());
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    for (path, right) in [(new, template), (&*add, variable)] {
        assert!(save(&world, &ann, path, &right).await.starts_with('.'), "{path}");
    }
}
