//! Crashes (SIGKILL) while several clients make and delete tokens, and what must be true after each.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use serde_json::{Value, json};

use super::call;
use crate::curl::Answer;
use crate::random;
use crate::servers::patgate::{Patgate, Start};
use crate::wire::Wire;

/// Clients that make and delete tokens at the same time.
const CLIENTS: u64 = 4;
/// The crash comes after one to this many answers of a round.
const ANSWERS: u64 = 40;
/// Requests that are sent before their answers are read.
const PIPELINE: usize = 50;

const TOKENS: &str = "/api/v1/personal-access-tokens";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// What a [`trial`] has seen. Had it seen a token lost, back from the dead or half there, it would have panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Creations that were answered with 201; each token passed after every later restart until it was deleted.
    pub created: u32,
    /// Deletions that were answered with 204; each token was refused after every later restart.
    pub deleted: u32,
    /// Creations that a crash left without an answer.
    pub creations_cut: u32,
    /// Those of them that had happened all the same.
    pub creations_kept: u32,
    /// Deletions that a crash left without an answer.
    pub deletions_cut: u32,
    /// Those of them that had happened all the same.
    pub deletions_kept: u32,
}

/// Starts the program, and crashes and restarts it so many times while clients make and delete tokens. After each
/// restart every token that was ever answered is asked about, and the tables are looked at.
///
/// # Panics
/// With what is wrong, when an answer was broken: a token lost, a deleted one alive, one that is half there, a change
/// without its audit event.
pub fn trial(start: Start, kills: u32, seed: u64) -> Outcome {
    let mut patgate = start.start();
    let mut random = random::seeded(seed);
    let administrator = administrator(&patgate);
    let mut outcome = Outcome { kills, ..Outcome::default() };
    let mut tokens: BTreeMap<String, Token> = BTreeMap::new();
    for round in 0..kills {
        let (answered, answers) = channel();
        let mut live = shared_out(&tokens);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| Client {
                port: patgate.ports()[0],
                administrator: administrator.clone(),
                label: format!("round-{round}-client-{client}-"),
                live: live.pop().unwrap_or_default(),
                random: random::seeded(random.next_u64()),
                answered: answered.clone(),
                log: Log::default(),
            })
            .map(|client| thread::spawn(|| client.run()))
            .collect();
        wait_for(&answers, 1 + random.next_u64() % ANSWERS);
        patgate.kill();
        let logs: Vec<Log> = clients.into_iter().map(|client| client.join().unwrap_or_default()).collect();
        patgate.start_again();
        let mut names_cut = Vec::new();
        for log in logs {
            assert_eq!(log.surprise, None, "round {round}: not the answer that was due\n{}", patgate.log());
            outcome.created += log.made.len() as u32;
            outcome.deleted += log.deleted.len() as u32;
            tokens.extend(log.made.into_iter().map(|(id, text)| (id, Token { text, state: State::Live })));
            for id in log.deleted {
                set(&mut tokens, &id, State::Deleted);
            }
            if let Some(id) = log.deletion_cut {
                set(&mut tokens, &id, State::Open);
                outcome.deletions_cut += 1;
            }
            names_cut.extend(log.creation_cut);
        }
        outcome.creations_cut += names_cut.len() as u32;
        outcome.creations_kept += names_cut.iter().filter(|name| is_listed(&patgate, name)).count() as u32;
        outcome.deletions_kept += settle(&patgate, &mut tokens, round);
        look_at_tables(&patgate, round);
    }
    outcome
}

/// A token whose creation was answered.
struct Token {
    text: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It must pass.
    Live,
    /// It must not.
    Deleted,
    /// A deletion got no answer: whichever it is after the restart, it stays.
    Open,
}

/// One that makes and deletes tokens until the server is gone.
struct Client {
    port: u16,
    administrator: String,
    label: String,
    /// The tokens that are its own to delete.
    live: Vec<String>,
    random: ChaCha20Rng,
    answered: Sender<()>,
    log: Log,
}

/// What a client saw.
#[derive(Default)]
struct Log {
    made: Vec<(String, String)>,
    deleted: Vec<String>,
    creation_cut: Option<String>,
    deletion_cut: Option<String>,
    surprise: Option<String>,
}

impl Client {
    fn run(mut self) -> Log {
        // Its end is the server's.
        let _ = self.until_the_crash();
        self.log
    }

    fn until_the_crash(&mut self) -> io::Result<()> {
        let mut wire = Wire::try_connect(self.port)?;
        let authorization = format!("Bearer {}", self.administrator);
        let headers = [("authorization", authorization.as_str())];
        for number in 0_u32.. {
            if self.live.len() > 3 && self.random.next_u64().is_multiple_of(2) {
                let at = self.random.next_u64() as usize % self.live.len();
                let id = self.live.swap_remove(at);
                self.log.deletion_cut = Some(id.clone());
                let answer = wire.request("DELETE", &format!("{TOKENS}/{id}"), &headers, "")?;
                self.log.deletion_cut = None;
                if answer.status != 204 {
                    return self.is_surprised(&answer);
                }
                self.log.deleted.push(id);
            } else {
                let name = format!("{}{number}", self.label);
                self.log.creation_cut = Some(name.clone());
                let answer =
                    wire.request("POST", TOKENS, &headers, &json!({ "tokenNote": name }).to_string())?;
                self.log.creation_cut = None;
                if answer.status != 201 {
                    return self.is_surprised(&answer);
                }
                let (id, text) = (text_of(&answer.json(), "id"), text_of(&answer.json(), "token"));
                self.live.push(id.clone());
                self.log.made.push((id, text));
            }
            // Nobody listens any more once the crash has been ordered.
            let _ = self.answered.send(());
        }
        Ok(())
    }

