//! *Redeliver*: letting a delivery that is done begin again.

use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::permission::names::CONFIG_EDIT;

use super::known;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// Lets a delivery that was given up, or that the receiver took, begin again now, with the same id.
///
/// # Errors
/// 403 without `config#edit`; 404 when there is no such delivery, when it waits anyway, or its body is there no longer.
pub async fn redeliver(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    id: DeliveryId,
) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    known(state, number)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(CONFIG_EDIT)?;
    change.redeliver(number, id).await?;
    state.commit(change).await?;
    state.webhooks.is_due.notify_one();
    Ok(())
}
