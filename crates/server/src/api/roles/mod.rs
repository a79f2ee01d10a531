//! `/api/v1/roles`: roles in the vendor's shape, with the kind and the provider of each principal besides.

mod body;
mod bulk;
mod create;
mod delete;
mod list;
mod read;
mod rename;
mod update;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(list::list_roles, bulk::create_roles, bulk::update_roles))
        .routes(routes!(read::read_role, create::create_role, update::update_role, delete::delete_role))
        .routes(routes!(rename::rename_role))
}
