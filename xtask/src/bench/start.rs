//! `cargo xtask bench start`: what an idle server holds in memory, how soon one with many tokens is ready, and how soon
//! the demonstration tells what to type.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use patgate_testkit::child::Process;

use super::program::Data;
use super::serving::{now, seconds_since};
use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::step;

/// Tokens of a whole run.
const TOKENS: usize = 1_000_000;
/// How often each start is measured.
const STARTS: usize = 5;
/// The most megabytes of an idle server with an empty store that are wanted.
const TARGET_MEGABYTES: f64 = 30.0;
/// The most seconds until a server with a million tokens is ready that are wanted.
const TARGET_SECONDS: f64 = 3.0;
/// The most seconds until the demonstration has printed its lines that are wanted.
const TARGET_DEMO: f64 = 2.0;
/// How long a server is left alone before its memory is read.
const SETTLING: Duration = Duration::from_secs(3);

/// What `cargo xtask bench start` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many tokens there are; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = TOKENS)]
    tokens: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// One start: seconds to ready, megabytes held, megabytes held at most.
type Start = (f64, f64, f64);

/// Measures starts on an empty store, and on one with many tokens.
///
/// # Errors
/// When something does not build, or the server does not become ready.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let first = step("the first start of all", || start(&data))?;
    let empty = step("an empty store", || starts(&data))?;
    let tokens = arguments.tokens;
    step(&format!("make {tokens} tokens"), || data.make_tokens(tokens))?;
    let full = step(&format!("{tokens} tokens"), || starts(&data))?;
    let demos = step("the demonstration", || demonstrations(&data))?;
    let text = report(tokens, first, &empty, &full, &demos);
    println!("\n{text}");
    if tokens == TOKENS {
        page::write("start", others, arguments.anyway, &text)?;
    }
    Ok(())
}

fn starts(data: &Data) -> Result<Vec<Start>, Failure> {
    (0..STARTS).map(|_| start(data)).collect()
}

#[expect(clippy::disallowed_methods, reason = "an idle server shows nothing that one could wait for")]
fn start(data: &Data) -> Result<Start, Failure> {
    let serving = data.serve(None)?;
    std::thread::sleep(SETTLING);
    let (now, most) = serving.memory()?;
    let seconds = serving.seconds_to_ready;
    println!("ready after {seconds:.2} s, {now:.1} MB, at most {most:.1} MB");
    serving.stop();
    Ok((seconds, now, most))
}

/// Seconds from the start of each demonstration until its last line.
fn demonstrations(data: &Data) -> Result<Vec<f64>, Failure> {
    (0..STARTS).map(|_| demonstrate(data)).collect()
}

fn demonstrate(data: &Data) -> Result<f64, Failure> {
    let pipe = "the pipe to the demonstration";
    let (reader, writer) = std::io::pipe().map_err(Failure::file(pipe))?;
    let mut command = data.demo();
    command.stdin(Stdio::null()).stdout(writer);
    let start = now();
    let mut demo = Process::start(command);
    // The line that tries the deleted token comes last, the third with `-i`.
    let last = BufReader::new(reader)
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.trim_start().starts_with("curl -i "))
        .nth(2);
    let seconds = seconds_since(start);
    demo.stop();
    last.ok_or_else(|| Failure::Found("the demonstration ended before its last line".to_owned()))?;
    println!("told what to type after {seconds:.2} s");
    Ok(seconds)
}

fn report(tokens: usize, first: Start, empty: &[Start], full: &[Start], demos: &[f64]) -> String {
    let seconds = |starts: &[Start]| median(starts.iter().map(|start| start.0));
    let held = |starts: &[Start]| median(starts.iter().map(|start| start.1));
    let most = |starts: &[Start]| median(starts.iter().map(|start| start.2));
    let row = |name: &str, starts: &[Start]| {
        let (seconds, held, most) = (figure(seconds(starts)), figure(held(starts)), figure(most(starts)));
        format!("| {name} | {seconds} | {held} | {most} |\n")
    };
    let bytes = (held(full) - held(empty)) * 1e6 / tokens as f64;
    format!(
        "Medians of {STARTS} starts; the database was in the system's cache.\n\n\
         | store | seconds to ready | MB when idle | MB at most |\n| --- | ---: | ---: | ---: |\n{}{}{}\n\
         {}.\n{}.\n{}.\nA token, with its part of an owner, takes {bytes:.0} bytes of the process.\n",
        row("empty, the first start of all", &[first]),
        row("empty", empty),
        row(&format!("{tokens} tokens"), full),
        verdict("idle with an empty store", held(empty).max(first.1), TARGET_MEGABYTES, "MB"),
        verdict(&format!("ready with {tokens} tokens"), seconds(full), TARGET_SECONDS, "s"),
        verdict("`patgate demo` tells what to type", median(demos.iter().copied()), TARGET_DEMO, "s"),
    )
}
