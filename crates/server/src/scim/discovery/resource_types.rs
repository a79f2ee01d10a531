//! `GET /scim/v2/ResourceTypes` (RFC 7643 §6).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Described, list};
use crate::api::path::{Identifier as _, Named};
use crate::problem::Problem;
use crate::scim::refusals::{Missing, Unproven};
use crate::scim::{GROUP_SCHEMA, ROOT, USER_SCHEMA, answer};
use crate::service::scim::Client;
use crate::state::AppState;

/// Lists what there is: users and groups.
#[utoipa::path(
    get,
    path = "/scim/v2/ResourceTypes",
    tag = "scim",
    responses(
        (status = 200, description = "A list (RFC 7643 §6)", body = Object, content_type = "application/scim+json"),
        Unproven
    )
)]
pub(super) async fn list_scim_resource_types(State(state): State<AppState>, _: Client) -> Response {
    answer::body(StatusCode::OK, &list(&types(&state)))
}

/// Reads one of them.
#[utoipa::path(
    get,
    path = "/scim/v2/ResourceTypes/{name}",
    tag = "scim",
    params(("name" = String, Path, description = "`User` or `Group`")),
    responses(
        (status = 200, description = "It (RFC 7643 §6)", body = Object, content_type = "application/scim+json"),
        Missing, Unproven
    )
)]
pub(super) async fn read_scim_resource_type(
    State(state): State<AppState>,
    _: Client,
    Named(Described(name)): Named<Described>,
) -> Result<Response, Problem> {
    let kind = types(&state).into_iter().find(|kind| kind["id"] == *name);
    let kind = kind.ok_or_else(|| Problem::not_found(Described::OF))?;
    Ok(answer::body(StatusCode::OK, &kind))
}

fn types(state: &AppState) -> [Value; 2] {
    [("User", USER_SCHEMA), ("Group", GROUP_SCHEMA)].map(|(name, schema)| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": format!("/{name}s"),
            "description": format!("The {}s of the provider", name.to_lowercase()),
            "schema": schema,
            "meta": {
                "resourceType": "ResourceType",
                "location": state.public_url.join(&format!("{ROOT}/ResourceTypes/{name}")),
            },
        })
    })
}
