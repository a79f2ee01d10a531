//! What is said between the server and a worker while one script runs.

use std::future::Future;

use http::HeaderMap;

use super::call::{ANSWER_BYTES, Answer, Call, CallRefused};
use super::failure::{Failure, SyntaxFault};
use super::limits::{Limits, SAID, TOLD, cut};
use super::mask::Mask;
use super::message::{Fault, Said, SyntaxAt, ToWorker};
use super::process::{Process, Silence};
use super::workers::Outcome;

/// For so many secrets all that may be printed is looked through. A script chooses both, and the server is who looks: with more
/// secrets, what would take more than that is not shown.
const SECRETS: u64 = 32;
/// What is shown in its place.
const NOT_SHOWN: &str =
    "(what follows is not shown: there are too many passwords to look for in so much text)";

/// How a conversation ended.
pub(super) enum End {
    /// The worker said how its script ended, and can take another.
    Outcome(Outcome),
    /// The worker went beyond a limit that it keeps itself, or is not understood: it is not used again.
    Distrusted(Failure),
    /// The worker ended.
    Ended,
}

/// Talks with a worker until its script has ended. The counts of the worker are not believed: they are kept here again.
pub(super) async fn converse<Fut>(
    process: &mut Process,
    limits: &Limits,
    mask: &Mask,
    mut calls: impl FnMut(Call) -> Fut,
    mut log: impl FnMut(String),
) -> End
where
    Fut: Future<Output = Result<Answer, CallRefused>>,
{
    let (mut printed, mut called, mut looked) = (0_u64, 0_u32, 0_u64);
    let most = limits.output_bytes.saturating_mul(SECRETS);
    loop {
        let said = match process.hear().await {
            Ok(said) => said,
            Err(silence) => return End::from(silence),
        };
        let reply = match said {
            Said::Printed(text) => {
                printed = printed.saturating_add(text.len() as u64);
                if printed > limits.output_bytes {
                    return End::Distrusted(Failure::Output { bytes: limits.output_bytes });
                }
                let was_shown = looked <= most;
                looked = looked.saturating_add((text.len() as u64 + 1).saturating_mul(mask.count()));
                if looked <= most {
                    // Masked as a whole: a secret may have several lines.
                    mask.applied(&text).split('\n').for_each(|line| log(line.to_owned()));
                } else if was_shown {
                    log(NOT_SHOWN.to_owned());
                }
                continue;
            }
            Said::Completed(variables) => return End::Outcome(Outcome::Completed { variables }),
            Said::Failed(fault) => {
                return End::Outcome(Outcome::Failed { reason: failure(fault, limits, mask) });
            }
            Said::Checked(_) => {
                return End::Distrusted(Failure::Garbled { message: "nothing was to be checked".to_owned() });
            }
            Said::NoCall(reason) => ToWorker::Refused { reason },
            Said::Call(call) => {
                called = called.saturating_add(1);
                if called > limits.calls {
                    return End::Distrusted(Failure::Calls { limit: limits.calls });
                }
                reply(calls(call).await)
            }
        };
        if let Err(silence) = process.say(&reply).await {
            return End::from(silence);
        }
    }
}

impl From<Silence> for End {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Ended => Self::Ended,
            Silence::Garbled(message) => Self::Distrusted(Failure::Garbled { message }),
            Silence::TooLong => {
                Self::Distrusted(Failure::TooLong { what: "answer to a call", bytes: ANSWER_BYTES })
            }
        }
    }
}

/// What the worker is told of a call.
fn reply(outcome: Result<Answer, CallRefused>) -> ToWorker {
    match outcome {
        Ok(answer) if answer.body.len() > ANSWER_BYTES => ToWorker::Refused {
            reason: format!("the answer has {} bytes, and {ANSWER_BYTES} is the most", answer.body.len()),
        },
        Ok(answer) => ToWorker::Answer {
            status: answer.status.as_u16(),
            headers: texts(&answer.headers),
            text: String::from_utf8_lossy(&answer.body).into_owned(),
        },
        Err(refused) => ToWorker::Refused { reason: refused.reason().to_owned() },
    }
}

/// The headers that are text; of several with one name the last.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &http::HeaderName| {
        let last = headers.get_all(name).iter().next_back()?;
        Some((name.as_str().to_owned(), last.to_str().ok()?.to_owned()))
    };
    headers.keys().filter_map(text).collect()
}

/// What a worker says of its script, without secrets and with the numbers.
pub(super) fn failure(fault: Fault, limits: &Limits, mask: &Mask) -> Failure {
    match fault {
        Fault::Syntax(at) => Failure::Syntax(syntax(&at, mask)),
        Fault::Script { line, message } => Failure::Script { line, message: told(&message, mask) },
        Fault::Steps => Failure::Steps { limit: limits.steps },
        Fault::Memory => Failure::Memory { bytes: limits.memory_bytes },
        Fault::Output => Failure::Output { bytes: limits.output_bytes },
        Fault::Calls => Failure::Calls { limit: limits.calls },
        Fault::Recursion => Failure::Recursion,
        Fault::Variables { message } => Failure::Variables { message: told(&message, mask) },
    }
}

pub(super) fn syntax(at: &SyntaxAt, mask: &Mask) -> SyntaxFault {
    SyntaxFault { line: at.line, column: at.column, message: told(&at.message, mask) }
}

/// Words of a worker, without secrets. They are cut after that, so that no half of one is left.
fn told(words: &str, mask: &Mask) -> String {
    cut(&mask.applied(&cut(words, SAID)), TOLD)
}
