//! Requests that start releases: as whom, with what, once each, and why none is started.

mod attacked;
mod changed;
mod closed;

use std::time::Duration;

use patgate_core::identifier::DeliveryId;
use patgate_server::jobs;
use patgate_store::{Delivery, DeliveryState, Seek};
use patgate_testkit::servers::postgres::Database;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{ITEMS, SECRET, event, with_token};
use crate::common::{Answer, Call, IssuedToken, NewGrant, PASSWORD, Person, World, get, post, put};

const TEMPLATES: &str = "/api/v1/templates";
const RELEASES: &str = "/api/v1/releases";

/// Root, who makes endpoints, and Ann, whose templates they start.
async fn still(configuration: &str) -> (World, Person) {
    let world = World::configured(configuration).await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["template#create", "release#create", "release#view"]).await;
    (world, ann)
}

/// As [`still`], and what came in is passed on.
async fn world(configuration: &str) -> (World, Person) {
    let (world, ann) = still(configuration).await;
    tokio::spawn(jobs::webhooks::run(world.state.clone(), CancellationToken::new()));
    (world, ann)
}

impl World {
    /// Makes a template of Ann's that runs as this token, and returns its id.
    async fn startable(&self, token: &str) -> String {
        self.startable_with(token, json!([{ "key": "steady", "value": "as the template says" }])).await
    }

