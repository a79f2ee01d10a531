//! The panel *Generate token*, filled in like a token that expires: where the mail before that leads.

use crate::common::{IssuedToken, NewGrant, World};

fn path(token: &IssuedToken) -> String {
    format!("/account/tokens/new?like={}", token.id)
}

#[tokio::test]
async fn ann_renews_a_token_with_the_panel_filled_in_like_it() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view", "release#create"]).await;
    let session = world.session(&ann).await;
    let new = NewGrant {
        name: "ci <deploy>",
        application: "deploy",
        permissions: Some(&["release#view"]),
        expires_at: Some("2026-06-20T21:59:59Z"),
    };
    let token = world.token(&ann, new).await;
    let page = world.open(&session, &path(&token)).await;
    assert_eq!(page.status(), 200);
    let text = page.text();
    assert!(text.contains(r#"value="ci &#60;deploy&#62;""#), "{text}");
    assert!(text.contains(r#"<option value="deploy" selected>"#), "{text}");
    // It lived for 48 days: 45 is nearer than 60.
    assert!(text.contains(r#"<option value="45" selected>"#), "{text}");
    assert!(text.contains(r#"name="permissions" value="chosen" checked"#), "{text}");
    assert!(text.contains(r#"name="permission" value="release#view" checked"#), "{text}");
    assert!(!text.contains(r#"name="permission" value="release#create" checked"#), "{text}");
}

#[tokio::test]
async fn a_token_without_an_end_is_renewed_as_the_rules_allow() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let page = world.open(&session, &path(&token)).await;
    assert!(page.text().contains(r#"<option value="never" selected>"#), "{}", page.text());
    assert!(page.text().contains(r#"name="permissions" value="all" checked"#));
    let mut change = world.change().await;
    let mut settings = change.token_settings().await.unwrap();
    settings.maximum_lifetime_days = Some(30.try_into().unwrap());
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    let page = world.open(&session, &path(&token)).await;
    assert!(page.text().contains(r#"<option value="30" selected>"#), "{}", page.text());
}

#[tokio::test]
async fn the_panel_is_the_plain_one_for_what_is_not_ones_own() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "token#view_all"]).await;
    let bob = world.user("bob", &["login"]).await;
    let session = world.session(&ann).await;
    let others = world.token(&bob, NewGrant { name: "secret plan", ..NewGrant::default() }).await;
    let deleted = world.token(&ann, NewGrant { name: "gone", ..NewGrant::default() }).await;
    world.delete_token(&deleted).await;
    let never = world.never_stored();
    let options = |text: &str| text.split(r#"name="name""#).nth(1).unwrap().to_owned();
    let plain = options(world.open(&session, "/account/tokens/new").await.text());
    for path in [path(&others), path(&deleted), path(&never), "/account/tokens/new?like=x".to_owned()] {
        let page = world.open(&session, &path).await;
        assert_eq!((page.status(), options(page.text())), (200, plain.clone()), "{path}");
    }
}
