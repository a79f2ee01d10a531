//! `/admin/reminders/{id}/retry`: *Try all failed again*, for the mails of a run.

use axum::extract::State;
use patgate_core::identifier::RunId;

use super::LIST;
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::reminders::{self, RUNS};
use crate::state::AppState;

/// The question.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<RunId>,
    visitor: Visitor,
) -> PageResult {
    visitor.caller.require(&state, RUNS)?;
    let failed = reminders::run(&state, &visitor.caller, id).await?.counts.failed;
    let foreseen = match failed {
        0 => Err(Problem::conflict("No mail of this run has failed, so there is nothing to try again")),
        _ => Ok(()),
    };
    question(&state, &visitor, id, failed).ask_unless(foreseen)
}

/// The act.
pub(super) async fn retry(
    State(state): State<AppState>,
    Named(id): Named<RunId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, RUNS)?;
    let mails = reminders::retry_all(&state, &visitor.caller, id).await?;
    if mails.retried == 0 && mails.overtaken > 0 {
        let problem = Problem::conflict("Newer mails tell of the same tokens: nobody is told twice");
        return question(&state, &visitor, id, mails.overtaken).refused(problem);
    }
    // None at all: two people tried them again, and both read that it is so.
    Ok(redirect(&state, &format!("{LIST}/{id}?done=retry_all")))
}

fn question(state: &AppState, visitor: &Visitor, id: RunId, failed: u64) -> Confirm {
    let heading = match failed {
        1 => "Try the failed mail of this run again?".to_owned(),
        _ => format!("Try all {failed} failed mails of this run again?"),
    };
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences: vec![
            "They go to the addresses that the owners have now.".to_owned(),
            "One whose tokens a newer mail tells of stays as it is: nobody is told twice.".to_owned(),
        ],
        action: format!("{LIST}/{id}/retry"),
        button: "Try all again",
        is_danger: false,
        is_possible: true,
        cancel: format!("{LIST}/{id}"),
    }
}
