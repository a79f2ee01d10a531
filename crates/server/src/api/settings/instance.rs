//! `GET /api/v1/settings/instance-information`: the cheapest call that proves a token.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::refusals::Unproven;
use crate::caller::Caller;

/// What the server is.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Instance {
    /// The name of the program.
    #[schema(example = "Patgate")]
    product: &'static str,
    /// The vendors sell theirs in several; there is one of this.
    #[schema(example = "Standard")]
    edition: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

impl Instance {
    /// This program.
    pub(in crate::api) fn this() -> Self {
        Self { product: "Patgate", edition: "Standard", version: env!("CARGO_PKG_VERSION") }
    }
}

/// Says what the server is.
#[utoipa::path(
    get,
    path = "/api/v1/settings/instance-information",
    tag = "settings",
    responses((status = 200, description = "What the server is", body = Instance), Unproven)
)]
pub(super) async fn read_instance_information(_: Caller) -> Json<Instance> {
    Json(Instance::this())
}
