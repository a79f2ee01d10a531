//! Scripts in the processes that run them: what they can do, where they are stopped, and what they cannot see.

mod compartments;
mod fuzzed;
mod limits;
mod secrets;

use std::cell::RefCell;
use std::future::ready;
use std::time::Duration;

use patgate_core::identifier::UserId;
use patgate_core::release::LONGEST_SCRIPT;
use patgate_server::script::{
    Answer, Call, CallRefused, Compartment, Failure, Limits, Outcome, Script, Workers,
};
use patgate_testkit::servers::patgate;
use rustix::process::Pid;
use serde_json::{Map, Value, json};

/// Who saves scripts.
const ANN: UserId = UserId::from_i64(1);
/// Somebody else.
const BOB: UserId = UserId::from_i64(2);

/// Limits that are reached soon.
fn small() -> Limits {
    Limits {
        steps: 200_000,
        memory_bytes: 96 * 1_024 * 1_024,
        processor: Duration::from_secs(2),
        wall: Duration::from_secs(30),
        output_bytes: 4_096,
        calls: 20,
    }
}

fn workers(limits: Limits) -> Workers {
    Workers::new(patgate::binary().to_owned(), limits, 2)
}

fn script(text: &str, variables: Value, secrets: &[&str]) -> Script {
    let Value::Object(variables) = variables else { panic!("variables are an object") };
    Script {
        owner: ANN,
        compartment: Compartment::of(["ann"]),
        text: text.to_owned(),
        variables,
        secrets: secrets.iter().map(|&secret| secret.into()).collect(),
    }
}

/// What became of a script, and what it printed.
async fn run_with(
    workers: &Workers,
    script: Script,
    answer: impl Fn(&Call) -> Result<Answer, CallRefused>,
) -> (Outcome, Vec<String>) {
    let lines = RefCell::new(Vec::new());
    let outcome =
        workers.run(script, |call| ready(answer(&call)), |line| lines.borrow_mut().push(line)).await;
    (outcome, lines.into_inner())
}

async fn run(workers: &Workers, text: &str, variables: Value) -> (Outcome, Vec<String>) {
    run_with(workers, script(text, variables, &[]), |_| Err(CallRefused::new("nobody answers here"))).await
}

fn variables(outcome: Outcome) -> Map<String, Value> {
    match outcome {
        Outcome::Completed { variables } => variables,
        Outcome::Failed { reason } => panic!("{reason}"),
    }
}

fn reason(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed { reason } => reason,
        Outcome::Completed { variables } => panic!("completed with {variables:?}"),
    }
}

/// The script workers that this thread has started, the newest one last.
fn my_workers() -> Vec<Pid> {
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    children.split_whitespace().map(|child| Pid::from_raw(child.parse().unwrap()).unwrap()).collect()
}

/// What stands in the file of a process below `/proc`; nothing when it is gone.
fn told_of(process: Pid, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default()
}

/// A script that works says so.
async fn assert_works(workers: &Workers) {
    let (outcome, lines) = run(workers, "print('well')\nreleaseVariables['n'] += 1", json!({ "n": 1 })).await;
    assert_eq!(Value::Object(variables(outcome)), json!({ "n": 2 }));
    assert_eq!(lines, ["well"]);
}

fn answer(status: u16, body: &str) -> Answer {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-kind", http::HeaderValue::from_static("test"));
    Answer { status: http::StatusCode::from_u16(status).unwrap(), headers, body: body.to_owned().into() }
}

#[tokio::test]
async fn a_script_reads_and_changes_the_variables_of_its_release() {
    let workers = workers(Limits::default());
    let text = "
def double(x):
    return x * 2

for name in ['a', 'b']:
    releaseVariables[name] = double(releaseVariables[name])
releaseVariables['list'] = [1, None, {'é': 1.5}]
print(json.encode(releaseVariables['a']), f'{name}')
";
    let (outcome, lines) = run(&workers, text, json!({ "a": 2, "b": "x" })).await;
    assert_eq!(
        Value::Object(variables(outcome)),
        json!({ "a": 4, "b": "xx", "list": [1, null, { "é": 1.5 }] })
    );
    assert_eq!(lines, ["4 b"]);
    let (outcome, _) = run(&workers, "releaseVariables = {'only': True}", json!({ "a": 1 })).await;
    assert_eq!(Value::Object(variables(outcome)), json!({ "only": true }));
}

