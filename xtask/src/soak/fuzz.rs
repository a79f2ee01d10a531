//! Fuzz targets, each for its time.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::failure::Failure;
use crate::process::{self, step};
use crate::tools::CARGO_FUZZ;
use crate::tree;

/// How libFuzzer says how many inputs it tried (<https://llvm.org/docs/LibFuzzer.html>, `-print_final_stats=1`).
const RUNS: &str = "stat::number_of_executed_units:";

/// Runs these targets, and prints what was seen as a table for `docs/reference/reliability.md`.
///
/// # Errors
/// When a target finds an input that it cannot bear; cargo-fuzz has written it to `fuzz/artifacts`.
pub(super) fn run(targets: &[&str], seconds: u32) -> Result<(), Failure> {
    let tool = CARGO_FUZZ.find()?;
    let mut rows = Vec::with_capacity(targets.len());
    for target in targets {
        rows.push((*target, step(&format!("fuzz {target}"), || fuzz(&tool, target, seconds))?));
    }
    println!("{}", table(seconds, &rows));
    Ok(())
}

/// The names of the targets: one file each.
///
/// # Errors
/// When their folder cannot be read.
pub(super) fn targets() -> Result<Vec<String>, Failure> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let mut names: Vec<String> = files
        .flatten()
        .filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

/// Runs one target, from what it found earlier and from the inputs that are committed. Returns how many it tried.
fn fuzz(tool: &Path, target: &str, seconds: u32) -> Result<u64, Failure> {
    let [found, seeds] = ["corpus", "seeds"].map(|kind| tree::root().join("fuzz").join(kind).join(target));
    fs::create_dir_all(&found).map_err(Failure::file(&found))?;
    let pipe = "the pipe to the fuzzer";
    let (reader, writer) = std::io::pipe().map_err(Failure::file(pipe))?;
    let runs = thread::spawn(move || {
        let mut runs = None;
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            eprintln!("{line}");
            runs = runs_in(&line).or(runs);
        }
        runs
    });
    let mut command = Command::new(tool);
    // No sanitizer: there is no `unsafe` of ours to watch, and without one the stable compiler will do.
    command.current_dir(tree::root()).args(["fuzz", "run", "-s", "none", target]).arg(found).arg(seeds);
    command.arg("--").arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
    command.env("RUSTC_BOOTSTRAP", "1").stderr(writer);
    let outcome = process::run(&mut command);
    // It holds the other end of the pipe.
    drop(command);
    let runs = runs.join().unwrap_or_default();
    outcome?;
    runs.ok_or_else(|| Failure::Found(format!("the fuzzer did not say how often it ran `{target}`")))
}

fn runs_in(line: &str) -> Option<u64> {
    line.strip_prefix(RUNS)?.trim().parse().ok()
}

fn table(seconds: u32, rows: &[(&str, u64)]) -> String {
    let rows = rows.iter().map(|(target, runs)| format!("| `{target}` | {seconds} | {runs} | 0 |\n"));
    format!(
        "| target | seconds | inputs | not borne |\n| --- | ---: | ---: | ---: |\n{}",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fuzzer_says_becomes_a_row() {
        assert_eq!(runs_in("stat::number_of_executed_units: 1048576"), Some(1_048_576));
        assert_eq!(runs_in("stat::average_exec_per_sec:     52428"), None);
        let table = table(20, &[("night", 7)]);
        assert!(table.ends_with("| --- | ---: | ---: | ---: |\n| `night` | 20 | 7 | 0 |\n"), "{table}");
    }

    #[test]
    fn every_target_has_inputs_to_begin_with_and_stands_in_the_manifest() {
        let fuzz = tree::root().join("fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            let seeds = fs::read_dir(fuzz.join("seeds").join(&target));
            assert!(seeds.is_ok_and(|mut seeds| seeds.next().is_some()), "{target} has no seeds");
            assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target} is not in the manifest");
        }
    }
}
