//! *Webhooks and Events*: endpoints, the requests that they keep, and what became of them.

use serde_json::json;

use super::link;
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
        "data-copy=\"url\" hidden>Copy URL</button>",
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

#[tokio::test]
async fn what_was_given_up_is_shown_and_sent_again_by_hand() {
    let world = World::new().await;
    let things = world.webhook_things().await;
    let root = person(&world, "root", &["admin"]).await;
    let base = format!("/configuration/webhooks/{}", things.endpoint);
    let request = format!("{base}/requests/{}", things.request);
    let again = format!("{base}/deliveries/{}", things.delivery);
    let endpoint = world.open(&root, &base).await;
    assert!(endpoint.text().contains(&format!("href=\"{base}/deliveries\"")), "{}", endpoint.text());
    for path in [format!("{base}/deliveries"), format!("{base}/deliveries?state=dead"), request.clone()] {
        let page = world.open(&root, &path).await;
        let button = format!("href=\"{again}\"");
        for shown in ["Given up", "410 Gone", "Redeliver", button.as_str(), request.as_str()] {
            assert!(
                page.text().contains(shown) || (path == request && shown == request),
                "{path} {shown}: {}",
                page.text()
            );
        }
    }
    let state = async |state: &str| {
        let page = world.open(&root, &format!("{base}/deliveries?state={state}")).await;
        !page.text().contains("No request is in this state")
    };
    assert_eq!([state("waiting").await, state("delivered").await, state("dead").await], [false, false, true]);
    let question = world.open(&root, &again).await;
    assert!(question.text().contains("Send this request to its receiver again?"), "{}", question.text());
    assert_eq!(
        [state("waiting").await, state("dead").await],
        [false, true],
        "the question alone does nothing"
    );
    let sent = world.send(post(&again).submit(&root, &[])).await;
    assert_eq!(
        (sent.status(), sent.header("location")),
        (303, &*format!("{base}/deliveries?state=waiting&done=redeliver"))
    );
    let page = world.open(&root, sent.header("location")).await;
    assert!(page.text().contains("The request is sent to the receiver again."), "{}", page.text());
    assert!(!page.text().contains(&format!("href=\"{again}\"")), "what waits anyway has no button");
    assert_eq!([state("waiting").await, state("delivered").await, state("dead").await], [true, false, false]);
    let store = &world.state.store;
    let now = world.clock.now();
    let claimed = store.claim_deliveries(&[things.delivery], now, now).await.unwrap();
    let taken = patgate_store::DeliveryOutcome::Delivered { answer: "204 No Content".to_owned() };
    store.mark_deliveries(&[(&claimed[0], taken)], now).await.unwrap();
    let page = world.open(&root, &format!("{base}/deliveries?state=delivered")).await;
    for shown in ["Delivered", "204 No Content", "Redeliver"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let audit =
        store.audit_events(&Default::default(), patgate_store::Page { number: 0, size: 100 }).await.unwrap();
    let noted: Vec<_> = audit.iter().filter(|event| event.action == "webhook.redeliver").collect();
    assert_eq!((noted.len(), noted[0].actor.name.as_str()), (1, "root"));
}

#[tokio::test]
async fn what_is_there_no_longer_is_not_said_to_be_sent_again() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let forwards = json!({
        "authentication": "none", "action": "forward", "forwardUrl": "https://192.0.2.1/", "requestRetention": 0,
    });
    let endpoint = world.post_endpoint("hook", forwards).await;
    assert_eq!(world.send(post("/webhooks/hook").json(&json!({}))).await.status(), 202);
    let (store, now) = (&world.state.store, world.clock.now());
    let delivery = store.due_deliveries(now, None, 1).await.unwrap()[0].id;
    let again = format!("/configuration/webhooks/{endpoint}/deliveries/{delivery}");
    let sent = world.send(post(&again).submit(&root, &[])).await;
    assert_eq!(sent.status(), 303, "it waits, as if somebody else had been first");
    let claimed = store.claim_deliveries(&[delivery], now, now).await.unwrap();
    let taken = patgate_store::DeliveryOutcome::Delivered { answer: "204 No Content".to_owned() };
    store.mark_deliveries(&[(&claimed[0], taken)], now).await.unwrap();
    let sent = world.send(post(&again).submit(&root, &[])).await;
    assert_eq!(sent.status(), 404, "its body went with the log: {}", sent.text());
    assert!(!store.delivery_waits(endpoint, delivery).await.unwrap());
}

