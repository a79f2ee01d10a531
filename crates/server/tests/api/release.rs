//! Configurations, lists and probes in the shapes of Release.

use patgate_core::release::ReleaseStatus;
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use crate::common::{Answer, NewGrant, PASSWORD, World, delete, get, post, put};

const CONFIG: &str = "/api/v1/config";
const SECRET: &str = "hunter2 hunter2";

fn properties() -> Value {
    json!({
        "host": "mail.example.org", "port": 465, "username": "patgate", "password": SECRET,
        "fromAddress": "patgate@example.org", "smtpProperties": {"mail.smtp.timeout": "5000"},
    })
}

/// A world with an administrator, and a configuration in it.
async fn with_configuration() -> (World, Answer) {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let body = json!({"type": "notification.PatSmtpServer", "title": "Mail", "properties": properties()});
    let made = world.send(post(CONFIG).basic("root", PASSWORD).json(&body)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    (world, made)
}

fn path(id: &Value) -> String {
    format!("{CONFIG}/{}", id.as_str().unwrap())
}

#[tokio::test]
async fn behaviour_32_a_configuration_is_made_found_read_changed_and_deleted() {
    let (world, made) = with_configuration().await;
    let body = made.json();
    assert!(body["id"].as_str().unwrap().starts_with("Configuration/Custom/Configuration"), "{body}");
    assert_eq!((&body["title"], &body["type"]), (&json!("Mail"), &json!("notification.PatSmtpServer")));
    let found = |query: &'static str| {
        let call = get(format!("{CONFIG}/byTypeAndTitle?{query}")).basic("root", PASSWORD);
        async { world.send(call).await.json() }
    };
    for query in [
        "configurationType=notification.PatSmtpServer",
        "configurationType=notification.PatSmtpServer&title=mail",
        "title=Mail&folderId=&folderOnly=False",
        "folderId=Applications/Folder1",
        "",
    ] {
        assert_eq!(found(query).await, json!([body]), "{query}");
    }
    for query in [
        "configurationType=git.Repository",
        "title=Ma%25",
        "title=x",
        "folderId=Applications/Folder1&folderOnly=True",
    ] {
        assert_eq!(found(query).await, json!([]), "{query}");
    }
    let mut wanted = body.clone();
    wanted["properties"]["port"] = json!(587);
    wanted["title"] = json!("Post");
    let changed = world.send(put(path(&body["id"])).basic("root", PASSWORD).json(&wanted)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert_eq!((&changed.json()["id"], &changed.json()["title"]), (&body["id"], &json!("Post")));
    assert_eq!((&changed.json()["properties"]["port"], &changed.json()["port"]), (&json!(587), &json!(587)));
    // The same item for the clients of Deploy.
    let item = world.state.store.item(&"Configuration/Post".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(item.secrets.len(), 1, "the mask took nothing away");
    let old = world.send(put(path(&body["id"])).basic("root", PASSWORD).json(&wanted)).await;
    assert_eq!(old.status(), 409, "it was read before the last change: {}", old.text());
    let ids = json!([body["id"], "Configuration/nothing", "Configuration/post", "Applications/x"]);
    let read = world.send(post(format!("{CONFIG}/byIds")).basic("root", PASSWORD).json(&ids)).await;
    assert_eq!(read.json(), json!([changed.json()]), "once, by whichever of its ids");
    let gone = world.send(delete(path(&body["id"])).basic("root", PASSWORD)).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(world.send(get(path(&body["id"])).basic("root", PASSWORD)).await.status(), 404);
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    assert_eq!((events[0].action.as_str(), events[0].actor.name.as_str()), ("item.delete", "root"));
}

#[tokio::test]
async fn behaviour_33_properties_are_taken_nested_and_flat() {
    let (world, made) = with_configuration().await;
    let mut flat = properties();
    flat["type"] = json!("notification.PatSmtpServer");
    flat["title"] = json!("Flat");
    flat["variableMapping"] = json!({});
    flat["anythingElse"] = json!([1]);
    let flat = world.send(post(CONFIG).basic("root", PASSWORD).json(&flat)).await;
    assert_eq!(flat.status(), 200, "{}", flat.text());
    assert_eq!(flat.json()["properties"], made.json()["properties"]);
    // A client that knows one form changes that and sends the other back as it was.
    let id = path(&made.json()["id"]);
    for (pointer, from_address) in
        [("/fromAddress", "flat@example.org"), ("/properties/fromAddress", "nested@example.org")]
    {
        let mut body = world.send(get(&*id).basic("root", PASSWORD)).await.json();
        *body.pointer_mut(pointer).unwrap() = json!(from_address);
        let changed = world.send(put(&*id).basic("root", PASSWORD).json(&body)).await;
        assert_eq!(changed.json()["properties"]["fromAddress"], from_address, "{}", changed.text());
        assert_eq!(changed.json()["fromAddress"], from_address);
    }
    for (body, field) in [
        (json!({"title": "x"}), "type"),
        (json!({"type": "notification.PatSmtpServer"}), "title"),
        (json!({"type": "notification.PatSmtpServer", "title": "a/b"}), "title"),
        (json!({"type": "git.Repository", "title": "x"}), "type"),
        (json!({"type": "notification.PatSmtpServer", "title": "x"}), "properties.host"),
        (json!({"type": "core.Directory", "title": "x", "folderId": "Applications/Folder1"}), "folderId"),
        (json!({"type": "core.Directory", "title": "x", "properties": {"hsot": "x"}}), "properties.hsot"),
    ] {
        let refused = world.send(post(CONFIG).basic("root", PASSWORD).json(&body)).await;
        assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!(field)), "{body}");
    }
}

