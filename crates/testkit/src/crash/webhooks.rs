//! Crashes (SIGKILL) while webhook requests are taken and forwarded.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use rand_core::Rng;
use serde_json::json;

use crate::curl::curl;
use crate::servers::patgate::{ADMIN_PASSWORD, Patgate, Start};
use crate::upstream::Upstream;
use crate::wire::Wire;
use crate::{random, wait};

/// Senders at the same time.
const SENDERS: u64 = 8;
/// The crash comes after one to this many answers of a round.
const ANSWERS: u64 = 60;
/// How long what is left may take after the last crash.
const REST: Duration = Duration::from_secs(120);
/// Claims that a crash cut are over in three minutes; the trial lets them be over at once.
const NO_LEASES: &str = "UPDATE webhook_deliveries SET due_at = 1 WHERE due_at IS NOT NULL";

/// What a [`trial`] has seen. Had a request been lost, or forwarded under two ids, it would have panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Requests that were answered with 2xx; each is in the log, and arrived at the receiver.
    pub answered: u32,
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
/// With what is wrong: an answered request that is not in the log, that never arrived, or that arrived with two ids.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let receiver = Upstream::start();
    let mut patgate = start.configuration("[webhooks]\nforward_to = ['127.0.0.1']\n").start();
    let mut random = random::seeded(seed);
    make_endpoint(&patgate, &receiver);
    let (mut answered, mut cut) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..kills {
        let (tell, told) = channel();
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (port, tell) = (patgate.ports()[0], tell.clone());
                thread::spawn(move || send(port, &format!("{round}-{sender}-"), &tell))
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
            answered.extend(log.answered);
            cut.extend(log.cut);
        }
        patgate.start_again();
    }
    patgate.sql(NO_LEASES);
    let is_done = || {
        let waiting = patgate.sql("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'");
        (waiting.trim() == "0").then_some(())
    };
    assert!(wait::until(REST, is_done).is_some(), "deliveries are left\n{}", patgate.log());
    let kept = patgate.sql("SELECT message_id FROM webhook_requests");
    let kept: BTreeSet<_> = kept.lines().map(str::to_owned).collect();
    let lost: Vec<_> = answered.difference(&kept).collect();
    assert!(lost.is_empty(), "answered, and not in the log: {lost:?}");
    Outcome {
        kills,
        answered: answered.len() as u32,
        cut: cut.len() as u32,
        kept: cut.intersection(&kept).count() as u32,
        repeated: look_at(&receiver, &kept),
    }
}

/// What a sender saw.
#[derive(Default)]
struct Log {
    answered: Vec<String>,
    cut: Option<String>,
    surprise: Option<String>,
}

/// Sends until the server is gone.
fn send(port: u16, label: &str, tell: &Sender<()>) -> Log {
    let mut log = Log::default();
    // Its end is the server's.
    let _ = until_the_crash(port, label, tell, &mut log);
    log
}

fn until_the_crash(port: u16, label: &str, tell: &Sender<()>, log: &mut Log) -> io::Result<()> {
    let mut wire = Wire::try_connect(port)?;
    for number in 0_u32.. {
        let id = format!("{label}{number}");
        log.cut = Some(id.clone());
        let body = json!({ "event": id }).to_string();
        let answer = wire.request("POST", "/webhooks/hook", &[("webhook-id", &id)], &body)?;
        log.cut = None;
        if answer.status != 202 {
            log.surprise = Some(format!("{}: {}", answer.status, answer.text()));
            return Ok(());
        }
        log.answered.push(id);
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
    let user = format!("admin:{ADMIN_PASSWORD}");
    let url = patgate.url_of("/api/v1/configuration-items");
    let answer = curl(["-u", &user, "-H", "Content-Type: application/json", "-d", &item.to_string(), &url]);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// Holds what arrived against the log; how many requests arrived more than once.
fn look_at(receiver: &Upstream, kept: &BTreeSet<String>) -> u32 {
    let mut ids: BTreeMap<Vec<u8>, (BTreeSet<String>, u32)> = BTreeMap::new();
    for request in receiver.take_requests() {
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        let (known, times) = ids.entry(request.body).or_default();
        known.insert(id);
        *times += 1;
    }
    let arrived: BTreeSet<_> = ids.values().flat_map(|(known, _)| known).cloned().collect();
    let never: Vec<_> = kept.difference(&arrived).collect();
    assert!(never.is_empty(), "kept, and never forwarded: {never:?}");
    let two: Vec<_> = ids.values().filter(|(known, _)| known.len() > 1).collect();
    assert!(two.is_empty(), "forwarded under two ids: {two:?}");
    ids.values().filter(|(_, times)| *times > 1).count() as u32
}
