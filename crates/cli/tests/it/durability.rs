//! What was answered is on the disk: the whole server under strace.

use std::fs;
use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wait;
use serde_json::json;

use crate::actors::{TOKENS, admin};

/// Calls of the traced server, in the order in which they began or, when another thread came between, ended.
struct Trace(Vec<String>);

impl Trace {
    /// Reads what strace has written, once it has written the last answer.
    fn of(file: &std::path::Path, last_answer: &str, count: usize) -> Self {
        let lines = wait::until(Duration::from_secs(30), || {
            let text = fs::read_to_string(file).unwrap();
            (text.matches(last_answer).count() >= count)
                .then(|| text.lines().map(str::to_owned).collect::<Vec<_>>())
        });
        Self(lines.unwrap_or_else(|| panic!("strace saw no answer `{last_answer}`")))
    }

    /// Where the requests that start so arrived, and where each one's answer was written.
    fn exchanges(&self, request: &str, answer: &str) -> Vec<(usize, usize)> {
        let places = |call: &[&str], text: &str| -> Vec<usize> {
            let quoted = format!("\"{text}");
            let is_one =
                |line: &String| call.iter().any(|call| line.contains(call)) && line.contains(&quoted);
            self.0.iter().enumerate().filter(|(_, line)| is_one(line)).map(|(at, _)| at).collect()
        };
        let arrived = places(&["read", "recv"], request);
        let answered = places(&["write", "send"], answer);
        assert_eq!(arrived.len(), answered.len(), "{arrived:?} {answered:?}");
        arrived.into_iter().zip(answered).collect()
    }

    /// Whether between the two a thread wrote to the write-ahead log and then ended a sync well: a thread has one
    /// transaction at a time, and another thread's may have begun meanwhile that nobody was told of yet.
    fn is_synced(&self, from: usize, to: usize) -> bool {
        let thread = |line: &str| line.split_whitespace().next().map(str::to_owned);
        let is_log = |line: &str| line.contains("patgate.db-wal>");
        let between = &self.0[from..to];
        between.iter().enumerate().any(|(at, written)| {
            let its = || between[at..].iter().filter(|line| thread(line) == thread(written));
            let is_sync = |line: &&String| line.contains("sync(") && is_log(line);
            let ended = |line: &String| line.contains("sync") && line.ends_with("= 0");
            let synced = its().skip_while(|line| !is_sync(line)).take(2).any(ended);
            written.contains("pwrite64(") && is_log(written) && synced
        })
    }
}

#[test]
fn a_token_its_end_and_a_webhook_request_are_on_the_disk_before_anybody_hears_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let mut words = ["strace", "-D", "-f", "-y", "-s", "64", "-o"].map(str::to_owned).to_vec();
    words.push(file.display().to_string());
    words.extend(
        ["-e", "trace=fsync,fdatasync,pwrite64,read,recvfrom,write,writev,sendto,sendmsg"].map(str::to_owned),
    );
    let patgate = Patgate::with().under(words).start();
    let admin = admin(&patgate);
    let tokens = [admin.token("one", "release"), admin.token("two", "any")];
    tokens.iter().for_each(|token| admin.delete_token(token));
    let endpoint = json!({
        "id": "Configuration/hook", "type": "events.PostWebhookEndpoint",
        "properties": { "path": "hook", "authentication": "none" },
    });
    assert_eq!(admin.send("POST", "/api/v1/configuration-items", &endpoint).status, 201);
    for _ in 0..2 {
        assert_eq!(admin.send("POST", "/webhooks/hook", &json!({ "event": "push" })).status, 202);
    }
    // A request that changes nothing needs no sync: the trace tells one from the other.
    assert_eq!(admin.get(TOKENS).status, 200);
    let trace = Trace::of(&file, "\"HTTP/1.1 200 OK\\r\\ncontent-type: application/json", 1);
    for (request, answer, count) in [
        // The tokens and the endpoint.
        ("POST /api/v1/", "HTTP/1.1 201 Created", 3),
        ("DELETE /api/v1/personal-access-tokens/", "HTTP/1.1 204 No Content", 2),
        ("POST /webhooks/hook", "HTTP/1.1 202 Accepted", 2),
    ] {
        let exchanges = trace.exchanges(request, answer);
        assert_eq!(exchanges.len(), count, "{request}");
        for (arrived, answered) in exchanges {
            assert!(arrived < answered);
            assert!(trace.is_synced(arrived, answered), "{}", trace.0[arrived..=answered].join("\n"));
        }
    }
}
