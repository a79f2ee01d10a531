//! Starting a release of a template by an accepted request.
//!
//! The release and the mark that it was started are one transaction, so that an attempt which a crash cut starts no second one,
//! whatever becomes of the first.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use patgate_core::release::{ReleaseId, VariableValue};
use patgate_core::webhook::pause;
use patgate_store::{ClaimedDelivery, DeliveryOutcome};

use super::endpoint::{Endpoint, Kind};
use super::forward::put_off;
use super::shown::without_secrets;
use crate::problem::Problem;
use crate::service::releases::{self, EventStart};
use crate::state::AppState;

/// The variable that holds the body of the request.
const BODY: &str = "webhookBody";
/// The variable that holds its query parameters.
const PARAMETERS: &str = "webhookParameters";
/// The variable that holds its id: the sender's, or our own.
const ID: &str = "webhookId";

/// Tries to start the release of a request. Says what becomes of the request. An endpoint that is off starts nothing, also of
/// what it accepted before; nor does that start anything when it is enabled again, so it is given up until somebody redelivers
/// it.
pub(super) async fn deliver(
    state: &AppState,
    endpoint: &Endpoint,
    template: &ReleaseId,
    delivery: &ClaimedDelivery,
) -> DeliveryOutcome {
    if !endpoint.is_enabled {
        let answer =
            "no release was started: the endpoint is off; enable it, and *Redeliver* starts one".to_owned();
        // Accepted at another node, by a change that this one has not applied yet.
        return match delivery.starts_by.is_some_and(|version| version > endpoint.version) {
            true => put_off(delivery, state.clock.now(), answer),
            false => DeliveryOutcome::Dead { answer },
        };
    }
    let start = EventStart {
        delivery: delivery.clone(),
        endpoint_version: endpoint.version,
        template: template.clone(),
        values: values(endpoint.kind, delivery),
    };
    match releases::start_by_event(state, start).await {
        Ok(release) => DeliveryOutcome::Delivered { answer: releases::started(&release) },
        Err(problem) => refused(&problem, delivery.attempts, state.clock.now()),
    }
}

/// What becomes of a request whose release was not started. What passes by itself is waited for; what somebody must mend first
/// is over, and sent again when they have.
fn refused(problem: &Problem, attempts: u32, now: Timestamp) -> DeliveryOutcome {
    let answer = format!("no release was started: {}", problem.detail());
    let passes = matches!(problem.status(), StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
        || problem.status().is_server_error();
    let pause = pause(attempts, 0.0).filter(|_| passes);
    match pause.and_then(|pause| now.checked_add(pause).ok()) {
        Some(due_at) => DeliveryOutcome::Later { due_at, answer },
        None => DeliveryOutcome::Dead { answer },
    }
}

fn values(kind: Kind, delivery: &ClaimedDelivery) -> Vec<(&'static str, VariableValue)> {
    let said = blank_values(kind).into_iter().map(|(name, _)| {
        let value = match name {
            ID => VariableValue::Text(delivery.message_id.clone()),
            BODY => VariableValue::Text(delivery.body.clone()),
            // Of several with one name the last. Variables are shown: what was accepted to be forwarded still has its secrets.
            _ => VariableValue::Map(without_secrets(&delivery.parameters).into_iter().collect()),
        };
        (name, value)
    });
    said.collect()
}

/// The variables that a request to such an endpoint sets, with values that say nothing.
pub(crate) fn blank_values(kind: Kind) -> Vec<(&'static str, VariableValue)> {
    let text = || VariableValue::Text(String::new());
    let mut values = vec![(ID, text()), (PARAMETERS, VariableValue::Map(BTreeMap::new()))];
    if kind == Kind::Post {
        values.push((BODY, text()));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_tried_again_and_nothing_else() {
        let outcome = |problem: &Problem, attempts| refused(problem, attempts, Timestamp::UNIX_EPOCH);
        let busy = Problem::conflict("There are too many");
        assert!(matches!(outcome(&busy, 1), DeliveryOutcome::Later { .. }));
        assert!(matches!(outcome(&busy, 12), DeliveryOutcome::Dead { .. }), "and given up at last");
        let dead = outcome(&Problem::lacks("release#create"), 1);
        let DeliveryOutcome::Dead { answer } = dead else { panic!("{dead:?}") };
        assert!(
            answer.starts_with("no release was started: ") && answer.contains("release#create"),
            "{answer}"
        );
    }
}
