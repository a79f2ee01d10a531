//! `/scim/v2/Users`: the users of a provider.

mod draft;
mod emails;
mod endpoints;
mod resource;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(endpoints::list_scim_users, endpoints::create_scim_user))
        .routes(routes!(endpoints::search_scim_users))
        .routes(routes!(
            endpoints::read_scim_user,
            endpoints::replace_scim_user,
            endpoints::patch_scim_user,
            endpoints::delete_scim_user
        ))
}
