//! `/api/v1/settings/**`: what administrators decide for everybody, and what the server is.

mod decisions;
mod exemptions;
mod existing;
mod instance;
mod tokens;
mod touched;

use utoipa_axum::routes;

pub(super) use self::instance::Instance;
use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(instance::read_instance_information))
        .routes(routes!(tokens::read_token_settings, tokens::put_token_settings))
        .routes(routes!(touched::preview_token_settings))
        .routes(routes!(touched::list_suspended, touched::lift_suspensions))
        .routes(routes!(decisions::list_decisions))
        .routes(routes!(decisions::undo_decision))
        .routes(routes!(exemptions::list_exemptions, exemptions::create_exemption))
        .routes(routes!(exemptions::read_exemption, exemptions::end_exemption))
}
