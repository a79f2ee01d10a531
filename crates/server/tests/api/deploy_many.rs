//! Deploy's repository of CIs: those that go elsewhere, several at once, and those that are only judged.

use serde_json::json;

use crate::common::{World, delete, get, post, put};
use crate::deploy_repository::{CI, PLACE, SECRET, ask, found, make, server, with_server};

#[tokio::test]
async fn a_ci_is_renamed_moved_and_copied_without_its_secret() {
    let (world, made) = with_server().await;
    make(&world, "Configuration/Mail", "core.Directory").await;
    let act = |verb: &str, rest: &str| ask(post(format!("/deployit/repository/{verb}/{rest}")));
    let renamed = world.send(act("rename", &format!("{PLACE}?newName=Post"))).await;
    assert_eq!((renamed.status(), &renamed.json()["id"]), (200, &json!("Configuration/Post")));
    let moved = world.send(act("move", "Configuration/Post?newId=Configuration/Mail/Post")).await;
    assert_eq!((moved.status(), &moved.json()["id"]), (200, &json!("Configuration/Mail/Post")));
    assert_eq!(moved.json()["password"], "********");
    let copied = world.send(act("copy", "Configuration/Mail?newId=Configuration/Copy")).await;
    assert_eq!((copied.status(), &copied.json()["id"]), (200, &json!("Configuration/Copy")));
    let copy = world.send(ask(get(format!("{CI}/Configuration/Copy/Post")))).await.json();
    assert_eq!(
        (&copy["host"], &copy["smtpProperties"]),
        (&made.json()["host"], &made.json()["smtpProperties"])
    );
    assert_eq!(copy.get("password"), None, "a secret is not copied");
    for (verb, rest, status) in [
        ("copy", "Configuration/Mail?newId=Configuration/Mail/Inner", 409),
        ("move", "Configuration/Mail?newId=Configuration/Mail/Inner", 409),
        ("move", "Configuration/Mail?newId=Configuration/Copy", 409),
        ("move", "Configuration/Mail?newId=Environments/Mail", 400),
        ("move", "Configuration/Mail?newId=Configuration/None/Mail", 400),
        ("rename", "Configuration/Mail?newName=a/b", 400),
        ("rename", "Configuration/Mail", 400),
    ] {
        let answer = world.send(act(verb, rest)).await;
        assert_eq!(answer.status(), status, "{verb} {rest}: {}", answer.text());
    }
}

#[tokio::test]
async fn behaviour_29_the_id_of_a_ci_is_the_same_with_slashes_and_with_percent_signs() {
    let (world, _) = with_server().await;
    make(&world, "Configuration/Mail", "core.Directory").await;
    let act = |verb: &str, rest: &str| ask(post(format!("/deployit/repository/{verb}/{rest}")));
    for (call, id) in [
        (
            act("move", "Configuration%2FSMTPSERVERTEST?newId=Configuration%2FMail%2FPost"),
            "Configuration/Mail/Post",
        ),
        (act("rename", "Configuration%2fMail%2fPost?newName=Letters"), "Configuration/Mail/Letters"),
        (act("copy", "Configuration/Mail%2FLetters?newId=Configuration/Copy"), "Configuration/Copy"),
    ] {
        let answer = world.send(call).await;
        assert_eq!((answer.status(), &answer.json()["id"]), (200, &json!(id)), "{}", answer.text());
    }
    let prepared = |place: &str| ask(get(format!("/deployit/control/prepare/sendTestMail/{place}")));
    let raw = world.send(prepared("Configuration/Mail/Letters")).await;
    assert_eq!((raw.status(), &raw.json()["method"]), (200, &json!("sendTestMail")), "{}", raw.text());
    for place in ["Configuration%2FMail%2FLetters", "Configuration/Mail%2fLetters"] {
        assert_eq!(world.send(prepared(place)).await.json(), raw.json(), "{place}");
    }
    assert_eq!(world.send(ask(delete(format!("{CI}/Configuration%2FCopy")))).await.status(), 204);
    assert_eq!(found(&world, "").await, ["Configuration/Mail", "Configuration/Mail/Letters"]);
}

