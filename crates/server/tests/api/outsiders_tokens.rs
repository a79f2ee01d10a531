//! Tokens of people from outside: where they may make none, and every place in which one stands that passes no more; and
//! what else ends with them.

use patgate_core::confirmation::Withdrawal;
use patgate_core::identifier::UserId;
use patgate_core::policy::TokenSettings;
use patgate_core::policy::origin::Origins;
use patgate_core::user::Origin;
use serde_json::json;

use crate::common::{Call, IssuedToken, NewGrant, Person, SignedIn, World, get, post, put};
use crate::rechecks_in_vain::owner_from;

const TOKENS: &str = "/api/v1/personal-access-tokens";

/// Lets owners of this origin have tokens for Release, Deploy and all others, or for none of them.
async fn open_to(world: &World, origins: Origins) {
    let mut change = world.change().await;
    let mut rules = change.token_settings().await.unwrap();
    (rules.origins.release, rules.origins.deploy, rules.origins.others) = (origins, origins, origins);
    change.put_token_settings(&rules).await.unwrap();
    world.commit(change).await;
}

/// The calls that make a token, each as somebody with this session: for each application, and on Deploy's own path.
fn makings(session: &SignedIn) -> Vec<(String, Call)> {
    let of = |application: &str| {
        let body = json!({ "tokenNote": format!("for {application}"), "application": application });
        (format!("{TOKENS} for {application}"), post(TOKENS).session(session).json(&body))
    };
    let deploy = post("/deployit/tokens/users").session(session).json(&json!({ "tokenNote": "deploys" }));
    vec![of("release"), of("deploy"), of("any"), ("/deployit/tokens/users".to_owned(), deploy)]
}

#[tokio::test]
async fn who_comes_from_a_closed_origin_makes_no_token_on_the_api() {
    let open = Origins { internal: true, ldap: true, sso: true };
    for (origin, closed) in
        [(Origin::Sso, Origins { sso: false, ..open }), (Origin::Ldap, Origins { ldap: false, ..open })]
    {
        let world = World::new().await;
        let sue = world.user_from("sue", origin, "corp", &["login"]).await;
        let session = world.session(&sue).await;
        open_to(&world, closed).await;
        let before = world.state.store.last_sequence().await.unwrap();
        for (what, call) in makings(&session) {
            let answer = world.send(call).await;
            assert_eq!(answer.status(), 403, "{what}: {}", answer.shown());
        }
        assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "nothing was made");
        // It is the rule that refused her, and nothing else.
        open_to(&world, open).await;
        for (what, call) in makings(&session) {
            let answer = world.send(call).await;
            assert!([200, 201].contains(&answer.status()), "{what}: {}", answer.shown());
        }
    }
}

/// Every place in which a token can stand.
fn places(name: &str, token: &IssuedToken) -> Vec<(&'static str, Call)> {
    let current = || get("/api/v1/personal-access-tokens/current");
    let webhook = post("/webhooks/hook").json(&json!({ "event": "push" }));
    let webhook = webhook.header("x-release-webhook-token", &token.text);
    let bearer = |call: Call| call.header("authorization", &format!("Bearer {}", token.text));
    vec![
        ("Release's header", current().token(token)),
        ("Bearer", bearer(current())),
        ("Basic without a name", current().basic("", &token.text)),
        ("Basic with the owner's name", current().basic(name, &token.text)),
        ("Deploy's header", get("/deployit/server/info").deploy_token(token)),
        ("Bearer at Deploy", bearer(get("/deployit/server/info"))),
        ("Bearer at `/auth`", bearer(get("/auth"))),
        ("Basic at `/auth`", get("/auth").basic("", &token.text)),
        ("Release's header at `/auth/release`", get("/auth/release").token(token)),
        ("Basic at `/auth/release`", get("/auth/release").basic(name, &token.text)),
        ("Deploy's header at `/auth/deploy`", get("/auth/deploy").deploy_token(token)),
        ("Bearer at `/auth/deploy`", bearer(get("/auth/deploy"))),
        ("the header of a webhook endpoint that the token opens", webhook),
    ]
}

