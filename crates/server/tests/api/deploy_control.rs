//! Deploy's control tasks, XML, and its users.

use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, World, delete, get, post, put};
use crate::deploy_repository::{PLACE, ask, with_server};

const CI: &str = "/deployit/repository/ci";
const TASKS: &str = "/deployit/tasks/v2";

/// Looks at a task until it has ended.
async fn ended(world: &World, id: &str) -> Value {
    for _ in 0..10_000 {
        let task = world.send(ask(get(format!("{TASKS}/{id}")))).await.json();
        if task["state"] != "EXECUTING" {
            return task;
        }
        tokio::task::yield_now().await;
    }
    panic!("the task does not end");
}

#[tokio::test]
async fn behaviour_53_a_test_mail_that_is_not_taken_makes_its_task_fail() {
    let (world, _) = with_server().await;
    world.user("bob", &["config#edit"]).await;
    // Nobody listens there.
    let here = json!({"type": "notification.PatSmtpServer", "host": "127.0.0.1", "port": 1,
        "fromAddress": "patgate@example.org", "testAddress": "ann@example.org", "password": null});
    let changed = world.send(ask(put(format!("{CI}/{PLACE}"))).json(&here)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let prepared = world.send(ask(get(format!("/deployit/control/prepare/sendTestMail/{PLACE}")))).await;
    assert_eq!((prepared.status(), &prepared.json()["method"]), (200, &json!("sendTestMail")));
    let made = world.send(ask(post("/deployit/control")).json(&prepared.json())).await;
    let id = made.json()["string"].as_str().unwrap().to_owned();
    let task = format!("{TASKS}/{id}");
    assert_eq!(world.send(ask(get(&*task))).await.json()["state"], "PENDING");
    // It is nobody else's, whatever they may do.
    for call in [get(&*task), delete(&*task), post(format!("{task}/start")), post(format!("{task}/archive"))]
    {
        assert_eq!(world.send(call.basic("bob", PASSWORD)).await.status(), 404);
    }
    assert_eq!(world.send(ask(post(format!("{task}/archive")))).await.status(), 409);
    assert_eq!(world.send(ask(post(format!("{task}/start")))).await.status(), 204);
    let failed = ended(&world, &id).await;
    assert_eq!(
        (&failed["state"], &failed["failures"], &failed["owner"]),
        (&json!("FAILED"), &json!(1), &json!("root"))
    );
    assert!(
        failed["log"].as_array().unwrap().last().unwrap().as_str().unwrap().starts_with("Connect:"),
        "{failed}"
    );
    // By the path of older clients, once more; given up then.
    assert_eq!(world.send(ask(post(format!("/deployit/task/{id}/start")))).await.status(), 204);
    assert_eq!(ended(&world, &id).await["failures"], 2);
    assert_eq!(world.send(ask(delete(&*task))).await.status(), 204);
    assert_eq!(world.send(ask(get(&*task))).await.json()["state"], "CANCELLED");
    assert_eq!(world.send(ask(post(format!("{task}/start")))).await.status(), 409);
    // An hour later nobody knows it.
    world.clock.set(world.clock.now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap());
    assert_eq!(world.send(ask(get(&*task))).await.status(), 404);
}

#[tokio::test]
async fn what_has_no_such_task_is_named_and_tasks_have_an_end() {
    let (world, made) = with_server().await;
    let none = world.send(ask(get(format!("/deployit/control/prepare/restart/{PLACE}")))).await;
    assert!(
        none.text().ends_with("`notification.PatSmtpServer` has no control task `restart`"),
        "{}",
        none.text()
    );
    assert_eq!(none.status(), 400);
    let body = json!({"method": "sendTestMail", "controllable": made.json()});
    for _ in 0..100 {
        assert_eq!(world.send(ask(post("/deployit/control")).json(&body)).await.status(), 200);
    }
    let one_more = world.send(ask(post("/deployit/control")).json(&body)).await;
    assert_eq!((one_more.status(), one_more.header("content-type")), (409, "text/plain; charset=utf-8"));
}

#[tokio::test]
async fn a_server_keeps_a_thousand_tasks_and_what_is_given_up_makes_room() {
    let (world, made) = with_server().await;
    let body = json!({"method": "sendTestMail", "controllable": made.json()});
    let mut makers = Vec::new();
    for number in 0..11 {
        let maker = world.user(&format!("maker-{number}"), &["config#view", "config#edit"]).await;
        makers.push(world.token(&maker, NewGrant { application: "deploy", ..NewGrant::default() }).await);
    }
    let make = async |at: usize| {
        let call = post("/deployit/control").deploy_token(&makers[at]).header("accept", "application/json");
        world.send(call.json(&body)).await
    };
    let first = make(0).await.json()["string"].as_str().unwrap().to_owned();
    for number in 1..1_000 {
        let answer = make(number / 100).await;
        assert_eq!(answer.status(), 200, "{number}: {}", answer.text());
    }
    let one_more = make(10).await;
    assert_eq!((one_more.status(), one_more.header("content-type")), (409, "text/plain; charset=utf-8"));
    let given_up = delete(format!("{TASKS}/{first}")).deploy_token(&makers[0]);
    assert_eq!(world.send(given_up).await.status(), 204);
    assert_eq!((make(10).await.status(), make(10).await.status()), (200, 409));
}

#[tokio::test]
async fn behaviour_46_a_ci_is_xml_for_who_does_not_ask_for_json() {
    let (world, _) = with_server().await;
    let path = format!("{CI}/{PLACE}");
    for accept in ["*/*", "application/xml"] {
        let read = world.send(get(&*path).basic("root", PASSWORD).header("accept", accept)).await;
        insta::assert_snapshot!("the_ci_in_xml", read.shown());
    }
    let nothing_said = world.send(get(&*path).basic("root", PASSWORD)).await;
    assert_eq!(nothing_said.header("content-type"), "application/xml");
    // Every answer says what it is.
    for path in [
        &*path,
        "/deployit/repository/exists/Configuration",
        "/deployit/repository/query",
        "/deployit/metadata/type",
        "/deployit/metadata/type/core.Directory",
        "/deployit/server/info",
        "/deployit/server/state",
        "/deployit/security/user",
        "/deployit/security/user/root",
        "/deployit/control/prepare/sendTestMail/Configuration/SMTPSERVERTEST",
    ] {
        for (accept, content_type) in [("*/*", "application/xml"), ("application/json", "application/json")] {
            let answer = world.send(get(path).basic("root", PASSWORD).header("accept", accept)).await;
            assert_eq!((answer.status(), answer.header("content-type")), (200, content_type), "{path}");
        }
    }
}

#[tokio::test]
async fn behaviour_40_41_42_43_53_a_client_that_speaks_xml_alone_does_everything() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let xml = |call: crate::common::Call, body: &str| {
        call.basic("root", PASSWORD).header("content-type", "application/xml").raw(body)
    };
    let path = format!("{CI}/{PLACE}");
    let ci = "<notification.PatSmtpServer id=\"Configuration/SMTPSERVERTEST\"><host>127.0.0.1</host><port>1</port>\
        <username>patgate</username><password>hunter2 &amp; more</password><fromAddress>patgate@example.org</fromAddress>\
        <testAddress>ann@example.org</testAddress>\
        <smtpProperties><entry key=\"mail.smtp.timeout\">5000</entry></smtpProperties></notification.PatSmtpServer>";
    let made = world.send(xml(post(&*path), ci)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    assert!(
        made.text().contains("<password>********</password>") && !made.text().contains("hunter2"),
        "{}",
        made.text()
    );
    // What was read is sent back with one value changed.
    let changed = made.text().replace("ann@", "bob@");
    let changed = world.send(xml(put(&*path), &changed)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert!(changed.text().contains("<testAddress>bob@example.org</testAddress>"), "{}", changed.text());
    assert!(changed.text().contains("<entry key=\"mail.smtp.timeout\">5000</entry>"), "{}", changed.text());
    let stored = world.state.store.item(&PLACE.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.secrets.len()), (2, 1));
    let old = world.send(xml(put(&*path), made.text())).await;
    assert_eq!((old.status(), old.header("content-type")), (409, "text/plain; charset=utf-8"));
    let exists = world.send(xml(get(format!("/deployit/repository/exists/{PLACE}")), "")).await;
    assert_eq!(exists.text(), "<boolean>true</boolean>");
    let found = world.send(xml(get("/deployit/repository/query?parent=Configuration"), "")).await;
    let reference = "<ci ref=\"Configuration/SMTPSERVERTEST\" type=\"notification.PatSmtpServer\"/>";
    assert_eq!(found.text(), format!("<list>{reference}</list>"));
    let read = world.send(xml(post("/deployit/repository/cis/read"), found.text())).await;
    assert_eq!(read.text(), format!("<list>{}</list>", changed.text()));
    let prepared = world.send(xml(get(format!("/deployit/control/prepare/sendTestMail/{PLACE}")), "")).await;
    let start = "<control method=\"sendTestMail\"><controllable><notification.PatSmtpServer id=";
    assert!(prepared.text().starts_with(start), "{}", prepared.text());
    let made = world.send(xml(post("/deployit/control"), prepared.text())).await;
    assert_eq!((made.status(), made.header("content-type")), (200, "text/plain; charset=utf-8"));
    let task = world.send(xml(get(format!("{TASKS}/{}", made.text())), "")).await;
    assert!(task.text().contains("state2=\"PENDING\""), "{}", task.text());
    let judged = world
        .send(xml(
            post("/deployit/repository/validate"),
            "<list><core.Directory id=\"Configuration/x\"><a>b</a></core.Directory></list>",
        ))
        .await;
    assert!(
        judged.text().contains("<validation-message level=\"ERROR\" ci=\"Configuration/x\" property=\"a\">"),
        "{}",
        judged.text()
    );
    let deleted = world
        .send(xml(
            post("/deployit/repository/cis/delete"),
            "<list><string>Configuration/SMTPSERVERTEST</string></list>",
        ))
        .await;
    assert_eq!(deleted.status(), 204);
    for bad in ["<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "<a>", "text"] {
        let refused = world.send(xml(post(&*path), bad)).await;
        assert_eq!(
            (refused.status(), refused.header("content-type")),
            (400, "text/plain; charset=utf-8"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn an_administrator_keeps_users_through_deploys_paths() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let path = "/deployit/security/user/ann";
    let made =
        world.send(ask(post(path)).json(&json!({"username": "ann", "password": "a password for now"}))).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let profile = json!({"fullName": "", "email": "", "loginAllowed": true});
    assert_eq!(made.json(), json!({"username": "ann", "admin": false, "userProfile": profile}));
    let own =
        world.send(get(path).basic("ann", "a password for now").header("accept", "application/json")).await;
    assert_eq!(own.json(), made.json());
    let update = json!({"password": "another password", "userProfile": {"email": "ann@example.org", "fullName": "Ann"}});
    let changed = world.send(ask(put(format!("{path}/update"))).json(&update)).await;
    assert_eq!((changed.status(), &changed.json()["userProfile"]["fullName"]), (200, &json!("Ann")));
    assert_eq!(world.send(get(path).basic("ann", "another password")).await.status(), 200);
    let xml =
        "<user><username>ann</username><password>a third password</password><admin>false</admin></user>";
    let changed = world
        .send(put(path).basic("root", PASSWORD).header("content-type", "application/xml").raw(xml))
        .await;
    assert!(
        changed.text().starts_with("<user><username>ann</username><admin>false</admin>"),
        "{}",
        changed.text()
    );
    assert_eq!(world.send(get(path).basic("ann", "a third password")).await.status(), 200);
    let raised = world.send(ask(put(path)).json(&json!({"admin": true}))).await;
    assert_eq!(raised.status(), 400);
    for list in [
        "/deployit/security/user",
        "/deployit/security/user/",
        "/deployit/security/user//list?username=%20ann%20",
    ] {
        let listed = world.send(ask(get(list))).await.json();
        assert_eq!(listed[0]["username"], "ann", "{list}");
        assert!(list.contains("username=") == (listed.as_array().unwrap().len() == 1), "{listed}");
    }
    assert_eq!(world.send(ask(delete(path))).await.status(), 204);
    assert_eq!(world.send(ask(get(path))).await.status(), 404);
}

/// The values of an attribute, in their order.
fn attributes<'t>(xml: &'t str, name: &str) -> Vec<&'t str> {
    let start = format!(" {name}=\"");
    xml.split(start.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn behaviour_50_every_type_is_described_alike_in_the_list_by_itself_and_in_xml() {
    let (world, made) = with_server().await;
    let all = world.send(ask(get("/deployit/metadata/type"))).await.json();
    let names: Vec<_> = all.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    let types = [
        "core.Directory",
        "notification.PatSmtpServer",
        "events.PostWebhookEndpoint",
        "events.GetWebhookEndpoint",
    ];
    assert_eq!(names, types);
    for known in patgate_core::item::TYPES {
        let one = world.send(ask(get(format!("/deployit/metadata/type/{}", known.name)))).await.json();
        assert!(all.as_array().unwrap().contains(&one), "{}", known.name);
        let properties = one["properties"].as_array().unwrap();
        assert_eq!(properties.len(), known.properties.len());
        for (told, property) in properties.iter().zip(known.properties) {
            assert_eq!((&told["name"], &told["label"]), (&json!(property.name), &json!(property.label)));
            assert_eq!(told["default"], json!(property.default.value()), "{}", property.name);
            for field in ["label", "description", "category"] {
                assert!(!told[field].as_str().unwrap().is_empty(), "{} {field}", property.name);
            }
        }
        let path = format!("/deployit/metadata/type/{}", known.name);
        let xml = world.send(get(path).basic("root", PASSWORD)).await;
        assert_eq!((xml.status(), xml.header("content-type")), (200, "application/xml"));
        let (described, _) = xml.text().split_once("<control-tasks").unwrap();
        let names: Vec<_> = known.properties.iter().map(|property| property.name).collect();
        assert_eq!(attributes(described, "name"), names);
        let secrets: Vec<_> = known.properties.iter().map(|one| one.is_secret().to_string()).collect();
        assert_eq!(attributes(described, "password"), secrets);
        let needed: Vec<_> = known.properties.iter().map(|one| one.is_required.to_string()).collect();
        assert_eq!(attributes(described, "required"), needed);
    }
    let server =
        all.as_array().unwrap().iter().find(|one| one["type"] == "notification.PatSmtpServer").unwrap();
    assert_eq!(
        (&server["virtual"], &server["controlTasks"][0]["name"]),
        (&json!(false), &json!("sendTestMail"))
    );
    // What a CI has is described.
    let described = server["properties"].as_array().unwrap();
    for (name, _) in made.json().as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('$')) {
        let is_own = ["id", "type"].contains(&name.as_str());
        assert!(is_own || described.iter().any(|property| property["name"] == **name), "{name}");
    }
}
