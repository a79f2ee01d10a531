//! `/api/v1/config/**`: configuration items as Release's shared configurations.
//!
//! Their ids are `Configuration/Custom/Configuration` and the number of the item, which it keeps wherever it is moved. An item's
//! place is taken as well. The title is its name.

mod act;
mod body;
mod form;
mod list;
mod one;
mod place;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(list::find_configurations))
        .routes(routes!(list::read_configurations))
        .routes(routes!(one::create_configuration))
        .routes(routes!(one::read_configuration, one::update_configuration, one::delete_configuration))
        .routes(routes!(act::check_configuration))
        .routes(routes!(act::copy_configuration))
}
