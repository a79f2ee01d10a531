//! Reminders: runs the nights, and sends what is due. Neither waits for the other: a mail server that keeps the sender waiting
//! for hours delays no night.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::problem::with_causes;
use crate::service::reminders::{self, Round};
use crate::state::AppState;

/// How often one looks whether a night has begun.
const NIGHT_LOOK: Duration = Duration::from_secs(2);
/// How often one looks whether a mail is due.
const MAIL_LOOK: Duration = Duration::from_secs(10);
/// How long a mail server that takes no mails is left alone, in minutes: the first time, the second, …
const PAUSES: [i64; 4] = [1, 5, 15, 30];
/// For how long runs and mails that are done are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Runs until it is told to stop; what is being sent then is finished first, if that takes no longer than a request may.
pub async fn run(state: AppState, stop: CancellationToken) {
    let planned = Notify::new();
    tokio::join!(run_nights(&state, &planned, &stop), send(&state, &planned, &stop));
}

async fn run_nights(state: &AppState, planned: &Notify, stop: &CancellationToken) {
    loop {
        match reminders::run_due(state).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                planned.notify_one();
                forget(state).await;
            }
            Err(error) => warn("reminders were not planned", &error),
        }
        if tokio::time::timeout(NIGHT_LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

async fn send(state: &AppState, planned: &Notify, stop: &CancellationToken) {
    let mut rest = Rest::default();
    loop {
        if rest.is_over(state.clock.now()) {
            match reminders::send_due(state, stop).await {
                Ok(round) => rest.after(round, state.clock.now()),
                Err(error) => warn("mails were not sent", &error),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            // Somebody asks for it, who may just have mended the mail server.
            () = state.mail_is_due.notified() => rest = Rest::default(),
            () = planned.notified() => {}
            () = tokio::time::sleep(MAIL_LOOK) => {}
        }
    }
}

/// How long the mail server is left alone.
#[derive(Debug, Default)]
struct Rest {
    failures: usize,
    until: Option<Timestamp>,
}

impl Rest {
    fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    fn after(&mut self, round: Round, now: Timestamp) {
        if round == Round::Done {
            *self = Self::default();
            return;
        }
        let minutes = PAUSES[self.failures.min(PAUSES.len() - 1)];
        self.failures += 1;
        self.until = now.checked_add(SignedDuration::from_mins(minutes)).ok();
    }
}

async fn forget(state: &AppState) {
    if let Ok(before) = state.clock.now().checked_sub(KEPT)
        && let Err(error) = state.store.forget_mails(before).await
    {
        warn("old mails were not forgotten", &error);
    }
}

fn warn(what: &str, error: &dyn std::error::Error) {
    tracing::warn!(error = with_causes(error), "{what}; trying again in a few seconds");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_left_alone_for_longer_and_longer() {
        let (mut rest, now) = (Rest::default(), Timestamp::UNIX_EPOCH);
        assert!(rest.is_over(now));
        for minutes in [1, 5, 15, 30, 30] {
            rest.after(Round::ServerFails, now);
            let until = now + SignedDuration::from_mins(minutes);
            assert!(!rest.is_over(until - SignedDuration::from_secs(1)) && rest.is_over(until));
        }
        rest.after(Round::Done, now);
        assert!(rest.is_over(now));
    }
}
