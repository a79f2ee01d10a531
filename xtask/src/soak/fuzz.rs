//! Fuzz targets, each for its time.

use std::process::Command;

use crate::failure::Failure;
use crate::process::{self, step};
use crate::tools::CARGO_FUZZ;
use crate::tree;

/// Runs these targets.
///
/// # Errors
/// When a target finds an input that it cannot bear; cargo-fuzz has written it to `fuzz/artifacts`.
pub(super) fn run(targets: &[&str], seconds: u32) -> Result<(), Failure> {
    let tool = CARGO_FUZZ.find()?;
    for target in targets {
        step(&format!("fuzz {target}"), || {
            let mut command = Command::new(&tool);
            command.current_dir(tree::root());
            // No sanitizer: there is no `unsafe` of ours to watch, and without one the stable compiler will do.
            command.args(["fuzz", "run", target, "-s", "none", "--"]);
            command.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
            command.env("RUSTC_BOOTSTRAP", "1");
            process::run(&mut command)
        })?;
    }
    println!(
        "{} fuzz targets, {seconds} s each: no input was found that one of them cannot bear",
        targets.len()
    );
    Ok(())
}

/// The names of the targets: one file each.
///
/// # Errors
/// When their folder cannot be read.
pub(super) fn targets() -> Result<Vec<String>, Failure> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let mut names: Vec<String> = files
        .flatten()
        .filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}
