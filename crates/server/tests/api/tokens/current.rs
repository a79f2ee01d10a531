//! The token itself, at `/current`.

use insta::assert_snapshot;

use super::TOKENS;
use crate::common::{NewGrant, PASSWORD, World, delete, get};

#[tokio::test]
async fn every_token_reads_itself_there() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    for application in ["any", "release", "deploy"] {
        let new = NewGrant { application, permissions: Some(&[]), ..NewGrant::default() };
        let token = world.token(&ann, new).await;
        let answer = world.send(get(format!("{TOKENS}/current")).basic("", &token.text)).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
        assert_eq!(answer.json()["id"], token.id.to_string());
    }
}

#[tokio::test]
async fn a_token_deletes_itself_and_is_gone() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant { permissions: Some(&[]), ..NewGrant::default() }).await;
    let path = format!("{TOKENS}/current");
    assert_eq!(world.send(delete(&*path).token(&token)).await.status(), 204);
    let again = world.send(delete(&*path).token(&token)).await;
    assert_eq!(again.status(), 401);
    assert!(again.header("www-authenticate").contains("the token was deleted"));
}

#[tokio::test]
async fn who_uses_no_token_is_told_so() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let path = format!("{TOKENS}/current");
    assert_snapshot!(world.send(get(&*path).basic("ann", PASSWORD)).await.shown());
    assert_eq!(world.send(get(&*path).cookie(&session)).await.status(), 400);
    assert_eq!(world.send(delete(&*path).session(&session)).await.status(), 400);
}

#[tokio::test]
async fn the_last_use_is_in_the_answers() {
    let mut world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let probe = get("/api/v1/settings/instance-information").token(&token).header("user-agent", "curl/8.5.0");
    assert_eq!(world.send(probe).await.status(), 200);
    world.write_last_uses().await;
    assert_snapshot!(world.send(get(format!("{TOKENS}/{}", token.id)).basic("ann", PASSWORD)).await.shown());
}