#[tokio::test]
async fn everything_that_was_given_up_is_shown_page_by_page() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let endpoint = world.many_given_up("hook", 45).await;
    let list = format!("/configuration/webhooks/{endpoint}/deliveries");
    let (mut path, mut seen) = (format!("{list}?state=dead"), std::collections::BTreeSet::new());
    for rows in [20, 20, 5] {
        let page = world.open(&root, &path).await;
        let links: Vec<_> = page.text().split(&format!("href=\"{list}/")).skip(1).collect();
        assert_eq!(links.len(), rows, "each can be sent again: {}", page.text());
        seen.extend(links.iter().map(|link| link.split('"').next().unwrap().to_owned()));
        path = link(&page, "next").unwrap_or_default();
        assert_eq!(path.is_empty(), rows == 5, "{path}");
    }
    assert_eq!(seen.len(), 45);
    let beyond = world.open(&root, &format!("{list}?state=dead&after=1")).await;
    assert!(beyond.text().contains("This is the end of the list."), "{}", beyond.text());
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_is_off_is_said_to() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let forwards =
        json!({ "authentication": "none", "action": "forward", "forwardUrl": "https://192.0.2.1/" });
    let endpoint = world.post_endpoint("hook", forwards).await;
    assert_eq!(world.send(post("/webhooks/hook").json(&json!({}))).await.status(), 202);
    let base = format!("/configuration/webhooks/{endpoint}");
    let waiting = format!("{base}/deliveries?state=waiting");
    let says = "The endpoint is not enabled: requests that wait to be forwarded go on when it is";
    for path in [&base, &waiting] {
        assert!(!world.open(&root, path).await.text().contains(says), "{path}");
    }
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": false })).await.status(), 200);
    let now = world.clock.now();
    let until = now + patgate_core::webhook::LONGEST_PAUSE;
    assert!(world.state.store.pause_deliveries(endpoint, now, until).await.unwrap());
    for path in [&base, &waiting] {
        assert!(world.open(&root, path).await.text().contains(says), "{path}");
    }
    let page = world.open(&root, &waiting).await;
    for shown in ["Paused", "When the endpoint is enabled; given up "] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}

#[tokio::test]
async fn pages_say_by_which_method_requests_came() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let things = world.webhook_things().await;
    let base = format!("/configuration/webhooks/{}", things.endpoint);
    let page = world.open(&root, &format!("{base}/requests/{}", things.request)).await;
    assert!(page.text().contains("<dt>Method</dt><dd>POST</dd>"), "{}", page.text());
    let verdict = page.text().split("<dt>Verdict</dt>").nth(1).and_then(|rest| rest.split("</dd>").next());
    assert!(verdict.is_some_and(|verdict| verdict.contains("Accepted")), "{}", page.text());
    assert_eq!(world.send(get("/webhooks/hook")).await.status(), 405);
    world.refused(things.endpoint, 1).await;
    let page = world.open(&root, &format!("{base}/refused")).await;
    assert!(page.text().contains("<td data-label=\"Method\">GET</td>"), "{}", page.text());
    assert!(world.open(&root, &base).await.text().contains("which takes POST requests alone"));
}

#[tokio::test]
async fn what_came_without_a_body_is_downloaded_too() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let ping = world.get_endpoint("ping", json!({ "authentication": "none" })).await;
    let hook = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for (endpoint, call, has_body) in [
        (ping, get("/webhooks/ping?build=7"), false),
        (hook, post("/webhooks/hook?build=7").json(&json!({})), true),
    ] {
        let sent = world.send(call).await;
        let id = sent.json()["id"].as_str().unwrap().to_owned();
        let page = world.open(&root, &format!("/configuration/webhooks/{endpoint}/requests/{id}")).await;
        let path = format!("/api/v1/webhook-endpoints/{endpoint}/requests/{id}");
        let link = format!("href=\"{path}\" download=\"webhook-request-{id}.json\">Download request</a>");
        assert!(page.text().contains(&link), "{}", page.text());
        assert_eq!(page.text().contains("Download body"), has_body, "{}", page.text());
        let whole = world.open(&root, &path).await.json();
        assert_eq!(whole["parameters"], json!([{ "name": "build", "value": "7" }]), "{whole}");
    }
}

#[tokio::test]
async fn who_looks_at_an_endpoint_that_keeps_nothing_is_told_so() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let none = json!({ "authentication": "none", "requestRetention": 0 });
    let endpoint = world.post_endpoint("none", none).await;
    let page = world.open(&root, &format!("/configuration/webhooks/{endpoint}")).await;
    for shown in
        ["This endpoint keeps no requests; how many arrive is told here.", "its Request Retention is 0"]
    {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}

#[tokio::test]
async fn who_looks_at_an_endpoint_that_starts_releases_reads_of_releases() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let starts = json!({
        "secretToken": "a secret of sixteen characters", "action": "start", "template": "Applications/Release1",
    });
    let endpoint = world.post_endpoint("hook", starts).await;
    let base = format!("/configuration/webhooks/{endpoint}");
    assert!(world.open(&root, &base).await.text().contains(">Started releases</a>"));
    let page = world.open(&root, &format!("{base}/deliveries?done=redeliver")).await;
    for shown in
        ["<h1>Started releases</h1>", "the releases that requests start", "The request starts its release"]
    {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let id = patgate_core::identifier::DeliveryId::from_i64(1);
    let question = world.open(&root, &format!("{base}/deliveries/{id}")).await;
    assert!(question.text().contains("Start a release by this request again?"), "{}", question.text());
    assert!(!page.text().contains("receiver") && !question.text().contains("receiver"));
    let off = "The endpoint is not enabled, and starts nothing";
    assert!(!question.text().contains(off), "{}", question.text());
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": false })).await.status(), 200);
    let question = world.open(&root, &format!("{base}/deliveries/{id}")).await;
    assert!(question.text().contains(off), "{}", question.text());
}
