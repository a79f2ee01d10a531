//! `/api/v1/users`: users in the shape of the vendor's `UserAccount`.

mod account;
mod bulk;
mod create;
mod delete;
mod list;
mod password;
mod read;
mod state;
mod unlock;
mod update;

use utoipa_axum::routes;

pub(super) use self::account::{UserAccount, parsed};
use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(list::list_users, bulk::update_users))
        .routes(routes!(read::read_user, create::create_user, update::update_user, delete::delete_user))
        .routes(routes!(password::set_user_password))
        .routes(routes!(unlock::unlock_user))
        .routes(routes!(state::disable_user))
        .routes(routes!(state::enable_user))
}
