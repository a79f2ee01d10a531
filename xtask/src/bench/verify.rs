//! `cargo xtask bench verify`: the whole verdict in process, at several sizes, beside what one would write by hand.

use std::io::{BufRead, BufReader};
use std::thread;

use super::{machine, page, verdict};
use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::tree;

/// Numbers of tokens of a whole run.
const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
/// The size whose time has a target.
const TIMED_SIZE: &str = "100000";
/// The sizes whose memory has a target: of fewer, what the allocator keeps ready would be most of it.
const WEIGHED_SIZES: [(&str, &str); 2] =
    [("100000", "a token of a hundred thousand"), ("1000000", "a token of a million")];
/// The most nanoseconds of one verification that are wanted.
const TARGET_NANOSECONDS: f64 = 150.0;
/// The most bytes of a token that are wanted.
const TARGET_BYTES: f64 = 100.0;
/// The most that single sign-on of all owners may cost, in times of what it is when all are internal.
const TARGET_OF_SSO: f64 = 1.10;
/// What stands before that number.
const SSO: &str = "when all are from single sign-on, so ";

/// What `cargo xtask bench verify` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Numbers of tokens; the page is written only without any (1,000, 100,000, a million and ten million)
    #[arg(value_name = "TOKENS")]
    sizes: Vec<usize>,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Runs the benchmark of `patgate-core`.
///
/// # Errors
/// When it does not build or run.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let is_whole = arguments.sizes.is_empty();
    let sizes = if is_whole { &SIZES[..] } else { &arguments.sizes };
    step("build", || process::run(bench().arg("--no-run")))?;
    let others = machine::others()?;
    let table = step("verify", || measure(sizes))?;
    let text = format!("{table}\n{}", judged(&table).join(".\n"));
    println!("\n{}", judged(&table).join("\n"));
    if is_whole {
        page::write("verify", others, arguments.anyway, &format!("{text}.\n"))?;
    }
    Ok(())
}

/// Runs it, showing each row as it comes, and returns the table.
fn measure(sizes: &[usize]) -> Result<String, Failure> {
    let pipe = "the pipe to the benchmark";
    let (reader, writer) = std::io::pipe().map_err(Failure::file(pipe))?;
    let rows = thread::spawn(move || {
        let mut table = String::new();
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            println!("{line}");
            // The table, and the sentence after it.
            if line.starts_with('|') || line.ends_with('.') {
                if !line.starts_with('|') {
                    table.push('\n');
                }
                table.push_str(&line);
                table.push('\n');
            }
        }
        table
    });
    let mut command = bench();
    command.arg("--").args(sizes.iter().map(ToString::to_string)).stdout(writer);
    let outcome = process::run(&mut command);
    // It holds the other end of the pipe.
    drop(command);
    let table = rows.join().unwrap_or_default();
    outcome?;
    if table.lines().count() < 3 {
        return Err(Failure::Found("the benchmark printed no table".to_owned()));
    }
    Ok(table)
}

fn bench() -> std::process::Command {
    let mut command = cargo();
    command.current_dir(tree::root());
    command.args(["bench", "--quiet", "--locked", "-p", "patgate-core", "--bench", "verify"]);
    command
}

/// How every row of the size whose time has a target stands to it, and the row of one thread without a writer of each
/// size whose memory has one; nothing of a size that was not measured.
fn judged(table: &str) -> Vec<String> {
    let rows = || table.lines().map(cells);
    let number = |row: &[&str], at: usize| row.get(at)?.parse::<f64>().ok();
    let timed = rows().filter(|row| row.first() == Some(&TIMED_SIZE)).filter_map(|row| {
        let (threads, writer) = (row.get(1)?, row.get(2)?);
        let threads = if *threads == "1" { "one thread".to_owned() } else { format!("{threads} threads") };
        let beside = if *writer == "yes" { "with a writer" } else { "without a writer" };
        let what = format!("at 100,000 tokens, {threads} {beside}");
        Some(verdict(&what, number(&row, 3)?, TARGET_NANOSECONDS, "ns"))
    });
    let weighed = WEIGHED_SIZES.into_iter().filter_map(|(size, what)| {
        let row = rows().find(|row| row.starts_with(&[size, "1", "no"]))?;
        Some(verdict(what, number(&row, 6)?, TARGET_BYTES, "bytes"))
    });
    let sso = table.split(SSO).nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
    let sso = sso.map(|value| verdict("owners from single sign-on", value, TARGET_OF_SSO, "×"));
    timed.chain(weighed).chain(sso).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_timed_size_is_judged_and_one_of_each_weighed_size() {
        let table = "| tokens | threads | writer | Patgate ns | peer ns | Patgate / peer | bytes a token |\n\
                     | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n\
                     | 100000 | 1 | no | 148 | 200 | 0.74 | 92 |\n\
                     | 100000 | 1 | yes | 159 | 200 | 2.00 | 92 |\n\
                     | 100000 | 2 | no | 210 | 308 | 0.68 |  |\n\
                     | 100000 | 2 | yes | 150 | 230 | 0.85 |  |\n\
                     | 1000000 | 1 | no | 300 | 400 | 0.75 | 101 |\n\
                     | 1000000 | 1 | yes | 300 | 400 | 0.75 | 101 |\n";
        assert_eq!(
            judged(table),
            [
                "at 100,000 tokens, one thread without a writer: 148 ns, target at most 150 ns: reached",
                "at 100,000 tokens, one thread with a writer: 159 ns, target at most 150 ns: MISSED",
                "at 100,000 tokens, 2 threads without a writer: 210 ns, target at most 150 ns: MISSED",
                "at 100,000 tokens, 2 threads with a writer: 150 ns, target at most 150 ns: reached",
                "a token of a hundred thousand: 92.0 bytes, target at most 100 bytes: reached",
                "a token of a million: 101 bytes, target at most 100 bytes: MISSED",
            ]
        );
        let sentence = "100000 owners with a token each: 90 ns when all are internal, 108 ns when all are from single sign-on, so 1.20 ×.\n";
        assert_eq!(judged(sentence), ["owners from single sign-on: 1.20 ×, target at most 1.1 ×: MISSED"]);
        assert!(judged("| 1000 | 1 | no | 90 | 200 | 0.45 | 90 |\n").is_empty());
    }
}
