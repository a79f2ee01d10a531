//! Re-checks people of a directory as the server does in the background, for `cargo xtask bench directory`.
//!
//! ```text
//! recheck CONFIGURATION PEOPLE
//! ```
//!
//! The configuration names one LDAP directory with people `p0`, `p1` … and an empty data folder. Each becomes a user with
//! a token; then all are due. Two lines say how many seconds the questions to the directory took alone, and how many the
//! whole re-check, until what was said is in force.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::path::PathBuf;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::Confirmation;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::token::{PlainToken, Prefix, TokenText};
use patgate_core::user::{Origin, User, UserState};
use patgate_server::app;
use patgate_server::configuration::{Configuration, Flags};
use patgate_server::edge::{Clock, Random, Stopwatch};
use patgate_server::provider::ldap::Directory;
use patgate_server::provider::{Answer, Person};
use patgate_server::service::confirmations;
use patgate_server::state::AppState;
use patgate_store::{Actor, ActorKind};
use tokio_util::sync::CancellationToken;

/// People made in one change.
const IN_A_CHANGE: usize = 500;
/// People looked for at the same time.
const AT_ONCE: usize = 4;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, people] = arguments.as_slice() else {
        return Err("usage: recheck CONFIGURATION PEOPLE".into());
    };
    let configuration = Configuration::load(Flags { config: Some(PathBuf::from(file)), ..Flags::default() })?;
    let (clock, random) = (Clock::system(), Random::system()?);
    let opened = app::open(&configuration, &random).await?;
    let public_url = configuration.public_url_of(*configuration.listen.first().ok_or("no address")?);
    let (state, _samples) = app::build(&configuration, opened, public_url, clock, random)?;
    state.node.load().await?;
    let directory = state.directories.iter().next().ok_or("the configuration names no directory")?;

    let names: Vec<_> = (0..people.parse::<usize>()?).map(|number| format!("p{number}")).collect();
    let mut subjects = Vec::new();
    for some in names.chunks(IN_A_CHANGE) {
        let found = stream::iter(some).map(|name| found(&state, directory, name)).buffered(AT_ONCE);
        let people: Vec<Person> = found.try_collect().await?;
        subjects.extend(people.iter().map(|person| person.subject.clone()));
        settle(&state, directory, people).await?;
    }

    let stopwatch = Stopwatch::start();
    for some in subjects.chunks(IN_A_CHANGE) {
        let answers = directory.look_up(some, state.clock.now()).await?;
        if !answers.iter().all(|answer| matches!(answer, Answer::Present(_))) {
            return Err("somebody is not there".into());
        }
    }
    println!("questions {:.2}", stopwatch.elapsed().as_secs_f64());

    let stopwatch = Stopwatch::start();
    confirmations::ask_directories(&state, &CancellationToken::new())
        .await
        .map_err(|problem| problem.to_string())?;
    println!("whole {:.2}", stopwatch.elapsed().as_secs_f64());
    let now = state.clock.now();
    let left = state.store.claim_confirmations(directory.name(), now, now, 1).await?;
    if left.is_empty() { Ok(()) } else { Err("not everybody was asked about".into()) }
}

async fn found(state: &AppState, directory: &Directory, name: &str) -> Outcome<Person> {
    let now = state.clock.now();
    let candidate = directory.find(name, now).await?.ok_or_else(|| format!("`{name}` is not there"))?;
    match directory.read(&candidate, now).await? {
        Answer::Present(person) => Ok(person),
        other => Err(format!("`{name}` is {other:?}").into()),
    }
}

/// Makes them users with a token each, about whom it is time to ask. They were confirmed so long ago that each answer is written
/// down.
async fn settle(state: &AppState, directory: &Directory, people: Vec<Person>) -> Outcome<()> {
    let actor = Actor {
        kind: ActorKind::CommandLine,
        name: "recheck".to_owned(),
        user: None,
        grant: None,
        address: None,
    };
    let now = Timestamp::from_second(state.clock.now().as_second())? - SignedDuration::from_hours(1);
    let mut random = state.random.draw();
    let mut change = state.store.change(&actor, now).await?;
    let mut ids = Vec::new();
    for person in people {
        let user = User {
            id: UserId::generate(&mut random),
            origin: Origin::Ldap,
            provider: directory.name().to_string(),
            subject: person.subject,
            username: person.username.parse()?,
            full_name: person.full_name,
            email: person.email,
            groups: person.groups,
            state: UserState::Enabled,
            confirmation: Confirmation::At(now),
            created_at: now,
            last_active_at: None,
        };
        let grant = Grant {
            id: GrantId::generate(&mut random),
            owner: user.id,
            name: "script".parse()?,
            application: "any".parse()?,
            permissions: GrantPermissions::All,
            created_at: now,
            expires_at: Expiry::NEVER,
            state: GrantState::Active,
            last_use: None,
        };
        let token = PlainToken::generate(Prefix::ANY, &mut random);
        let key = state.index.keys().newest();
        let digest = key.digest(TokenText::parse(token.reveal()).map_err(|_| "not a token")?);
        change.insert_user(&user, None).await?;
        change.insert_grant(&grant, key.id(), &digest).await?;
        ids.push(user.id);
    }
    change.confirm_users(&ids, now).await?;
    state.commit(change).await.map_err(|problem| problem.to_string())?;
    Ok(())
}
