//! *Run automated tasks as user*: what is refused wherever it is entered, and whose hand takes it away.

use jiff::SignedDuration;
use patgate_core::release::ReleaseId;
use patgate_core::user::{INTERNAL_PROVIDER, Origin, PrincipalKind, User};
use patgate_store::{Actor, ActorKind, AuditFilter, Page, ReleaseFilter, TEMPLATE_CHANGED};
use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, Person, World, delete, get, post, put};

const TEMPLATES: &str = "/api/v1/templates";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";
const MAKES: [&str; 4] = ["template#create", "release#create", "release#view", "login"];

/// A gate, and passwords under two keys that are not asked for at the start, and one that is.
fn template(token: &str) -> Value {
    let password = |key: &str, is_asked: bool| {
        json!({
            "type": "xlrelease.PasswordStringVariable", "key": key, "value": format!("the {key}"),
            "showOnReleaseStart": is_asked,
        })
    };
    json!({
        "title": "Ship it", "scriptUserPassword": token,
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        "variables": [password("one", false), password("two", false), password("asked", true)],
    })
}

impl World {
    /// Lets an older program write a template on somebody's behalf: it notes nothing of whose its passwords are.
    async fn write_as_older(&self, who: &Person, id: &str) {
        let id = ReleaseId::of_place(id).unwrap();
        let mut stored = self.state.store.release(&id).await.unwrap().unwrap();
        (stored.release.passwords_of, stored.release.passwords_of_others) = (None, false);
        let actor =
            Actor { kind: ActorKind::User, user: Some(who.id), ..Actor::system(who.username.as_str()) };
        let mut change = self.state.store.change(&actor, self.clock.now()).await.unwrap();
        change.update_release(&stored, TEMPLATE_CHANGED, json!({})).await.unwrap();
        change.commit().await.unwrap();
    }

