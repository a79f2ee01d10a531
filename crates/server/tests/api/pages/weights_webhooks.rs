//! What the pages of webhooks weigh when there are many endpoints, and everything that came in is as long as it may be.

use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_store::{DeliveryOutcome, NewDelivery, NewRefusal, NewWebhookRequest};

use super::configuration_tree::FOLDER;
use super::weights::{MANY, are_light, name, username};
use crate::common::World;

/// Names with values that take this many bytes of a page each.
fn pairs(many: usize, bytes: usize) -> Vec<(String, String)> {
    (0..many).map(|number| (format!("x-{number:03}"), "<".repeat(bytes / 5))).collect()
}

/// Receives requests with as much in them as a request may have, whose deliveries are given up; then refuses others.
async fn receive_much(world: &World, endpoint: ItemNumber) -> RequestId {
    let (mut random, now) = (world.state.random.draw(), world.clock.now());
    let mut request = || NewWebhookRequest {
        id: RequestId::generate(&mut random),
        endpoint,
        at: now,
        sender: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".to_owned(),
        headers: pairs(100, 5_000),
        parameters: pairs(4, 40_000),
        body: "<".repeat(16 * 1_024),
        message_id: Some("<".repeat(200)),
        keep: 1_000,
        keep_bytes: 1 << 30,
        same_since: None,
        delivery: Some(NewDelivery {
            id: DeliveryId::generate(&mut random),
            parameters: Vec::new(),
            content_type: "application/json".to_owned(),
            hops: 0,
            starts_by: None,
        }),
    };
    let batch: Vec<_> = (0..MANY).map(|_| request()).collect();
    let store = &world.state.store;
    store.receive_webhooks(&batch).await.unwrap();
    let ids: Vec<_> = batch.iter().filter_map(|one| Some(one.delivery.as_ref()?.id)).collect();
    let claimed = store.claim_deliveries(&ids, now, now).await.unwrap();
    let dead = || DeliveryOutcome::Dead { answer: "<".repeat(10_000) };
    let outcomes: Vec<_> = claimed.iter().map(|delivery| (delivery, dead())).collect();
    store.mark_deliveries(&outcomes, now).await.unwrap();
    let refusal = |_| NewRefusal {
        id: RequestId::generate(&mut random),
        endpoint,
        at: now,
        sender: "192.0.2.7".to_owned(),
        headers: pairs(30, 1_000),
        cause: "the body is not JSON".to_owned(),
    };
    let refusals: Vec<_> = (0..50).map(refusal).collect();
    store.refuse_webhooks(&refusals).await.unwrap();
    batch[0].id
}

#[tokio::test]
async fn endpoints_and_what_came_in_at_them_stay_light() {
    let world = World::new().await;
    let root = world.user(&username(0), &["admin"]).await;
    let session = world.session(&root).await;
    let mut folder = "Configuration".to_owned();
    for depth in 0..9 {
        folder = format!("{folder}/{}", name(depth));
        world.items(FOLDER, [folder.clone()]).await;
    }
    let place = |number: usize| {
        (format!("{folder}/{number:04}{}", "<".repeat(96)), format!("{number:04}{}", "x".repeat(96)))
    };
    let hooks = world.hooks((0..MANY).map(place).collect::<Vec<_>>()).await;
    let endpoint = hooks[0].number;
    let request = receive_much(&world, endpoint).await;
    let base = format!("/configuration/webhooks/{endpoint}");
    let paths = [
        "/configuration/webhooks".to_owned(),
        base.clone(),
        format!("{base}?search=x-001"),
        format!("{base}/deliveries?state=dead"),
        format!("{base}/refused"),
        format!("{base}/requests/{request}"),
    ];
    are_light(&world, &session, &paths).await;
    // What there is no room for is told of.
    let page = world.open(&session, &paths[5]).await;
    for words in ["There is more of the headers and parameters", "16384 bytes: too many for a page"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let refused = world.open(&session, &paths[4]).await;
    let rows = refused.text().matches("30 headers</summary>").count();
    assert!(rows == 20 && refused.text().contains(" more</p>"), "{}", refused.text());
}
