//! Requests on their way to their receiver: one that takes them, fails, hangs, comes back, or is where nobody may call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use jiff::SignedDuration;
use patgate_core::identifier::{DeliveryId, RequestId};
use patgate_core::webhook::{Authentication, Header, Presented, SigningSecret};
use patgate_server::jobs;
use patgate_store::{Delivery, DeliveryState, NewWebhookRequest, Page, Seek};
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::event;
use crate::common::{PASSWORD, World, accepted, get, post, to_forward};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver does with the next request.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// It answers with this head and body.
    Answers(&'static str),
    /// It says nothing.
    Hangs,
}

/// A receiver on a port of this machine.
pub(super) struct Receiver {
    url: String,
    address: String,
    got: Arc<Mutex<Vec<String>>>,
    plan: Arc<Mutex<VecDeque<Does>>>,
}

impl Receiver {
    /// Does as planned; then it takes everything.
    pub(super) async fn start(plan: impl IntoIterator<Item = Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let got = Arc::new(Mutex::new(Vec::new()));
        let plan = Arc::new(Mutex::new(plan.into_iter().collect::<VecDeque<_>>()));
        let (seen, next) = (Arc::clone(&got), Arc::clone(&plan));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&next)));
            }
        });
        Self { url: format!("http://{address}/events?from=patgate"), address, got, plan }
    }

    pub(super) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, got: Arc<Mutex<Vec<String>>>, plan: Arc<Mutex<VecDeque<Does>>>) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let Ok(many @ 1..) = stream.read(&mut buffer).await else { return };
        read.extend_from_slice(&buffer[..many]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            got.lock().unwrap().push(text);
            break;
        }
    }
    let does = plan.lock().unwrap().pop_front();
    match does.unwrap_or(Does::Answers("204 No Content\r\n\r\n")) {
        Does::Answers(answer) => {
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await;
        }
        Does::Hangs => tokio::time::sleep(Duration::from_secs(60)).await,
    }
}

/// A world that forwards, and may forward to this machine.
pub(super) async fn forwarding(configuration: &str) -> World {
    let world = World::configured(configuration).await;
    world.user("root", &["admin"]).await;
    tokio::spawn(jobs::webhooks::run(world.state.clone(), CancellationToken::new()));
    world
}

pub(super) fn to(receiver: &Receiver) -> Value {
    json!({ "authentication": "none", "action": "forward", "forwardUrl": receiver.url })
}

pub(super) const ALLOWED: &str = "[webhooks]\nforward_to = ['127.0.0.1']\n";

/// Waits for a delivery in this state of which this was said last.
pub(super) async fn delivery(world: &World, path: &str, state: DeliveryState, said: &str) -> Delivery {
    let endpoint = world.endpoint_number(path).await;
    for _ in 0..900 {
        let found = world.state.store.deliveries_in(endpoint, state, &Seek::Start, 10).await.unwrap();
        let is_it =
            |delivery: &Delivery| delivery.answer.as_deref().is_some_and(|answer| answer.contains(said));
        if let Some(delivery) = found.into_iter().find(is_it) {
            return delivery;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no delivery at {path} became {state:?} with `{said}`");
}

#[tokio::test]
async fn a_receiver_gets_the_body_with_headers_and_a_signature() {
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([]).await);
    let mut properties = to(&receiver);
    properties["forwardHeaders"] = json!({ "X-Team": "release" });
    properties["forwardAuthorizationSecret"] = json!("Bearer of the receiver");
    properties["forwardSigningSecret"] = json!(WHSEC);
    world.post_endpoint("hook", properties).await;
    let sent = world.send(event("hook").header("x-github-delivery", "build-7")).await;
    let delivery = delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!(delivery.answer.as_deref(), Some("204 No Content"));
    let got = receiver.got();
    let (head, body) = got[0].split_once("\r\n\r\n").unwrap();
    assert_eq!((got.len(), body), (1, r#"{"event":"push"}"#));
    assert!(head.starts_with("POST /events?from=patgate HTTP/1.1"), "{head}");
    let value = |name: &str| {
        let prefix = format!("{name}: ");
        head.lines().find_map(|line| line.strip_prefix(prefix.as_str())).unwrap_or_default().to_owned()
    };
    assert_eq!(
        (value("x-team"), value("authorization")),
        ("release".into(), "Bearer of the receiver".into())
    );
    assert_eq!((value("host"), value("webhook-id")), (receiver.address.clone(), "build-7".to_owned()));
    assert_eq!(value("x-patgate-webhook-request"), sent.json()["id"].as_str().unwrap());
    assert_eq!(
        (value("content-type"), value("x-patgate-webhook-hops")),
        ("application/json".into(), "1".into())
    );
    // By the rule for what comes in, which a library that nobody here wrote agrees with.
    let standard = Authentication::Standard(vec![SigningSecret::standard(WHSEC).unwrap()]);
    let values = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, value(name)));
    let header = |name: &str| {
        let found = values.iter().find(|(known, _)| *known == name);
        found.map_or(Header::Absent, |(_, value)| Header::Once(value))
    };
    let presented = Presented { header: &header, basic: None, body: body.as_bytes() };
    let (view, keys) = (world.state.index.view(), world.state.index.keys());
    let endpoint = delivery.endpoint;
    assert_eq!(standard.judge(endpoint, &presented, &view, keys, NOON).map(drop), Ok(()));
}

#[tokio::test]
async fn what_a_get_endpoint_got_is_forwarded_as_json() {
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([]).await);
    world.get_endpoint("ping", to(&receiver)).await;
    assert_eq!(world.send(get("/webhooks/ping?build=7&tag=a&tag=b&token=t")).await.status(), 202);
    delivery(&world, "ping", DeliveryState::Delivered, "204").await;
    let body = receiver.got()[0].split_once("\r\n\r\n").unwrap().1.to_owned();
    let wanted = json!({ "parameters": { "build": "7", "tag": "a, b", "token": "t" } });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), wanted);
}

