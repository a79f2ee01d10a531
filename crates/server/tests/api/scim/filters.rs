//! Filters over the wire: hostile ones, and what a list answers.

use serde_json::json;
use url::form_urlencoded;

use crate::common::{Provisioner, TWO_PROVIDERS, World};

fn query(filter: &str) -> String {
    form_urlencoded::byte_serialize(filter.as_bytes()).collect()
}

#[tokio::test]
async fn a_hostile_filter_is_refused_or_finds_nothing() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    corp.user("ann").await;
    let nested = |depth: usize| format!("{}id pr{}", "(".repeat(depth), ")".repeat(depth));
    for bad in [
        "userName eq ann".to_owned(),
        "userName eq \"ann\" or".to_owned(),
        "userName eq \"ann\"; drop table users".to_owned(),
        "userName eq 'ann'".to_owned(),
        "active gt true".to_owned(),
        "userName eq 1".to_owned(),
        "id sw \"a\"".to_owned(),
        nested(21),
        "(".repeat(999),
        "id pr and ".repeat(120),
        format!("userName eq \"{}\"", "x".repeat(1_000)),
    ] {
        for answer in [
            corp.get(&format!("/Users?filter={}", query(&bad))).await,
            corp.get(&format!(
                "/Groups?filter={}",
                query(&bad.replace("userName", "displayName").replace("active", "members"))
            ))
            .await,
            corp.post("/Users/.search", &json!({ "filter": bad })).await,
        ] {
            let kind = &answer.json()["scimType"];
            assert_eq!((answer.status(), kind), (400, &json!("invalidFilter")), "{bad}: {}", answer.text());
        }
    }
    for nothing in [
        "userName eq \"' or '1'='1\"",
        "userName co \"%\"",
        "userName sw \"_\"",
        "externalId eq \"KEY-ANN\"",
        "id eq \"00000000000\"",
        "id eq \"not an id\"",
        "password pr",
        "passwordHash sw \"$argon2\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq \"ann\"",
        "members eq \"ann\"",
    ] {
        let list = corp.get(&format!("/Users?filter={}", query(nothing))).await.json();
        assert_eq!((&list["totalResults"], &list["Resources"]), (&json!(0), &json!([])), "{nothing}");
    }
    let widest = vec!["id pr"; 100].join(" and ");
    for all in [widest.as_str(), &nested(20), "userName eq \"\\u0041nn\"", "not (password pr)"] {
        let list = corp.get(&format!("/Users?filter={}", query(all))).await.json();
        assert_eq!(list["totalResults"], 1, "{all}: {list}");
    }
}

#[tokio::test]
async fn a_list_has_at_most_two_hundred_and_says_how_many_there_are() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let template = corp.user("u000").await;
    let template = world.state.store.user(template.parse().unwrap()).await.unwrap().unwrap();
    let mut change = world.change().await;
    for number in 1..=204 {
        let user = patgate_core::user::User {
            id: patgate_core::identifier::UserId::from_i64(number),
            subject: format!("s{number}"),
            username: format!("u{number:03}").parse().unwrap(),
            ..template.clone()
        };
        change.insert_user(&user, None).await.unwrap();
    }
    world.commit(change).await;
    for (parameters, first, count) in [
        ("", Some("u000"), 200),
        ("?count=1000&startIndex=6", Some("u005"), 200),
        ("?count=3&startIndex=204", Some("u203"), 2),
        ("?count=0", None, 0),
        ("?startIndex=206", None, 0),
        ("?startIndex=-3&count=1", Some("u000"), 1),
        ("?sortBy=userName&sortOrder=descending&count=1", Some("u000"), 1),
    ] {
        let list = corp.get(&format!("/Users{parameters}")).await.json();
        assert_eq!(list["totalResults"], 205, "{parameters}");
        assert_eq!(
            (list["itemsPerPage"].as_u64(), list["Resources"].as_array().unwrap().len()),
            (Some(count as u64), count)
        );
        assert_eq!(list["Resources"][0]["userName"].as_str(), first, "{parameters}");
    }
    for bad in [
        "?count=ten",
        "?startIndex=1.5",
        "?attributes=a&excludedAttributes=b",
        "?count=1&count=2",
        "?attributes=a%20b",
    ] {
        let answer = corp.get(&format!("/Users{bad}")).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (400, &json!("invalidValue")), "{bad}");
    }
}
