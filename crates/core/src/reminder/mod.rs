//! Reminders: the mail before a token expires. On which nights one looks ([`Night`]), which tokens are due then and who
//! is written to ([`plan`]), and when a mail that was refused is tried again ([`pause_before`]).

mod night;
mod plan;
mod retry;

pub use night::{Night, NotANight, due_night};
pub use plan::{Candidate, Mark, Plan, PlannedMail, Schedule, SkipReason, plan};
pub use retry::{ATTEMPTS, pause_before};