#[tokio::test]
async fn behaviour_29_an_id_is_the_same_with_slashes_and_with_percent_signs() {
    let (world, made) = with_configuration().await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for written in
        [id.clone(), id.replace('/', "%2F"), id.replace('/', "%2f"), "Configuration/Mail".to_owned()]
    {
        let read = world.send(get(format!("{CONFIG}/{written}")).basic("root", PASSWORD)).await;
        assert_eq!((read.status(), read.json()), (200, made.json()), "{written}");
        let tried = world.send(post(format!("{CONFIG}/{written}/copy")).basic("root", PASSWORD)).await;
        assert_eq!(tried.status(), 200, "{written}: {}", tried.text());
    }
    // What is done with one finds it by each writing as well.
    for slash in ["/", "%2F", "%2f"] {
        let folder = json!({"type": "core.Directory", "title": "Folder"});
        let mut made = world.send(post(CONFIG).basic("root", PASSWORD).json(&folder)).await.json();
        let written = format!("{CONFIG}/{}", made["id"].as_str().unwrap().replace('/', slash));
        let tried = world.send(post(format!("{written}/status")).basic("root", PASSWORD)).await;
        assert_eq!((tried.status(), &tried.json()["scriptFound"]), (200, &json!(false)), "{written}");
        made["title"] = json!("Renamed");
        let renamed = world.send(put(&written).basic("root", PASSWORD).json(&made)).await.json();
        assert_eq!((&renamed["id"], &renamed["title"]), (&made["id"], &json!("Renamed")), "{written}");
        assert_eq!(world.send(delete(&written).basic("root", PASSWORD)).await.status(), 204, "{written}");
        assert_eq!(world.send(get(path(&made["id"])).basic("root", PASSWORD)).await.status(), 404);
    }
    let general = "Configuration%2Fsettings%2Fgeneral";
    for written in [general, "Configuration/settings/general"] {
        let read = world.send(get(format!("/api/v1/settings/{written}")).basic("root", PASSWORD)).await;
        assert_eq!((read.status(), &read.json()["id"]), (200, &json!("Configuration/settings/general")));
    }
    let none = world.send(get("/api/v1/settings/Configuration/settings/none").basic("root", PASSWORD)).await;
    assert_eq!(none.status(), 404);
}

#[tokio::test]
async fn behaviour_27_releases_and_templates_are_arrays_page_by_page() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (list, status) in [("releases", ReleaseStatus::Planned), ("templates", ReleaseStatus::Template)] {
        world.nightly(status, 1..=120).await;
        let ask = async |query: &str| {
            world.send(get(format!("/api/v1/{list}?{query}")).basic("root", PASSWORD)).await
        };
        for (query, newest, count) in [
            ("page=0&resultsPerPage=10", 120, 10),
            ("page=11&resultsPerPage=10", 10, 10),
            ("page=12&resultsPerPage=10", 0, 0),
            ("", 120, 100),
            ("page=1", 20, 20),
        ] {
            let answer = ask(query).await;
            assert_eq!(answer.status(), 200, "{list} {query}: {}", answer.text());
            let listed = answer.json();
            let titles: Vec<_> =
                listed.as_array().unwrap().iter().map(|found| found["title"].clone()).collect();
            let wanted: Vec<_> = (0..count).map(|older| format!("Nightly {}", newest - older)).collect();
            assert_eq!(titles, wanted, "{list} {query}");
        }
        assert_eq!(ask("resultsPerPage=101").await.json()["field"], "resultsPerPage", "{list}");
    }
}

