//! What becomes of the tokens that a stricter rule touches, with the API: the ground of its tests.

mod maximum;
mod notices;
mod origins;
mod versions;

use jiff::{SignedDuration, Timestamp};
use patgate_core::grant::{GrantState, SuspensionReason};
use serde_json::{Value, json};

use crate::common::{Answer, IssuedToken, NewGrant, PASSWORD, Person, World, get, put};

pub(super) const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// A directory that nobody asks.
pub(super) const CORP: &str = "[[ldap]]\nname = 'corp'\nurls = ['ldaps://127.0.0.1:1']\nmanager_dn = 'cn=reader'\n\
    manager_password = 'x'\nuser_search_base = 'dc=example'\ngroup_search_base = 'dc=example'\n";

/// The rules by default, with another maximum.
pub(super) fn rules(maximum: &Value, existing: &Value) -> Value {
    let everybody = json!({"internal": true, "ldap": true, "sso": true});
    json!({
        "maximumLifetimeDays": maximum,
        "tokensMayMakeTokens": false,
        "passwordsOnApi": true, "freshnessDays": { "ldap": 30, "sso": 30 },
        "origins": {
            "release": {"internal": true, "ldap": false, "sso": false},
            "deploy": everybody,
            "others": everybody,
        },
        "emailNotifications": {"enabled": false, "days": 7, "furtherDays": [], "digest": false, "server": null,
            "subject": "Soon", "body": "Soon."},
        "existingTokens": existing,
    })
}

pub(super) async fn save(world: &World, body: &Value) -> Answer {
    world.send(put(SETTINGS).basic("root", PASSWORD).json(body)).await
}

/// The version of the rules as they are now.
pub(super) async fn version(world: &World) -> String {
    let answer = world.send(get(SETTINGS).basic("root", PASSWORD)).await;
    answer.header("etag").to_owned()
}

/// Saves over the version that is there now.
pub(super) async fn save_over_it(world: &World, body: &Value) -> Answer {
    let version = version(world).await;
    world.send(put(SETTINGS).basic("root", PASSWORD).header("if-match", &version).json(body)).await
}

pub(super) async fn state(world: &World, token: &IssuedToken) -> GrantState {
    world.state.store.grant_with_history(token.id).await.unwrap().unwrap().state
}

pub(super) async fn end(world: &World, token: &IssuedToken) -> String {
    let grant = world.state.store.grant_with_history(token.id).await.unwrap().unwrap();
    grant.expires_at.timestamp().map_or_else(|| "never".to_owned(), |at| at.to_string())
}

pub(super) async fn passes(world: &World, token: &IssuedToken) -> bool {
    world.send(get("/auth").token(token)).await.status() == 200
}

pub(super) async fn token(world: &World, owner: &Person, expires_at: Option<&str>) -> IssuedToken {
    world.token(owner, NewGrant { expires_at, application: "any", ..NewGrant::default() }).await
}

/// Ann's tokens: one that never ends, one that ends with a maximum of 30 days, and one that ends a second later.
pub(super) async fn anns(world: &World) -> [IssuedToken; 3] {
    let ann = world.user("ann", &["login"]).await;
    [
        token(world, &ann, None).await,
        token(world, &ann, Some("2026-06-02T12:00:00Z")).await,
        token(world, &ann, Some("2026-06-02T12:00:01Z")).await,
    ]
}

pub(super) fn over_maximum(state: GrantState) -> bool {
    matches!(state, GrantState::Suspended { reason: SuspensionReason::OverMaximum, .. })
}

pub(super) fn later(world: &World, seconds: i64) -> Timestamp {
    world.clock.now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}
