//! Where an attempt goes, whatever a name says.

use std::cell::Cell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::Full;
use patgate_core::webhook::MOST_ATTEMPTS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn rules(allowed: &[&str]) -> ForwardRules {
    ForwardRules::new(allowed.iter().map(|text| text.parse().unwrap()).collect(), "patgate.example")
}

async fn find(rules: &ForwardRules, url: &str, addresses: &[&str]) -> Result<SocketAddr, CallFault> {
    let addresses: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    look_up(rules, &url.parse().unwrap(), async |_, _| Ok(addresses)).await
}

#[tokio::test]
async fn every_address_of_a_name_must_be_allowed() {
    let rules = rules(&[]);
    let good = find(&rules, "http://a.example:80/", &["192.0.2.7:80", "10.0.0.1:80"]).await;
    assert_eq!(good, Ok("192.0.2.7:80".parse().unwrap()));
    for bad in ["127.0.0.1:80", "169.254.169.254:80", "[::ffff:7f00:1]:80", "168.63.129.16:80"] {
        let found = find(&rules, "http://a.example:80/", &["192.0.2.7:80", bad]).await;
        let refused = found.unwrap_err().to_string();
        assert!(refused.contains("is not allowed by `webhooks.forward_to`"), "{bad}");
    }
    assert!(find(&rules, "http://a.example:80/", &[]).await.is_err());
}

#[tokio::test]
async fn the_public_url_is_called_only_where_its_address_is_allowed() {
    let url = "https://Patgate.example./webhooks/hook";
    let refused = find(&rules(&[]), url, &["192.0.2.7:443"]).await.unwrap_err().to_string();
    assert!(refused.contains("`public_url`"), "{refused}");
    assert!(find(&rules(&["192.0.2.7"]), url, &["192.0.2.7:443"]).await.is_ok());
}

/// A name that means a good address when it is judged, and this machine a moment later.
#[tokio::test]
async fn a_name_that_changes_after_it_was_judged_changes_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (judged, other) = (listener.local_addr().unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (asked, later) = (Cell::new(0), other.local_addr().unwrap());
    let find = |_, _| {
        asked.set(asked.get() + 1);
        let answer = if asked.get() == 1 { judged } else { later };
        async move { Ok(vec![answer]) }
    };
    let url: Url = "http://changes.invalid/".parse().unwrap();
    let rules = rules(&[&judged.to_string()]);
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 512];
        let many = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&head[..many]).into_owned()
    };
    let request = Request::post("/").header("host", "changes.invalid").body(Full::new(Bytes::new())).unwrap();
    // `changes.invalid` has no address at all (RFC 6761 §6.4): a second look-up would fail.
    let (head, reply) = tokio::join!(served, send_to(&url, look_up(&rules, &url, find), request, 100));
    assert!(head.contains("host: changes.invalid"), "{head}");
    assert_eq!((reply.ok().map(|reply| reply.status), asked.get()), (Some(StatusCode::NO_CONTENT), 1));
}

fn claimed(attempts: u32) -> ClaimedDelivery {
    ClaimedDelivery {
        id: patgate_core::identifier::DeliveryId::from_i64(1),
        endpoint: patgate_core::identifier::ItemNumber::from_i64(2),
        request: patgate_core::identifier::RequestId::from_i64(3),
        number: 1,
        message_id: String::new(),
        parameters: Vec::new(),
        content_type: String::new(),
        body: String::new(),
        hops: 0,
        starts_by: None,
        bytes: 0,
        attempts,
        claimed_until: Timestamp::UNIX_EPOCH,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn an_attempt_that_broke_off_is_tried_again_until_it_is_too_often() {
    let DeliveryOutcome::Later { due_at, answer } = broken_off(&claimed(1), Timestamp::UNIX_EPOCH) else {
        panic!("it is tried again")
    };
    assert!(due_at > Timestamp::UNIX_EPOCH && answer.contains("by a fault of the server"));
    let last = broken_off(&claimed(MOST_ATTEMPTS), Timestamp::UNIX_EPOCH);
    assert!(matches!(last, DeliveryOutcome::Dead { .. }));
}

#[test]
fn what_cannot_be_tried_waits_as_after_a_failure() {
    let outcome = |attempts| put_off(&claimed(attempts), Timestamp::UNIX_EPOCH, "no way".to_owned());
    let due_at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(5);
    assert_eq!(outcome(1), DeliveryOutcome::Later { due_at, answer: "no way".to_owned() });
    assert_eq!(outcome(MOST_ATTEMPTS), DeliveryOutcome::Dead { answer: "no way".to_owned() });
}

#[test]
fn the_pauses_of_a_receiver_that_fails_grow_and_end() {
    let forward =
        Forward { url: None, headers: HeaderMap::new(), authorization: None, signing: None, obstacle: None };
    let outcome = |attempts| {
        let failed = Attempt::Failed("it is down".to_owned());
        outcome(failed, &forward, attempts, Timestamp::UNIX_EPOCH, 0.5)
    };
    let mut before = Timestamp::UNIX_EPOCH;
    for attempts in 1..=11 {
        let later = outcome(attempts);
        let DeliveryOutcome::Later { due_at, answer } = later else { panic!("{attempts}: {later:?}") };
        assert!(due_at > before && answer == "it is down", "{attempts}: {due_at}");
        before = due_at;
    }
    assert_eq!(outcome(12), DeliveryOutcome::Dead { answer: "it is down".to_owned() });
}

#[test]
fn a_receiver_says_for_how_long_or_until_when() {
    let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
    let asked = |value: &str| {
        let headers = [(RETRY_AFTER, value.parse::<HeaderValue>().unwrap())].into_iter().collect();
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let reply = Reply { status, headers, content_type: String::new(), body: Vec::<u8>::new().into() };
        retry_after(&reply, now)
    };
    let seconds = |many| Some(SignedDuration::from_secs(many));
    assert_eq!((asked("37"), asked(" 0 ")), (seconds(37), seconds(0)));
    assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(37));
    assert_eq!((asked("7200"), asked("Mon, 07 Nov 1994 08:49:37 GMT")), (seconds(3_600), seconds(3_600)));
    assert_eq!((asked("soon"), asked("-1"), asked("")), (None, None, None));
}
