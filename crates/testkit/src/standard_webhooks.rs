//! npm's `standardwebhooks`: the library with which senders sign and receivers check.

use std::process::Command;

use serde_json::{Value, json};

use crate::child::{program, run_with_input};
use crate::servers::oidc::modules;

const SCRIPT: &str = "
const { Webhook } = require(process.argv[1] + '/standardwebhooks');
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const webhook = new Webhook(asked.secret);
if (asked.headers) {
  try { webhook.verify(asked.body, asked.headers); console.log(JSON.stringify(true)); }
  catch (error) { console.log(JSON.stringify(String(error))); }
} else {
  const now = new Date();
  const signature = webhook.sign(asked.id, now, asked.body);
  console.log(JSON.stringify({ time: String(Math.floor(now.getTime() / 1000)), signature }));
}
";

/// The three headers of a message, signed now.
#[must_use]
pub fn signed(secret: &str, id: &str, body: &str) -> [(&'static str, String); 3] {
    let said = ask(&json!({ "secret": secret, "id": id, "body": body }));
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", text("time")),
        ("webhook-signature", text("signature")),
    ]
}

/// Checks a message that was received; what the library has against it, if anything.
#[must_use]
pub fn complaint(secret: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
    let headers: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let said = ask(&json!({ "secret": secret, "headers": headers, "body": body }));
    said.as_str().map(str::to_owned)
}

fn ask(question: &Value) -> Value {
    let mut command = Command::new(program("node"));
    command.args(["-e", SCRIPT]).arg(modules());
    let output = run_with_input(command, &question.to_string());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}
