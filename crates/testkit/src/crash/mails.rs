//! Crashes (SIGKILL) while reminders are planned and sent.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::Rng;
use serde_json::json;

use crate::curl::{Answer, curl};
use crate::servers::mail::{MailServer, Way};
use crate::servers::patgate::{ADMIN_PASSWORD, Patgate, Start};
use crate::{random, wait};

/// Tokens that come to their end in each round.
const TOKENS: u64 = 40;
/// The most mails that a crash may repeat: one on each connection.
const CONNECTIONS: usize = 4;
/// How long what is left may take after the last crash.
const REST: Duration = Duration::from_secs(120);

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// What a [`trial`] has seen. Had a token been forgotten, or been told of twice without a crash to blame, it would have
/// panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Tokens that were due; for each a mail arrived.
    pub due: u32,
    /// Rounds in which a crash came before a run was answered.
    pub runs_cut: u32,
    /// Mails that arrived twice, under the same `Message-ID`.
    pub repeated: u32,
}

/// Starts the program, and crashes and restarts it so many times while reminders are planned and sent to a real mail
/// server; then lets it finish, and looks at every mail that arrived.
///
/// # Panics
/// With what is wrong: a due token without a mail, or with two that are not the same.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let server = MailServer::start();
    let mut patgate = start.start();
    let mut random = random::seeded(seed);
    prepare(&patgate, &server);
    let mut outcome = Outcome { kills, ..Outcome::default() };
    for round in 0..kills {
        make_due(&patgate, round);
        outcome.due += TOKENS as u32;
        // Sometimes in the middle of the planning, mostly in the middle of the sending.
        let arrived = server.count() + (random.next_u64() % TOKENS) as usize;
        let plans = random.next_u64().is_multiple_of(4);
        let run = run_now(&patgate);
        let killed = std::thread::scope(|scope| {
            let answered = scope.spawn(move || run.status());
            if plans {
                patgate.kill();
            } else {
                wait::until(Duration::from_secs(5), || (server.count() >= arrived).then_some(()));
                patgate.kill();
            }
            answered.join().unwrap_or(0)
        });
        outcome.runs_cut += u32::from(killed != 201);
        patgate.start_again();
    }
    let answer = run_now(&patgate).answer();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let is_done =
        || (patgate.sql("SELECT count(*) FROM mails WHERE due_at IS NOT NULL").trim() == "0").then_some(());
    assert!(wait::until(REST, is_done).is_some(), "mails are left\n{}", patgate.log());
    outcome.repeated = look_at_mails(&server, &outcome);
    outcome
}

/// A mail server for Patgate, and an address for the administrator, whose tokens all are.
fn prepare(patgate: &Patgate, server: &MailServer) {
    let item = json!({
        "id": "Configuration/MAIL",
        "type": "notification.PatSmtpServer",
        "properties": { "host": "127.0.0.1", "port": server.port(Way::Plain), "fromAddress": "patgate@example.org" },
    });
    let answer = call(patgate, "POST", "/api/v1/configuration-items", Some(&item));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let mut settings = call(patgate, "GET", SETTINGS, None).json();
    settings["emailNotifications"]["enabled"] = true.into();
    settings["emailNotifications"]["server"] = "Configuration/MAIL".into();
    let answer = call(patgate, "PUT", SETTINGS, Some(&settings));
    assert_eq!(answer.status, 200, "{}", answer.text());
    patgate.sql("UPDATE users SET email = 'admin@example.org' WHERE username = 'admin'");
}

/// Tokens that end tomorrow, named by round and number.
fn make_due(patgate: &Patgate, round: u32) {
    let rows: Vec<String> = (0..TOKENS)
        .map(|number| {
            let (id, name) = (1 + u64::from(round) * TOKENS + number, name(round, number));
            format!(
                "({id}, (SELECT id FROM users WHERE username = 'admin'), '{name}', '{name}', 'any', 1, {})",
                tomorrow()
            )
        })
        .collect();
    patgate.sql(&format!(
        "INSERT INTO grants (id, owner, name, name_key, application, created_at, expires_at) VALUES {}",
        rows.join(", ")
    ));
}

fn name(round: u32, number: u64) -> String {
    format!("due-{round:04}-{number:03}")
}

/// In milliseconds, to the second.
#[expect(clippy::disallowed_methods, reason = "the program under trial has the machine's clock")]
fn tomorrow() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    (now.unwrap_or_default().as_secs() + 86_400) * 1_000
}

/// Each due token has one mail, or the same one again for a crash.
fn look_at_mails(server: &MailServer, outcome: &Outcome) -> u32 {
    let mut mails: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in server.kept() {
        let text = mail.text.unwrap_or_default();
        let at = text.find("due-").unwrap_or_else(|| panic!("a mail about nothing:\n{text}"));
        let id = mail.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
        let id = id.map(|(_, value)| value.clone()).unwrap_or_default();
        mails.entry(text[at..at + name(0, 0).len()].to_owned()).or_default().push(id);
    }
    for round in 0..outcome.kills {
        for number in 0..TOKENS {
            assert!(mails.contains_key(&name(round, number)), "nobody was told of {}", name(round, number));
        }
    }
    assert_eq!(mails.len() as u32, outcome.due);
    let mut repeated = 0;
    for (name, mut ids) in mails {
        repeated += ids.len() - 1;
        ids.dedup();
        assert_eq!(ids.len(), 1, "{name} has mails that are not the same");
    }
    assert!(repeated <= outcome.kills as usize * CONNECTIONS, "{repeated} mails were repeated");
    repeated as u32
}

/// A request for a run, for a thread of its own.
struct RunNow(Vec<String>);

fn run_now(patgate: &Patgate) -> RunNow {
    RunNow(words(patgate, "POST", "/api/v1/reminders/runs", None))
}

impl RunNow {
    fn answer(&self) -> Answer {
        curl(&self.0)
    }

    /// 0 when no answer came.
    fn status(&self) -> u16 {
        let mut words = self.0.clone();
        words.extend(["-o", "/dev/null", "-w", "%{http_code}", "-s"].map(str::to_owned));
        let output = std::process::Command::new("curl").args(words).output();
        output
            .ok()
            .and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok())
            .unwrap_or(0)
    }
}

fn call(patgate: &Patgate, method: &str, path: &str, body: Option<&serde_json::Value>) -> Answer {
    curl(words(patgate, method, path, body))
}

fn words(patgate: &Patgate, method: &str, path: &str, body: Option<&serde_json::Value>) -> Vec<String> {
    let mut words =
        vec!["-u".to_owned(), format!("admin:{ADMIN_PASSWORD}"), "-X".to_owned(), method.to_owned()];
    if let Some(body) = body {
        words.extend([
            "-H".to_owned(),
            "content-type: application/json".to_owned(),
            "-d".to_owned(),
            body.to_string(),
        ]);
    }
    words.push(patgate.url_of(path));
    words
}
