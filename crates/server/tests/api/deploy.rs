//! `/deployit/tokens/users` and `/api/v1/deployit`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, World, delete, get, post};

const TOKENS: &str = "/deployit/tokens/users";

#[tokio::test]
async fn ann_makes_lists_and_deletes_a_deploy_token() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let made = world.send(post(TOKENS).basic("ann", PASSWORD).json(&json!({"tokenNote": "deploy it"}))).await;
    assert_snapshot!("made", made.shown());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    // The vendor's own example of the header.
    let listed = world.send(get(TOKENS).header("x-deploy-personal-token", &token)).await;
    assert_snapshot!("listed", listed.shown());
    let deleted =
        world.send(delete(format!("{TOKENS}/{id}")).header("x-deploy-personal-token", &token)).await;
    assert_eq!((deleted.status(), deleted.text()), (204, ""));
    let refused = world.send(get(TOKENS).header("x-deploy-personal-token", &token)).await;
    assert_snapshot!("refused", refused.shown());
}

#[tokio::test]
async fn a_token_is_deleted_by_path_or_by_parameter() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    for by_path in [true, false] {
        let token = world.token(&ann, NewGrant::default()).await;
        let path =
            if by_path { format!("{TOKENS}/{}", token.id) } else { format!("{TOKENS}?id={}", token.id) };
        assert_eq!(world.send(delete(&*path).basic("ann", PASSWORD)).await.status(), 204);
        assert_eq!(world.send(delete(&*path).basic("ann", PASSWORD)).await.status(), 404);
    }
    let nothing = world.send(delete(TOKENS).basic("ann", PASSWORD)).await;
    assert_eq!((nothing.status(), nothing.text()), (400, "The query parameter `id` is missing"));
}

#[tokio::test]
async fn every_refusal_there_is_text() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let listed = world
        .token(&ann, NewGrant { application: "deploy", permissions: Some(&[]), ..NewGrant::default() })
        .await;
    let release = world.token(&ann, NewGrant::default()).await;
    let calls = [
        (401, get(TOKENS)),
        (401, get(TOKENS).token(&release)),
        (403, get(TOKENS).deploy_token(&listed)),
        (400, get(format!("{TOKENS}?page=x")).basic("ann", PASSWORD)),
        (400, post(TOKENS).basic("ann", PASSWORD).json(&json!({}))),
        (415, post(TOKENS).basic("ann", PASSWORD).raw("{}")),
        (404, delete(format!("{TOKENS}/nothing")).basic("ann", PASSWORD)),
        (404, get("/deployit/nothing").basic("ann", PASSWORD)),
        (405, get(format!("{TOKENS}/nothing")).basic("ann", PASSWORD)),
    ];
    for (status, call) in calls {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(serde_json::from_str::<Value>(answer.text()).is_err(), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_vendors_page_tries_a_token_out() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let new = NewGrant { application: "deploy", permissions: Some(&["login"]), ..NewGrant::default() };
    let token = world.token(&ann, new).await;
    assert_snapshot!(world.send(get("/api/v1/deployit").basic("", &token.text)).await.shown());
    let release = world.token(&ann, NewGrant::default()).await;
    let elsewhere = world.send(get("/api/v1/deployit").basic("", &release.text)).await;
    assert_eq!(elsewhere.status(), 401);
    assert!(elsewhere.header("www-authenticate").contains("the token is for another application"));
}
