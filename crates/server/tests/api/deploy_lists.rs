//! Long lists that are asked for again: written once, and as new as what is read.

use std::time::Duration;

use futures_util::future::join_all;
use http_body_util::BodyExt;
use patgate_core::identifier::ItemNumber;
use patgate_store::{NewItem, StoredSecrets};
use patgate_testkit::child;
use serde_json::json;
use tokio::time::timeout;

use crate::common::{PASSWORD, World, delete, get, post, put};
use crate::deploy_repository::{CI, ask, make};

const QUERY: &str = "/deployit/repository/query";
const TITLES: &str = "/api/v1/config/byTypeAndTitle?configurationType=core.Directory";
const USERS: &str = "/deployit/security/user?resultsPerPage=-1";

/// A world with an administrator and so many folders in one.
async fn world(count: usize) -> World {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    make(&world, "Configuration/Many", "core.Directory").await;
    let cis: Vec<_> = (0..count)
        .map(|number| json!({ "id": format!("Configuration/Many/f{number:04}"), "type": "core.Directory" }))
        .collect();
    let made = world.send(ask(post("/deployit/repository/cis")).json(&json!(cis))).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    world
}

async fn list(world: &World, path: &str) -> String {
    let answer = world.send(ask(get(path))).await;
    assert_eq!((answer.status(), answer.header("content-type")), (200, "application/json"), "{path}");
    let count = answer.json().as_array().unwrap().len();
    assert!(count > 200, "{path} is long enough: {count}");
    answer.text().to_owned()
}

/// Changes what no change tells of: it shows in the rows that are read again.
fn tamper(world: &World, sql: &str) {
    child::run(child::program("sqlite3"), [&world.database().display().to_string(), sql]);
}

#[tokio::test]
async fn a_list_that_is_asked_for_again_is_as_new_as_its_last_change() {
    for path in [QUERY, TITLES] {
        let world = world(450).await;
        assert_eq!(world.state.written_lists.bytes(), 0);
        let first = list(&world, path).await;
        let held = world.state.written_lists.bytes();
        assert!(held >= first.len(), "{path}");
        assert_eq!(list(&world, path).await, first);
        // What is in no such list does not make it another one.
        world.user("bob", &["login"]).await;
        assert_eq!((list(&world, path).await, world.state.written_lists.bytes()), (first.clone(), held));
        make(&world, "Configuration/Many/new", "core.Directory").await;
        let second = list(&world, path).await;
        assert!(second.contains("Many/new") || second.contains("\"new\""), "{path}");
        let gone = world.send(ask(delete(format!("{CI}/Configuration/Many/new")))).await;
        assert_eq!(gone.status(), 204);
        assert_eq!(list(&world, path).await, first, "{path}");
        // Another node makes one, of which this one has not heard.
        let mut change = world.change().await;
        let item = NewItem {
            number: ItemNumber::from_i64(77),
            id: "Configuration/Many/theirs".parse().unwrap(),
            type_name: "core.Directory".to_owned(),
            properties: Default::default(),
            secrets: StoredSecrets::new(),
        };
        change.insert_items(&[item]).await.unwrap();
        change.commit().await.unwrap();
        assert!(list(&world, path).await.contains("theirs"), "{path}");
        let gone = world.send(ask(delete(format!("{CI}/Configuration/Many/theirs")))).await;
        assert_eq!(gone.status(), 204, "{}", gone.text());
    }
}

