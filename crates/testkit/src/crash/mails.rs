//! Crashes (SIGKILL) while reminders are planned and sent: some aimed at a step, the others at any moment.

mod aim;
mod arrivals;

use std::time::Duration;

use rand_core::Rng;
use serde_json::{Value, json};

use self::aim::Aim;
use self::arrivals::Arrivals;
use super::{REST, call, words};
use crate::curl::{Answer, curl};
use crate::servers::mail::{MailServer, Way};
use crate::servers::patgate::{Patgate, Start};
use crate::{random, wait};

/// Tokens that come to their end in each round.
const TOKENS: u64 = 40;
/// How many connections Patgate has to the mail server.
const CONNECTIONS: i64 = 4;
/// Of so many crashes the first ones are aimed, one at each step.
const EVERY: usize = 8;
/// How long a step may take to be reached.
const REACH: Duration = Duration::from_secs(30);

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// What a [`trial`] has seen. Had a token been forgotten, or been told of twice without a crash to blame, it would have
/// panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Crashes in the middle of the planning: nothing of the run was there afterwards.
    pub in_planning: u32,
    /// Crashes in the middle of claiming mails.
    pub in_claim: u32,
    /// Crashes between the claim and the first word to the mail server.
    pub before_sending: u32,
    /// Crashes between the mail server's acceptance and the mark: some mails were taken and not marked.
    pub before_mark: u32,
    /// Tokens that were due; for each a mail arrived.
    pub due: u32,
    /// Rounds in which a crash came before a run was answered.
    pub runs_cut: u32,
    /// The most mails that one crash left taken and not marked.
    pub most_unmarked: u32,
    /// Mails that arrived again, under the same `Message-ID`: no more than crashes had left taken and not marked.
    pub repeated: u32,
}

/// Starts the program, and crashes and restarts it so many times while reminders are planned and sent to a real mail
/// server; then lets it finish, and looks at every mail that arrived. Half of the crashes are aimed, each at another step.
///
/// # Panics
/// With what is wrong: a due token without a mail, or with two that are not the same or were planned each by itself; a crash
/// that leaves more mails in doubt than there are connections, or one before the first word to the mail server that leaves any;
/// a mail that comes again although no crash had left it in doubt; an aimed crash that misses.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let mut server = MailServer::start();
    let mut patgate = start.start();
    let mut random = random::seeded(seed);
    prepare(&patgate, &server);
    let mut arrivals = Arrivals::default();
    let mut outcome = Outcome { kills, ..Outcome::default() };
    let (mut copies, mut marked, mut all_unmarked) = (0, 0, 0);
    for round in 0..kills {
        make_due(&patgate, round);
        outcome.due += TOKENS as u32;
        let aim = Aim::ALL.get(round as usize % EVERY).copied();
        let was_answered = match aim {
            Some(aim) => aimed(&mut patgate, &mut server, aim, &mut outcome),
            None => at_any_moment(&mut patgate, &server, &mut random),
        };
        outcome.runs_cut += u32::from(!was_answered);
        // What this life of the program handed over and did not mark: the next one sends it again.
        server.settle();
        arrivals.look(&server);
        let new_copies = arrivals.copies() - std::mem::replace(&mut copies, arrivals.copies());
        let now_marked = i64::from(sent(&patgate));
        let unmarked = new_copies - (now_marked - std::mem::replace(&mut marked, now_marked));
        assert!(unmarked <= most_unmarked(aim), "a crash ({aim:?}) left {unmarked} mails in doubt");
        assert!(aim != Some(Aim::Mark) || unmarked > 0, "no mail was taken and not marked");
        all_unmarked += unmarked;
        outcome.most_unmarked = outcome.most_unmarked.max(u32::try_from(unmarked).unwrap_or(0));
        patgate.start_again();
    }
    let answer = run_now(&patgate).answer();
    assert_eq!(answer.status, 201, "{}", answer.text());
    wait_until_all_is_sent(&patgate);
    arrivals.look(&server);
    let names = (0..kills).flat_map(|round| (0..TOKENS).map(move |number| name(round, number)));
    outcome.repeated = arrivals.judge(names);
    assert_planned_once(&patgate, outcome.due);
    // Fewer, when PostgreSQL committed a mark whose program was dead by then.
    let repeated = i64::from(outcome.repeated);
    assert!(repeated <= all_unmarked, "more came again than crashes had left in doubt: {outcome:?}");
    outcome
}

/// The most mails that a crash can leave taken and not marked: one on each connection, which sends the next when the mark of
/// the one before is on the disk; and none before the first word to the mail server.
fn most_unmarked(aim: Option<Aim>) -> i64 {
    match aim {
        None | Some(Aim::Mark) => CONNECTIONS,
        Some(Aim::Plan | Aim::Claim | Aim::Send) => 0,
    }
}

