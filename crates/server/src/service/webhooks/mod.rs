//! Use cases of webhook endpoints: reading what came in, watching it come, and sending it on again.
//!
//! Making and changing an endpoint is a matter of `service::items`.

mod call;
mod live;
mod read;
mod redeliver;
mod test;

use std::sync::Arc;

use http::Method;
use patgate_core::identifier::ItemNumber;
use patgate_core::permission::names::WEBHOOK_VIEW;

pub use self::call::curl_line;
pub use self::live::{Arrivals, Came, watch};
pub use self::read::{
    WholeRequest, all, deliveries, endpoint_url, item, last_request, newest, refusals, request, requests,
    search,
};
pub use self::redeliver::{redeliver, waits};
pub use self::test::send_test;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhook::Endpoint;

/// The endpoint of a number, for somebody who may read its log.
///
/// # Errors
/// 403 without `webhook#view`; 404.
pub fn endpoint(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<Arc<Endpoint>, Problem> {
    caller.require(state, WEBHOOK_VIEW)?;
    known(state, number)
}

/// The method of all requests that an endpoint accepts: its type says it, and stays.
///
/// # Errors
/// As [`endpoint`].
pub fn method(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<Method, Problem> {
    Ok(endpoint(state, caller, number)?.kind.method())
}

fn known(state: &AppState, number: ItemNumber) -> Result<Arc<Endpoint>, Problem> {
    state.webhooks.endpoints.by_number(number).ok_or_else(|| Problem::not_found("webhook endpoint"))
}

/// Refuses a script of a release: what an endpoint starts is of the first generation again, and such scripts would start each
/// other for ever.
fn require_nobodys_script(caller: &Caller) -> Result<(), Problem> {
    if caller.generation.is_none() {
        return Ok(());
    }
    let detail = "A script of a release lets no webhook endpoint start another release";
    Err(Problem::conflict(detail).hint("Start it by `POST /api/v1/templates/{id}/start`"))
}
