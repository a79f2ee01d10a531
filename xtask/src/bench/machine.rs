//! On what a figure was measured, and whether the machine was quiet.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::{process, tree};

/// Ticks of a second in the files of `/proc`: 100 on every Linux of today (proc(5), sysconf(3) `_SC_CLK_TCK`).
pub(super) const TICKS: f64 = 100.0;
/// How long one looks for what others do.
const LOOK: Duration = Duration::from_secs(2);

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

/// Looks for a moment how many cores others use, and says so.
///
/// # Errors
/// When `/proc/stat` cannot be read.
#[expect(clippy::disallowed_methods, reason = "what others do can only be seen while we do nothing")]
pub(super) fn others() -> Result<f64, Failure> {
    let before = busy_seconds(None)?;
    std::thread::sleep(LOOK);
    let cores = (busy_seconds(None)? - before) / LOOK.as_secs_f64();
    println!("others use {cores:.2} cores now");
    Ok(cores)
}

/// Seconds that a core, or all of them together, have been busy since the machine started, with whatever (proc(5),
/// `/proc/stat`).
///
/// # Errors
/// When `/proc/stat` cannot be read.
pub(super) fn busy_seconds(core: Option<usize>) -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/stat").map_err(Failure::file("/proc/stat"))?;
    let name = core.map_or_else(|| "cpu ".to_owned(), |core| format!("cpu{core} "));
    let words = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
    let ticks: Vec<f64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks[..] else {
        return Err(Failure::Found(format!("`/proc/stat` has no times of `{}`", name.trim())));
    };
    Ok((user + nice + system + irq + softirq + steal) / TICKS)
}

/// The first value of a name in a file of `name : value` lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
