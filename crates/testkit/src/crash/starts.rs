//! Crashes (SIGKILL) while requests to a webhook endpoint start releases.

use std::collections::BTreeMap;

use rand_core::Rng;
use serde_json::json;

use super::{NO_CLAIMS_OF_DELIVERIES, REST, call, waiting_deliveries};
use crate::servers::patgate::{Patgate, Start};
use crate::wire::Wire;
use crate::{random, wait};

/// Requests that are answered between two crashes, at most.
const REQUESTS: u64 = 12;
const SECRET: &str = "a secret of sixteen characters";

/// What a [`trial`] has seen. Had a request that was answered started none, or two, it would have panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Requests that were answered with 2xx; each started one release.
    pub answered: u32,
    /// Requests whose release had not been started when a crash came.
    pub cut: u32,
}

/// Starts the program, and crashes and restarts it so many times after a random number of requests that start releases; then
/// lets it finish, and counts the releases of each request.
///
/// # Panics
/// With what is wrong: a request that started none, or two.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let mut patgate = start.start();
    let mut random = random::seeded(seed);
    prepare(&patgate);
    let mut outcome = Outcome { kills, ..Outcome::default() };
    let mut answered = Vec::new();
    for round in 0..kills {
        let mut wire = Wire::connect(patgate.ports()[0]);
        for number in 0..=random.next_u64() % REQUESTS {
            let id = format!("{round}-{number}");
            let headers = [("webhook-id", id.as_str()), ("x-release-webhook-token", SECRET)];
            let answer = wire.request("POST", "/webhooks/hook", &headers, "{}");
            let status = answer.map(|answer| answer.status).ok();
            assert_eq!(status, Some(202), "round {round}\n{}", patgate.log());
            answered.push(id);
        }
        patgate.kill();
        outcome.cut += waiting_deliveries(&patgate);
        patgate.sql(NO_CLAIMS_OF_DELIVERIES);
        patgate.start_again();
    }
    let is_done = || (waiting_deliveries(&patgate) == 0).then_some(());
    assert!(wait::until(REST, is_done).is_some(), "requests are left\n{}", patgate.log());
    let mut releases: BTreeMap<String, u32> = BTreeMap::new();
    for page in 0.. {
        let path = format!("/api/v1/releases/search?page={page}&resultsPerPage=100");
        let found = call(&patgate, "POST", &path, &json!({}));
        let found = found.as_array().cloned().unwrap_or_default();
        if found.is_empty() {
            break;
        }
        for release in found {
            let variables = release["variables"].as_array().into_iter().flatten();
            let id = variables
                .filter(|variable| variable["key"] == "webhookId")
                .find_map(|id| id["value"].as_str());
            *releases.entry(id.unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    let odd: Vec<_> = answered.iter().filter(|id| releases.get(*id) != Some(&1)).collect();
    assert!(odd.is_empty() && releases.len() == answered.len(), "not one release each: {odd:?} {releases:?}");
    Outcome { answered: answered.len() as u32, ..outcome }
}

/// Makes the template and the endpoint.
fn prepare(patgate: &Patgate) {
    let token = call(patgate, "POST", "/api/v1/personal-access-tokens", &json!({ "tokenNote": "run as" }));
    let task = json!({ "type": "xlrelease.GateTask", "title": "Look at it" });
    let template = json!({
        "title": "By event", "phases": [{ "title": "All", "tasks": [task] }], "scriptUserPassword": token["token"],
    });
    let template = call(patgate, "POST", "/api/v1/templates", &template);
    let endpoint = json!({
        "id": "Configuration/hook", "type": "events.PostWebhookEndpoint",
        "properties": { "path": "hook", "secretToken": SECRET, "action": "start", "template": template["id"] },
    });
    call(patgate, "POST", "/api/v1/configuration-items", &endpoint);
}
