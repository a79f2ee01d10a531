//! The paths of Deploy: its tokens, its repository, its users, and what the server is there. Refusals under `/deployit` are
//! text; what is answered is XML, or JSON for who asks for it.

mod alias;
mod control;
mod instance;
mod metadata;
mod repository;
mod security;
mod server;
mod tokens;
pub(super) mod wire;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::alias::also;
use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(instance::read_deploy))
        .routes(routes!(
            tokens::list_deploy_tokens,
            tokens::create_deploy_token,
            tokens::delete_deploy_token_by_parameter
        ))
        .routes(routes!(tokens::delete_deploy_token))
        .routes(routes!(metadata::list_descriptors))
        .routes(routes!(metadata::read_descriptor))
        .routes(routes!(server::read_deploy_info))
        .routes(routes!(server::read_deploy_state))
        .routes(routes!(security::list_deploy_users))
        .routes(routes!(
            security::read_deploy_user,
            security::create_deploy_user,
            security::update_deploy_user,
            security::delete_deploy_user
        ))
        .routes(also(
            "/deployit/security/user/{username}/update",
            "later",
            routes!(security::update_deploy_user),
        ))
        .merge(repository::routes())
        .merge(control::routes())
}
