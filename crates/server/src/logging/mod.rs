//! Logs on the standard error output: text for people, JSON for programs, and no secret in either.
//!
//! Fields never hold a raw header or query. Should a token still get into a sentence (an error of somebody's library),
//! [`scrub`] replaces it before it is written.

mod request;
mod scrub;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, IsTerminal, Stderr};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

pub use request::{RequestLine, loggable_path};
pub use scrub::Scrubbed;

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// For people or for programs.
    pub format: Format,
    /// How much.
    pub filter: Filter,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines to read; in colour on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which records are written: a level, or a level for each part of the program. Known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

/// A second subscriber was started.
#[derive(Debug, thiserror::Error)]
#[error("logging has been started already")]
pub struct AlreadyStarted;

/// Starts logging to the standard error output, for the rest of the program's life.
///
/// # Errors
/// [`AlreadyStarted`].
pub fn start(settings: &LogSettings) -> Result<(), AlreadyStarted> {
    let is_coloured = settings.format == Format::Text && io::stderr().is_terminal();
    subscribe(settings, is_coloured, io::stderr as fn() -> Stderr).map_err(|_| AlreadyStarted)
}

fn subscribe<W>(
    settings: &LogSettings,
    is_coloured: bool,
    output: W,
) -> Result<(), tracing_subscriber::util::TryInitError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    use tracing_subscriber::util::SubscriberInitExt;

    subscriber(settings, is_coloured, output).try_init()
}

fn subscriber<W>(
    settings: &LogSettings,
    is_coloured: bool,
    output: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(settings.filter.to_env_filter())
        .with_ansi(is_coloured)
        .with_writer(Scrubbed::new(output));
    match settings.format {
        Format::Text => Box::new(builder.finish()),
        Format::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
    }
}

impl Filter {
    fn to_env_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match EnvFilter::builder().parse(text) {
            Ok(_) if !text.trim().is_empty() => Ok(Self(text.to_owned())),
            _ => Err("write `error`, `warn`, `info`, `debug`, `trace`, or a level for each part, like `info,patgate=debug`".to_owned()),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("write `text` or `json`"),
        }
    }
}
