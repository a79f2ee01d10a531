//! `/scim/v2/Groups`: the groups of a provider.

mod edits;
mod endpoints;
mod resource;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(endpoints::list_scim_groups, endpoints::create_scim_group))
        .routes(routes!(endpoints::search_scim_groups))
        .routes(routes!(
            endpoints::read_scim_group,
            endpoints::replace_scim_group,
            endpoints::patch_scim_group,
            endpoints::delete_scim_group
        ))
}
