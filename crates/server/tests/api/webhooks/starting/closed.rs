//! Templates that keep a variable from requests: no endpoint is saved with them, and one that was saved before warns.

use serde_json::{Value, json};

use super::{ITEMS, SECRET, TEMPLATES, starting, still};
use crate::common::{Call, NewGrant, PASSWORD, World, get, post, put};

const POST: &str = "events.PostWebhookEndpoint";
const GET: &str = "events.GetWebhookEndpoint";
const CIS: &str = "/deployit/repository/cis";

/// A variable that nobody is asked for at the start.
fn hidden(key: &str) -> Value {
    json!([{ "key": key, "type": "xlrelease.StringVariable", "showOnReleaseStart": false }])
}

impl World {
    /// Gives a template of Ann's these variables.
    async fn redeclare(&self, template: &str, variables: &Value) {
        let change = put(format!("{TEMPLATES}/{template}")).json(&json!({ "variables": variables }));
        let changed = self.send(change.basic("ann", PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{}", changed.text());
    }

    /// An endpoint that only keeps what comes.
    async fn keeping(&self, kind: &str, path: &str) {
        let made = self.try_endpoint(kind, path, json!({ "secretToken": SECRET })).await;
        assert_eq!(made.status(), 201, "{}", made.text());
    }

    async fn item_warnings(&self, path: &str) -> Value {
        let item = get(format!("{ITEMS}/Configuration/{path}")).basic("root", PASSWORD);
        self.send(item).await.json()["warnings"].clone()
    }
}

#[tokio::test]
async fn an_endpoint_whose_template_keeps_a_variable_from_requests_is_not_saved() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let asked = |kind: &str| json!([{ "key": "webhookId", "type": kind, "showOnReleaseStart": true }]);
    let not_asked = "of the template is not asked for at the start";
    for (at, (kind, variables, why)) in [
        (POST, hidden("webhookBody"), Some(not_asked)),
        (POST, hidden("webhookParameters"), Some(not_asked)),
        (POST, hidden("webhookId"), Some(not_asked)),
        (GET, hidden("webhookId"), Some(not_asked)),
        (
            GET,
            asked("xlrelease.IntegerVariable"),
            Some("the value of the variable `webhookId` is a whole number"),
        ),
        (GET, asked("xlrelease.StringVariable"), None),
        // It has no body.
        (GET, hidden("webhookBody"), None),
        (POST, hidden("build"), None),
    ]
    .into_iter()
    .enumerate()
    {
        let template = world.startable_with(&token.text, variables).await;
        let path = format!("hook{at}");
        let saved = world.try_endpoint(kind, &path, starting(&template)).await;
        let Some(why) = why else {
            assert_eq!(saved.status(), 201, "{at}: {}", saved.text());
            assert_eq!(world.item_warnings(&path).await, json!([]), "{at}");
            continue;
        };
        let field = json!("properties.template");
        assert_eq!((saved.status(), &saved.json()["field"]), (400, &field), "{at}: {}", saved.text());
        assert!(saved.text().contains(why), "{at}: {}", saved.text());
        // Made without it, or off, it takes the template no later either.
        world.keeping(kind, &path).await;
        let start = json!({ "action": "start", "template": template });
        assert_eq!(world.change_endpoint(&path, start).await.status(), 400, "{at}");
        let off = json!({ "action": "start", "template": template, "enabled": false });
        let off = world.change_endpoint(&path, off).await;
        assert_eq!(off.status(), 200, "{at}: off, it starts nothing: {}", off.text());
        let on = world.change_endpoint(&path, json!({ "enabled": true })).await;
        assert_eq!((on.status(), &on.json()["field"]), (400, &field), "{at}: {}", on.text());
    }
    assert!(world.all_releases().await.is_empty());
}

#[tokio::test]
async fn a_template_that_was_changed_since_is_warned_of() {
    let (world, ann) = still("").await;
    let amy = world.user("amy", &["admin"]).await;
    let amy = world.session(&amy).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    let number = world.post_endpoint("hook", starting(&template)).await;
    let path = format!("/configuration/webhooks/{number}");
    let said = "No request starts a release: the variable `webhookBody` of the template is not asked for at the start";
    assert!(!world.open(&amy, &path).await.text().contains("No request starts a release"));
    assert_eq!(world.item_warnings("hook").await, json!([]));
    world.redeclare(&template, &hidden("webhookBody")).await;
    let page = world.open(&amy, &path).await;
    assert!(page.text().contains(said), "{}", page.text());
    let warnings = world.item_warnings("hook").await;
    assert!(warnings[0].as_str().is_some_and(|warning| warning.starts_with(said)), "{warnings}");
    let other = world.change_endpoint("hook", json!({ "requestRetention": 5 })).await;
    assert_eq!(other.status(), 400, "{}", other.text());
    let off = world.change_endpoint("hook", json!({ "enabled": false })).await;
    assert_eq!(off.status(), 200, "who has it off is not kept from that: {}", off.text());
    assert_eq!(world.item_warnings("hook").await, json!([]));
    world.redeclare(&template, &json!([])).await;
    let on = world.change_endpoint("hook", json!({ "enabled": true })).await;
    assert_eq!(on.status(), 200, "{}", on.text());
}

#[tokio::test]
async fn who_asks_whether_an_endpoint_can_be_saved_is_told_of_its_template_if_they_may_start_it() {
    let (world, ann) = still("").await;
    world.user("eve", &["login", "config#edit"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable_with(&token.text, hidden("webhookBody")).await;
    let wanted = json!({
        "id": "Configuration/hook", "type": POST, "path": "hook", "secretToken": SECRET, "action": "start",
        "template": template,
    });
    for (name, expected) in [("root", vec![json!("template")]), ("eve", vec![])] {
        let ask = post("/deployit/repository/validate").json(&json!([wanted]));
        let judged = world.send(ask.basic(name, PASSWORD).header("accept", "application/json")).await;
        assert_eq!(judged.status(), 200, "{name}: {}", judged.text());
        let judged = judged.json();
        let faults = judged[0]["validation-messages"].as_array().unwrap();
        let named: Vec<_> = faults.iter().map(|fault| fault["property"].clone()).collect();
        assert_eq!(named, expected, "{name}: {judged}");
    }
}

#[tokio::test]
async fn of_several_endpoints_with_templates_the_first_that_is_wrong_is_told() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let open = world.startable(&token.text).await;
    let closed = world.startable_with(&token.text, hidden("webhookBody")).await;
    let endpoint = |path: &str, kind: &str, template: &str| {
        json!({
            "id": format!("Configuration/{path}"), "type": kind, "path": path, "secretToken": SECRET, "action": "start",
            "template": template,
        })
    };
    let (first, good) = (endpoint("first", POST, &open), endpoint("good", GET, &closed));
    let wrong = endpoint("wrong", POST, &closed);
    let mut unfit = endpoint("unfit", POST, &open);
    unfit.as_object_mut().unwrap().remove("secretToken");
    let send = async |call: Call, cis: &Value| {
        let call = call.json(cis).basic("root", PASSWORD);
        world.send(call.header("accept", "application/json")).await
    };
    for (cis, told) in [
        (json!([first, good, wrong, unfit]), "wrong"),
        (json!([first, good, unfit, wrong]), "unfit"),
        // Its place is taken by the first.
        (json!([first, first, wrong]), "first"),
    ] {
        let refused = send(post(CIS), &cis).await;
        assert_eq!(refused.status(), 400, "{told}: {}", refused.text());
        assert!(refused.text().contains(&format!("Configuration/{told}: ")), "{told}: {}", refused.text());
    }
    let made = send(post(CIS), &json!([first, good])).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let mut wanted = made.json();
    wanted[0]["template"] = json!(closed);
    let refused = send(put(CIS), &wanted).await;
    assert_eq!(refused.status(), 400, "{}", refused.text());
    assert!(refused.text().contains("Configuration/first: "), "{}", refused.text());
    wanted[0]["template"] = json!(open);
    let changed = send(put(CIS), &wanted).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
}
