//! Scripts that nobody would write, in real workers. `cargo xtask soak scripts` runs a million of them.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use patgate_server::script::{Failure, Limits, Outcome, Workers};
use patgate_testkit::scripts;
use patgate_testkit::servers::patgate;
use serde_json::json;
use tokio::task::JoinSet;

use super::{answer, assert_works, script};

/// How many run at a time.
const AT_ONCE: u32 = 4;
/// After how many one looks whether a right script still works.
const LOOK: u32 = 100;
/// After how many a long trial says how far it is.
const TOLD: u32 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_that_nobody_would_write_harm_nobody() {
    let limits = Limits {
        steps: 100_000,
        memory_bytes: 64 * 1_024 * 1_024,
        processor: Duration::from_secs(1),
        wall: Duration::from_secs(20),
        output_bytes: 16_384,
        calls: 10,
    };
    let workers = Arc::new(Workers::new(patgate::binary().to_owned(), limits, AT_ONCE as usize));
    let mut running = JoinSet::new();
    let mut kinds: BTreeMap<&'static str, u32> = BTreeMap::new();
    let numbers = scripts::numbers();
    for number in numbers.clone() {
        if running.len() >= AT_ONCE as usize * 2 {
            *kinds.entry(running.join_next().await.unwrap().unwrap()).or_default() += 1;
        }
        let of_this = Arc::clone(&workers);
        running.spawn(async move {
            let hostile = script(&scripts::script(number), json!({ "a": [1] }), &["secret"]);
            let outcome = of_this.run(hostile, |_| ready(Ok(answer(200, "{}"))), |_| {}).await;
            let kind = kind(&outcome);
            assert!(kind != "garbled" && kind != "none", "script {number}: {outcome:?}");
            kind
        });
        let done = number - numbers.start;
        if done.is_multiple_of(LOOK) {
            assert_works(&workers).await;
        }
        if done > 0 && done.is_multiple_of(TOLD) {
            println!("{done} of {} scripts", numbers.len());
        }
    }
    while let Some(ended) = running.join_next().await {
        *kinds.entry(ended.unwrap()).or_default() += 1;
    }
    assert_works(&workers).await;
    assert_eq!(kinds.values().sum::<u32>() as usize, numbers.len());
    let cells = kinds.iter().map(|(kind, count)| format!("| {kind} | {count} |\n"));
    println!("| what became of a script | how many |\n| --- | ---: |\n{}", cells.collect::<String>());
}

fn kind(outcome: &Outcome) -> &'static str {
    let Outcome::Failed { reason } = outcome else { return "completed" };
    match reason {
        Failure::Syntax(_) => "no script",
        Failure::Script { .. } => "failed by itself",
        Failure::Steps { .. } => "too many steps",
        Failure::Memory { .. } => "too much memory",
        Failure::Processor { .. } => "too much time of the processor",
        Failure::Wall { .. } => "too long",
        Failure::Output { .. } => "printed too much",
        Failure::Calls { .. } => "too many calls",
        Failure::Recursion | Failure::Nesting => "too deep",
        Failure::TooLong { .. } | Failure::Variables { .. } => "too large",
        Failure::Died { .. } => "ended its worker",
        Failure::Garbled { .. } => "garbled",
        Failure::NoWorker { .. } => "none",
    }
}
