//! Forwarding: one attempt at handing an accepted request to its receiver.
//!
//! The receiver's name is looked up once, every address it stands for is judged, and the connection goes to the first of
//! them: a name that means something else a moment later changes nothing. No redirect is followed.

mod message;
mod rules;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;

use http::StatusCode;
use http::header::RETRY_AFTER;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use patgate_core::webhook::pause;
use patgate_store::{ClaimedDelivery, DeliveryOutcome};
use rand_core::Rng;
use url::Url;

pub use self::rules::{AllowedTarget, ForwardRules, NotATarget};
use super::endpoint::{Endpoint, Forward};
use super::start;
use crate::outbound::{CallFault, Reply, addresses, first, send_to, system};
use crate::state::AppState;

/// How much of a receiver's answer is read, in bytes.
const ANSWER: usize = 4 * 1_024;
/// How much of it is kept, in characters.
const KEPT: usize = 300;
/// The longest that a receiver may ask us to wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// Reads the dates of mails.
static MAIL_DATES: DateTimeParser = DateTimeParser::new();

/// What came of an attempt.
enum Attempt {
    /// The receiver answered.
    Answered(Reply),
    /// There was no answer, for this reason.
    Failed(String),
}

/// Tries a delivery once. Says what becomes of it. Where this node knows no way for it, it waits: another node may have
/// accepted it by a change that this one has not applied yet.
pub async fn deliver(
    state: &AppState,
    endpoint: Option<&Endpoint>,
    delivery: &ClaimedDelivery,
) -> DeliveryOutcome {
    if let Some((endpoint, template)) = endpoint.and_then(|known| Some((known, known.starts.as_ref()?))) {
        return start::deliver(state, endpoint, template, delivery).await;
    }
    let Some((endpoint, forward)) = endpoint.and_then(|known| Some((known, known.forward.as_deref()?)))
    else {
        return put_off(delivery, state.clock.now(), "the endpoint passes nothing on".to_owned());
    };
    if !endpoint.is_enabled {
        // It was switched off just now: what is due next of it is not claimed.
        return put_off(delivery, state.clock.now(), "the endpoint is off".to_owned());
    }
    if let Some(version) = delivery.starts_by {
        let answer = "the request was accepted to start a release; *Redeliver* forwards it".to_owned();
        // Accepted at another node, by a change that this one has not applied yet.
        return match version > endpoint.version {
            true => put_off(delivery, state.clock.now(), answer),
            false => DeliveryOutcome::Dead { answer },
        };
    }
    let attempt = attempt(state, endpoint, forward, delivery).await;
    let (now, share) = (state.clock.now(), f64::from(state.random.draw().next_u32()) / f64::from(u32::MAX));
    outcome(attempt, forward, delivery.attempts, now, share)
}

/// What becomes of a delivery whose attempt broke off by a fault of our own.
#[must_use]
pub fn broken_off(delivery: &ClaimedDelivery, now: Timestamp) -> DeliveryOutcome {
    put_off(delivery, now, "the attempt broke off by a fault of the server; its log says more".to_owned())
}

/// What becomes of a delivery that could not be tried, for this reason: it waits as after a failure, until it was too often.
pub(super) fn put_off(delivery: &ClaimedDelivery, now: Timestamp, answer: String) -> DeliveryOutcome {
    match pause(delivery.attempts, 0.0).and_then(|pause| now.checked_add(pause).ok()) {
        Some(due_at) => DeliveryOutcome::Later { due_at, answer },
        None => DeliveryOutcome::Dead { answer },
    }
}

async fn attempt(
    state: &AppState,
    endpoint: &Endpoint,
    forward: &Forward,
    delivery: &ClaimedDelivery,
) -> Attempt {
    let url = match (&forward.url, forward.obstacle) {
        (Some(url), None) => url,
        (_, obstacle) => return Attempt::Failed(obstacle.unwrap_or("there is no address").to_owned()),
    };
    let request = match message::request(endpoint, forward, url, delivery, state.clock.now()) {
        Ok(request) => request,
        Err(error) => return Attempt::Failed(format!("the request cannot be written: {error}")),
    };
    let address = look_up(&state.webhooks.rules, url, system);
    match send_to(url, address, request, ANSWER).await {
        Ok(reply) => Attempt::Answered(reply),
        Err(fault) => Attempt::Failed(fault.to_string()),
    }
}

/// The address that is called. All that the name stands for must be allowed; the name is looked up once.
async fn look_up<F>(
    rules: &ForwardRules,
    url: &Url,
    find: impl FnOnce(String, u16) -> F,
) -> Result<SocketAddr, CallFault>
where
    F: Future<Output = io::Result<Vec<SocketAddr>>>,
{
    let addresses = addresses(url, find).await?;
    let of_name = rules.judge_name(url.host_str().unwrap_or_default());
    for address in &addresses {
        if rules.allows(*address) {
            continue;
        }
        of_name.clone().and_then(|()| rules.judge(*address)).map_err(|why| {
            let ip = address.ip();
            CallFault::Forbidden(format!("`{ip}` {why}, and is not allowed by `webhooks.forward_to`"))
        })?;
    }
    first(url, &addresses)
}

fn outcome(
    attempt: Attempt,
    forward: &Forward,
    attempts: u32,
    now: Timestamp,
    share: f64,
) -> DeliveryOutcome {
    let (answer, is_over, wait) = match attempt {
        Attempt::Failed(why) => (why, false, None),
        Attempt::Answered(reply) => {
            let answer = words(&reply, forward);
            if reply.status.is_success() {
                return DeliveryOutcome::Delivered { answer };
            }
            // Neither an address that is gone nor a way that goes round gets better with time.
            let is_over = [StatusCode::GONE, StatusCode::LOOP_DETECTED].contains(&reply.status);
            (answer, is_over, retry_after(&reply, now))
        }
    };
    let pause = pause(attempts, share).filter(|_| !is_over);
    let due_at = pause.map(|pause| wait.map_or(pause, |wait| wait.max(pause)));
    match due_at.and_then(|pause| now.checked_add(pause).ok()) {
        Some(due_at) => DeliveryOutcome::Later { due_at, answer },
        None => DeliveryOutcome::Dead { answer },
    }
}

/// How long a receiver asks us to wait (RFC 9110 §10.2.3): a number of seconds, or until a date, which is written as in mails
/// (§5.6.7).
fn retry_after(reply: &Reply, now: Timestamp) -> Option<SignedDuration> {
    if ![StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&reply.status) {
        return None;
    }
    let asked = reply.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match asked.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => MAIL_DATES.parse_timestamp(asked).ok()?.duration_since(now),
    };
    Some(wait.min(LONGEST_WAIT))
}

/// What the receiver said, for the log: without control characters, and without a secret that it sent back.
fn words(reply: &Reply, forward: &Forward) -> String {
    let mut said = String::from_utf8_lossy(&reply.body).into_owned();
    if let Some(secret) = &forward.authorization {
        let credential = secret.reveal().rsplit(' ').next().unwrap_or_default();
        for secret in [secret.reveal(), credential].into_iter().filter(|secret| secret.len() > 3) {
            said = said.replace(secret, "********");
        }
    }
    let is_blank = |letter: char| letter.is_control() || letter.is_whitespace();
    let said: Vec<&str> = said.split(is_blank).filter(|word| !word.is_empty()).collect();
    let said: String = said.join(" ").chars().take(KEPT).collect();
    let separator = if said.is_empty() { "" } else { ": " };
    format!("{}{separator}{said}", reply.status)
}