#[tokio::test]
async fn behaviour_41_42_several_cis_are_made_changed_read_and_deleted_all_or_none() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let (mail, post_server) = ("Configuration/Mail", "Configuration/Mail/Post");
    let cis = json!([{"id": mail, "type": "core.Directory"}, server(post_server)]);
    let wrong = json!([cis[0], cis[1], {"id": "Configuration/x", "type": "notification.PatSmtpServer"}]);
    let refused = world.send(ask(post("/deployit/repository/cis")).json(&wrong)).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().starts_with("Configuration/x: The field `properties.host`"), "{}", refused.text());
    assert_eq!(found(&world, "").await, Vec::<String>::new());
    let made = world.send(ask(post("/deployit/repository/cis")).json(&cis)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let read = world.send(ask(post("/deployit/repository/cis/read")).json(&json!([post_server, mail]))).await;
    assert_eq!(read.json(), json!([made.json()[1], made.json()[0]]));
    let secrets =
        async || world.state.store.item(&post_server.parse().unwrap()).await.unwrap().unwrap().secrets;
    let before = secrets().await;
    assert_eq!(before.len(), 1);
    let mut wanted = read.json();
    wanted[0]["port"] = json!(587);
    let changed = world.send(ask(put("/deployit/repository/cis")).json(&wanted)).await;
    assert_eq!((changed.status(), &changed.json()[0]["port"]), (200, &json!(587)), "{}", changed.text());
    assert_eq!((&changed.json()[0]["password"], secrets().await), (&json!("********"), before));
    assert_ne!(changed.json()[0]["$token"], wanted[0]["$token"]);
    // Over what was read before that change, nothing is changed.
    wanted[0]["port"] = json!(25);
    let old = world.send(ask(put("/deployit/repository/cis")).json(&wanted)).await;
    assert_eq!((old.status(), old.header("content-type")), (409, "text/plain; charset=utf-8"));
    let read = world.send(ask(post("/deployit/repository/cis/read")).json(&json!([post_server, mail]))).await;
    assert_eq!(read.json(), changed.json());
    let ids = json!([mail, "Configuration/nothing", post_server]);
    let deleted = world.send(ask(post("/deployit/repository/cis/delete")).json(&ids)).await;
    assert_eq!(deleted.status(), 204, "{}", deleted.text());
    assert_eq!(found(&world, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn cis_that_are_made_together_are_numbered_one_behind_the_other() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ids = ["Configuration/c", "Configuration/a", "Configuration/b"];
    let cis: Vec<_> = ids.iter().map(|id| json!({"id": id, "type": "core.Directory"})).collect();
    let made = world.send(ask(post("/deployit/repository/cis")).json(&json!(cis))).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let number = async |id: &str| world.state.store.item(&id.parse().unwrap()).await.unwrap().unwrap().number;
    let first = number(ids[0]).await;
    assert_eq!([number(ids[1]).await, number(ids[2]).await], [first.next(), first.next().next()]);
}

#[tokio::test]
async fn of_several_cis_the_first_that_is_wrong_is_told() {
    let (world, made) = with_server().await;
    let (inner, wrong) = ("Configuration/Mail/Post", "Configuration/x");
    make(&world, "Configuration/Mail", "core.Directory").await;
    make(&world, "Configuration/Mail/Inner", "core.Directory").await;
    let without_host = json!({"id": wrong, "type": "notification.PatSmtpServer"});
    let there = found(&world, "").await;
    for (cis, first) in [
        (json!([server(inner), server(PLACE), without_host]), PLACE),
        (json!([server(inner), without_host, server(PLACE)]), wrong),
        (json!([server(inner), server("configuration/mail/POST")]), "Configuration/mail/POST"),
    ] {
        let refused = world.send(ask(post("/deployit/repository/cis")).json(&cis)).await;
        assert_eq!(refused.status(), 400, "{}", refused.text());
        // A place that is taken is a fault of the property `id`.
        let told = refused.text().trim_start_matches("`id`: ");
        assert!(told.starts_with(&format!("{first}: ")), "{first}: {}", refused.text());
    }
    let mut changed = made.json();
    changed["port"] = json!(99_999);
    let folder = world.send(ask(get(format!("{CI}/Configuration/Mail")))).await.json();
    let refused = world.send(ask(put("/deployit/repository/cis")).json(&json!([folder, changed]))).await;
    assert_eq!(refused.status(), 400, "{}", refused.text());
    assert!(refused.text().starts_with(&format!("{PLACE}: ")), "{}", refused.text());
    let deleted = ask(post("/deployit/repository/cis/delete")).json(&json!([PLACE, "Configuration/Mail"]));
    let refused = world.send(deleted).await;
    assert_eq!(refused.status(), 409, "{}", refused.text());
    assert!(refused.text().starts_with("Configuration/Mail: "), "{}", refused.text());
    assert_eq!(found(&world, "").await, there, "nothing was made or deleted");
}

#[tokio::test]
async fn what_is_wrong_with_a_ci_is_told_without_making_it() {
    let (world, _) = with_server().await;
    let mut whole = server(PLACE);
    whole["password"] = json!("********");
    let wrong = json!({"id": "Configuration/New", "type": "notification.PatSmtpServer", "port": 99999, "password": SECRET});
    let answer = world.send(ask(post("/deployit/repository/validate")).json(&json!([whole, wrong]))).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let judged = answer.json();
    assert_eq!(judged[0]["validation-messages"], json!([]));
    let named: Vec<_> =
        judged[1]["validation-messages"].as_array().unwrap().iter().map(|fault| &fault["property"]).collect();
    assert_eq!(named, ["host", "port", "fromAddress"]);
    assert_eq!(judged[1]["validation-messages"][0]["message"], "This is needed.");
    assert!(!answer.text().contains("hunter2"));
    assert_eq!(found(&world, "").await, [PLACE]);
    let candidates = ask(post("/deployit/repository/candidate-values?propertyName=host")).json(&whole);
    assert_eq!(world.send(candidates).await.json(), json!([]));
    let none = ask(post("/deployit/repository/candidate-values?propertyName=hosts")).json(&whole);
    assert_eq!(world.send(none).await.status(), 400);
}
