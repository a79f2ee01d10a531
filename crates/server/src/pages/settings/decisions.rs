//! What was decided about tokens: the part of the settings page that shows it, and `/settings/decisions/{id}/undo`.

use axum::extract::State;
use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::policy::origin::Row;
use patgate_core::policy::{Cells, ClosingChoice, Decided, Decision, DecisionState, MaximumChoice};
use patgate_core::user::Origin;
use patgate_store::{Seek, StoredDecision};

use super::PATH;
use super::form::label;
use crate::pages::beginning::{LISTED, beginning};
use crate::pages::confirm::Confirm;
use crate::pages::form::{Named, sentence};
use crate::pages::paging::ROWS;
use crate::pages::refused::redirect;
use crate::pages::{Moment, PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::policy;
use crate::state::AppState;

/// Decisions that wait of which the page tells.
const WAITING: usize = ROWS;
/// Settled decisions that the page shows.
const SHOWN: u64 = 10;

/// A decision as the page shows it.
pub(super) struct DecisionRow {
    pub(super) id: String,
    pub(super) what: String,
    /// When it takes or took effect.
    pub(super) at: Moment,
    /// The same in the time zone in which it was chosen; empty for UTC.
    pub(super) told: String,
    pub(super) made_by: String,
    pub(super) is_pending: bool,
    pub(super) is_failed: bool,
    /// What became of it.
    pub(super) outcome: String,
}

/// The first decisions that wait and some of those that were settled last, and how many more wait.
///
/// # Errors
/// 403 for who may not see the rules.
pub(super) async fn rows(state: &AppState, visitor: &Visitor) -> Result<(Vec<DecisionRow>, usize), Problem> {
    let caller = &visitor.caller;
    let mut decisions = policy::pending(state, caller).await?;
    let more = decisions.len().saturating_sub(WAITING);
    decisions.truncate(WAITING);
    let newest = policy::list(state, caller, &Seek::Start, SHOWN).await?;
    decisions.extend(newest.into_iter().filter(|decision| !decision.is_pending()));
    Ok((decisions.iter().map(DecisionRow::of_stored).collect(), more))
}

impl DecisionRow {
    fn of_stored(stored: &StoredDecision) -> Self {
        match stored {
            StoredDecision::Known(decision) => Self::new(decision),
            StoredDecision::Unreadable(decision) => Self {
                id: decision.id.to_string(),
                what: "A decision that this version of Patgate cannot read".to_owned(),
                at: decision.effective_at.into(),
                told: zoned(decision.effective_at, &decision.zone),
                made_by: beginning(&decision.made_by, LISTED),
                is_pending: false,
                is_failed: false,
                outcome: "Not known here: a newer version made it".to_owned(),
            },
        }
    }

    fn new(decision: &Decision) -> Self {
        let outcome = match &decision.state {
            DecisionState::Pending => "Waits".to_owned(),
            DecisionState::Applied { tokens: 1, .. } => "Took effect; one token changed".to_owned(),
            DecisionState::Applied { tokens, .. } => format!("Took effect; {tokens} tokens changed"),
            DecisionState::Undone { by, .. } => format!("Undone by {}", beginning(by, LISTED)),
            DecisionState::Failed { reason, .. } => {
                format!("Failed: {}", sentence(reason))
            }
        };
        Self {
            id: decision.id.to_string(),
            what: what(&decision.decided),
            at: decision.effective_at.into(),
            told: zoned(decision.effective_at, &decision.zone),
            made_by: beginning(&decision.made_by, LISTED),
            is_pending: decision.state == DecisionState::Pending,
            is_failed: matches!(decision.state, DecisionState::Failed { .. }),
            outcome,
        }
    }
}

/// `GET /settings/decisions/{id}/undo`.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<DecisionId>,
    visitor: Visitor,
) -> PageResult {
    question(&state, &visitor, id).await?.ask()
}

/// `POST /settings/decisions/{id}/undo`.
pub(super) async fn undo(
    State(state): State<AppState>,
    Named(id): Named<DecisionId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    match policy::undo(&state, &visitor.caller, id).await {
        Ok(_) => Ok(redirect(&state, "/settings?done=undone")),
        Err(problem) => question(&state, &visitor, id).await?.refused(problem),
    }
}

async fn question(state: &AppState, visitor: &Visitor, id: DecisionId) -> Result<Confirm, Refused> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    let decision = policy::read(state, &visitor.caller, id).await?;
    let when = policy::told(decision.effective_at, &decision.zone);
    Ok(Confirm {
        shell: Shell::new(state, visitor, "Undo a decision", PATH),
        heading: "Undo this decision?".to_owned(),
        sentences: vec![
            format!("{}, {when}.", what(&decision.decided)),
            "It does not take effect then. The rules and the tokens stay as they are.".to_owned(),
        ],
        action: format!("/settings/decisions/{id}/undo"),
        button: "Undo decision",
        is_danger: false,
        is_possible: decision.state == DecisionState::Pending,
        cancel: PATH.to_owned(),
    })
}

/// A moment in the time zone in which it was chosen; empty for UTC.
fn zoned(at: Timestamp, zone: &str) -> String {
    if zone == "UTC" { String::new() } else { policy::told(at, zone) }
}

/// A decision in words.
fn what(decided: &Decided) -> String {
    match decided {
        Decided::Maximum { to, choice, .. } => {
            let tokens = match choice {
                MaximumChoice::Leave => "tokens that exceed it stay as they are",
                MaximumChoice::Shorten => "tokens that exceed it are shortened",
                MaximumChoice::Suspend => "tokens that exceed it are suspended",
                MaximumChoice::Delete => "tokens that exceed it are deleted",
            };
            format!("Maximum of {to}; {tokens}")
        }
        Decided::Closing { cells, choice } => {
            let tokens = match choice {
                ClosingChoice::Suspend => "their tokens are suspended",
                ClosingChoice::Leave => "their tokens keep working",
            };
            format!("Closed: {}; {tokens}", cells_in_words(*cells))
        }
    }
}

/// Cells in words: `SSO users for Deploy and all others`.
pub(super) fn cells_in_words(cells: Cells) -> String {
    let label = |row| if row == Row::Others { "all others" } else { label(row) };
    let of = |origin: Origin| {
        let rows: Vec<_> = cells.iter().filter(|(_, of)| *of == origin).map(|(row, _)| label(row)).collect();
        format!("{} for {}", origin.people(), rows.join(" and "))
    };
    cells.origins().map(of).collect::<Vec<_>>().join(", ")
}