#[tokio::test]
async fn a_script_calls_the_api_and_reads_the_answers() {
    let workers = workers(Limits::default());
    let text = "
got = api.get('/api/v1/releases', headers={'X-A': 'b'})
print(got.status, got.headers['x-kind'], got.json['n'], got.text)
print(api.post('/p', {'k': [1]}).json)
print(api.put('/q', 'text').status, api.delete('/r').status)
";
    let calls = RefCell::new(Vec::new());
    let (outcome, lines) = run_with(&workers, script(text, json!({}), &[]), |call| {
        let header = call.headers.get("x-a").map(|value| value.to_str().unwrap().to_owned());
        let body = call.body.as_ref().map(|body| serde_json::from_str::<Value>(body.get()).unwrap());
        calls.borrow_mut().push((call.method.to_string(), call.target.clone(), header, body));
        Ok(if call.method == "GET" { answer(200, r#"{"n":7}"#) } else { answer(404, "no JSON") })
    })
    .await;
    variables(outcome);
    assert_eq!(lines, [r#"200 test 7 {"n":7}"#, "None", "404 404"]);
    let expected = [
        ("GET", "/api/v1/releases", Some("b"), None),
        ("POST", "/p", None, Some(json!({ "k": [1] }))),
        ("PUT", "/q", None, Some(json!("text"))),
        ("DELETE", "/r", None, None),
    ];
    let expected = expected.map(|(method, target, header, body)| {
        (method.to_owned(), target.to_owned(), header.map(str::to_owned), body)
    });
    assert_eq!(calls.into_inner(), expected);
}

#[tokio::test]
async fn a_script_that_fails_is_told_with_its_line() {
    let workers = workers(Limits::default());
    for (text, expected) in [
        ("x = 1\nfail('no luck')", "line 2: fail: no luck"),
        ("x = 1\n\nx.y()", "line 3: Object of type `int` has no attribute `y`"),
        ("api.get('/x')", "line 1: the call `GET /x` was refused: nobody answers here"),
        ("api.get('a b')", "line 1: the call `GET a b` was refused: a path has 1 to 8192 visible characters"),
        (
            "releaseVariables = 1",
            "The script left no variables that can be kept: `releaseVariables` is no dict, but of the type `int`.",
        ),
    ] {
        let (outcome, _) = run(&workers, text, json!({})).await;
        let said = reason(outcome).to_string();
        assert!(said.starts_with(expected), "{text}: {said}");
    }
    let (outcome, _) = run(&workers, "x = 1\nif x\n  print(x)", json!({})).await;
    assert!(matches!(reason(outcome), Failure::Syntax(fault) if fault.line == 2));
    assert_works(&workers).await;
}

#[tokio::test]
async fn a_text_is_checked_without_being_run() {
    let workers = workers(small());
    for (text, expected) in [
        ("print(api.get('/x').status)\nreleaseVariables['a'] = len('x')", None),
        ("for x in [1]: fail('not run')", None),
        ("x = 1\n  y = 2", Some(2)),
        ("x = 1\nprint(y)", Some(2)),
        ("load('file', 'x')", Some(1)),
        ("while True: pass", Some(1)),
    ] {
        let line = match workers.check(ANN, text).await {
            Ok(()) => None,
            Err(patgate_server::script::CheckFailed::Syntax(fault)) => Some(fault.line),
            Err(other) => panic!("{text}: {other}"),
        };
        assert_eq!(line, expected, "{text}");
    }
    assert!(workers.check(ANN, &"(".repeat(LONGEST_SCRIPT)).await.is_err());
    assert!(workers.check(ANN, &" ".repeat(LONGEST_SCRIPT + 1)).await.is_err());
    assert_works(&workers).await;
}

#[tokio::test]
async fn a_text_is_checked_while_every_place_for_scripts_is_taken() {
    let workers = Workers::new(patgate::binary().to_owned(), Limits::default(), 1);
    tokio::select! {
        biased;
        _ = run(&workers, "all(range(1, 2000000000))", json!({})) => panic!("who saves waited for a script"),
        checked = workers.check(ANN, "print(1)") => checked.unwrap(),
    }
}

#[tokio::test]
async fn a_script_sees_nothing_of_another_nor_of_the_server() {
    let workers = Workers::new(patgate::binary().to_owned(), Limits::default(), 1);
    variables(run(&workers, "secret = 'of the first'\nreleaseVariables['mine'] = secret", json!({})).await.0);
    let (outcome, _) = run(&workers, "print(secret)", json!({})).await;
    assert!(reason(outcome).to_string().contains("secret"));
    assert!(variables(run(&workers, "pass", json!({})).await.0).is_empty());
    for name in ["open", "load", "eval", "exec", "import", "breakpoint", "debug", "read", "getattr.__self__"]
    {
        assert!(matches!(
            run(&workers, &format!("{name}('/etc/passwd')"), json!({})).await.0,
            Outcome::Failed { .. }
        ));
    }
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_told() {
    let workers = Workers::new("/nowhere/patgate".into(), Limits::default(), 1);
    let (outcome, _) = run(&workers, "pass", json!({})).await;
    assert!(matches!(reason(outcome), Failure::NoWorker { .. }));
}
