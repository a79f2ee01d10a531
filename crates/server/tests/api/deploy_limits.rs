//! What Deploy's calls do not do: hold everybody up, fill the memory, or let a caller's text into markup.

use patgate_core::identifier::UserId;
use patgate_server::service::trials::{self, MOST, MOST_OF_ONE};
use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, World, delete, get, post, put};
use crate::deploy_repository::{CI, PLACE, ask, found, make, with_server};

/// Puts this many folders into a folder, which is made first.
async fn fill(world: &World, folder: &str, count: usize) {
    make(world, folder, "core.Directory").await;
    let within = |number: usize| json!({"id": format!("{folder}/f{number:04}"), "type": "core.Directory"});
    for numbers in (0..count).collect::<Vec<_>>().chunks(1_000) {
        let cis: Vec<_> = numbers.iter().map(|number| within(*number)).collect();
        let made = world.send(ask(post("/deployit/repository/cis")).json(&json!(cis))).await;
        assert_eq!(made.status(), 200, "{}", made.text());
    }
}

#[tokio::test]
async fn a_folder_of_more_than_one_call_may_touch_stays_where_it_is_and_is_not_copied() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let folder = "Configuration/Large";
    fill(&world, folder, 1_000).await;
    let version = world.state.store.item(&folder.parse().unwrap()).await.unwrap().unwrap().version;
    let own = json!({"version": version, "id": "Configuration/Moved", "properties": {}});
    for call in [
        post(format!("/deployit/repository/copy/{folder}?newId=Configuration/Copy")),
        post(format!("/deployit/repository/move/{folder}?newId=Configuration/Moved")),
        post(format!("/deployit/repository/rename/{folder}?newName=Moved")),
        put(format!("/api/v1/configuration-items/{folder}")).json(&own),
    ] {
        let refused = world.send(ask(call)).await;
        assert_eq!(refused.status(), 409, "{}", refused.text());
        assert!(refused.text().contains("more than 1000 configuration items"), "{}", refused.text());
    }
    // One less, and it goes.
    assert_eq!(world.send(ask(delete(format!("{CI}/{folder}/f0000")))).await.status(), 204);
    let renamed = world.send(ask(post(format!("/deployit/repository/rename/{folder}?newName=Moved")))).await;
    assert_eq!(renamed.status(), 200, "{}", renamed.text());
    assert_eq!(found(&world, "parent=Configuration/Moved&resultsPerPage=-1").await.len(), 999);
    // Such a folder is not empty, which is seen without reading it.
    assert_eq!(world.send(ask(delete(format!("{CI}/Configuration/Moved")))).await.status(), 409);
}

