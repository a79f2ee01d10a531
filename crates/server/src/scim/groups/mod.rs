//! `/scim/v2/Groups`: the groups of a provider.

mod edits;
mod read;
mod resource;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list_scim_groups, write::create_scim_group))
        .routes(routes!(read::search_scim_groups))
        .routes(routes!(
            read::read_scim_group,
            write::replace_scim_group,
            write::patch_scim_group,
            write::delete_scim_group
        ))
}
