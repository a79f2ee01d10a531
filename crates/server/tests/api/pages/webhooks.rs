//! *Webhooks and Events*: endpoints, the requests that they keep, and what became of them.

use serde_json::json;

use crate::common::{SignedIn, World, get, post};

const MARKUP: &str = "<script>alert(1)</script>";

async fn person(world: &World, name: &str, permissions: &[&str]) -> SignedIn {
    let person = world.user(name, permissions).await;
    world.session(&person).await
}

#[tokio::test]
async fn an_administrator_makes_an_endpoint_and_sees_how_to_call_it() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let list = world.open(&root, "/configuration/webhooks").await;
    for shown in ["No endpoints yet", "New HTTP Endpoint for Webhooks", "takes query parameters"] {
        assert!(list.text().contains(shown), "{shown}");
    }
    let form = world.open(&root, "/configuration/new?type=events.PostWebhookEndpoint").await;
    for shown in ["New HTTP Endpoint for Webhooks (POST)", "Title", "Secret Token", "value=\"100\"", ">Save<"]
    {
        assert!(form.text().contains(shown), "{shown}: {}", form.text());
    }
    let mut fields = vec![
        ("type", "events.PostWebhookEndpoint"),
        ("folder", "Configuration"),
        ("name", "Builds"),
        ("enabled", "yes"),
        ("path", "builds"),
        ("authentication", "token"),
        ("requestRetention", "100"),
        ("bodyLimit", "1024"),
        ("requestsPerMinute", "6000"),
        ("duplicateWindow", "60"),
        ("action", "keep"),
    ];
    let wrong = world.send(post("/configuration/new").submit(&root, &fields)).await;
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().contains("href=\"#secretToken\""), "{}", wrong.text());
    fields.push(("secretToken", "a secret of sixteen characters"));
    let made = world.send(post("/configuration/new").submit(&root, &fields)).await;
    assert_eq!(made.status(), 303, "{}", made.text());
    let page = world.open(&root, made.header("location")).await;
    for shown in [
        "The endpoint is made",
        "/webhooks/builds</code>",
        "x-release-webhook-token: ",
        "Send test request",
        "What is sent to the address above is listed here",
        "data-live=\"/api/v1/webhook-endpoints/",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert!(!page.text().contains("a secret of sixteen"));
    let path = made.header("location").strip_suffix("?done=made").unwrap().to_owned();
    let sent = world.send(post(format!("{path}/test")).submit(&root, &[])).await;
    assert_eq!(sent.header("location"), format!("{path}?done=test"));
    assert!(world.open(&root, &path).await.text().contains("a test by root"));
    assert!(world.open(&root, "/configuration/webhooks").await.text().contains("/webhooks/builds</code>"));
}

#[tokio::test]
async fn what_strangers_send_is_text_on_every_page() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let endpoint = world.post_endpoint("open", json!({ "authentication": "none" })).await;
    let call = post(format!("/webhooks/open?q={}", "%3Cscript%3Ealert(1)%3C/script%3E"))
        .json(&json!({ "by": MARKUP }))
        .header("user-agent", MARKUP)
        .header("webhook-id", MARKUP);
    let answer = world.send(call.clone()).await;
    assert_eq!(answer.status(), 202, "{}", answer.text());
    world.send(call.header("content-type", "text/plain")).await;
    world.refused(endpoint, 1).await;
    let base = format!("/configuration/webhooks/{endpoint}");
    let request = format!("{base}/requests/{}", answer.json()["id"].as_str().unwrap());
    for (path, shown) in
        [(base.clone(), "q="), (request, "user-agent"), (format!("{base}/refused"), "not JSON")]
    {
        let page = world.open(&root, &path).await;
        assert!(page.text().contains(shown) && page.text().contains("alert(1)"), "{path}: {}", page.text());
        assert!(!page.text().contains("<script>alert"), "{path}");
    }
    let found = world.open(&root, &format!("{base}?search=alert")).await;
    assert!(found.text().contains(answer.json()["id"].as_str().unwrap()));
    assert!(world.open(&root, &format!("{base}?search=zebra")).await.text().contains("Nothing found"));
}

#[tokio::test]
async fn who_may_only_read_the_log_has_no_buttons() {
    let world = World::new().await;
    let things = world.webhook_things().await;
    let reader = person(&world, "reader", &["login", "webhook#view"]).await;
    let base = format!("/configuration/webhooks/{}", things.endpoint);
    for path in [
        "/configuration/webhooks".to_owned(),
        base.clone(),
        format!("{base}/requests/{}", things.request),
        format!("{base}/deliveries"),
    ] {
        let text = world.open(&reader, &path).await.text().to_owned();
        for button in ["New HTTP Endpoint", "Send test request", "Redeliver", ">Edit<"] {
            assert!(!text.contains(button), "{path}: {button}");
        }
    }
    let viewer = person(&world, "viewer", &["login", "config#view"]).await;
    assert_eq!(world.send(get("/configuration/webhooks").cookie(&viewer)).await.status(), 200);
    assert_eq!(world.send(get(&base).cookie(&viewer)).await.status(), 403);
}
