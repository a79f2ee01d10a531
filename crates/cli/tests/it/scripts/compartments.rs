//! Which process runs which scripts: those of one compartment, or checks of one person, and no others.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use patgate_core::identifier::UserId;
use patgate_server::script::{Compartment, Script, Workers};
use patgate_testkit::wait;
use rustix::process::Pid;
use serde_json::json;

use super::{ANN, answer, my_workers, run_with, script, small, told_of, variables, workers};

/// How often somebody's script runs until its process has run one of theirs before: on a busy machine the first ones may take so long
/// that their processes are not used again.
const TRIES: usize = 50;

/// How often a process that lives gave the processor away, or lost it.
fn switches() -> HashMap<i32, u64> {
    let count = |process: Pid| {
        let status = told_of(process, "status");
        let numbers = status.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        numbers.map(|(_, number)| number.trim().parse::<u64>().unwrap()).sum::<u64>()
    };
    my_workers().into_iter().map(|process| (process.as_raw_pid(), count(process))).collect()
}

/// Runs a script of a compartment, and returns which process ran it: the one that waited for an answer again and again meanwhile.
async fn process_of(workers: &Workers, compartment: &str) -> i32 {
    let text = format!("for _ in range({}): api.get('/x')", small().calls);
    let script = Script { compartment: Compartment::of([compartment]), ..script(&text, json!({}), &[]) };
    let seen = RefCell::new(Vec::new());
    let (outcome, _) = run_with(workers, script, |_| {
        seen.borrow_mut().push(switches());
        Ok(answer(200, ""))
    })
    .await;
    variables(outcome);
    let seen = seen.into_inner();
    let (before, after) = (seen.first().unwrap(), seen.last().unwrap());
    let grown = before
        .iter()
        .filter_map(|(process, count)| Some((after.get(process)?.saturating_sub(*count), *process)));
    grown.max().unwrap().1
}

/// Those that live.
fn alive() -> Vec<Pid> {
    let lives = |process: &Pid| {
        let stat = told_of(*process, "stat");
        !stat.is_empty() && !stat.contains(") Z ") && !stat.contains(") X ")
    };
    my_workers().into_iter().filter(lives).collect()
}

#[tokio::test]
async fn scripts_of_two_compartments_never_run_in_one_process() {
    let workers = workers(small());
    let [mut of_ann, mut of_bob] = [BTreeSet::new(), BTreeSet::new()];
    for _ in 0..3 {
        of_ann.insert(process_of(&workers, "ann").await);
        of_bob.insert(process_of(&workers, "bob").await);
    }
    assert!(of_ann.is_disjoint(&of_bob), "{of_ann:?} {of_bob:?}");
}

#[tokio::test]
async fn a_process_runs_one_script_of_a_compartment_after_the_other() {
    let workers = workers(small());
    let mut of_ann = BTreeSet::new();
    for _ in 0..TRIES {
        process_of(&workers, "bob").await;
        if !of_ann.insert(process_of(&workers, "ann").await) {
            return;
        }
    }
    panic!("each script had a process of its own: {of_ann:?}");
}

#[tokio::test]
async fn a_process_that_checks_runs_no_script_and_checks_for_nobody_else() {
    let workers = workers(small());
    let seen = || alive().into_iter().map(|process| process.as_raw_pid()).collect::<BTreeSet<_>>();
    workers.check(ANN, "print(1)").await.unwrap();
    let of_ann = seen();
    assert_eq!(of_ann.len(), 1);
    workers.check(UserId::from_i64(2), "print(1)").await.unwrap();
    let of_both = seen();
    assert_eq!((of_both.len(), of_both.is_superset(&of_ann)), (2, true), "the second person has their own");
    let of_script = process_of(&workers, "ann").await;
    assert!(!of_both.contains(&of_script), "{of_script} {of_both:?}");
    // The one that ran it ends, or waits for another script.
    workers.check(ANN, "print(2)").await.unwrap();
    let others: Vec<_> = seen().difference(&of_both).copied().collect();
    assert!(others.is_empty() || others == [of_script], "{others:?} {of_script}");
}

#[tokio::test]
async fn no_more_processes_wait_than_may_work_whoever_they_are_bound_to() {
    let workers = workers(small());
    // Two places, three of those that take long, and two checks.
    let most = 7;
    for number in 0..20 {
        process_of(&workers, &format!("person {number}")).await;
        workers.check(UserId::from_i64(number), "print(1)").await.unwrap();
        // One that was ended takes a moment.
        let few = wait::until(Duration::from_secs(20), || (alive().len() <= most).then_some(()));
        assert!(few.is_some(), "{} processes", alive().len());
    }
}