/// Crashes the program within a step, in which something holds it. Whether the run was answered.
fn aimed(patgate: &mut Patgate, server: &mut MailServer, aim: Aim, outcome: &mut Outcome) -> bool {
    // What earlier crashes left is sent first, so that nothing else is under way.
    wait_until_all_is_sent(patgate);
    let (runs, arrived) = (count(patgate, "reminder_runs"), server.count());
    if aim == Aim::Send {
        server.hold_still();
    }
    aim.set(patgate);
    let run = run_now(patgate);
    let was_answered = std::thread::scope(|scope| {
        let answered = scope.spawn(move || run.status());
        let is_reached = || aim.is_reached(patgate).then_some(());
        let reached = wait::until(REACH, is_reached);
        patgate.kill();
        assert!(reached.is_some(), "{aim:?} was not reached\n{}", patgate.log());
        answered.join().unwrap_or(0) == 201
    });
    aim.clear(patgate);
    match aim {
        Aim::Plan => {
            assert!(!was_answered && count(patgate, "reminder_runs") == runs, "the run is there");
            outcome.in_planning += 1;
        }
        Aim::Claim => {
            assert_eq!((sending(patgate), server.count()), (0, arrived), "nothing was claimed");
            outcome.in_claim += 1;
        }
        Aim::Send => {
            assert!(sending(patgate) > 0 && server.count() == arrived, "claimed, and nothing said");
            outcome.before_sending += 1;
            server.go_on();
        }
        Aim::Mark => {
            assert!(sending(patgate) > 0 && server.count() > arrived, "taken, and not marked");
            outcome.before_mark += 1;
        }
    }
    was_answered
}

/// Crashes the program after a random number of mails. Whether the run was answered.
fn at_any_moment(patgate: &mut Patgate, server: &MailServer, random: &mut impl Rng) -> bool {
    let wanted = server.count() + (random.next_u64() % TOKENS) as usize;
    let run = run_now(patgate);
    std::thread::scope(|scope| {
        let answered = scope.spawn(move || run.status());
        wait::until(Duration::from_secs(5), || (server.count() >= wanted).then_some(()));
        patgate.kill();
        answered.join().unwrap_or(0) == 201
    })
}

/// Each due token has one mail that was sent, and no mail is there besides. The `Message-ID` alone would not show it: it is made
/// from the token, and a mail that was planned a second time has the same.
fn assert_planned_once(patgate: &Patgate, due: u32) {
    let told = number(&patgate.sql("SELECT count(DISTINCT tokens) FROM mails WHERE state = 'sent'"));
    assert_eq!(
        (count(patgate, "mails"), sent(patgate), told),
        (due, due, due),
        "mails, sent, tokens told of"
    );
}

fn wait_until_all_is_sent(patgate: &Patgate) {
    let is_done =
        || (number(&patgate.sql("SELECT count(*) FROM mails WHERE due_at IS NOT NULL")) == 0).then_some(());
    assert!(wait::until(REST, is_done).is_some(), "mails are left\n{}", patgate.log());
}

fn count(patgate: &Patgate, table: &str) -> u32 {
    number(&patgate.sql(&format!("SELECT count(*) FROM {table}")))
}

fn sending(patgate: &Patgate) -> u32 {
    number(&patgate.sql("SELECT count(*) FROM mails WHERE state = 'sending'"))
}

fn sent(patgate: &Patgate) -> u32 {
    number(&patgate.sql("SELECT count(*) FROM mails WHERE state = 'sent'"))
}

fn number(text: &str) -> u32 {
    text.trim().parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// A mail server for Patgate, and an address for the administrator, whose tokens all are.
fn prepare(patgate: &Patgate, server: &MailServer) {
    let item = json!({
        "id": "Configuration/MAIL",
        "type": "notification.PatSmtpServer",
        "properties": { "host": "127.0.0.1", "port": server.port(Way::Plain), "fromAddress": "patgate@example.org" },
    });
    call(patgate, "POST", "/api/v1/configuration-items", &item);
    let mut settings = call(patgate, "GET", SETTINGS, &Value::Null);
    settings["emailNotifications"]["enabled"] = true.into();
    settings["emailNotifications"]["server"] = "Configuration/MAIL".into();
    call(patgate, "PUT", SETTINGS, &settings);
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

/// A request for a run, for a thread of its own.
struct RunNow(Vec<String>);

fn run_now(patgate: &Patgate) -> RunNow {
    RunNow(words(patgate, "POST", "/api/v1/reminders/runs", &Value::Null))
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
