//! Crashes (SIGKILL) at any moment, and what must be true after each.

pub mod mails;
pub mod releases;
pub mod starts;
pub mod tokens;
pub mod webhooks;

use std::time::Duration;

use serde_json::Value;

use crate::curl::curl;
use crate::servers::patgate::{ADMIN_PASSWORD, Patgate};

/// How long what is left may take after the last crash.
const REST: Duration = Duration::from_secs(120);
/// Deliveries of webhook requests that a crash cut are claimed for three minutes; the trials let that be over at once.
const NO_CLAIMS_OF_DELIVERIES: &str = "UPDATE webhook_deliveries SET due_at = 1 WHERE due_at IS NOT NULL";

/// A call in the name of the administrator, with a body unless it is `null`; what it was answered. Panics when that is no
/// success.
fn call(patgate: &Patgate, method: &str, path: &str, body: &Value) -> Value {
    let answer = curl(words(patgate, method, path, body));
    assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
    answer.json()
}

/// The call, as curl makes it.
fn words(patgate: &Patgate, method: &str, path: &str, body: &Value) -> Vec<String> {
    let user = format!("admin:{ADMIN_PASSWORD}");
    let mut words = ["-u", &user, "-X", method, &patgate.url_of(path)].map(str::to_owned).to_vec();
    if !body.is_null() {
        words.extend(["-H", "Content-Type: application/json", "-d", &body.to_string()].map(str::to_owned));
    }
    words
}

/// How many requests to webhook endpoints are not delivered yet.
fn waiting_deliveries(patgate: &Patgate) -> u32 {
    let waiting = patgate.sql("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'");
    waiting.trim().parse().unwrap_or(u32::MAX)
}
