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

use utoipa_axum::routes;

use self::alias::also;
use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    let endpoints = endpoints
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
        ));
    control::routes(repository::routes(endpoints))
}
