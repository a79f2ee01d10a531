//! `GET /scim/v2/ServiceProviderConfig` (RFC 7643 §5).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::scim::refusals::Unproven;
use crate::scim::{LARGEST_PAGE, ROOT, answer};
use crate::service::scim::Client;
use crate::state::AppState;

/// Says what this server can do.
#[utoipa::path(
    get,
    path = "/scim/v2/ServiceProviderConfig",
    tag = "scim",
    responses(
        (status = 200, description = "What it can do (RFC 7643 §5)", body = Object, content_type = "application/scim+json"),
        Unproven
    )
)]
pub(super) async fn read_scim_configuration(State(state): State<AppState>, _: Client) -> Response {
    let configuration = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": LARGEST_PAGE },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Personal access token",
            "description": "A token of the provider's `scim_user` with the permission `scim#provision`",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": state.public_url.join(&format!("{ROOT}/ServiceProviderConfig")),
        },
    });
    answer::body(StatusCode::OK, &configuration)
}
