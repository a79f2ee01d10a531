//! `/configuration/webhooks/{item}/test`: *Send test request*.

use axum::extract::State;
use patgate_core::identifier::ItemNumber;
use patgate_core::permission::names::CONFIG_EDIT;

use super::{PLACE, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The question, for who comes without the page of the endpoint.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
) -> PageResult {
    visitor.caller.require(&state, CONFIG_EDIT)?;
    let title = webhooks::item(&state, &visitor.caller, number).await?.item.id.name().to_owned();
    question(&state, &visitor, number, &title).ask()
}

/// The act.
pub(super) async fn send(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let title = webhooks::item(&state, &visitor.caller, number).await?.item.id.name().to_owned();
    match webhooks::send_test(&state, &visitor.caller, number).await {
        Ok(_) => Ok(redirect(&state, &format!("{}?done=test", path(number)))),
        Err(problem) => question(&state, &visitor, number, &title).refused(problem),
    }
}

fn question(state: &AppState, visitor: &Visitor, number: ItemNumber, title: &str) -> Confirm {
    let heading = format!("Send a test request to {title}?");
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), PLACE),
        heading,
        sentences: vec![
            "It is kept and passed on like every other, and marked as a test.".to_owned(),
            "It does not prove the secret, of which Patgate keeps no copy.".to_owned(),
        ],
        action: format!("{}/test", path(number)),
        button: "Send test request",
        is_danger: false,
        is_possible: true,
        cancel: path(number),
    }
}
