//! Tokens that make tokens: only where an administrator allows it, and never a wider or longer-lived one.

use insta::assert_snapshot;
use patgate_core::expiry::Expiry;
use serde_json::{Value, json};

use super::TOKENS;
use crate::common::{Answer, IssuedToken, NewGrant, PASSWORD, Person, World, post, put};

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

#[tokio::test]
async fn a_token_that_passes_no_more_when_the_whole_request_has_come_does_nothing() {
    let (world, ann) = world_of_ann(true).await;
    let root = world.user("root", &["admin"]).await;
    let makes = post(TOKENS).json(&json!({"tokenNote": "late"}));
    let changes = put("/api/v1/users/ann").json(&json!({"fullName": "Late"}));
    for is_suspended in [true, false] {
        for (owner, call, end, status) in
            [(&ann, &makes, "2026-05-10T00:00:00Z", 401), (&root, &changes, "2026-05-11T00:00:00Z", 403)]
        {
            let token = world.token(owner, NewGrant { expires_at: Some(end), ..NewGrant::default() }).await;
            let ends = async {
                match is_suspended {
                    true => world.suspend(&token).await,
                    false => world.clock.set(end.parse().unwrap()),
                }
            };
            let late = world.send_in_halves(call.clone().token(&token), ends).await;
            assert_eq!(late.status(), status, "{is_suspended}: {}", late.shown());
        }
    }
    let user = world.state.store.user(ann.id).await.unwrap().unwrap();
    assert!(!user.full_name.contains("Late"));
    // It is the end of the token that refused it, and nothing else.
    for (owner, call, status) in [(&ann, &makes, 201), (&root, &changes, 200)] {
        let token = world.token(owner, NewGrant::default()).await;
        let answer = world.send_in_halves(call.clone().token(&token), async {}).await;
        assert_eq!(answer.status(), status, "{}", answer.shown());
    }
}

#[tokio::test]
async fn a_token_that_was_shortened_meanwhile_makes_none_that_outlives_it() {
    let (world, ann) = world_of_ann(true).await;
    let maker = world.token(&ann, NewGrant::default()).await;
    let shortened = async {
        let mut change = world.change().await;
        let end = Expiry::at("2026-05-10T00:00:00Z".parse().unwrap()).unwrap();
        change.set_grant_expiry(maker.id, end).await.unwrap();
        world.commit(change).await;
    };
    let call = post(TOKENS).json(&json!({"tokenNote": "late"})).token(&maker);
    let made = world.send_in_halves(call, shortened).await;
    assert_eq!(made.json()["expiresAt"], "2026-05-10T00:00:00Z", "{}", made.shown());
}

#[tokio::test]
async fn who_is_logged_out_when_the_whole_request_has_come_makes_and_changes_nothing() {
    let (world, ann) = world_of_ann(false).await;
    let root = world.user("root", &["admin"]).await;
    let makes = post(TOKENS).json(&json!({"tokenNote": "late"}));
    let changes = put("/api/v1/users/ann").json(&json!({"fullName": "Late"}));
    for (who, call, done) in [(&ann, makes, 201), (&root, changes, 200)] {
        let session = world.session(who).await;
        let out = async {
            // That ends the sessions of somebody, who may sign in again afterwards.
            let mut change = world.change().await;
            change.disable_user(who.id).await.unwrap();
            change.enable_user(who.id).await.unwrap();
            world.commit(change).await;
        };
        let late = world.send_in_halves(call.clone().session(&session), out).await;
        assert_eq!(late.status(), 403, "{}", late.shown());
        let session = world.session(who).await;
        let answer = world.send_in_halves(call.session(&session), async {}).await;
        assert_eq!(answer.status(), done, "{}", answer.shown());
    }
}

#[tokio::test]
async fn whose_password_is_another_one_when_the_whole_request_has_come_makes_and_changes_nothing() {
    let (world, ann) = world_of_ann(false).await;
    let root = world.user("root", &["admin"]).await;
    let makes = post(TOKENS).json(&json!({"tokenNote": "late"})).basic("ann", PASSWORD);
    let changes = put("/api/v1/users/ann").json(&json!({"fullName": "Late"})).basic("root", PASSWORD);
    for (who, name, call, done) in [(&ann, "ann", makes, 201), (&root, "root", changes, 200)] {
        let answer = world.send_in_halves(call.clone(), async {}).await;
        assert_eq!(answer.status(), done, "{}", answer.shown());
        let set_anew = async {
            // Even the same one is another, as whoever sets it cannot tell who knows it.
            let hash = world.state.store.password(&name.parse().unwrap()).await.unwrap().unwrap().hash;
            let mut change = world.change().await;
            change.set_password(who.id, &hash, None).await.unwrap();
            world.commit(change).await;
        };
        let late = world.send_in_halves(call, set_anew).await;
        assert_eq!(late.status(), 403, "{}", late.shown());
    }
}