#[tokio::test]
async fn a_configuration_is_duplicated_without_its_secret_and_tried_out() {
    let (world, made) = with_configuration().await;
    let id = path(&made.json()["id"]);
    for title in ["Copy of Mail", "Copy of Mail 2"] {
        let copy = world.send(post(format!("{id}/copy")).basic("root", PASSWORD)).await;
        assert_eq!((copy.status(), &copy.json()["title"]), (200, &json!(title)));
        assert_eq!(copy.json()["properties"].get("password"), None);
        assert_eq!(copy.json()["properties"]["host"], "mail.example.org");
    }
    // Nobody listens there.
    let here = json!({"type": "notification.PatSmtpServer", "title": "Here", "host": "127.0.0.1", "port": 1,
        "fromAddress": "patgate@example.org"});
    let here = world.send(post(CONFIG).basic("root", PASSWORD).json(&here)).await.json();
    let tried =
        world.send(post(format!("{}/status", path(&here["id"]))).basic("root", PASSWORD)).await.json();
    assert_eq!((&tried["success"], &tried["scriptFound"]), (&json!(false), &json!(true)));
    assert!(tried["errorText"].as_str().unwrap().starts_with("Connect: "), "{tried}");
    let folder = json!({"type": "core.Directory", "title": "Folder"});
    let folder = world.send(post(CONFIG).basic("root", PASSWORD).json(&folder)).await.json();
    let tried =
        world.send(post(format!("{}/status", path(&folder["id"]))).basic("root", PASSWORD)).await.json();
    assert_eq!((&tried["success"], &tried["scriptFound"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn behaviour_30_54_blanks_and_case_of_query_values_do_not_count_at_release_either() {
    let (world, made) = with_configuration().await;
    let list = async |path: &str| {
        let listed = world.send(get(path).basic("root", PASSWORD)).await;
        assert_eq!(listed.status(), 200, "{path}: {}", listed.text());
        listed.json()
    };
    for query in [
        "configurationType=%20notification.PatSmtpServer%20&title=Mail%20%20",
        "title=%20Mail&folderId=%20&folderOnly=%20TRUE%20",
        "title=Mail&folderId=Applications/Folder1&folderOnly=FALSE%20",
    ] {
        assert_eq!(list(&format!("{CONFIG}/byTypeAndTitle?{query}")).await, json!([made.json()]), "{query}");
    }
    let other = list(&format!("{CONFIG}/byTypeAndTitle?title=Mail&folderId=x&folderOnly=%20tRUE%20")).await;
    assert_eq!(other, json!([]));
    for (query, count) in [
        ("loginAllowed=%20True%20&external=False%20&page=%200&resultsPerPage=10%20", 1),
        ("fullName=%20&email=&external=%20FALSE", 1),
        ("external=%20TRUE", 0),
    ] {
        let users = list(&format!("/api/v1/users?{query}")).await;
        assert_eq!(users.as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(list("/api/v1/releases?page=%200%20&resultsPerPage=10%20").await, json!([]));
}

#[tokio::test]
async fn behaviour_38_a_build_server_tries_its_credentials() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let profile = get("/profile").basic("ann", PASSWORD).header("accept", "application/json");
    let profile = world.send(profile).await;
    assert_eq!((profile.status(), &profile.json()["username"]), (200, &json!("ann")));
    assert!(!profile.text().contains("password"));
    let info =
        world.send(get("/server/info").basic("ann", PASSWORD).header("accept", "application/xml")).await;
    assert_eq!((info.status(), info.header("content-type")), (200, "application/xml"));
    // The plug-in speaks to a server before 4.8 in the ways of that time.
    assert_eq!(info.text(), "<server-info><version>22.3.0</version></server-info>");
    for path in ["/profile", "/server/info"] {
        assert_eq!(world.send(get(path)).await.status(), 401);
        assert_eq!(world.send(get(path).basic("ann", "wrong password")).await.status(), 401);
    }
}

#[tokio::test]
async fn behaviour_08_a_scope_without_the_permission_is_403_in_the_words_that_clients_know() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let narrow = NewGrant { permissions: Some(&["login"]), ..NewGrant::default() };
    let narrow = world.token(&ann, narrow).await;
    let refused = world.send(get("/api/v1/releases").token(&narrow)).await;
    assert_eq!((refused.status(), refused.text()), (403, "You do not have release#view permission"));
    assert_eq!(refused.header("content-type"), "text/plain; charset=utf-8");
    let listed = NewGrant { permissions: Some(&["release#view"]), ..NewGrant::default() };
    let listed = world.token(&ann, listed).await;
    for path in ["/api/v1/releases?page=0&resultsPerPage=10", "/api/v1/templates"] {
        let answer = world.send(get(path).token(&listed)).await;
        assert_eq!((answer.status(), answer.json()), (200, json!([])));
    }
}