#[tokio::test]
async fn a_receiver_that_fails_gets_it_again_with_the_same_id() {
    let down = Does::Answers("500 Oops\r\ncontent-length: 4\r\n\r\nO\0ps");
    let busy = Does::Answers("503 Busy\r\nretry-after: 600\r\n\r\n");
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([down, busy]).await);
    world.post_endpoint("hook", to(&receiver)).await;
    world.send(event("hook")).await;
    let first = delivery(&world, "hook", DeliveryState::Waiting, "500").await;
    assert_eq!(first.answer.as_deref(), Some("500 Internal Server Error: O ps"));
    let wait = first.due_at.unwrap().duration_since(NOON);
    assert!((5_000..=5_500).contains(&wait.as_millis()), "{wait}");
    world.clock.set(NOON + SignedDuration::from_secs(10));
    let second = delivery(&world, "hook", DeliveryState::Waiting, "503").await;
    let wait = second.due_at.unwrap().duration_since(world.clock.now());
    assert_eq!(wait.as_secs(), 600, "as long as the receiver asked for");
    world.clock.set(NOON + SignedDuration::from_secs(700));
    let last = delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!((first.attempts, second.attempts, last.attempts), (1, 2, 3));
    let got = receiver.got();
    let id = format!("webhook-id: {}", last.message_id);
    assert!(got.len() == 3 && got.iter().all(|request| request.contains(&id)), "{got:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_given_up_until_somebody_redelivers() {
    let gone = Does::Answers("410 Gone\r\n\r\n");
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([gone]).await);
    world.post_endpoint("hook", to(&receiver)).await;
    world.send(event("hook")).await;
    let dead = delivery(&world, "hook", DeliveryState::Dead, "410").await;
    let path = format!("/api/v1/webhook-endpoints/{}/deliveries/{}/redeliver", dead.endpoint, dead.id);
    world.user("viewer", &["webhook#view"]).await;
    assert_eq!(world.send(post(&path).basic("viewer", PASSWORD)).await.status(), 403);
    let answer = world.send(post(&path).basic("root", PASSWORD)).await;
    assert_eq!(answer.status(), 204, "{}", answer.text());
    let again = delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!((again.id, receiver.got().len()), (dead.id, 2));
    let page = Page { number: 0, size: 10 };
    let audit = world.state.store.audit_events(&Default::default(), page).await.unwrap();
    assert!(format!("{audit:?}").contains("webhook.redeliver"));
}

#[tokio::test]
async fn a_request_counts_its_hops_and_a_receiver_that_finds_a_round_ends_it() {
    let round = Does::Answers("508 Loop Detected\r\n\r\n");
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([round]).await);
    world.get_endpoint("ping", to(&receiver)).await;
    let call = get("/webhooks/ping?a=1").header("x-patgate-webhook-hops", "2");
    assert_eq!(world.send(call).await.status(), 202);
    let dead = delivery(&world, "ping", DeliveryState::Dead, "508").await;
    assert_eq!(dead.attempts, 1);
    let got = receiver.got();
    assert!(got[0].contains("x-patgate-webhook-hops: 3\r\n"), "{got:?}");
    assert!(got[0].ends_with("{\"parameters\":{\"a\":\"1\"}}"), "{got:?}");
}

