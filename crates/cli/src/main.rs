//! The program `patgate`: reads its command line, and leaves the work to `patgate-server`.

mod arguments;
mod config;
mod demo;
mod failure;
mod healthcheck;
mod keys;
mod output;
mod password;
mod script_worker;
mod serve;
mod token;
mod user;
mod workplace;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// It makes a request with its dozens of small blocks cheaper than the system's does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Demo => demo::run(),
        Command::Token(command) => token::run(command),
        Command::User(command) => user::run(command),
        Command::Keys(command) => keys::run(command),
        Command::Config(command) => config::run(command),
        Command::Healthcheck(arguments) => healthcheck::run(arguments),
        Command::ScriptWorker(arguments) => script_worker::run(&arguments),
        Command::Openapi => output::print(&patgate_server::api::openapi_text()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
