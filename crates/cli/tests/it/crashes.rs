//! Crashes in the middle of creations and deletions, of mails, webhook requests and releases. Each kind of step is met, and
//! what the trials saw is asserted; `cargo xtask soak` does the same far more often, but for releases that requests start.

use patgate_testkit::crash::tokens::{Outcome, trial};
use patgate_testkit::crash::{mails, releases, starts, webhooks};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;

/// A twentieth of what `cargo xtask soak` does.
const KILLS: u32 = 10;

/// The trial itself panics when a token is lost, back or half there; this is whether it tried anything.
fn assert_was_a_trial(outcome: Outcome) {
    assert_eq!(outcome.kills, KILLS);
    assert!(outcome.created > KILLS && outcome.deleted > 0, "{outcome:?}");
    assert!(outcome.creations_cut + outcome.deletions_cut > 0, "no crash met a change: {outcome:?}");
}

#[test]
fn a_crash_leaves_each_token_either_there_or_not_in_sqlite() {
    assert_was_a_trial(trial(Patgate::with(), KILLS, 1));
}

#[test]
fn a_crash_leaves_each_token_either_there_or_not_in_postgresql() {
    let database = Database::create();
    assert_was_a_trial(trial(Patgate::with().database_url(database.url()), KILLS, 2));
}

/// The trial's turn: a crash aimed at each of its four steps, and as many at any moment.
const MAIL_KILLS: u32 = 8;

fn assert_mails_were_tried(outcome: mails::Outcome) {
    assert_eq!(outcome.kills, MAIL_KILLS);
    let aimed = [outcome.in_planning, outcome.in_claim, outcome.before_sending, outcome.before_mark];
    assert!(aimed.iter().all(|hits| *hits > 0), "a step was never met: {outcome:?}");
    assert!(outcome.runs_cut < MAIL_KILLS, "no run was answered: {outcome:?}");
}

#[test]
fn a_crash_loses_no_reminder_and_doubles_none_in_sqlite() {
    assert_mails_were_tried(mails::trial(Patgate::with(), MAIL_KILLS, 3));
}

#[test]
fn a_crash_loses_no_reminder_and_doubles_none_in_postgresql() {
    let database = Database::create();
    assert_mails_were_tried(mails::trial(Patgate::with().database_url(database.url()), MAIL_KILLS, 4));
}

fn assert_webhooks_were_tried(outcome: webhooks::Outcome) {
    assert_eq!(outcome.kills, KILLS);
    assert!(outcome.answered > KILLS && outcome.cut > 0, "{outcome:?}");
    assert!(outcome.unnamed > 0 && outcome.unnamed < outcome.answered, "{outcome:?}");
}

#[test]
fn a_crash_loses_no_webhook_request_and_forwards_each_in_sqlite() {
    assert_webhooks_were_tried(webhooks::trial(Patgate::with(), KILLS, 5));
}

#[test]
fn a_crash_loses_no_webhook_request_and_forwards_each_in_postgresql() {
    let database = Database::create();
    assert_webhooks_were_tried(webhooks::trial(Patgate::with().database_url(database.url()), KILLS, 6));
}

/// Three of them while a script runs, and three at any moment.
const RELEASE_KILLS: u32 = 6;

fn assert_releases_were_tried(outcome: releases::Outcome) {
    assert_eq!(outcome.kills, RELEASE_KILLS);
    assert!(
        outcome.completed > 0 && outcome.failed + outcome.restarted > 0,
        "no crash met a task: {outcome:?}"
    );
}

#[test]
fn a_crash_leaves_each_release_in_a_defined_state_and_repeats_no_call_unmarked_in_sqlite() {
    assert_releases_were_tried(releases::trial(Patgate::with(), RELEASE_KILLS, 7, |_| {}));
}

#[test]
fn a_crash_leaves_each_release_in_a_defined_state_and_repeats_no_call_unmarked_in_postgresql() {
    let database = Database::create();
    let start = Patgate::with().database_url(database.url());
    assert_releases_were_tried(releases::trial(start, RELEASE_KILLS, 8, |_| {}));
}

fn assert_starts_were_tried(outcome: starts::Outcome) {
    assert_eq!(outcome.kills, KILLS);
    assert!(outcome.answered > KILLS && outcome.cut > 0, "no crash met a request: {outcome:?}");
}

#[test]
fn a_crash_lets_each_webhook_request_start_one_release_in_sqlite() {
    assert_starts_were_tried(starts::trial(Patgate::with(), KILLS, 9));
}

#[test]
fn a_crash_lets_each_webhook_request_start_one_release_in_postgresql() {
    let database = Database::create();
    assert_starts_were_tried(starts::trial(Patgate::with().database_url(database.url()), KILLS, 10));
}
