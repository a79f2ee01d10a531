//! Where scripts without end are stopped; the next one works every time.

use std::cell::RefCell;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use patgate_core::release::LONGEST_SCRIPT;
use patgate_server::script::{CallRefused, Compartment, Failure, Limits, Outcome, Script, Workers};
use patgate_testkit::servers::patgate;
use patgate_testkit::wait;
use rustix::process::{Signal, getpriority_process, kill_process};
use serde_json::json;

use super::{
    ANN, BOB, answer, assert_works, my_workers, reason, run, run_with, script, small, told_of, variables,
    workers,
};

/// Runs a script that must fail, and another after it.
async fn failure(limits: Limits, text: &str) -> Failure {
    let workers = workers(limits);
    let (outcome, _) = run_with(&workers, script(text, json!({}), &[]), |_| Ok(answer(200, ""))).await;
    assert_works(&workers).await;
    reason(outcome)
}

#[tokio::test]
async fn a_script_that_loops_stops_at_its_steps() {
    let text = "def turn():\n    for i in range(1000000000):\n        for j in range(1000000000):\n            x = j\nturn()";
    assert_eq!(failure(small(), text).await, Failure::Steps { limit: small().steps });
}

#[tokio::test]
async fn a_statement_without_end_stops_when_the_processor_has_done_enough() {
    let limits = Limits { processor: Duration::from_secs(1), ..small() };
    let text = "x = max([0 for _ in range(1) for _ in range(2000000000) if False])";
    assert_eq!(failure(limits, text).await, Failure::Processor { limit: limits.processor });
}

#[tokio::test]
async fn a_script_that_takes_memory_stops_however_it_takes_it() {
    for text in [
        "x = 'a' * 1000000000",
        "x = [0] * 1000000000",
        "x = ['a' * 1000 + str(i) for i in range(100000000)]",
        "def grow():\n    x = 'ab'\n    for _ in range(60):\n        x += x\ngrow()",
        "def grow():\n    x = []\n    for i in range(100000000):\n        x.append('abcdefgh' * 100 + str(i))\ngrow()",
        "x = {i: [i] for i in range(100000000)}",
        "x = json.decode('[' + '0,' * 30000000 + '0]')",
        "x = 1 << 100000000000",
        "x = list(range(1000000000))",
    ] {
        let failure = failure(Limits { steps: u64::MAX, ..small() }, text).await;
        let is_stopped = matches!(&failure, Failure::Memory { .. } | Failure::Processor { .. })
            // The language has bounds of its own.
            || matches!(&failure, Failure::Script { message, .. } if message.contains("overflow") || message.contains("too large") || message.contains("shift"));
        assert!(is_stopped, "{text}: {failure}");
    }
}

#[tokio::test]
async fn a_script_that_recurses_stops() {
    assert!(matches!(
        failure(small(), "def f(x):\n    return f(x + 1)\nf(0)").await,
        Failure::Recursion | Failure::Script { .. }
    ));
    let text = "x = []\nfor _ in range(100000):\n    x = [x]\nprint(x)";
    let failure = failure(small(), text).await;
    assert!(matches!(failure, Failure::Nesting | Failure::Script { .. } | Failure::Recursion), "{failure}");
}

#[tokio::test]
async fn a_script_that_prints_without_end_stops() {
    let text = "def talk():\n    for i in range(1000000):\n        print(i)\ntalk()";
    assert_eq!(failure(small(), text).await, Failure::Output { bytes: small().output_bytes });
    assert_eq!(
        failure(small(), "print('a' * 5000000)").await,
        Failure::Output { bytes: small().output_bytes }
    );
}

#[tokio::test]
async fn a_script_that_calls_without_end_stops() {
    let text = "def ask():\n    for i in range(1000):\n        api.get('/x')\nask()";
    assert_eq!(failure(small(), text).await, Failure::Calls { limit: small().calls });
    let text = "api.post('/x', 'a' * 5000000)";
    assert!(matches!(failure(small(), text).await, Failure::Script { line: Some(1), .. }));
}

#[tokio::test]
async fn a_text_that_is_nested_without_end_harms_one_worker() {
    for open in ["(", "[", "{1:", "not ", "-", "lambda: ", "f(", "x[", "1 if x else "] {
        let text = open.repeat(LONGEST_SCRIPT / open.len());
        let failure = failure(small(), &text).await;
        let is_told = matches!(
            failure,
            Failure::Nesting | Failure::Syntax(_) | Failure::Memory { .. } | Failure::Processor { .. }
        );
        assert!(is_told, "{open}: {failure}");
    }
    let text = format!("x = {}0", "1 + ".repeat(16_000));
    let workers = workers(small());
    // It may be borne or not.
    let _ = run(&workers, &text, json!({})).await;
    assert_works(&workers).await;
}

