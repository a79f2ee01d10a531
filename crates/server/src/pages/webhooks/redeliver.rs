//! `/configuration/webhooks/{item}/deliveries/{id}`: *Redeliver*.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::DeliveryId;
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_core::webhook::is_enabled;
use patgate_store::Item;

use super::{PLACE, Part, PassedOn, path};
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
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    question(&state, &visitor, &view.item, id).ask()
}

/// The act.
pub(super) async fn redeliver(
    State(state): State<AppState>,
    Part(number, id): Part<DeliveryId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    if let Err(problem) = webhooks::redeliver(&state, &visitor.caller, number, id).await {
        // Two people let it begin again: both read that it does. Of one that is not there as a whole nobody does.
        let begins = problem.status() == StatusCode::NOT_FOUND
            && webhooks::waits(&state, &visitor.caller, number, id).await?;
        if !begins {
            let view = webhooks::item(&state, &visitor.caller, number).await?;
            return question(&state, &visitor, &view.item, id).refused(problem);
        }
    }
    Ok(redirect(&state, &format!("{}/deliveries?state=waiting&done=redeliver", path(number))))
}

fn question(state: &AppState, visitor: &Visitor, item: &Item, id: DeliveryId) -> Confirm {
    let passed_on = PassedOn::of(item);
    let (heading, sentence) = passed_on.question();
    let heading = heading.to_owned();
    let off = if is_enabled(&item.properties) { "" } else { passed_on.off() };
    let sentences = [sentence, off].into_iter().filter(|said| !said.is_empty());
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), PLACE),
        heading,
        sentences: sentences.map(str::to_owned).collect(),
        action: format!("{}/deliveries/{id}", path(item.number)),
        button: "Redeliver",
        is_danger: false,
        is_possible: true,
        cancel: format!("{}/deliveries", path(item.number)),
    }
}
