//! The project's own commands, one file each. `cargo xtask help` lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to the person who calls them"
)]

mod bench;
mod check;
mod compatibility;
mod failure;
mod generate;
mod process;
mod screenshots;
mod soak;
mod test;
mod tidy;
mod tools;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The commands of people who work on Patgate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check format, lints, documentation, tidiness, generated files and licences
    Check,
    /// Run every test against the real servers, after installing those that are missing
    Test(test::Arguments),
    /// Check the rules of the tree: dependency direction, length of files, module documentation
    Tidy,
    /// Write the generated files anew
    Generate(generate::Arguments),
    /// Measure what Patgate costs, beside what others cost in the same run
    Bench(bench::Arguments),
    /// Take pictures of every page, on a phone and wide, in light and dark
    Screenshots(screenshots::Arguments),
    /// Run the long trials: crashes under load, and fuzz targets
    Soak(soak::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Check => check::run(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Tidy => tidy::run(),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Screenshots(arguments) => screenshots::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
