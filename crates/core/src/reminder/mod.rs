//! Reminders: the mail before a token expires. On which nights one looks ([`Night`]), which tokens are due then and who
//! is written to ([`plan`]), when a mail that was refused is tried again ([`pause_before`]), and whose fault refusals and
//! silences are ([`Refusals`]).

mod night;
mod plan;
mod refusal;
mod retry;

pub use night::{Night, NotANight, due_night};
pub use plan::{Candidate, MOST_IN_DIGEST, Mark, Plan, PlannedMail, Schedule, SkipReason, plan};
pub use refusal::{Refusals, Verdict, without_addresses};
pub use retry::{ATTEMPTS, PAUSE_BEFORE_REPEAT, pause_before};