#[tokio::test]
async fn what_is_nested_deeper_than_can_be_told_is_refused_in_words() {
    let workers = workers(small());
    let nested = |levels: u32, then: &str| format!("x = 1\nfor _ in range({levels}):\n    x = [x]\n{then}");
    let run =
        async |text: &str| run_with(&workers, script(text, json!({}), &[]), |_| Ok(answer(200, ""))).await.0;
    let (left, sent) = ("releaseVariables['a'] = x", "api.post('/x', x)");
    assert!(variables(run(&nested(100, left)).await)["a"].is_array());
    assert!(variables(run(&nested(100, sent)).await).is_empty());
    for levels in [101, 140] {
        let refused = reason(run(&nested(levels, left)).await);
        let is_told = matches!(&refused, Failure::Variables { message } if message.contains("100 lists"));
        assert!(is_told, "{levels}: {refused}");
        let refused = reason(run(&nested(levels, sent)).await);
        let is_told =
            matches!(&refused, Failure::Script { line: Some(4), message } if message.contains("100 lists"));
        assert!(is_told, "{levels}: {refused}");
    }
    assert_works(&workers).await;
}

#[tokio::test]
async fn sizes_that_nobody_needs_are_refused_before_anything_runs() {
    let workers = workers(small());
    let (outcome, _) = run(&workers, &"#".repeat(LONGEST_SCRIPT), json!({})).await;
    assert!(variables(outcome).is_empty());
    let (outcome, _) = run(&workers, &"#".repeat(LONGEST_SCRIPT + 1), json!({})).await;
    assert!(matches!(reason(outcome), Failure::TooLong { what: "text", .. }));
    let (outcome, _) = run(&workers, "pass", json!({ "a": "x".repeat(300_000) })).await;
    assert!(matches!(reason(outcome), Failure::TooLong { what: "variables", .. }));
    let (outcome, _) = run(&workers, "releaseVariables['a'] = 'x' * 300000", json!({})).await;
    assert!(matches!(reason(outcome), Failure::Variables { .. }));
    let long = "x".repeat(2_000_000);
    let (outcome, _) =
        run_with(&workers, script("api.get('/x')", json!({}), &[]), |_| Ok(answer(200, &long))).await;
    assert!(reason(outcome).to_string().contains("2000000 bytes"));
    assert_works(&workers).await;
}

#[tokio::test]
async fn a_script_whose_call_is_never_answered_stops_by_the_clock() {
    let limits = Limits { wall: Duration::from_secs(1), ..small() };
    let workers = workers(limits);
    let outcome = workers
        .run(script("api.get('/x')", json!({}), &[]), |_| pending::<Result<_, CallRefused>>(), |_| {})
        .await;
    assert_eq!(reason(outcome), Failure::Wall { limit: limits.wall });
    assert_works(&workers).await;
}

#[tokio::test]
async fn a_script_that_somebody_gives_up_ends_and_leaves_its_place() {
    let workers = workers(Limits { steps: u64::MAX, ..small() });
    for _ in 0..4 {
        let call = script("api.get('/x')", json!({}), &[]);
        let (told, asked) = tokio::sync::oneshot::channel();
        let mut told = Some(told);
        let running = workers.run(
            call,
            |_| {
                told.take().map(|told| told.send(()));
                pending::<Result<_, CallRefused>>()
            },
            |_| {},
        );
        tokio::select! {
            _ = running => panic!("it ended"),
            asked = asked => asked.unwrap(),
        }
    }
    assert_works(&workers).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_is_one_failed_task() {
    let workers = workers(Limits { steps: u64::MAX, processor: Duration::from_secs(20), ..small() });
    let (outcome, _) = run_with(&workers, script("api.get('/x')", json!({}), &[]), |_| {
        kill_my_workers();
        Ok(answer(200, ""))
    })
    .await;
    let failure = reason(outcome);
    assert!(matches!(&failure, Failure::Died { how } if how == "signal 9"), "{failure}");
    assert_works(&workers).await;
    // One that waits for a script is replaced, and nobody notices.
    kill_my_workers();
    assert_works(&workers).await;
}

/// Kills the script workers that this thread has started, and waits until they are dead.
fn kill_my_workers() {
    for id in my_workers() {
        kill_process(id, Signal::KILL).unwrap();
        let state = || told_of(id, "stat");
        let died = wait::until(Duration::from_secs(20), || state().contains(") Z ").then_some(()));
        died.unwrap_or_else(|| panic!("{} lives", state()));
    }
}

#[tokio::test]
async fn a_worker_has_a_filter_of_system_calls_while_its_script_runs() {
    let workers = workers(small());
    let filters = |process: &str| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let number = |name: &str| {
            let number = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            number.trim().parse::<u32>().unwrap()
        };
        (number("Seccomp:"), number("Seccomp_filters:"))
    };
    let seen = RefCell::new(Vec::new());
    let (outcome, _) = run_with(&workers, script("api.get('/x')", json!({}), &[]), |_| {
        seen.borrow_mut().push(filters(&my_workers().pop().unwrap().to_string()));
        Ok(answer(200, ""))
    })
    .await;
    variables(outcome);
    // A container may have put some before it.
    let (_, of_container) = filters("self");
    assert_eq!(seen.into_inner(), [(2, of_container + 1)]);
}