    /// Has somebody let the script of a template print this. Whether its first password stays.
    async fn keeps_password(&self, who: &str, id: &str, printed: &str) -> bool {
        let gate = json!({ "type": "xlrelease.GateTask", "title": "Go?" });
        let script = format!("print('{printed}')");
        let script = json!({ "type": "xlrelease.ScriptTask", "title": "Print", "script": script });
        let phases = json!({ "phases": [{ "title": "Test", "tasks": [gate, script] }] });
        let changed = self.send(put(format!("{TEMPLATES}/{id}")).json(&phases).basic(who, PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{who}: {}", changed.text());
        changed.json()["variables"][0]["value"] == json!("********")
    }
}

/// What somebody does to a document before they send it back.
type Edit = fn(&mut Value);

#[tokio::test]
async fn a_credential_that_does_not_pass_is_refused_wherever_it_is_entered_and_nothing_is_written() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    let good = world.token(&ann, NewGrant::default()).await;
    let made = world.send(post(TEMPLATES).json(&template(&good.text)).basic("ann", PASSWORD)).await.json();
    let path = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let disabled = world.user("dora", &MAKES).await;
    let of_disabled = world.token(&disabled, NewGrant::default()).await;
    world.disable(&disabled).await;
    let closed = world.user_from("lena", Origin::Ldap, "corp", &MAKES).await;
    let of_closed = world.token(&closed, NewGrant::default()).await;
    let (deleted, suspended) =
        (world.token(&ann, NewGrant::default()).await, world.token(&ann, NewGrant::default()).await);
    world.delete_token(&deleted).await;
    world.suspend(&suspended).await;
    let written = async || {
        let whole = world.state.store.releases(&ReleaseFilter::default(), Page::WHOLE).await.unwrap();
        let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        (whole, events.len())
    };
    let before = written().await;
    for (token, why) in [
        (&of_disabled, "the owner of the token is disabled"),
        (&of_closed, "tokens are not allowed for LDAP users here"),
        (&deleted, "the token was deleted"),
        (&suspended, "the token is suspended"),
        (&world.never_stored(), "the token is not known"),
    ] {
        let body = json!({ "title": "Other", "scriptUsername": "", "scriptUserPassword": token.text });
        for call in [
            post(TEMPLATES),
            put(path.clone()),
            post(format!("{path}/create")),
            post(format!("{path}/start")),
        ] {
            let refused = world.send(call.json(&body).basic("ann", PASSWORD)).await;
            assert_eq!(refused.status(), 400, "{why}: {}", refused.text());
            assert!(refused.text().contains(why), "{why}: {}", refused.text());
        }
    }
    assert_eq!(written().await, before);
}

#[tokio::test]
async fn who_else_starts_it_as_somebody_of_their_own_does_not_say_where_the_passwords_go() {
    let world = World::new().await;
    world.user("ann", &MAKES).await;
    let bob = world.user("bob", &MAKES).await;
    let token = world.token(&bob, NewGrant::default()).await;
    let mut template = template("");
    template.as_object_mut().unwrap().remove("scriptUserPassword");
    let place = |key: &str, is_asked: bool| json!({ "key": key, "value": "/api/v1/a", "showOnReleaseStart": is_asked });
    template["variables"].as_array_mut().unwrap().extend([place("there", false), place("asked too", true)]);
    let made = world.send(post(TEMPLATES).json(&template).basic("ann", PASSWORD)).await;
    let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
    let start = async |who: &str, key: &str| {
        let body = json!({ "variables": { key: "/api/v1/b" }, "scriptUserPassword": token.text });
        world.send(post(format!("{path}/start")).json(&body).basic(who, PASSWORD)).await
    };
    let refused = start("bob", "there").await;
    assert_eq!(
        (refused.status(), &refused.json()["field"]),
        (400, &json!("variables")),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("`there` is not asked for"), "{}", refused.text());
    for (who, key) in [("bob", "asked too"), ("ann", "there")] {
        assert_eq!(start(who, key).await.status(), 200, "{who}");
    }
    // The user for automated tasks is his own by now, and the passwords are still hers.
    let own = put(path.clone()).json(&json!({ "scriptUserPassword": token.text }));
    assert!(world.send(own.basic("bob", PASSWORD)).await.json()["runAs"].is_object());
    assert_eq!(start("bob", "there").await.status(), 400);
}

#[tokio::test]
async fn somebody_made_again_under_the_name_of_its_maker_gets_no_password_of_a_template() {
    // An older program noted the name of the maker alone.
    for is_older in [false, true] {
        let world = World::new().await;
        let root = world.user("root", &["admin"]).await;
        let ann = world.user("ann", &MAKES).await;
        let token = world.token(&root, NewGrant::default()).await;
        let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await;
        let id = made.json()["id"].as_str().unwrap().to_owned();
        if is_older {
            world.write_as_older(&ann, &id).await;
        }
        world.clock.set(world.clock.now() + SignedDuration::from_mins(5));
        assert!(world.keeps_password("ann", &id, "hers").await, "her own hand; {is_older}");
        assert_eq!(world.send(delete("/api/v1/users/ann").basic("root", PASSWORD)).await.status(), 204);
        let again = json!({ "username": "ann", "password": PASSWORD, "fullName": "Ann", "email": "" });
        let again = world.send(post("/api/v1/users/ann").json(&again).basic("root", PASSWORD)).await;
        assert!((200..300).contains(&again.status()), "{}", again.text());
        world.role_of(PrincipalKind::User, "ann", INTERNAL_PROVIDER, &MAKES).await;
        if is_older {
            world.write_as_older(&ann, &id).await;
        }
        assert!(!world.keeps_password("ann", &id, "of another").await, "{is_older}");
    }
}

#[tokio::test]
async fn the_passwords_of_an_older_template_are_its_makers_where_the_audit_log_names_nobody_else() {
    let world = World::new().await;
    let bob = world.user("bob", &MAKES).await;
    let ann = world.user("ann", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let made = async || {
        let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await;
        (made.json()["id"].as_str().unwrap().to_owned(), made.json())
    };
    let edits: [(&str, Edit); 2] = [
        ("another title", |template| template["title"] = json!("Ship them")),
        ("another password", |template| template["variables"][2]["value"] = json!("of bob")),
    ];
    for (what, edit) in edits {
        for is_before in [true, false] {
            let (id, document) = made().await;
            let mut edited = json!({ "title": document["title"], "variables": document["variables"] });
            edit(&mut edited);
            let by_bob = put(format!("{TEMPLATES}/{id}")).json(&edited).basic("bob", PASSWORD);
            if !is_before {
                world.write_as_older(&ann, &id).await;
            }
            assert_eq!(world.send(by_bob).await.status(), 200, "{what}");
            if is_before {
                world.write_as_older(&ann, &id).await;
            }
            // This program tells a title from a password, and notes whose they were before.
            let is_kept = !is_before && what == "another title";
            assert_eq!(world.keeps_password("ann", &id, "hers").await, is_kept, "{what}, {is_before}");
        }
    }
    // A name tells nothing: he was there before the template, and has her name by now.
    let ((hers, _), (other, _)) = (made().await, made().await);
    for id in [&hers, &other] {
        world.write_as_older(&ann, id).await;
    }
    let mut change = world.change().await;
    for (person, username) in [(&ann, "anna"), (&bob, "ann")] {
        let user = change.user(person.id).await.unwrap().unwrap();
        change.update_user(&User { username: username.parse().unwrap(), ..user }).await.unwrap();
    }
    world.commit(change).await;
    assert!(world.keeps_password("anna", &hers, "hers").await);
    assert!(!world.keeps_password("ann", &other, "his").await);
}

#[tokio::test]
async fn who_else_changes_or_moves_a_password_takes_the_credential_and_the_passwords_away() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let edits: [(&str, bool, Edit); 6] = [
        ("sent back as it was read", true, |_| {}),
        ("one that is asked for", true, |variables| variables[2]["value"] = json!("of bob")),
        ("one that is not", false, |variables| variables[0]["value"] = json!("of bob")),
        ("one taken away", false, |variables| variables[0]["value"] = Value::Null),
        ("two exchanged", false, |variables| {
            (variables[0]["key"], variables[1]["key"]) = (json!("two"), json!("one"));
            let first = variables[0].take();
            variables[0] = variables[1].take();
            variables[1] = first;
        }),
        ("one that is asked for under another key", false, |variables| {
            variables[2]["key"] = json!("elsewhere");
        }),
    ];
    for (what, is_kept, edit) in edits {
        let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await;
        let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
        let mut variables = made.json()["variables"].clone();
        edit(&mut variables);
        let call = put(path.clone()).json(&json!({ "variables": variables }));
        let changed = world.send(call.basic("bob", PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{what}: {}", changed.text());
        let read = world.send(get(path).basic("ann", PASSWORD)).await.json();
        assert_eq!(read["runAs"].is_object(), is_kept, "{what}: {read}");
        let masked = |at: usize| read["variables"][at]["value"] == json!("********");
        assert_eq!(masked(1), is_kept, "{what}: {read}");
    }
}

#[tokio::test]
async fn who_else_declares_a_variable_that_is_asked_for_takes_the_credential_away() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let edits: [(&str, bool, Edit); 7] = [
        ("sent back as it was read", true, |_| {}),
        ("another value of hers", true, |read| read["variables"][0]["value"] = json!("9")),
        ("one that she did not declare", false, |read| {
            let path = json!({ "key": "path", "showOnReleaseStart": true });
            read["variables"].as_array_mut().unwrap().push(path);
        }),
        ("another kind", false, |read| {
            let variable = &mut read["variables"][0];
            (variable["type"], variable["value"]) = (json!("xlrelease.IntegerVariable"), json!(9));
        }),
        ("deleted", false, |read| read["variables"] = json!([])),
        ("asked for no more", false, |read| read["variables"][0]["showOnReleaseStart"] = json!(false)),
        ("a task that begins again by itself", false, |read| {
            read["phases"][0]["tasks"][0]["restartWhenInterrupted"] = json!(true);
        }),
    ];
    // It has a default for what she never declared.
    let script = "api.get(releaseVariables.get('path', '/profile'))";
    let script = json!({ "type": "xlrelease.ScriptTask", "title": "Call", "script": script });
    let template = json!({
        "title": "Ship it", "scriptUserPassword": token.text,
        "phases": [{ "title": "Test", "tasks": [script] }],
        "variables": [{ "key": "version", "value": "1", "showOnReleaseStart": true }],
    });
    for (what, is_kept, edit) in edits {
        let made = world.send(post(TEMPLATES).json(&template).basic("ann", PASSWORD)).await;
        let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
        let mut read = world.send(get(path.clone()).basic("bob", PASSWORD)).await.json();
        edit(&mut read);
        let changed = world.send(put(path.clone()).json(&read).basic("bob", PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{what}: {}", changed.text());
        assert_eq!(changed.json()["runAs"].is_object(), is_kept, "{what}: {}", changed.text());
        let start = post(format!("{path}/start")).json(&json!({}));
        let started = world.send(start.basic("bob", PASSWORD)).await;
        assert_eq!(started.status(), 200, "{what}: {}", started.text());
        assert_eq!(started.json()["runAs"].is_object(), is_kept, "{what}: {}", started.text());
    }
}

#[tokio::test]
async fn a_user_name_without_a_password_is_refused_unless_it_is_that_of_who_is_there() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await.json();
    let path = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let (create, start) = (format!("{path}/create"), format!("{path}/start"));
    for password in [Value::Null, json!(""), json!("********")] {
        let named = |name: &str| json!({ "title": "Whose is it", "scriptUsername": name, "scriptUserPassword": password });
        for call in [post(TEMPLATES), put(path.clone()), post(create.clone()), post(start.clone())] {
            let refused = world.send(call.json(&named("bob")).basic("ann", PASSWORD)).await;
            let told = refused.json();
            let field = json!("scriptUserPassword");
            assert_eq!((refused.status(), &told["field"]), (400, &field), "{password}: {told}");
            assert!(told["detail"].as_str().unwrap().contains("is missing"), "{password}: {told}");
        }
        for call in [put(path.clone()), post(start.clone())] {
            let kept = world.send(call.json(&named("ANN")).basic("ann", PASSWORD)).await;
            assert_eq!(kept.status(), 200, "{password}: {}", kept.text());
            assert_eq!(kept.json()["runAs"], json!({ "username": "ann", "by": "token" }), "{password}");
        }
    }
    let blank = json!({ "scriptUsername": "", "scriptUserPassword": "" });
    let nobody = world.send(post(start).json(&blank).basic("ann", PASSWORD)).await;
    assert_eq!((nobody.status(), nobody.json().get("runAs")), (200, None), "{}", nobody.text());
}

#[tokio::test]
async fn who_changes_a_template_gets_no_password_that_somebody_else_entered_there() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let put_by = async |who: &str, path: &str, body: Value| {
        let changed = world.send(put(path).json(&body).basic(who, PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{who}: {}", changed.text());
        changed.json()
    };
    let enter = async |who: &str, path: &str, at: usize| {
        let read = world.send(get(path).basic(who, PASSWORD)).await.json();
        let mut variables = read["variables"].clone();
        variables[at]["value"] = json!(format!("of {who}"));
        put_by(who, path, json!({ "variables": variables })).await
    };
    let prints = async |who: &str, path: &str, script: &str| {
        let script = json!({ "type": "xlrelease.ScriptTask", "title": "Print", "script": format!("print('{script}')") });
        put_by(who, path, json!({ "phases": [{ "title": "Test", "tasks": [script] }] })).await
    };
    let has = |read: &Value, at: usize| read["variables"][at]["value"] == json!("********");
    // One that is not asked for at the start, and one that is.
    for at in [0, 2] {
        let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await;
        let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
        assert!(has(&enter("bob", &path, at).await, at), "{at}");
        assert!(!has(&prints("ann", &path, "his").await, at), "{at}");
        // What she enters afterwards is hers alone.
        assert!(has(&enter("ann", &path, at).await, at), "{at}");
        assert!(has(&prints("ann", &path, "hers").await, at), "{at}");
        // Nor does he get one that she enters beside his.
        enter("bob", &path, 0).await;
        assert!(has(&enter("ann", &path, 2).await, 2), "{at}");
        assert!(!has(&prints("bob", &path, "hers, too").await, 2), "{at}");
    }
    // Who enters another one in place of all that there are has it as their own, though the scripts stay as they are.
    let made = world.send(post(TEMPLATES).json(&template(&token.text)).basic("ann", PASSWORD)).await;
    let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
    let read = world.send(get(&path).basic("ann", PASSWORD)).await.json();
    assert!(has(&put_by("ann", &path, json!({ "variables": [read["variables"][2]] })).await, 0));
    assert!(has(&enter("bob", &path, 0).await, 0));
    assert!(has(&prints("bob", &path, "his alone").await, 0));
    assert!(!has(&prints("ann", &path, "not hers").await, 0));
}

#[tokio::test]
async fn a_password_runs_no_script_where_passwords_are_switched_off() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let token = world.token(&root, NewGrant::default()).await;
    let by_password = json!({ "title": "Ship it", "scriptUsername": "root", "scriptUserPassword": PASSWORD });
    let made = world.send(post(TEMPLATES).json(&by_password).token(&token)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
    let mut settings = world.send(get(SETTINGS).token(&token)).await.json();
    settings["passwordsOnApi"] = json!(false);
    let off = world.send(put(SETTINGS).json(&settings).token(&token)).await;
    assert_eq!(off.status(), 200, "{}", off.text());
    for call in [post(TEMPLATES).json(&by_password), post(format!("{path}/start")).json(&json!({}))] {
        let refused = world.send(call.token(&token)).await;
        assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!("scriptUserPassword")));
        assert!(refused.text().contains("passwords are switched off"), "{}", refused.text());
    }
    let releases = world.send(get("/api/v1/releases").token(&token)).await;
    assert_eq!(releases.json(), json!([]), "nothing was started");
}
