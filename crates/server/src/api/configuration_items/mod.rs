//! `/api/v1/configuration-items/**`: the typed objects that administrators edit, whatever their type.

mod body;
mod create;
mod delete;
mod entered;
mod list;
mod path;
mod read;
mod test_mail;
mod types;
mod update;

use utoipa_axum::routes;

pub(super) use self::entered::{DraftBody, OneEntered};
use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(types::list_configuration_item_types))
        .routes(routes!(list::list_configuration_items, create::create_configuration_item))
        .routes(routes!(
            read::read_configuration_item,
            update::update_configuration_item,
            delete::delete_configuration_item
        ))
        .routes(routes!(test_mail::send_test_mail))
}
