//! `cargo xtask bench http`: what one question to `/auth` costs, beside nginx and a bare hyper server.
//!
//! Every server shares the same core with the load while it is measured. From another core, the system's part of a
//! request has two values, far apart, whoever serves: with and without the waking of a core that fell asleep. The rounds
//! take turns, so that a slower minute of the machine slows all of them. What counts is the processor time of the server
//! process for one request: unlike requests a second it stays true when others use the machine.

mod load;
mod servers;

use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::step;
use load::{CONNECTIONS, Turn, load, warm_up};
use servers::{KINDS, Kind, Servers};

/// The core of the servers and of the load.
const CORE: usize = 0;
/// A core that nothing of this runs on: what is busy there is others.
const FREE_CORE: usize = 1;
/// Different tokens.
const TOKENS: usize = 100_000;
/// Rounds of a whole run.
const ROUNDS: usize = 5;
/// Seconds of load that are measured at a time.
const SECONDS: u32 = 2;
/// How often in each turn: every load opens its connections anew.
const LOADS: usize = 3;
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
    let mut pairs = Vec::new();
    for round in 1..=arguments.rounds.max(1) {
        let name = format!("round {round} of {}", arguments.rounds);
        pairs.extend(step(&name, || measure(&servers, round == 1))?);
    }
    let text = report(&pairs);
    println!("\n{text}");
    if arguments.rounds == ROUNDS {
        let others = median(pairs.iter().flatten().map(|turn| turn.others));
        page::write("http", others.max(before), arguments.anyway, &text)?;
    }
    Ok(())
}

/// A load of every server.
type Pair = [Turn; KINDS.len()];

/// One turn of every server, of several loads each: the first of each, then the second of each, and so on.
fn measure(servers: &Servers, is_first: bool) -> Result<Vec<Pair>, Failure> {
    let mut turns = Vec::new();
    for kind in KINDS {
        let serving = servers.start(kind)?;
        check_answers(&serving, servers, kind)?;
        warm_up(&serving, &servers.data().tokens(), TOKENS)?;
        let mut loads = Vec::new();
        for _ in 0..LOADS {
            let turn = load(&serving, &servers.data().tokens(), SECONDS)?;
            println!(
                "{:26} {:>7.0}/s  p50 {:>4.0} µs  p99 {:>5.0} µs  {} µs of CPU a request ({} own), others {:.0} %",
                kind.name(),
                turn.per_second,
                turn.p50,
                turn.p99,
                figure(turn.cpu()),
                figure(turn.user),
                turn.others * 100.0,
            );
            loads.push(turn);
        }
        serving.stop();
        if kind == Kind::Patgate && is_first {
            check_every_token_was_judged(servers)?;
        }
        turns.push(loads);
    }
    Ok((0..LOADS).map(|load| std::array::from_fn(|kind| turns[kind][load])).collect())
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

/// The medians, and the medians of the ratios in each pair.
fn report(pairs: &[Pair]) -> String {
    let of = |kind: usize, value: fn(&Turn) -> f64| median(pairs.iter().map(|pair| value(&pair[kind])));
    let ratio = |kind: usize| median(pairs.iter().map(|pair| pair[kind].cpu() / pair[0].cpu()));
    let mut text = format!(
        "{TOKENS} tokens in turn, {CONNECTIONS} kept-alive connections, {} loads of {SECONDS} s each, medians; every \
         answer was 200 or 204.\n\n\
         | server | requests/s | p50 µs | p99 µs | CPU µs a request | its own | the system's | CPU ÷ nginx 204 |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        pairs.len()
    );
    for (at, kind) in KINDS.iter().enumerate() {
        text.push_str(&format!(
            "| {} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {} |\n",
            kind.name(),
            of(at, |turn| turn.per_second),
            of(at, |turn| turn.p50),
            of(at, |turn| turn.p99),
            figure(of(at, Turn::cpu)),
            figure(of(at, |turn| turn.user)),
            figure(of(at, |turn| turn.system)),
            figure(ratio(at)),
        ));
    }
    let patgate = KINDS.iter().position(|kind| *kind == Kind::Patgate).unwrap_or_default();
    text.push('\n');
    text.push_str(&verdict("Patgate ÷ nginx 204 in CPU per request", ratio(patgate), TARGET, "×"));
    text.push_str(".\n");
    text
}