#[tokio::test]
async fn of_a_list_that_was_written_the_rows_that_changed_are_read_alone() {
    let world = world(450).await;
    let before = list(&world, QUERY).await.matches("\"ref\"").count();
    tamper(
        &world,
        "UPDATE configuration_items SET type_name = 'told.to.Nobody' WHERE id LIKE '%/f0%' AND id NOT LIKE '%/f0007' AND id NOT LIKE '%/f0200'",
    );
    let renamed = post("/deployit/repository/rename/Configuration/Many/f0007?newName=f0100b");
    assert_eq!(world.send(ask(renamed)).await.status(), 200);
    make(&world, "Configuration/Many/zz", "core.Directory").await;
    let gone = world.send(ask(delete(format!("{CI}/Configuration/Many/f0200")))).await;
    assert_eq!(gone.status(), 204, "{}", gone.text());
    let after = list(&world, QUERY).await;
    let read: serde_json::Value = serde_json::from_str(&after).unwrap();
    let names: Vec<_> = read.as_array().unwrap().iter().map(|ci| ci["ref"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.len() == before, "{}", names.len());
    let place = names.iter().position(|name| *name == "Configuration/Many/f0100b").unwrap();
    assert_eq!(
        names[place - 1..place + 2].join(" "),
        "Configuration/Many/f0100 Configuration/Many/f0100b Configuration/Many/f0101"
    );
    assert!(names.contains(&"Configuration/Many/zz") && !names.contains(&"Configuration/Many/f0200"));
    assert!(!after.contains("told.to.Nobody"), "the others were not read");
    // More than a few changes, and all is read.
    for number in 0..21 {
        make(&world, &format!("Configuration/Many/z{number}"), "core.Directory").await;
    }
    let anew = list(&world, QUERY).await;
    assert!(anew.contains("told.to.Nobody") && anew.contains("Many/z20"));
}

#[tokio::test]
async fn a_list_that_was_written_is_shown_to_nobody_who_may_not_see_it() {
    let world = world(250).await;
    let nobody = world.user("nobody", &["login"]).await;
    for path in [QUERY, TITLES] {
        list(&world, path).await;
        let call = get(path).basic(&nobody.username, PASSWORD).header("accept", "application/json");
        assert_eq!(world.send(call).await.status(), 403, "{path}");
        assert_eq!(world.send(get(path)).await.status(), 401, "{path}");
    }
    // In the other form, and with another question, it is another list.
    let xml = world.send(get(QUERY).basic("root", PASSWORD)).await;
    assert!(xml.text().starts_with("<list><ci "), "{}", xml.text());
    let one = world.send(ask(get(format!("{QUERY}?namePattern=f0001")))).await;
    assert_eq!(one.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_of_users_tells_who_is_an_administrator_now() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    for number in 0..220 {
        let mut change = world.change().await;
        let mut user = change.user(ann.id).await.unwrap().unwrap();
        user.id = patgate_core::identifier::UserId::from_i64(9_000 + number);
        user.username = format!("person-{number}").parse().unwrap();
        user.subject = user.username.key();
        change.insert_user(&user, None).await.unwrap();
        world.commit(change).await;
    }
    let is_administrator = async || {
        let all: serde_json::Value = serde_json::from_str(&list(&world, USERS).await).unwrap();
        let ann = all.as_array().unwrap().iter().find(|user| user["username"] == "ann").unwrap().clone();
        ann["admin"].as_bool().unwrap()
    };
    assert!(!is_administrator().await && !is_administrator().await);
    assert!(world.state.written_lists.bytes() > 0);
    tamper(&world, "UPDATE users SET full_name = 'told to nobody' WHERE username = 'person-5'");
    let role =
        json!({ "name": "ann's role", "permissions": ["admin"], "principals": [{ "username": "ann" }] });
    let changed = world.send(put("/api/v1/roles/ann's%20role").basic("root", PASSWORD).json(&role)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert!(is_administrator().await && is_administrator().await);
    let gone = world.send(delete("/api/v1/users/person-0").basic("root", PASSWORD)).await;
    assert_eq!(gone.status(), 204);
    let last = list(&world, USERS).await;
    assert!(!last.contains("\"person-0\"") && !last.contains("told to nobody"), "{last}");
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_reads_and_the_others_have_what_it_wrote() {
    let world = world(450).await;
    let mut first = world.begin(ask(get(QUERY))).await.into_body();
    let begin = first.frame().await.unwrap().unwrap().into_data().unwrap();
    // Who reads from here on sees it: the first one in the rest alone, and everybody else from the beginning.
    tamper(&world, "UPDATE configuration_items SET type_name = 'read.by.All' WHERE id LIKE '%/f0%'");
    let others: Vec<_> = (0..10).map(|_| list(&world, QUERY)).collect();
    let mut others = Box::pin(join_all(others));
    let early = timeout(Duration::from_millis(100), &mut others).await;
    assert!(early.is_err(), "while one writes it, others wait");
    let (rest, others) = tokio::join!(first.collect(), others);
    let written = String::from_utf8([begin, rest.unwrap().to_bytes()].concat()).unwrap();
    let read_later = written.matches("read.by.All").count();
    assert!((200..=300).contains(&read_later), "{read_later}");
    assert!(others.iter().all(|other| *other == written));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nobody_waiting() {
    let world = world(450).await;
    for count in 0..2 {
        let first = world.begin(ask(get(QUERY))).await;
        let mut other = Box::pin(list(&world, QUERY));
        assert!(timeout(Duration::from_millis(50), &mut other).await.is_err(), "{count}");
        drop(first);
        assert!(other.await.contains("f0449"), "{count}");
        // More changes than rows that are written anew.
        for number in 0..21 {
            make(&world, &format!("Configuration/Many/n{count}-{number}"), "core.Directory").await;
        }
    }
}

#[tokio::test]
async fn a_change_while_a_list_is_written_is_seen_by_all_who_ask_after_it() {
    let world = world(450).await;
    let first = world.begin(ask(get(QUERY))).await.into_body();
    let mut other = Box::pin(list(&world, QUERY));
    assert!(timeout(Duration::from_millis(50), &mut other).await.is_err());
    // Before all that the first one has yet to read.
    make(&world, "Configuration/Many/a", "core.Directory").await;
    let late: Vec<_> = (0..5).map(|_| list(&world, QUERY)).collect();
    let mut late = Box::pin(join_all(late));
    assert!(timeout(Duration::from_millis(50), &mut late).await.is_err());
    let (before, other, late) = tokio::join!(first.collect(), other, late);
    let before = before.unwrap().to_bytes();
    assert!(!before.windows(8).any(|part| part == b"/Many/a\""), "the first one asked before it");
    assert!(other.contains("/Many/a\""));
    assert!(late.iter().all(|list| list.contains("/Many/a\"")));
}
