//! What this server can do, for clients to read (RFC 7644 §4).

mod configuration;
mod resource_types;
mod schemas;

use std::convert::Infallible;
use std::str::FromStr;

use serde_json::{Value, json};
use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;
use crate::api::path::Identifier;

pub(super) fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(configuration::read_scim_configuration))
        .routes(routes!(resource_types::list_scim_resource_types))
        .routes(routes!(resource_types::read_scim_resource_type))
        .routes(routes!(schemas::list_scim_schemas))
        .routes(routes!(schemas::read_scim_schema))
}

/// The name of a resource type or the URI of a schema, in a path.
struct Described(String);

impl FromStr for Described {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self(name.to_owned()))
    }
}

impl Identifier for Described {
    const OF: &'static str = "schema or resource type";
}

/// All of something, which is not much.
fn list(resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}
