//! On what a figure was measured, and whether the machine was quiet.

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, tree};

/// Load by others above which the figures are not worth much, in running processes.
const NOISY: f64 = 0.5;

/// One line: processor, cores, memory, kernel, compiler, day and commit.
///
/// # Errors
/// When `rustc`, `date`, `uname` or `git` does not run.
pub(super) fn description() -> Result<String, Failure> {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(String::new, |kibibytes| format!(", {:.0} GiB", kibibytes / 1_048_576.0));
    let one_line = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        process::read(command.current_dir(tree::root()).args(arguments)).map(|text| text.trim().to_owned())
    };
    Ok(format!(
        "{processor}, {cores} cores{memory}, Linux {}, {}; {}, commit {}",
        one_line("uname", &["-r"])?,
        one_line("rustc", &["--version"])?.split(" (").next().unwrap_or_default(),
        one_line("date", &["-u", "+%F"])?,
        one_line("git", &["rev-parse", "--short=10", "HEAD"])?,
    ))
}

/// Says so when others keep the machine busy, and returns the load of the last minute (proc(5), `/proc/loadavg`).
pub(super) fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    if load > NOISY {
        println!("NOISY: {load} processes ran here in the last minute; trust the ratios, and measure again");
    }
    load
}

/// The first value of a name in a file of `name : value` lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
