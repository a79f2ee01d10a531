//! *Redeliver*: letting a delivery that is done begin again.

use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::permission::names::{CONFIG_EDIT, RELEASE_CREATE};
use patgate_core::webhook::{Action, action};

use super::{known, require_nobodys_script};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// Lets a delivery that was given up, or that was delivered, begin again now, with the same id: as what the endpoint makes of
/// requests now, also when it was accepted before the endpoint was changed.
///
/// # Errors
/// 403 without `config#edit`, and without `release#create` where it starts a release; 404 when there is no such delivery, when
/// it waits anyway, or its body is there no longer.
pub async fn redeliver(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    id: DeliveryId,
) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    known(state, number)?;
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(CONFIG_EDIT)?;
    let item = change.item_by_number(number).await?;
    if item.is_some_and(|item| action(&item.properties) == Action::Start) {
        mandate.require(RELEASE_CREATE)?;
        require_nobodys_script(caller)?;
    }
    change.redeliver(number, id).await?;
    state.commit(change).await?;
    state.webhooks.is_due.notify_one();
    Ok(())
}

/// Whether a delivery waits: somebody else may have let it begin again.
///
/// # Errors
/// 403 without `config#edit`.
pub async fn waits(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    id: DeliveryId,
) -> Result<bool, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    Ok(state.store.delivery_waits(number, id).await?)
}