#[tokio::test]
async fn a_script_without_end_leaves_its_place_to_another() {
    let limits = Limits { steps: u64::MAX, processor: Duration::from_secs(20), ..small() };
    let workers = Workers::new(patgate::binary().to_owned(), limits, 1);
    tokio::select! {
        biased;
        _ = run(&workers, "print('begun')\nall(range(1, 2000000000))", json!({})) => panic!("the other one waited"),
        () = assert_works(&workers) => {}
    }
}

#[tokio::test]
async fn scripts_without_end_of_one_owner_leave_a_place_to_those_of_another() {
    let limits = Limits { steps: u64::MAX, processor: Duration::from_secs(20), ..small() };
    let workers = Workers::new(patgate::binary().to_owned(), limits, 1);
    let endless = || run(&workers, "all(range(1, 2000000000))", json!({}));
    let of_bob = async {
        let bob = Script {
            owner: BOB,
            compartment: Compartment::of(["bob"]),
            ..script("print('well')", json!({}), &[])
        };
        run_with(&workers, bob, |_| Err(CallRefused::new("nobody answers here"))).await
    };
    // More of one owner than there are places of both kinds.
    tokio::select! {
        biased;
        _ = endless() => panic!("the other one waited"),
        _ = endless() => panic!("the other one waited"),
        _ = endless() => panic!("the other one waited"),
        (outcome, lines) = of_bob => assert_eq!((variables(outcome).len(), lines), (0, vec!["well".to_owned()])),
    }
}

#[tokio::test]
async fn checks_of_one_person_that_take_long_leave_a_place_to_those_of_another() {
    let workers = workers(Limits::default());
    let loops = (0..300).map(|depth| format!("{}for x{depth} in []:\n", " ".repeat(depth)));
    let text = loops.collect::<String>() + &*" ".repeat(300) + "pass";
    let slow = || workers.check(ANN, &text);
    // More of one person than there are places.
    tokio::select! {
        biased;
        _ = slow() => panic!("the other one waited"),
        _ = slow() => panic!("the other one waited"),
        _ = slow() => panic!("the other one waited"),
        checked = workers.check(BOB, "print(1)") => checked.unwrap(),
    }
}

#[tokio::test]
async fn a_script_that_takes_much_memory_comes_last_and_its_worker_takes_no_other() {
    let workers = workers(small());
    let text = "x = []\nfor i in range(2000):\n    x.append('abcdefgh' * 1000 + str(i))\napi.get('/x')";
    let seen = RefCell::new(Vec::new());
    for _ in 0..2 {
        let (outcome, _) = run_with(&workers, script(text, json!({}), &[]), |_| {
            let newest = my_workers().pop().unwrap();
            seen.borrow_mut().push((newest, getpriority_process(Some(newest)).unwrap()));
            Ok(answer(200, ""))
        })
        .await;
        variables(outcome);
    }
    let [(first, priority), (second, _)] = seen.into_inner()[..] else { panic!("two calls were not made") };
    assert_eq!(priority, 19);
    // Where all come last already, nothing of it was lowered.
    assert!(first != second || getpriority_process(None).unwrap() == 19);
    assert_works(&workers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_scripts_run_one_after_the_other_while_others_loop() {
    let workers = Arc::new(workers(small()));
    let mut scripts = tokio::task::JoinSet::new();
    for number in 0..300 {
        let workers = Arc::clone(&workers);
        scripts.spawn(async move {
            let text = if number % 50 == 0 {
                "for i in range(100000000):\n    x = i"
            } else {
                "releaseVariables['n'] += 1"
            };
            let outcome = workers
                .run(
                    script(text, json!({ "n": number }), &[]),
                    |_| std::future::ready(Err(CallRefused::new("no"))),
                    |_| {},
                )
                .await;
            (number, outcome)
        });
    }
    while let Some(ended) = scripts.join_next().await {
        let (number, outcome) = ended.unwrap();
        match outcome {
            Outcome::Completed { variables } => assert_eq!(variables["n"], json!(number + 1)),
            Outcome::Failed { reason } => {
                assert_eq!(number % 50, 0, "{reason}");
                assert_eq!(reason, Failure::Steps { limit: small().steps });
            }
        }
    }
}
