//! Runs the scripts of tasks, in processes of their own.
//!
//! Scripts are Starlark (<https://github.com/bazelbuild/starlark/blob/master/spec.md>): the syntax of Python, without files,
//! network and clock. The interpreter can end its process on hostile nesting or sizes, so it never runs in the server: a
//! [`Workers`] keeps child processes (`patgate script-worker`), gives each one script at a time, and makes the calls that a script
//! asks for itself. A worker knows no token and no user, and nothing that it says is believed before it was read into types. It
//! runs scripts of one [`Compartment`], or checks texts of one person, and ends when it is in the way of others.
//!
//! | what is bounded | by whom |
//! | --- | --- |
//! | steps, heap, output, calls, depth of calls | the worker, which ends the script with a sentence and takes the next one |
//! | memory, processor time, stack, files, descriptors, processes | the kernel, by limits that the worker sets itself before it reads |
//! | system calls | the kernel, by a filter that the worker sets itself last of all |
//! | time on the clock; output and calls once more | the server, which ends the process |

mod call;
mod censor;
mod compartment;
mod conversation;
mod ending;
mod failure;
mod frame;
mod idle;
mod limits;
mod mask;
mod message;
mod process;
mod shares;
pub mod worker;
mod workers;

pub use call::{ANSWER_BYTES, Answer, Call, CallRefused};
pub use compartment::Compartment;
pub use failure::{CheckFailed, Failure, SyntaxFault};
pub use limits::{Limits, VARIABLES_BYTES};
pub use workers::{CheckPlace, Outcome, Script, Workers};