/// What keeps the tokens of an owner from passing, and what brings them back.
#[derive(Clone, Copy, Debug)]
enum Out {
    /// Nobody confirmed them within the window.
    Lapsed,
    /// Their provider says that they are gone.
    Gone,
    /// It says that they are disabled.
    DisabledThere,
    /// An administrator disabled them.
    Disabled,
}

async fn put_out(world: &World, id: UserId, out: Out) {
    let mut change = world.change().await;
    match out {
        Out::Lapsed => return world.clock.set(world.clock.now() + jiff::SignedDuration::from_hours(30 * 24)),
        Out::Gone => change.withdraw_user(id, Withdrawal::Gone).await.unwrap(),
        Out::DisabledThere => change.withdraw_user(id, Withdrawal::Disabled).await.unwrap(),
        Out::Disabled => drop(change.disable_user(id).await.unwrap()),
    }
    world.commit(change).await;
}

#[tokio::test]
async fn a_token_whose_owner_is_out_passes_in_no_place_where_it_can_stand() {
    for origin in [Origin::Sso, Origin::Ldap] {
        for out in [Out::Lapsed, Out::Gone, Out::DisabledThere, Out::Disabled] {
            let world = World::new().await;
            open_to(&world, Origins { internal: true, ldap: true, sso: true }).await;
            let id = owner_from(&world, origin, "ann", None).await;
            let ann = Person { id, username: "ann".into() };
            let token = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
            world.user("root", &["admin"]).await;
            world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
            let refused = async |is_wanted: bool| {
                for (place, call) in places("ann", &token) {
                    let answer = world.send(call).await;
                    let scene = format!("{origin:?} {out:?}, {place}: {}", answer.shown());
                    assert_eq!(answer.status() == 401, is_wanted, "{scene}");
                    assert_eq!(answer.count("www-authenticate"), usize::from(is_wanted), "{scene}");
                }
            };
            refused(false).await;
            put_out(&world, id, out).await;
            refused(true).await;
            if matches!(out, Out::Disabled) {
                let mut change = world.change().await;
                change.enable_user(id).await.unwrap();
                world.commit(change).await;
            } else {
                owner_from(&world, origin, "ann", None).await;
            }
            refused(false).await;
        }
    }
}

#[tokio::test]
async fn who_is_out_before_the_body_of_their_request_has_come_changes_nothing() {
    let settings = "/api/v1/settings/personal-access-tokens";
    let world = World::new().await;
    let sue = world.user_from("sue", Origin::Sso, "corp", &["admin"]).await;
    let mut rules = world.send(get(settings).session(&world.session(&sue).await)).await.json();
    rules["tokensMayMakeTokens"] = json!(true);
    let token = json!({ "tokenNote": "late", "application": "any" });
    for (call, refused, done) in
        [(put(settings).json(&rules), 403, 200), (post(TOKENS).json(&token), 401, 201)]
    {
        for out in [Out::Gone, Out::DisabledThere, Out::Lapsed] {
            let session = world.session(&sue).await;
            let late = call.clone().session(&session);
            let late = world.send_in_halves(late, put_out(&world, sue.id, out)).await;
            assert_eq!(late.status(), refused, "{out:?}: {}", late.shown());
            let mut change = world.change().await;
            assert!(!change.token_settings().await.unwrap().tokens_may_make_tokens);
            assert!(change.grants_of(sue.id).await.unwrap().is_empty());
            change.confirm_users(&[sue.id], world.clock.now()).await.unwrap();
            world.commit(change).await;
        }
        // It is her provider's word that refused it, and nothing else.
        let session = world.session(&sue).await;
        let answer = world.send_in_halves(call.session(&session), async {}).await;
        assert_eq!(answer.status(), done, "{}", answer.shown());
        let mut change = world.change().await;
        change.put_token_settings(&TokenSettings::default()).await.unwrap();
        world.commit(change).await;
    }
}