#[tokio::test]
async fn what_was_not_begun_when_the_server_stops_was_no_attempt() {
    let (world, slow) = (World::configured(ALLOWED).await, Receiver::start(vec![Does::Hangs; 20]).await);
    world.user("root", &["admin"]).await;
    let stop = CancellationToken::new();
    let job = tokio::spawn(jobs::webhooks::run(world.state.clone(), stop.clone()));
    let endpoint = world.post_endpoint("slow", to(&slow)).await;
    for _ in 0..7 {
        assert_eq!(world.send(event("slow")).await.status(), 202);
    }
    let under_way = async |many: usize| {
        while slow.got().len() < many {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    under_way(7).await;
    // Eight more at once, as another node may take them: one has a place, the others are claimed and wait for one.
    let mut random = world.state.random.draw();
    let mut request = || NewWebhookRequest {
        delivery: Some(to_forward(DeliveryId::generate(&mut random))),
        ..accepted(RequestId::generate(&mut random), endpoint, NOON)
    };
    let batch: Vec<_> = (0..8).map(|_| request()).collect();
    world.state.store.receive_webhooks(&batch).await.unwrap();
    under_way(8).await;
    stop.cancel();
    job.await.unwrap();
    let waiting =
        world.state.store.deliveries_in(endpoint, DeliveryState::Waiting, &Seek::Start, 100).await.unwrap();
    let tried = |attempts: u32| waiting.iter().filter(|one| one.attempts == attempts).count();
    assert_eq!((tried(0), tried(1)), (7, 8), "{waiting:?}");
    assert!(
        waiting.iter().filter(|one| one.attempts == 0).all(|one| one.due_at == Some(NOON)),
        "due at once"
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_no_other() {
    let (world, slow) = (forwarding(ALLOWED).await, Receiver::start(vec![Does::Hangs; 12]).await);
    let quick = Receiver::start([]).await;
    world.post_endpoint("slow", to(&slow)).await;
    world.post_endpoint("quick", to(&quick)).await;
    for _ in 0..12 {
        assert_eq!(world.send(event("slow")).await.status(), 202);
    }
    assert_eq!(world.send(event("quick")).await.status(), 202);
    delivery(&world, "quick", DeliveryState::Delivered, "204").await;
    assert!(slow.got().len() <= 8, "at most eight at a time");
    assert!(!slow.plan.lock().unwrap().is_empty());
    let waiting = delivery(&world, "slow", DeliveryState::Waiting, "did not answer").await;
    assert!(waiting.answer.unwrap().contains("did not answer within 10 s"));
}

#[tokio::test]
async fn a_receiver_that_hung_and_is_back_gets_what_waited_with_the_same_id() {
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([Does::Hangs]).await);
    world.post_endpoint("hook", to(&receiver)).await;
    assert_eq!(world.send(event("hook")).await.status(), 202);
    let hung = delivery(&world, "hook", DeliveryState::Waiting, "did not answer within 10 s").await;
    world.clock.set(hung.due_at.unwrap());
    let taken = delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!((hung.attempts, taken.attempts, taken.id), (1, 2, hung.id));
    let got = receiver.got();
    let id = format!("webhook-id: {}", taken.message_id);
    assert!(got.len() == 2 && got.iter().all(|request| request.contains(&id)), "{got:?}");
    assert!(got.iter().all(|request| request.ends_with(r#"{"event":"push"}"#)), "{got:?}");
    assert_eq!(world.state.store.deliveries_waiting(taken.endpoint).await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_may_call() {
    let receiver = Receiver::start([]).await;
    let port = receiver.address.rsplit(':').next().unwrap().to_owned();
    let world = forwarding("").await;
    for (at, url) in [
        receiver.url.clone(),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://2130706433:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("hook{at}");
        let properties = json!({ "authentication": "none", "action": "forward", "forwardUrl": url });
        world.post_endpoint(&path, properties).await;
        assert_eq!(world.send(event(&path)).await.status(), 202);
        let waiting = delivery(&world, &path, DeliveryState::Waiting, "`").await;
        let answer = waiting.answer.unwrap();
        assert!(answer.contains("is not allowed by `webhooks.forward_to`"), "{url}: {answer}");
    }
    assert!(receiver.got().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inner = Receiver::start([]).await;
    let location = format!("302 Found\r\nlocation: {}\r\n\r\n", inner.url);
    let outer = Receiver::start([Does::Answers(location.leak())]).await;
    let world = forwarding(&format!("[webhooks]\nforward_to = ['{}']\n", outer.address)).await;
    world.post_endpoint("hook", to(&outer)).await;
    world.send(event("hook")).await;
    let waiting = delivery(&world, "hook", DeliveryState::Waiting, "302").await;
    assert_eq!(waiting.answer.as_deref(), Some(&*StatusCode::FOUND.to_string()));
    assert!(inner.got().is_empty());
}

#[tokio::test]
async fn a_secret_that_the_receiver_sends_back_is_not_kept() {
    let echo = Does::Answers("400 Bad\r\n\r\nyou sent Bearer hush-hush, hush-hush");
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([echo]).await);
    let mut properties = to(&receiver);
    properties["forwardAuthorizationSecret"] = json!("Bearer hush-hush");
    world.post_endpoint("hook", properties).await;
    world.send(event("hook")).await;
    let waiting = delivery(&world, "hook", DeliveryState::Waiting, "400").await;
    assert_eq!(waiting.answer.as_deref(), Some("400 Bad Request: you sent ********, ********"));
}

#[tokio::test]
async fn a_secret_that_is_sent_is_given_again_when_it_goes_elsewhere() {
    let world = forwarding("").await;
    let properties = json!({
        "authentication": "none", "action": "forward", "forwardUrl": "https://example.org/a",
        "forwardAuthorizationSecret": "Bearer x",
    });
    world.post_endpoint("hook", properties).await;
    let answer = world.change_endpoint("hook", json!({ "forwardUrl": "https://example.com/a" })).await;
    let field = json!("properties.forwardAuthorizationSecret");
    assert_eq!((answer.status(), &answer.json()["field"]), (400, &field));
}
