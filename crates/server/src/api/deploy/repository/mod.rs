//! `/deployit/repository/**`: configuration items as Deploy's repository of CIs.

mod check;
mod ci;
mod many;
mod place;
mod query;

use utoipa_axum::routes;

use super::alias::also;
use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(ci::read_ci, ci::create_ci, ci::update_ci, ci::delete_ci))
        .routes(routes!(ci::new_ci))
        .routes(routes!(place::ci_exists))
        .routes(routes!(place::rename_ci))
        .routes(routes!(place::move_ci))
        .routes(routes!(place::copy_ci))
        .routes(routes!(query::query_cis))
        .routes(also("/deployit/repository/v2/query", "v2", routes!(query::query_cis)))
        .routes(also("/deployit/repository/v3/query", "v3", routes!(query::query_cis)))
        .routes(routes!(many::create_cis, many::update_cis))
        .routes(routes!(many::delete_cis))
        .routes(routes!(many::read_cis))
        .routes(routes!(check::validate_cis))
        .routes(routes!(check::candidate_values))
}
