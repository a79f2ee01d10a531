//! `cargo xtask soak`: the long trials, whose result goes into `docs/reference/reliability.md`.

use std::process::Command;

use crate::failure::Failure;
use crate::process::{self, step};
use crate::tools::CARGO_FUZZ;
use crate::tree;

/// What `cargo xtask soak` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each fuzz target
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    seconds: u32,
    /// Only these fuzz targets
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// Runs every fuzz target for its time.
///
/// # Errors
/// When a target finds an input that it cannot bear; cargo-fuzz has written it to `fuzz/artifacts`.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tool = CARGO_FUZZ.find()?;
    let all = targets()?;
    if let Some(unknown) = arguments.targets.iter().find(|target| !all.contains(target)) {
        return Err(Failure::Found(format!("there is no fuzz target `{unknown}`, only {}", all.join(", "))));
    }
    let chosen = if arguments.targets.is_empty() { &all } else { &arguments.targets };
    for target in chosen {
        step(&format!("fuzz {target}"), || {
            let mut command = Command::new(&tool);
            command.current_dir(tree::root());
            // No sanitizer: there is no `unsafe` of ours to watch, and without one the stable compiler will do.
            command.args(["fuzz", "run", target, "-s", "none", "--"]);
            command.arg(format!("-max_total_time={}", arguments.seconds)).arg("-print_final_stats=1");
            command.env("RUSTC_BOOTSTRAP", "1");
            process::run(&mut command)
        })?;
    }
    println!(
        "{} fuzz targets, {} s each: no input was found that one of them cannot bear",
        chosen.len(),
        arguments.seconds
    );
    Ok(())
}

/// The names of the targets: one file each.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let mut names: Vec<String> = files
        .flatten()
        .filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}