    async fn startable_with(&self, token: &str, variables: Value) -> String {
        let task = json!({ "type": "xlrelease.GateTask", "title": "Look at it" });
        let template = json!({
            "title": "By event", "phases": [{ "title": "All", "tasks": [task] }], "scriptUserPassword": token,
            "variables": variables,
        });
        let made = self.send(post(TEMPLATES).json(&template).basic("ann", PASSWORD)).await;
        assert_eq!(made.status(), 200, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn all_releases(&self) -> Vec<Value> {
        let found =
            self.send(post(format!("{RELEASES}/search")).json(&json!({})).basic("root", PASSWORD)).await;
        found.json().as_array().unwrap().clone()
    }

    async fn values(&self, release: &Value) -> Value {
        let path = format!("{RELEASES}/{}/variableValues", release["id"].as_str().unwrap());
        self.send(get(path).basic("root", PASSWORD)).await.json()
    }

    /// Waits for the delivery of this request, once it is in this state.
    async fn became(&self, path: &str, accepted: &Answer, state: DeliveryState) -> Delivery {
        let (endpoint, id) = (self.endpoint_number(path).await, accepted.json()["id"].clone());
        for _ in 0..900 {
            let found = self.state.store.deliveries_in(endpoint, state, &Seek::Start, 100).await.unwrap();
            if let Some(found) = found.into_iter().find(|found| json!(found.request.to_string()) == id) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the request {id} never became {state:?}");
    }
}

fn starting(template: &str) -> Value {
    json!({ "secretToken": SECRET, "action": "start", "template": template })
}

async fn each_request_starts_one_release(configuration: &str) {
    let (world, ann) = world(configuration).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    world.post_endpoint("built", starting(&template)).await;
    world.get_endpoint("pinged", starting(&template)).await;
    let call = || with_token(event("built").header("x-github-delivery", "build-7"), SECRET);
    let first = world.send(call()).await;
    assert_eq!(first.status(), 202, "{}", first.text());
    let delivered = world.became("built", &first, DeliveryState::Delivered).await;
    let releases = world.all_releases().await;
    let release = &releases[0];
    assert_eq!(
        (releases.len(), &release["status"], &release["owner"]),
        (1, &json!("IN_PROGRESS"), &json!("ann"))
    );
    assert_eq!(release["originTemplateId"], json!(template));
    assert_eq!(delivered.answer, Some(format!("started {}", release["id"].as_str().unwrap())));
    let values = world.values(release).await;
    assert_eq!(
        values,
        json!({
            "steady": "as the template says", "webhookId": "build-7", "webhookParameters": {},
            "webhookBody": r#"{"event":"push"}"#,
        })
    );
    // The same event once more, and the same delivery once more: still the same release.
    assert_eq!(world.send(call()).await.status(), 200);
    let path =
        format!("/api/v1/webhook-endpoints/{}/deliveries/{}/redeliver", delivered.endpoint, delivered.id);
    let again = world.send(post(&path).basic("root", PASSWORD)).await;
    assert_eq!(again.status(), 204, "{}", again.text());
    let again = world.became("built", &first, DeliveryState::Delivered).await;
    assert_eq!((again.answer, world.all_releases().await.len()), (delivered.answer, 1));
    let pinged = world.send(with_token(get("/webhooks/pinged?build=7&token=tell"), SECRET)).await;
    world.became("pinged", &pinged, DeliveryState::Delivered).await;
    let releases = world.all_releases().await;
    let of_ping = releases.iter().find(|found| found["id"] != release["id"]).unwrap();
    let values = world.values(of_ping).await;
    assert_eq!((releases.len(), &values["webhookParameters"]["build"]), (2, &json!("7")));
    assert!(!values.to_string().contains("tell"), "a secret is no variable that all see: {values}");
}

#[tokio::test]
async fn each_request_starts_one_release_on_sqlite() {
    each_request_starts_one_release("").await;
}

#[tokio::test]
async fn each_request_starts_one_release_on_postgresql() {
    let database = tokio::task::spawn_blocking(Database::create).await.unwrap();
    each_request_starts_one_release(&format!("database_url = \"{}\"", database.url())).await;
}

#[tokio::test]
async fn why_no_release_is_started_stands_in_the_log_of_the_endpoint() {
    let (world, ann) = world("").await;
    let token = async |permissions: &'static [&'static str]| -> IssuedToken {
        world.token(&ann, NewGrant { permissions: Some(permissions), ..NewGrant::default() }).await
    };
    let narrow = world.startable(&token(&["release#view"]).await.text).await;
    let deleted_token = token(&["release#create"]).await;
    let deleted = world.startable(&deleted_token.text).await;
    world.delete_token(&deleted_token).await;
    let nobody = world.startable(&token(&["release#create"]).await.text).await;
    let clear = json!({ "scriptUsername": "", "scriptUserPassword": "" });
    let cleared = world.send(put(format!("{TEMPLATES}/{nobody}")).json(&clear).basic("ann", PASSWORD)).await;
    assert!(cleared.json().get("runAs").is_none(), "{}", cleared.text());
    for (path, template, why) in [
        ("narrow", narrow.as_str(), "release#create"),
        ("deleted", &deleted, "the token was deleted"),
        ("nobody", &nobody, "no user for automated tasks"),
        ("gone", "Applications/Release1", "no such template"),
    ] {
        world.post_endpoint(path, starting(template)).await;
        let sent = world.send(with_token(event(path), SECRET)).await;
        assert_eq!(sent.status(), 202);
        let dead = world.became(path, &sent, DeliveryState::Dead).await;
        let said = dead.answer.unwrap();
        assert!(
            said.starts_with("no release was started: ") && said.to_lowercase().contains(why),
            "{path}: {said}"
        );
    }
    assert!(world.all_releases().await.is_empty());
}

#[tokio::test]
async fn an_endpoint_that_starts_releases_knows_who_calls_and_takes_what_a_variable_holds() {
    let (world, ann) = world("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    for (properties, field) in [
        (json!({ "authentication": "none", "action": "start", "template": template }), "authentication"),
        (json!({ "secretToken": SECRET, "action": "start" }), "template"),
        (json!({ "secretToken": SECRET, "action": "start", "template": "Phase1" }), "template"),
    ] {
        let answer = world.try_endpoint("events.PostWebhookEndpoint", "hook", properties).await;
        assert!(answer.status() == 400 && answer.text().contains(field), "{}", answer.text());
    }
    world.post_endpoint("hook", starting(&template)).await;
    let open = world.change_endpoint("hook", json!({ "authentication": "none" })).await;
    assert_eq!(open.status(), 400, "nor later: {}", open.text());
    let wrong = world.send(with_token(event("hook"), "another one of sixteen")).await;
    assert_eq!(wrong.status(), 401);
    let long = json!({ "event": "x".repeat(32 * 1_024) });
    let long = world.send(with_token(post("/webhooks/hook").json(&long), SECRET)).await;
    assert_eq!(long.status(), 413, "it is refused before it is taken");
    assert!(world.all_releases().await.is_empty());
}

#[tokio::test]
async fn who_may_not_make_releases_has_no_endpoint_start_them() {
    let (world, ann) = world("").await;
    world.user("eve", &["login", "config#edit"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    let hook = world.post_endpoint("hook", starting(&template)).await;
    world.post_endpoint("kept", json!({ "secretToken": SECRET })).await;
    let mut own = starting(&template);
    own["path"] = json!("own");
    let own = json!({ "id": "Configuration/own", "type": "events.PostWebhookEndpoint", "properties": own });
    let change = |path: &str, properties: Value| {
        let change = json!({ "version": 1, "properties": properties });
        put(format!("{ITEMS}/Configuration/{path}")).json(&change)
    };
    for call in [
        post(ITEMS).json(&own),
        change("kept", json!({ "action": "start", "template": template })),
        change("hook", json!({ "secretToken": "another one of sixteen" })),
        post(format!("/api/v1/webhook-endpoints/{hook}/test")),
        post(format!("/api/v1/webhook-endpoints/{hook}/deliveries/{}/redeliver", DeliveryId::from_i64(1))),
    ] {
        let refused = world.send(call.basic("eve", PASSWORD)).await;
        assert_eq!(refused.status(), 403, "{}", refused.text());
        assert!(refused.text().contains("release#create"), "{}", refused.text());
    }
    let harmless = world.send(change("kept", json!({ "requestRetention": 5 })).basic("eve", PASSWORD)).await;
    assert_eq!(harmless.status(), 200, "{}", harmless.text());
    assert!(world.all_releases().await.is_empty());
}

#[tokio::test]
async fn of_several_endpoints_each_is_judged_by_its_own_template_and_type() {
    const CIS: &str = "/deployit/repository/cis";
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let open = world.startable(&token.text).await;
    // Events that have a body would set it; those that have none do not.
    let hidden = json!([{ "key": "webhookBody", "type": "xlrelease.StringVariable", "value": "mine", "showOnReleaseStart": false }]);
    let closed = world.startable_with(&token.text, hidden).await;
    let endpoint = |name: &str, kind: &str, template: &str| {
        json!({
            "id": format!("Configuration/{name}"), "type": kind, "path": name, "secretToken": SECRET, "action": "start",
            "template": template,
        })
    };
    let takes_body = |name: &str, template: &str| endpoint(name, "events.PostWebhookEndpoint", template);
    let whole = [
        takes_body("one", &open),
        endpoint("two", "events.GetWebhookEndpoint", &closed),
        takes_body("three", &open),
        endpoint("four", "events.GetWebhookEndpoint", &closed),
    ];
    let wrong = takes_body("five", &closed);
    let send = async |call: Call, cis: Value| {
        world.send(call.json(&cis).basic("root", PASSWORD).header("accept", "application/json")).await
    };
    let refused = send(post(CIS), json!([whole[0], whole[1], whole[2], whole[3], wrong])).await;
    assert_eq!(refused.status(), 400, "{}", refused.text());
    assert!(refused.text().starts_with("Configuration/five: "), "{}", refused.text());
    let made = send(post(CIS), json!(whole)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let mut changed = made.json();
    assert_eq!(send(put(CIS), changed.clone()).await.status(), 200);
    changed[2]["template"] = json!(closed);
    for ci in changed.as_array_mut().unwrap() {
        ci.as_object_mut().unwrap().remove("$token");
    }
    let refused = send(put(CIS), changed).await;
    assert_eq!(refused.status(), 400, "{}", refused.text());
    assert!(refused.text().starts_with("Configuration/three: "), "{}", refused.text());
}
