//! Reminders: the runs that plan mails about tokens that expire soon, the sending of these mails, and what administrators
//! see and do of both.

mod door;
mod plan;
mod preview;
mod read;
mod retry;
mod sample;
mod send;
mod text;
mod work;

use patgate_core::permission::names::SECURITY_EDIT;

pub use plan::{run_due, run_now};
pub use preview::{Look, Part, Place, Preview, PreviewedMail, SkippedToken, preview};
pub use read::{ListedMail, ListedRun, MailedName, last_run, mail, mails, run, runs};
pub use retry::{retry, retry_all};
pub use sample::{Sample, rendered_sample, send_sample};
pub use send::{Round, send_due};
pub use text::{Texts, texts};

/// Who may see runs and mails: whoever sees the settings.
pub use super::settings::SEES;
/// Who may run them now, and have a mail tried again.
pub const RUNS: &str = SECURITY_EDIT;
