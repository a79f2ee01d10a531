//! Who may have a token of which product, and how long it lasts: what the vendors' pages document. The numbers are those of
//! `docs/reference/compatibility.md`.

use jiff::SignedDuration;
use patgate_core::policy::TokenSettings;
use patgate_core::user::Origin;
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};

use crate::common::{Answer, NewGrant, PASSWORD, SignedIn, World, get, post};

const TOKENS: &str = "/api/v1/personal-access-tokens";
const DEPLOY_TOKENS: &str = "/deployit/tokens/users";

async fn put(world: &World, settings: &TokenSettings) {
    let mut change = world.change().await;
    change.put_token_settings(settings).await.unwrap();
    world.commit(change).await;
}

async fn make(world: &World, session: &SignedIn, application: &str) -> Answer {
    world
        .send(post(TOKENS).session(session).json(&json!({ "tokenNote": "n", "application": application })))
        .await
}

/// Ann from here, Lena from a directory, and Sue by single sign-on.
async fn people(world: &World) -> [SignedIn; 3] {
    let ann = world.user("ann", &["login", "release#view"]).await;
    let lena = world.user_from("lena", Origin::Ldap, "corp", &["login", "release#view"]).await;
    let sue = world.user_from("sue", Origin::Sso, "https://sso.example", &["login", "release#view"]).await;
    let ann_is = world.session(&ann).await;
    [ann_is, world.session(&lena).await, world.session(&sue).await]
}

#[tokio::test]
async fn behaviour_16_with_tokens_switched_off_for_sso_users_others_make_them_and_they_read_theirs() {
    let world = World::new().await;
    let [ann, lena, sue] = people(&world).await;
    let old = make(&world, &sue, "deploy").await.json()["token"].as_str().unwrap().to_owned();
    let used = async || world.send(get(DEPLOY_TOKENS).header("x-deploy-personal-token", &old)).await;
    assert_eq!(used().await.status(), 200);
    let mut settings = TokenSettings::default();
    settings.origins.deploy.sso = false;
    settings.origins.others.sso = false;
    put(&world, &settings).await;
    for application in ["deploy", "any"] {
        let refused = make(&world, &sue, application).await;
        assert_eq!(refused.status(), 403, "{application}: {}", refused.text());
        assert!(refused.text().contains("not allowed for SSO users"), "{}", refused.text());
        for other in [&ann, &lena] {
            assert_eq!(make(&world, other, application).await.status(), 201, "{application}");
        }
    }
    let listed = world.send(get(DEPLOY_TOKENS).cookie(&sue)).await;
    assert_eq!((listed.status(), listed.json().as_array().unwrap().len()), (200, 1), "{}", listed.text());
    let refused = used().await;
    assert_eq!(refused.status(), 401, "what she has does not pass");
    assert!(refused.text().contains("not allowed for SSO users"), "{}", refused.text());
    put(&world, &TokenSettings::default()).await;
    assert_eq!((make(&world, &sue, "deploy").await.status(), used().await.status()), (201, 200));
}

#[tokio::test]
async fn behaviour_17_each_cell_of_the_administrators_table_decides_for_itself() {
    let world = World::new().await;
    let people = people(&world).await;
    let applications = ["release", "deploy", "any"];
    let usual = [[true, true, true], [false, true, true], [false, true, true]];
    let seen = async || {
        let mut seen = [[false; 3]; 3];
        for (person, cells) in people.iter().zip(&mut seen) {
            for (application, cell) in applications.iter().zip(cells) {
                let made = make(&world, person, application).await;
                assert!(matches!(made.status(), 201 | 403), "{}", made.text());
                *cell = made.status() == 201;
            }
        }
        seen
    };
    assert_eq!(seen().await, usual, "by default Release has tokens for internal users alone");
    for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
        let mut settings = TokenSettings::default();
        let origins = &mut settings.origins;
        let of = [&mut origins.release, &mut origins.deploy, &mut origins.others];
        let cell = match of.into_iter().nth(column) {
            Some(of) => [&mut of.internal, &mut of.ldap, &mut of.sso].into_iter().nth(row).unwrap(),
            None => unreachable!("there are three"),
        };
        *cell = !*cell;
        put(&world, &settings).await;
        let mut wanted = usual;
        wanted[row][column] = !wanted[row][column];
        assert_eq!(seen().await, wanted, "{row} {column}");
    }
}

#[tokio::test]
async fn behaviour_17_a_token_passes_as_long_as_the_table_lets_its_owner_have_it() {
    let world = World::new().await;
    let lena = world.user_from("lena", Origin::Ldap, "corp", &["login", "release#view"]).await;
    let token = world.token(&lena, NewGrant { application: "release", ..NewGrant::default() }).await;
    let used = async || world.send(get("/api/v1/releases").token(&token)).await.status();
    assert_eq!(used().await, 401);
    let mut settings = TokenSettings::default();
    settings.origins.release.ldap = true;
    put(&world, &settings).await;
    assert_eq!(used().await, 200);
}

#[tokio::test]
async fn behaviour_22_each_lifetime_that_the_page_offers_ends_when_it_says() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let offered = async || {
        let page = world.open(&session, "/account/tokens/new").await;
        let options =
            page.text().split("name=\"expiration\"").nth(1).unwrap().split("</select>").next().unwrap();
        let values = options.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        values.collect::<Vec<_>>()
    };
    assert_eq!(offered().await, ["7", "30", "45", "60", "365", "never", "date"]);
    let make = async |days: Value| {
        let body = json!({ "tokenNote": "n", "expiresInDays": days });
        world.send(post(TOKENS).basic("ann", PASSWORD).json(&body)).await
    };
    for days in [7, 30, 45, 60, 365] {
        let made = make(json!(days)).await.json();
        let end = NOON + SignedDuration::from_hours(24 * days);
        assert_eq!(made["expiresAt"], json!(end.to_string()), "{days}");
        let text = made["token"].as_str().unwrap();
        let used = async || world.send(get("/profile").basic("", text)).await.status();
        world.clock.set(end - SignedDuration::from_millis(1));
        assert_eq!(used().await, 200, "{days}");
        world.clock.set(end);
        assert_eq!(used().await, 401, "{days}");
        world.clock.set(NOON);
    }
    let never = make(Value::Null).await.json();
    assert_eq!(never["expiresAt"], Value::Null);
    let settings =
        TokenSettings { maximum_lifetime_days: Some(45.try_into().unwrap()), ..TokenSettings::default() };
    put(&world, &settings).await;
    assert_eq!(offered().await, ["7", "30", "45", "date"], "nothing that is longer, and not for ever");
    for (days, status) in [(45, 201), (46, 400), (60, 400), (365, 400)] {
        let made = make(json!(days)).await;
        assert_eq!(made.status(), status, "{days}: {}", made.text());
    }
}
