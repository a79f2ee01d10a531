//! `/configuration/webhooks/{item}/deliveries/{id}`: *Redeliver*.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::permission::names::CONFIG_EDIT;

use super::{PLACE, Part, path};
use crate::pages::confirm::Confirm;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The question.
pub(super) async fn ask(
    State(state): State<AppState>,
    Part(number, id): Part<DeliveryId>,
    visitor: Visitor,
) -> PageResult {
    visitor.caller.require(&state, CONFIG_EDIT)?;
    webhooks::item(&state, &visitor.caller, number).await?;
    question(&state, &visitor, number, id).ask()
}

/// The act.
pub(super) async fn redeliver(
    State(state): State<AppState>,
    Part(number, id): Part<DeliveryId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    match webhooks::redeliver(&state, &visitor.caller, number, id).await {
        Ok(()) => {}
        // Two people send it again: both read that it is so.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {}
        Err(problem) => return question(&state, &visitor, number, id).refused(problem),
    }
    Ok(redirect(&state, &format!("{}/deliveries?state=waiting&done=redeliver", path(number))))
}

fn question(state: &AppState, visitor: &Visitor, number: ItemNumber, id: DeliveryId) -> Confirm {
    let heading = "Send this request to its receiver again?".to_owned();
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), PLACE),
        heading,
        sentences: vec!["It has the same id as before, so that a careful receiver knows it.".to_owned()],
        action: format!("{}/deliveries/{id}", path(number)),
        button: "Redeliver",
        is_danger: false,
        is_possible: true,
        cancel: format!("{}/deliveries", path(number)),
    }
}
