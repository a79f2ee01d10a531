//! `cargo xtask bench`: what Patgate costs, beside what others cost in the same run.
//!
//! A time says something about one machine on one day; a ratio to a peer that was measured in the same minutes on the
//! same core says more. A whole run goes into its section of `docs/reference/performance.md`, a partial one is only
//! shown. A missed target is told and fails nothing: only a run that measured nothing of worth does.

mod administrator;
mod directory;
mod http;
mod machine;
mod page;
mod pages;
mod program;
mod releases;
mod reminders;
mod scim;
mod serving;
mod sink;
mod start;
mod vendor;
mod verify;
mod webhooks;

use crate::failure::Failure;

/// What `cargo xtask bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    /// One verification in process: how long it takes, and how much memory a token needs
    Verify(verify::Arguments),
    /// `/auth` over kept-alive connections, beside nginx and a bare hyper server on the same core
    Http(http::Arguments),
    /// A re-check of 10,000 owners of tokens against slapd
    Directory(directory::Arguments),
    /// The server's time for each page beside a million tokens, its weight, and Lighthouse
    Pages(pages::Arguments),
    /// A thousand releases of ten script tasks each
    Releases(releases::Arguments),
    /// A night of reminders over a million tokens: the plan, the mails, the memory
    Reminders(reminders::Arguments),
    /// Disabling people over SCIM: from the provider's call to the first request that is refused
    Scim(scim::Arguments),
    /// Idle memory, and the time until a server with a million tokens is ready
    Start(start::Arguments),
    /// Every call of the clients of Release and Deploy, beside 10,000 configuration items and users
    Vendor(vendor::Arguments),
    /// Requests to a webhook endpoint, each durable before it is answered, on SQLite and PostgreSQL
    Webhooks(webhooks::Arguments),
}

/// Runs one benchmark.
///
/// # Errors
/// When something does not build, start or answer as it must.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.bench {
        Bench::Verify(arguments) => verify::run(arguments),
        Bench::Http(arguments) => http::run(arguments),
        Bench::Directory(arguments) => directory::run(arguments),
        Bench::Pages(arguments) => pages::run(arguments),
        Bench::Releases(arguments) => releases::run(arguments),
        Bench::Reminders(arguments) => reminders::run(arguments),
        Bench::Scim(arguments) => scim::run(arguments),
        Bench::Start(arguments) => start::run(arguments),
        Bench::Vendor(arguments) => vendor::run(arguments),
        Bench::Webhooks(arguments) => webhooks::run(arguments),
    }
}

/// The value in the middle. NaN when there is none.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How a figure stands to its target.
fn verdict(what: &str, value: f64, target: f64, unit: &str) -> String {
    format!("{what}: {} {unit}, target at most {target} {unit}: {}", figure(value), outcome(value <= target))
}

/// Whether a target is reached, in a word.
fn outcome(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "MISSED" }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert_eq!(median([3.0, 1.0, 900.0, 2.0, 4.0]), 3.0);
        assert!(median([]).is_nan());
    }

    #[test]
    fn a_missed_target_is_told() {
        assert_eq!(verdict("ratio", 1.254, 1.25, "×"), "ratio: 1.25 ×, target at most 1.25 ×: MISSED");
        assert_eq!(verdict("memory", 28.0, 30.0, "MB"), "memory: 28.0 MB, target at most 30 MB: reached");
    }
}
