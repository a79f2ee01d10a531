//! Crashes (SIGKILL) while webhook requests are taken and forwarded.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use rand_core::Rng;
use serde_json::{Value, json};

use super::{NO_CLAIMS_OF_DELIVERIES, REST, call, waiting_deliveries};
use crate::servers::patgate::{Patgate, Start};
use crate::upstream::Upstream;
use crate::wire::Wire;
use crate::{random, wait};

/// Senders at the same time. Half of them give no id, and Patgate gives each of their requests one.
const SENDERS: u64 = 8;
/// The crash comes after one to this many answers of a round.
const ANSWERS: u64 = 60;

/// What a [`trial`] has seen. Had a request been lost, kept twice, or forwarded under two ids, it would have panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Requests that were answered with 2xx; each is in the log, once, and arrived at the receiver.
    pub answered: u32,
    /// Those of them to which their sender gave no id; they arrived under the id that was answered.
    pub unnamed: u32,
    /// Requests that a crash left without an answer.
    pub cut: u32,
    /// Those of them that were kept all the same.
    pub kept: u32,
    /// Requests that arrived at the receiver more than once, each time with the same id.
    pub repeated: u32,
}

/// Starts the program, and crashes and restarts it so many times while senders call an endpoint that forwards to a
/// receiver; then lets it finish, and looks at what is in the log and at what arrived.
///
/// # Panics
/// With what is wrong: an answered request that is not in the log, a request that is there twice, that never arrived, or that
/// arrived with two ids or another one than was answered.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let receiver = Upstream::start();
    let mut patgate = start.configuration("[webhooks]\nforward_to = ['127.0.0.1']\n").start();
    let mut random = random::seeded(seed);
    make_endpoint(&patgate, &receiver);
    let (mut answered, mut cut, mut unnamed) = (BTreeMap::new(), BTreeSet::new(), 0);
    for round in 0..kills {
        let (tell, told) = channel();
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (port, tell) = (patgate.ports()[0], tell.clone());
                let gives_ids = sender % 2 == 0;
                thread::spawn(move || send(port, &format!("{round}-{sender}-"), gives_ids, &tell))
            })
            .collect();
        drop(tell);
        for _ in 0..=random.next_u64() % ANSWERS {
            if told.recv().is_err() {
                break;
            }
        }
        patgate.kill();
        for sender in senders {
            let log = sender.join().unwrap_or_default();
            assert_eq!(log.surprise, None, "round {round}: not the answer that was due\n{}", patgate.log());
            unnamed += log.answered.iter().filter(|(event, id)| event != id).count() as u32;
            answered.extend(log.answered);
            cut.extend(log.cut);
        }
        patgate.start_again();
    }
    patgate.sql(NO_CLAIMS_OF_DELIVERIES);
    let is_done = || (waiting_deliveries(&patgate) == 0).then_some(());
    assert!(wait::until(REST, is_done).is_some(), "deliveries are left\n{}", patgate.log());
    let bodies = patgate.sql("SELECT body FROM webhook_requests");
    let mut kept = BTreeSet::new();
    let twice: Vec<_> = bodies.lines().filter(|body| !kept.insert(event(body.as_bytes()))).collect();
    assert!(twice.is_empty(), "in the log twice: {twice:?}");
    let lost: Vec<_> = answered.keys().filter(|event| !kept.contains(*event)).collect();
    assert!(lost.is_empty(), "answered, and not in the log: {lost:?}");
    Outcome {
        kills,
        answered: answered.len() as u32,
        unnamed,
        cut: cut.len() as u32,
        kept: cut.intersection(&kept).count() as u32,
        repeated: look_at(&receiver, &kept, &answered),
    }
}

/// What a sender saw.
#[derive(Default)]
struct Log {
    /// Events, and the ids of their requests: the sender's own, or the one that was answered.
    answered: Vec<(String, String)>,
    cut: Option<String>,
    surprise: Option<String>,
}

/// Sends until the server is gone.
fn send(port: u16, label: &str, gives_ids: bool, tell: &Sender<()>) -> Log {
    let mut log = Log::default();
    // Its end is the server's.
    let _ = until_the_crash(port, label, gives_ids, tell, &mut log);
    log
}

fn until_the_crash(
    port: u16,
    label: &str,
    gives_ids: bool,
    tell: &Sender<()>,
    log: &mut Log,
) -> io::Result<()> {
    let mut wire = Wire::try_connect(port)?;
    for number in 0_u32.. {
        let event = format!("{label}{number}");
        log.cut = Some(event.clone());
        let body = json!({ "event": event }).to_string();
        let headers = [("webhook-id", event.as_str())];
        let headers = if gives_ids { &headers[..] } else { &[] };
        let answer = wire.request("POST", "/webhooks/hook", headers, &body)?;
        log.cut = None;
        if answer.status != 202 {
            log.surprise = Some(format!("{}: {}", answer.status, answer.text()));
            return Ok(());
        }
        let given = answer.json()["id"].as_str().unwrap_or_default().to_owned();
        log.answered.push(if gives_ids { (event.clone(), event) } else { (event, given) });
        // Nobody listens any more once the crash has been ordered.
        let _ = tell.send(());
    }
    Ok(())
}

fn make_endpoint(patgate: &Patgate, receiver: &Upstream) {
    let item = json!({
        "id": "Configuration/hook",
        "type": "events.PostWebhookEndpoint",
        "properties": {
            "path": "hook",
            "authentication": "none",
            "requestRetention": 100_000,
            "requestsPerMinute": 1_000_000,
            "action": "forward",
            "forwardUrl": format!("{}/events", receiver.url()),
        },
    });
    call(patgate, "POST", "/api/v1/configuration-items", &item);
}

/// The event of a request, by its body.
fn event(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["event"].as_str().unwrap_or_default().to_owned()
}

/// Holds what arrived against the log and the answers; how many requests arrived more than once.
fn look_at(receiver: &Upstream, kept: &BTreeSet<String>, answered: &BTreeMap<String, String>) -> u32 {
    let mut arrived: BTreeMap<String, (BTreeSet<String>, u32)> = BTreeMap::new();
    for request in receiver.take_requests() {
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        let (ids, times) = arrived.entry(event(&request.body)).or_default();
        ids.insert(id);
        *times += 1;
    }
    let never: Vec<_> = kept.iter().filter(|event| !arrived.contains_key(*event)).collect();
    assert!(never.is_empty(), "kept, and never forwarded: {never:?}");
    let two: Vec<_> = arrived.iter().filter(|(_, (ids, _))| ids.len() > 1).collect();
    assert!(two.is_empty(), "forwarded under two ids: {two:?}");
    let is_other = |(event, (ids, _)): &(&String, &(BTreeSet<String>, u32))| {
        answered.get(*event).is_some_and(|id| !ids.contains(id))
    };
    let other: Vec<_> = arrived.iter().filter(is_other).collect();
    assert!(other.is_empty(), "forwarded under another id than was answered: {other:?}");
    arrived.values().filter(|(_, times)| *times > 1).count() as u32
}
