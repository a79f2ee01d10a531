//! `cargo xtask bench reminders`: how long a night with many due tokens takes, from the plan to the last mail.

use std::process::Command;
use std::time::Duration;

use patgate_testkit::child::find_program;
use patgate_testkit::wait;
use serde_json::{Value, json};

use super::administrator::Administrator;
use super::program::Data;
use super::serving::{now, seconds_since};
use super::sink::Sink;
use super::{figure, machine, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};

/// Tokens of a whole run.
const TOKENS: usize = 1_000_000;
/// How many of them are due: one of each person's hundred.
const DUE: usize = 10_000;
/// The most seconds for the plan that are wanted.
const TARGET_PLAN: f64 = 2.0;
/// The most seconds for all mails that are wanted.
const TARGET_MAILS: f64 = 60.0;
/// The most megabytes more than before that are wanted.
const TARGET_MEGABYTES: f64 = 50.0;
/// How long all of it may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(600);

/// The peer: what one would write by hand, without an outbox, so that a crash would lose or repeat mails.
const PEER: &str = "
import smtplib, sys, email.message, email.utils
port, count = int(sys.argv[1]), int(sys.argv[2])
with smtplib.SMTP('127.0.0.1', port) as server:
    for number in range(count):
        mail = email.message.EmailMessage()
        mail['From'], mail['To'] = 'patgate@example.org', f'owner-{number}@example.org'
        mail['Subject'], mail['Message-ID'] = 'expires soon', email.utils.make_msgid()
        mail.set_content('A token expires soon. ' * 20)
        mail.add_alternative('<p>A token expires soon.</p>' * 20, subtype='html')
        server.send_message(mail)
";

/// What `cargo xtask bench reminders` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many tokens there are, of which one in a hundred is due; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = TOKENS)]
    tokens: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// What a night took.
struct Night {
    plan: f64,
    mails: f64,
    megabytes: f64,
    peer: f64,
}

/// Plans a night over many tokens, sends its mails, and has the peer send as many.
///
/// # Errors
/// When something does not build, or a mail does not arrive.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if find_program("smtp-sink").is_none() {
        return Err(Failure::Found("`smtp-sink` is missing: `apt-get install postfix`".to_owned()));
    }
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    step("the first start of all", || Ok(data.serve(None)?.stop()))?;
    let (tokens, due) = (arguments.tokens, arguments.tokens / (TOKENS / DUE));
    step(&format!("make {tokens} tokens"), || data.make_tokens(tokens))?;
    make_due(&data)?;
    let night = step(&format!("a night with {due} due tokens"), || night(&data, due))?;
    let text = report(tokens, due, &night);
    println!("\n{text}");
    if tokens == TOKENS {
        page::write("reminders", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// One token of each person ends in three days.
fn make_due(data: &Data) -> Result<(), Failure> {
    let sql = "UPDATE grants SET expires_at = (strftime('%s', 'now') + 3 * 86400) * 1000
         WHERE id IN (SELECT min(id) FROM grants GROUP BY owner)";
    data.write_database(sql)
}

fn night(data: &Data, due: usize) -> Result<Night, Failure> {
    let server = Sink::start()?;
    let serving = data.serve(None)?;
    let administrator = Administrator::of(data, &serving)?;
    let item = json!({
        "id": "Configuration/MAIL",
        "type": "notification.PatSmtpServer",
        "properties": { "host": "127.0.0.1", "port": server.port(), "fromAddress": "patgate@example.org" },
    });
    administrator.post("/api/v1/configuration-items", &item)?;
    let settings = "/api/v1/settings/personal-access-tokens";
    let mut rules = administrator.call("GET", settings, &Value::Null)?;
    rules["emailNotifications"]["enabled"] = true.into();
    rules["emailNotifications"]["server"] = "Configuration/MAIL".into();
    administrator.call("PUT", settings, &rules)?;

    // A password would cost memory of its own with each call.
    let token = administrator.token("/api/v1/personal-access-tokens")?;
    let administrator = administrator.with_token(&token);
    let before = serving.memory()?.0;
    // From here on, the planning included.
    serving.forget_most_memory()?;
    let start = now();
    let run = administrator.post("/api/v1/reminders/runs", &Value::Null)?;
    let plan = seconds_since(start);
    if run["planned"] != due {
        return Err(Failure::Found(format!("{due} mails are due, and the run said {run}")));
    }
    let all_are = wait::until(PATIENCE, || (marked(data) == Some(due)).then_some(()));
    all_are.ok_or_else(|| Failure::Found("not all mails were sent and marked".to_owned()))?;
    let mails = seconds_since(start) - plan;
    let most = serving.memory()?.1;
    let arrived = server.count()?;
    if arrived != due {
        return Err(Failure::Found(format!("{due} mails were due, and {arrived} arrived")));
    }
    serving.stop();
    let start = now();
    let mut peer = Command::new("python3");
    process::run(peer.args(["-c", PEER, &server.port().to_string(), &due.to_string()]))?;
    Ok(Night { plan, mails, megabytes: (most - before).max(0.0), peer: seconds_since(start) })
}

/// How many mails are marked as sent.
fn marked(data: &Data) -> Option<usize> {
    data.ask_database("SELECT count(*) FROM mails WHERE state = 'sent'").ok()?.parse().ok()
}

fn report(tokens: usize, due: usize, night: &Night) -> String {
    format!(
        "{tokens} tokens, {due} of them due, each with a mail of its own; the mail server is Postfix's smtp-sink, \
         which keeps each mail in a file.\n\n\
         | what | seconds |\n| --- | ---: |\n| the plan, until it is durable | {} |\n| all mails, each marked durably \
         | {} |\n| peer: Python's smtplib, one connection, nothing kept | {} |\n\n{}.\n{}.\n{}.\n\
         Patgate's mails ÷ the peer's in time: {} ×.\n",
        figure(night.plan),
        figure(night.mails),
        figure(night.peer),
        verdict("the plan", night.plan, TARGET_PLAN, "s"),
        verdict("all mails", night.mails, TARGET_MAILS, "s"),
        verdict("memory more than before", night.megabytes, TARGET_MEGABYTES, "MB"),
        figure(night.mails / night.peer),
    )
}