#[tokio::test]
async fn behaviour_45_a_list_of_everything_is_whole_however_long_it_is() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for number in 0..3 {
        world.user(&format!("user-{number}"), &[]).await;
    }
    fill(&world, "Configuration/Many", 450).await;
    let all: Vec<_> = (0..450).map(|number| format!("Configuration/Many/f{number:04}")).collect();
    assert_eq!(found(&world, "parent=Configuration/Many").await, all);
    assert_eq!(found(&world, "ancestor=Configuration/Many&namePattern=F%25&resultsPerPage=-1").await, all);
    assert_eq!(found(&world, "parent=Configuration/Many&page=1&resultsPerPage=210").await, all[210..420]);
    assert_eq!(found(&world, "parent=Configuration/Many&page=2&resultsPerPage=220").await, all[440..]);
    let xml =
        world.send(get("/deployit/repository/query?parent=Configuration/Many").basic("root", PASSWORD)).await;
    assert_eq!(xml.header("content-type"), "application/xml");
    assert_eq!(xml.text().matches("<ci ref=").count(), 450);
    assert!(xml.text().starts_with("<list><ci ") && xml.text().ends_with("/></list>"));
    let titles =
        get("/api/v1/config/byTypeAndTitle?configurationType=core.Directory").basic("root", PASSWORD);
    let titles = world.send(titles).await;
    assert_eq!((titles.status(), titles.header("content-type")), (200, "application/json"));
    assert_eq!(titles.json().as_array().unwrap().len(), 451);
    let one = get("/api/v1/config/byTypeAndTitle?configurationType=core.Directory&title=F0441")
        .basic("root", PASSWORD);
    let one = world.send(one).await.json();
    assert_eq!((one.as_array().unwrap().len(), &one[0]["title"]), (1, &json!("f0441")));
    let users =
        world.send(ask(get("/deployit/security/user?username=user-&page=1&resultsPerPage=2"))).await.json();
    assert_eq!((users.as_array().unwrap().len(), &users[0]["username"]), (1, &json!("user-2")));
    let users = world.send(ask(get("/deployit/security/user?resultsPerPage=-1"))).await.json();
    assert_eq!(users.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn no_text_of_a_query_is_longer_than_a_database_takes() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let long = "%25".repeat(4_001);
    for path in [
        format!("/deployit/repository/query?namePattern={long}"),
        format!("/deployit/repository/query?type={}", "a".repeat(4_001)),
        format!("/deployit/security/user?fullName={long}"),
        format!("/deployit/repository/rename/{PLACE}?newName={}", "a".repeat(4_001)),
    ] {
        let call = if path.contains("rename") { post(path) } else { get(path) };
        let refused = world.send(ask(call)).await;
        assert_eq!((refused.status(), refused.header("content-type")), (400, "text/plain; charset=utf-8"));
        assert!(refused.text().contains("has more than 4000 characters"), "{}", refused.text());
    }
    let refused = world.send(get(format!("/api/v1/users?fullName={long}")).basic("root", PASSWORD)).await;
    assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!("fullName")));
    // The longest that is taken is answered, by whatever database.
    let longest = format!("/api/v1/users?fullName={}", "%25".repeat(4_000));
    assert_eq!(world.send(get(longest).basic("root", PASSWORD)).await.status(), 200);
    let session = world.session(&root).await;
    let page = world.send(get(format!("/admin/users?search={}", "a".repeat(17_000))).session(&session)).await;
    assert_eq!(page.status(), 414);
}

#[tokio::test]
async fn what_a_caller_calls_a_type_or_a_property_is_no_markup() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ci = json!([{
        "id": "Configuration/x\"><y", "type": "a><script>alert(1)</script", "p q='r'": "text", "1st": {"k\"": "<v>"},
    }]);
    let call =
        post("/deployit/repository/validate").basic("root", PASSWORD).header("accept", "application/xml");
    let judged = world.send(call.json(&ci)).await;
    assert_eq!(
        (judged.status(), judged.header("content-type")),
        (200, "application/xml"),
        "{}",
        judged.text()
    );
    assert!(!judged.text().contains("<script"), "{}", judged.text());
    let read = patgate_core::xml::read(judged.bytes()).unwrap();
    let [ci] = read.children() else { panic!("{}", judged.text()) };
    assert_eq!((ci.name(), ci.value_of("type")), ("ci", Some("a><script>alert(1)</script")));
    assert_eq!(ci.value_of("id"), Some("Configuration/x\"><y"));
    let names: Vec<_> = ci.children().iter().map(|child| (child.name(), child.value_of("name"))).collect();
    assert_eq!(
        names,
        [("property", Some("1st")), ("property", Some("p q='r'")), ("validation-messages", None)]
    );
    assert_eq!(ci.children()[0].children()[0].content(), "<v>");
}

#[tokio::test]
async fn a_control_task_is_its_makers_as_long_as_they_may_change_items() {
    let (world, made) = with_server().await;
    let ann = world.user("ann", &["config#edit", "config#view"]).await;
    let body = json!({"method": "sendTestMail", "controllable": made.json()});
    let made = world.send(post("/deployit/control").basic("ann", PASSWORD).json(&body)).await;
    let task = format!("/deployit/tasks/v2/{}", made.text());
    let mut tokens = Vec::new();
    for permissions in [&["login"][..], &["login", "config#view"]] {
        let grant = NewGrant { application: "deploy", permissions: Some(permissions), ..NewGrant::default() };
        tokens.push(world.token(&ann, grant).await);
    }
    let [nothing, sight] = &tokens[..] else { panic!("there are two") };
    for (call, with_nothing, with_sight) in [
        (get(&*task), 403, 200),
        (post(format!("{task}/start")), 403, 403),
        (post(format!("{task}/archive")), 403, 403),
        (delete(&*task), 403, 403),
    ] {
        assert_eq!(world.send(call.clone().basic("", &nothing.text)).await.status(), with_nothing);
        assert_eq!(world.send(call.basic("", &sight.text)).await.status(), with_sight);
    }
    assert_eq!(world.send(delete(&*task).basic("ann", PASSWORD)).await.status(), 204);
}

