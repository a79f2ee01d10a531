//! `/scim/v2/Users`: the users of a provider.

mod draft;
mod emails;
mod read;
mod resource;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list_scim_users, write::create_scim_user))
        .routes(routes!(read::search_scim_users))
        .routes(routes!(
            read::read_scim_user,
            write::replace_scim_user,
            write::patch_scim_user,
            write::delete_scim_user
        ))
}
