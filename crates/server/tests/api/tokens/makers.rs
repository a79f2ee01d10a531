//! Tokens that make tokens: only where an administrator allows it, and never a wider or longer-lived one.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::TOKENS;
use crate::common::{Answer, IssuedToken, NewGrant, Person, World, post};

async fn world_of_ann(tokens_may_make_tokens: bool) -> (World, Person) {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#create", "release#view"]).await;
    let mut change = world.change().await;
    let mut settings = change.token_settings().await.unwrap();
    settings.tokens_may_make_tokens = tokens_may_make_tokens;
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    (world, ann)
}

async fn make(world: &World, maker: &IssuedToken, body: &Value) -> Answer {
    world.send(post(TOKENS).token(maker).json(body)).await
}

#[tokio::test]
async fn by_default_a_token_makes_none() {
    let (world, ann) = world_of_ann(false).await;
    let maker = world.token(&ann, NewGrant::default()).await;
    assert_snapshot!(make(&world, &maker, &json!({"tokenNote": "n"})).await.shown());
}

#[tokio::test]
async fn a_token_makes_no_wider_one() {
    let (world, ann) = world_of_ann(true).await;
    let listed = NewGrant { permissions: Some(&["login", "release#view"]), ..NewGrant::default() };
    let maker = world.token(&ann, listed).await;
    let with = |permissions: Value| json!({"tokenNote": "n", "globalPermissions": permissions});
    assert_eq!(make(&world, &maker, &with(json!(["login"]))).await.status(), 201);
    assert_eq!(make(&world, &maker, &with(json!([]))).await.status(), 201);
    assert_snapshot!(
        "more_permissions",
        make(&world, &maker, &with(json!(["login", "release#create"]))).await.shown()
    );
    assert_snapshot!("all_permissions", make(&world, &maker, &with(Value::Null)).await.shown());
    let full = world.token(&ann, NewGrant::default()).await;
    assert_eq!(make(&world, &full, &with(Value::Null)).await.status(), 201);
    // What the owner lacks, nobody gives.
    assert_eq!(make(&world, &full, &with(json!(["admin"]))).await.status(), 400);
}

#[tokio::test]
async fn a_token_makes_none_that_outlives_it() {
    let (world, ann) = world_of_ann(true).await;
    let ending = NewGrant { expires_at: Some("2026-05-10T00:00:00Z"), ..NewGrant::default() };
    let maker = world.token(&ann, ending).await;
    let until = |at: Value| json!({"tokenNote": "n", "expiresAt": at});
    let cut = make(&world, &maker, &until(Value::Null)).await;
    assert_eq!(cut.json()["expiresAt"], "2026-05-10T00:00:00Z");
    assert_eq!(make(&world, &maker, &until(json!("2026-05-10T00:00:00Z"))).await.status(), 201);
    assert_snapshot!(make(&world, &maker, &until(json!("2026-05-10T00:00:01Z"))).await.shown());
}

#[tokio::test]
async fn a_token_makes_none_for_elsewhere() {
    let (world, ann) = world_of_ann(true).await;
    let release = world.token(&ann, NewGrant::default()).await;
    let any = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
    for (maker, application, status) in [
        (&release, "release", 201),
        (&release, "deploy", 403),
        (&release, "any", 403),
        (&any, "release", 201),
        (&any, "deploy", 201),
        (&any, "any", 201),
    ] {
        let body = json!({"tokenNote": "n", "application": application});
        assert_eq!(make(&world, maker, &body).await.status(), status, "{application}");
    }
}