#[tokio::test]
async fn trials_that_run_are_few_of_one_user_and_in_all() {
    let (world, made) = with_server().await;
    let ann = world.user("ann", &["admin"]).await;
    let body = json!({"method": "sendTestMail", "controllable": made.json()});
    let id = world.send(ask(post("/deployit/control")).json(&body)).await.json();
    let start = || post(format!("/deployit/tasks/v2/{}/start", id["string"].as_str().unwrap()));
    let root = world.state.store.user_by_name(&"root".parse().unwrap()).await.unwrap().unwrap().id;
    let begin = |user: UserId| trials::begin(&world.state, user).unwrap();
    let own: Vec<_> = (0..MOST_OF_ONE).map(|_| begin(root)).collect();
    let refused = world.send(ask(start())).await;
    assert_eq!((refused.status(), refused.header("content-type")), (429, "text/plain; charset=utf-8"));
    assert!(refused.text().starts_with("5 trials of yours are running"), "{}", refused.text());
    assert!(!refused.header("retry-after").is_empty());
    let test_mail = format!("/api/v1/configuration-items/{PLACE}/test-mail");
    let config = format!("/api/v1/config/{PLACE}/status");
    for call in [post(test_mail).json(&json!({})), post(config)] {
        let refused = world.send(call.basic("root", PASSWORD)).await;
        assert_eq!((refused.status(), &refused.json()["code"]), (429, &json!("too_many_trials")));
    }
    // It is none of somebody else's business, until there are too many of all.
    drop(begin(ann.id));
    let others: Vec<_> = (MOST_OF_ONE..MOST).map(|number| begin(UserId::from_i64(number as i64))).collect();
    assert!(trials::begin(&world.state, ann.id).is_err());
    drop(others);
    drop(own);
    let task = format!("/deployit/tasks/v2/{}", id["string"].as_str().unwrap());
    assert_eq!(world.send(ask(get(&*task))).await.json()["state"], "PENDING");
    assert_eq!(world.send(ask(start())).await.status(), 204);
}

#[tokio::test]
async fn behaviour_53_an_older_client_looks_at_a_task_by_its_own_path() {
    let (world, made) = with_server().await;
    let body = json!({"method": "sendTestMail", "controllable": made.json()});
    let id = world.send(ask(post("/deployit/control")).json(&body)).await.json()["string"].clone();
    let (task, later) = (
        format!("/deployit/task/{}", id.as_str().unwrap()),
        format!("/deployit/tasks/v2/{}", id.as_str().unwrap()),
    );
    let seen = world.send(get(&*task).basic("root", PASSWORD)).await;
    assert!(seen.text().contains("state2=\"PENDING\""), "{}", seen.text());
    assert_eq!(world.send(ask(post(format!("{task}/archive")))).await.status(), 409);
    assert_eq!(world.send(ask(delete(&*task))).await.status(), 204);
    assert_eq!(world.send(ask(get(later))).await.json()["state"], "CANCELLED");
}

#[tokio::test]
async fn asking_whether_a_password_will_do_makes_no_user() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let body = json!({"password": "a password for now"});
    let answer = world.send(ask(post("/deployit/security/user/validatePassword")).json(&body)).await;
    assert_eq!((answer.status(), answer.header("content-type")), (404, "text/plain; charset=utf-8"));
    let listed: Value = world.send(ask(get("/deployit/security/user"))).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_time_without_a_zone_is_one_of_the_servers() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    make(&world, "Configuration/x", "core.Directory").await;
    for (query, is_there) in [
        ("lastModifiedAfter=2020-01-01%2000:00:00", true),
        ("lastModifiedAfter=2020-01-01T00:00:00.123456", true),
        ("lastModifiedBefore=2020-01-01%2000:00:00", false),
    ] {
        assert_eq!(found(&world, query).await.len(), usize::from(is_there), "{query}");
    }
}
