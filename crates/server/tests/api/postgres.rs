//! The same over PostgreSQL: the store's own tests prove that both databases behave alike, and this that the API does.

use patgate_testkit::servers::postgres::Database;
use serde_json::{Value, json};

use crate::common::{PASSWORD, World, delete, get, post, put};

const TOKENS: &str = "/api/v1/personal-access-tokens";

#[tokio::test]
async fn tokens_live_and_die_on_postgresql() {
    let database = tokio::task::spawn_blocking(Database::create).await.unwrap();
    let world = World::configured(&format!("database_url = \"{}\"", database.url())).await;
    world.user("ann", &["login", "security#edit"]).await;
    let mut made = Vec::new();
    for (note, days) in [("b", json!(7)), ("B_1", Value::Null), ("c%", json!(30)), ("ä", json!(1))] {
        let body = json!({"tokenNote": note, "expiresInDays": days, "globalPermissions": ["login"]});
        let answer = world.send(post(TOKENS).basic("ann", PASSWORD).json(&body)).await;
        assert_eq!(answer.status(), 201, "{}", answer.text());
        made.push(answer.json());
    }
    for (query, expected) in [
        ("sort=name", &["b", "B_1", "c%", "ä"][..]),
        ("sort=-name", &["ä", "c%", "B_1", "b"]),
        ("sort=expiresAt", &["ä", "b", "c%", "B_1"]),
        ("sort=-expiresAt&resultsPerPage=1", &["B_1"]),
        ("search=b&sort=name", &["b", "B_1"]),
        ("search=b_", &["B_1"]),
        ("search=Ä", &["ä"]),
        ("sort=name&resultsPerPage=3&page=1", &["ä"]),
        ("page=18446744073709551615", &[]),
    ] {
        let query = query.replace('Ä', "%C3%84");
        let answer = world.send(get(format!("{TOKENS}?{query}")).basic("ann", PASSWORD)).await;
        let listed = answer.json();
        let names: Vec<_> =
            listed.as_array().unwrap().iter().map(|token| token["tokenNote"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{query}");
    }
    let text = made[0]["token"].as_str().unwrap();
    let probe = || world.send(get(format!("{TOKENS}/current")).basic("", text));
    assert_eq!(probe().await.json()["id"], made[0]["id"]);
    let path = format!("{TOKENS}/{}", made[0]["id"].as_str().unwrap());
    assert_eq!(world.send(delete(&*path).basic("ann", PASSWORD)).await.status(), 204);
    assert_eq!(probe().await.status(), 401);
    assert_eq!(world.send(delete(&*path).basic("ann", PASSWORD)).await.status(), 404);
    let origins = json!({"internal": true, "ldap": true, "sso": true});
    let settings = json!({
        "maximumLifetimeDays": 7,
        "tokensMayMakeTokens": false,
        "passwordsOnApi": true, "freshnessDays": { "ldap": 30, "sso": 30 },
        "origins": {"release": origins, "deploy": origins, "others": origins},
        "emailNotifications": {"enabled": false, "days": 7, "furtherDays": [], "digest": false, "server": null,
            "subject": "Soon", "body": "Soon."},
    });
    let put = put("/api/v1/settings/personal-access-tokens").basic("ann", PASSWORD).json(&settings);
    assert_eq!(world.send(put).await.status(), 200);
    let cut = world.send(post(TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "n"}))).await;
    assert_eq!(cut.json()["expiresAt"], "2026-05-10T12:00:00Z");
}

#[tokio::test]
async fn a_nul_in_a_search_is_no_fault_on_postgresql() {
    let database = tokio::task::spawn_blocking(Database::create).await.unwrap();
    let world = World::configured(&format!("database_url = \"{}\"", database.url())).await;
    let root = world.user("root", &["login", "admin"]).await;
    let session = world.session(&root).await;
    for path in [
        "/account/tokens?search=a%00",
        "/account/tokens?after=a%00",
        "/admin/tokens?search=a%00",
        "/admin/tokens.csv?search=a%00",
        "/admin/users?search=a%00",
        "/admin/users?after=a%00",
        "/admin/audit?actor=a%00&subject=%00&action=grant.create%00",
        "/admin/audit.jsonl?actor=a%00&subject=%00",
    ] {
        assert_eq!(world.open(&session, path).await.status(), 200, "{path}");
    }
}