    fn is_surprised(&mut self, answer: &Answer) -> io::Result<()> {
        self.log.surprise = Some(format!("{}: {}", answer.status, answer.text()));
        Ok(())
    }
}

/// A token of the administrator's that may make tokens: a password costs too much to be sent thousands of times.
fn administrator(patgate: &Patgate) -> String {
    let mut settings = call(patgate, "GET", SETTINGS, &Value::Null);
    settings["tokensMayMakeTokens"] = true.into();
    call(patgate, "PUT", SETTINGS, &settings);
    text_of(&call(patgate, "POST", TOKENS, &json!({ "tokenNote": "administrator" })), "token")
}

/// The live tokens, dealt out to the clients, so that no two delete the same one.
fn shared_out(tokens: &BTreeMap<String, Token>) -> Vec<Vec<String>> {
    let mut hands = vec![Vec::new(); CLIENTS as usize];
    let live = tokens.iter().filter(|(_, token)| token.state == State::Live);
    for (at, (id, _)) in live.enumerate() {
        hands[at % CLIENTS as usize].push(id.clone());
    }
    hands
}

fn wait_for(answers: &Receiver<()>, count: u64) {
    for _ in 0..count {
        // All clients have ended: one was surprised, and tells so in its log.
        if answers.recv().is_err() {
            return;
        }
    }
}

fn set(tokens: &mut BTreeMap<String, Token>, id: &str, state: State) {
    match tokens.get_mut(id) {
        Some(token) => token.state = state,
        None => panic!("a client deleted the token {id}, which nobody made"),
    }
}

/// Asks about every token, and decides the open ones; how many of those are deleted.
fn settle(patgate: &Patgate, tokens: &mut BTreeMap<String, Token>, round: u32) -> u32 {
    let mut deleted = 0;
    let mut wire = Wire::connect(patgate.ports()[0]);
    let mut tokens: Vec<_> = tokens.iter_mut().collect();
    for some in tokens.chunks_mut(PIPELINE) {
        let requests: String = some
            .iter()
            .map(|(_, token)| {
                format!("GET /auth HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", token.text)
            })
            .collect();
        let sent = wire.send(requests);
        assert!(sent.is_ok(), "round {round}: /auth takes no requests: {sent:?}");
        for (id, token) in some {
            let status = match wire.answer() {
                Ok(Some(answer)) => answer.status,
                other => panic!("round {round}: /auth does not answer: {other:?}\n{}", patgate.log()),
            };
            let state = match status {
                200 => State::Live,
                401 => State::Deleted,
                other => panic!("round {round}: /auth answers {other} about the token {id}"),
            };
            if token.state == State::Open {
                deleted += u32::from(state == State::Deleted);
                token.state = state;
            }
            assert_eq!(
                state, token.state,
                "round {round}: the token {id} after a crash; the latter was answered"
            );
        }
    }
    deleted
}

fn is_listed(patgate: &Patgate, name: &str) -> bool {
    match patgate.sql(&format!("SELECT count(*) FROM grants WHERE name = '{name}'")).trim() {
        "0" => false,
        "1" => true,
        other => panic!("there are {other} tokens with the name {name}"),
    }
}

/// A change is whole or not there: the row, its secret, its audit event, its number in the change log.
fn look_at_tables(patgate: &Patgate, round: u32) {
    for (what, sql) in [
        (
            "tokens without a secret",
            "SELECT count(*) FROM grants WHERE id NOT IN (SELECT grant_id FROM secrets)",
        ),
        (
            "secrets without a token",
            "SELECT count(*) FROM secrets WHERE grant_id NOT IN (SELECT id FROM grants)",
        ),
        (
            "tokens without the audit event of their creation",
            "SELECT (SELECT count(*) FROM grants) - (SELECT count(*) FROM audit_events WHERE action = 'grant.create')",
        ),
        (
            "deleted tokens without the audit event of their deletion",
            "SELECT (SELECT count(*) FROM grants WHERE deleted_at IS NOT NULL) \
             - (SELECT count(*) FROM audit_events WHERE action = 'grant.delete')",
        ),
        (
            "changes that are in the audit log or the change log alone",
            "SELECT (SELECT count(DISTINCT sequence) FROM audit_events) \
             - (SELECT count(DISTINCT sequence) FROM change_log)",
        ),
        (
            "numbers that were given out for no change",
            "SELECT (SELECT value FROM change_sequence) - (SELECT count(DISTINCT sequence) FROM change_log)",
        ),
    ] {
        assert_eq!(patgate.sql(sql).trim(), "0", "round {round}: {what}");
    }
}

fn text_of(json: &Value, field: &str) -> String {
    match json[field].as_str() {
        Some(text) => text.to_owned(),
        None => panic!("no `{field}` in {json}"),
    }
}
