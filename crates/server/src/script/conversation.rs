//! What is said between the server and a worker while one script runs.

use std::future::Future;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName};

use super::call::{ANSWER_BYTES, Answer, Call, CallRefused};
use super::censor::Censor;
use super::failure::{Failure, SyntaxFault};
use super::limits::Limits;
use super::message::{Fault, Said, SyntaxAt, ToWorker};
use super::process::{Process, Silence};
use super::workers::Outcome;

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
    mut censor: Censor,
    mut calls: impl FnMut(Call) -> Fut,
    mut log: impl FnMut(String),
) -> End
where
    Fut: Future<Output = Result<Answer, CallRefused>>,
{
    let (mut printed, mut called) = (0_u64, 0_u32);
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
                // Looked through as a whole: a secret may have several lines.
                if let Some(shown) = censor.printed(text).await {
                    shown.split('\n').for_each(|line| log(line.to_owned()));
                }
                continue;
            }
            Said::Completed(variables) => return End::Outcome(Outcome::Completed { variables }),
            Said::Failed(fault) => {
                return End::Outcome(Outcome::Failed { reason: failure(fault, limits, censor).await });
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

/// The headers that are text; of several with one name the last. No cookies: a script that logs in somewhere could print the
/// session, and nobody looks for that.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &HeaderName| {
        let last = headers.get_all(name).iter().next_back()?;
        Some((name.as_str().to_owned(), last.to_str().ok()?.to_owned()))
    };
    headers.keys().filter(|name| **name != SET_COOKIE).filter_map(text).collect()
}

/// What a worker says of its script, without secrets and with the numbers.
async fn failure(fault: Fault, limits: &Limits, censor: Censor) -> Failure {
    match fault {
        Fault::Syntax(at) => Failure::Syntax(syntax(&at, censor).await),
        Fault::Script { line, message } => Failure::Script { line, message: censor.told(&message).await },
        Fault::Steps => Failure::Steps { limit: limits.steps },
        Fault::Memory => Failure::Memory { bytes: limits.memory_bytes },
        Fault::Output => Failure::Output { bytes: limits.output_bytes },
        Fault::Calls => Failure::Calls { limit: limits.calls },
        Fault::Recursion => Failure::Recursion,
        Fault::Variables { message } => Failure::Variables { message: censor.told(&message).await },
    }
}

pub(super) async fn syntax(at: &SyntaxAt, censor: Censor) -> SyntaxFault {
    SyntaxFault { line: at.line, column: at.column, message: censor.told(&at.message).await }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::LOCATION;

    use super::*;

    #[test]
    fn a_script_is_given_the_headers_of_an_answer_but_no_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("/profile"));
        for cookie in ["patgate_session=secret; HttpOnly", "other=1"] {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        assert_eq!(texts(&headers), [("location".to_owned(), "/profile".to_owned())]);
    }
}
