//! `cargo xtask bench http`: what one question to `/auth` costs, beside nginx and a bare hyper server.
//!
//! Every server has the same core to itself while it is measured, and the load comes from another. The rounds take
//! turns, so that a slower minute of the machine slows all of them. What counts is the processor time of the server
//! process for one request: unlike requests a second it stays true when others use the machine.

mod load;
mod servers;

use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::step;
use load::{CONNECTIONS, Turn, load, warm_up};
use servers::{KINDS, Kind, Servers};

/// The core of the servers.
const SERVER_CORE: usize = 0;
/// The core of the load.
const LOAD_CORE: usize = 1;
/// Different tokens.
const TOKENS: usize = 100_000;
/// Rounds of a whole run.
const ROUNDS: usize = 5;
/// Seconds of load that are measured.
const SECONDS: u32 = 5;
/// The most processor time of Patgate that is wanted, in that of nginx `return 204`.
const TARGET: f64 = 1.25;

/// What `cargo xtask bench http` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often every server is measured; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = ROUNDS)]
    rounds: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Measures the four servers.
///
/// # Errors
/// When something does not build or start, an answer is wrong, or a token was not judged.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err(Failure::Found("this needs two cores: one for the server, one for the load".to_owned()));
    }
    let servers = step("build, and make 100,000 tokens", || Servers::prepare(TOKENS))?;
    let before = machine::others()?;
    let mut rounds = Vec::new();
    for round in 1..=arguments.rounds.max(1) {
        let turns =
            step(&format!("round {round} of {}", arguments.rounds), || measure(&servers, round == 1))?;
        rounds.push(turns);
    }
    let text = report(&rounds);
    println!("\n{text}");
    if arguments.rounds == ROUNDS {
        let others = median(rounds.iter().flatten().map(|turn| turn.others));
        page::write("http", others.max(before), arguments.anyway, &text)?;
    }
    Ok(())
}

/// One turn of every server.
fn measure(servers: &Servers, is_first: bool) -> Result<[Turn; KINDS.len()], Failure> {
    let mut turns = Vec::new();
    for kind in KINDS {
        let serving = servers.start(kind)?;
        check_answers(&serving, servers, kind)?;
        warm_up(&serving, &servers.data().tokens(), TOKENS)?;
        let turn = load(&serving, &servers.data().tokens(), SECONDS)?;
        let stopping = serving.stop();
        println!(
            "{:26} {:>8.0}/s  p50 {:>4.0} µs  p99 {:>5.0} µs  {} µs of CPU a request, others {:.0} %, stopped in {stopping:.1} s",
            kind.name(),
            turn.per_second,
            turn.p50,
            turn.p99,
            figure(turn.cpu),
            turn.others * 100.0,
        );
        if kind == Kind::Patgate && is_first {
            check_every_token_was_judged(servers)?;
        }
        turns.push(turn);
    }
    turns.try_into().map_err(|_| Failure::Found("a server had no turn".to_owned()))
}

/// The answers that are counted later are the right ones: a token passes, and where tokens count, another text does not.
fn check_answers(serving: &super::serving::Serving, servers: &Servers, kind: Kind) -> Result<(), Failure> {
    let path = servers.data().tokens();
    let tokens = std::fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let token = tokens.lines().next().unwrap_or_default();
    let wrong = |what: &str| Err(Failure::Found(format!("{} {what}", kind.name())));
    let answer = serving.ask("/auth", token)?;
    if !answer.is_good() {
        return wrong(&format!("refuses a token: {}", answer.text));
    }
    if kind == Kind::Patgate && answer.text.to_ascii_lowercase().matches("\nx-patgate-").count() != 7 {
        return wrong(&format!("does not send seven identity headers: {}", answer.text));
    }
    let unknown: String = token.chars().rev().collect();
    if kind.knows_tokens() && serving.ask("/auth", &unknown)?.status != 401 {
        return wrong("lets an unknown token pass");
    }
    Ok(())
}

/// Nothing was answered from a cache: the server noted a use of every single token, and wrote it when it stopped.
fn check_every_token_was_judged(servers: &Servers) -> Result<(), Failure> {
    let used = servers.data().count_used()?;
    if used == TOKENS {
        println!("every one of {TOKENS} tokens was judged");
        return Ok(());
    }
    Err(Failure::Found(format!("of {TOKENS} tokens only {used} were judged")))
}

/// The medians, and the ratios of each round's pairs; and the least disturbed turns, for a machine that is not quiet.
fn report(rounds: &[[Turn; KINDS.len()]]) -> String {
    let of = |kind: usize, value: fn(&Turn) -> f64| median(rounds.iter().map(|turns| value(&turns[kind])));
    let least = |kind: usize| rounds.iter().map(|turns| turns[kind].cpu).fold(f64::INFINITY, f64::min);
    let ratio = |kind: usize| median(rounds.iter().map(|turns| turns[kind].cpu / turns[0].cpu));
    let mut text = format!(
        "{TOKENS} tokens in turn, {CONNECTIONS} kept-alive connections, {SECONDS} s each, medians of {} rounds; every \
         answer was 200 or 204.\n\n\
         | server | requests/s | p50 µs | p99 µs | CPU µs a request | CPU ÷ nginx 204 | least CPU µs | least ÷ least |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        rounds.len()
    );
    for (at, kind) in KINDS.iter().enumerate() {
        text.push_str(&format!(
            "| {} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {} |\n",
            kind.name(),
            of(at, |turn| turn.per_second),
            of(at, |turn| turn.p50),
            of(at, |turn| turn.p99),
            figure(of(at, |turn| turn.cpu)),
            figure(ratio(at)),
            figure(least(at)),
            figure(least(at) / least(0)),
        ));
    }
    let patgate = KINDS.iter().position(|kind| *kind == Kind::Patgate).unwrap_or_default();
    text.push('\n');
    text.push_str(&verdict("Patgate ÷ nginx 204 in CPU per request", ratio(patgate), TARGET, "×"));
    text.push_str(".\n");
    text
}
