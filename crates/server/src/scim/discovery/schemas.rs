//! `GET /scim/v2/Schemas` (RFC 7643 §7): the attributes that are kept, and those that are taken and dropped.

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

/// The description of an attribute that is taken and dropped (RFC 7644 §3.3).
const NOT_KEPT: &str = "Taken, and not kept";

/// Lists the schemas of users and groups.
#[utoipa::path(
    get,
    path = "/scim/v2/Schemas",
    tag = "scim",
    responses(
        (status = 200, description = "A list (RFC 7643 §7)", body = Object, content_type = "application/scim+json"),
        Unproven
    )
)]
pub(super) async fn list_scim_schemas(State(state): State<AppState>, _: Client) -> Response {
    answer::body(StatusCode::OK, &list(&schemas(&state)))
}

/// Reads one of them.
#[utoipa::path(
    get,
    path = "/scim/v2/Schemas/{uri}",
    tag = "scim",
    params(("uri" = String, Path, description = "Its URI")),
    responses(
        (status = 200, description = "It (RFC 7643 §7)", body = Object, content_type = "application/scim+json"),
        Missing, Unproven
    )
)]
pub(super) async fn read_scim_schema(
    State(state): State<AppState>,
    _: Client,
    Named(Described(uri)): Named<Described>,
) -> Result<Response, Problem> {
    let schema = schemas(&state).into_iter().find(|schema| schema["id"] == *uri);
    let schema = schema.ok_or_else(|| Problem::not_found(Described::OF))?;
    Ok(answer::body(StatusCode::OK, &schema))
}

fn schemas(state: &AppState) -> [Value; 2] {
    [("User", USER_SCHEMA, user()), ("Group", GROUP_SCHEMA, group())].map(|(name, uri, attributes)| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": uri,
            "name": name,
            "description": format!("What is kept of a {}", name.to_lowercase()),
            "attributes": attributes,
            "meta": {
                "resourceType": "Schema",
                "location": state.public_url.join(&format!("{ROOT}/Schemas/{uri}")),
            },
        })
    })
}

fn user() -> Value {
    let unique = json!({ "required": true, "uniqueness": "server" });
    let mut attributes = vec![
        with(text("userName", "What they type to log in; unique over all providers"), unique),
        complex("name", "What they are called", false, "readWrite", &{
            let mut parts = vec![
                text("formatted", "The whole name; `displayName` comes before it"),
                text("givenName", "Kept as a part of the whole name, when that is not said"),
                text("familyName", "Kept as a part of the whole name, when that is not said"),
            ];
            parts.extend(["middleName", "honorificPrefix", "honorificSuffix"].map(dropped));
            parts
        }),
        text("displayName", "What they are called"),
        complex(
            "emails",
            "Their addresses, of which the primary one is kept",
            true,
            "readWrite",
            &[
                text("value", "The address"),
                text("type", "`work` where nothing is said"),
                attribute("primary", "boolean", "Whether it is the one to keep"),
                dropped("display"),
            ],
        ),
        attribute("active", "boolean", "Whether the provider lets them in"),
        complex(
            "groups",
            "The groups they are in; changed at the groups",
            true,
            "readOnly",
            &[
                read_only(text("value", "The id of the group")),
                read_only(reference("$ref", "Where it is", "Group")),
                read_only(text("display", "Its name")),
                read_only(text("type", "`direct`")),
            ],
        ),
    ];
    // Clients that send nothing that they did not read here would send none of these.
    let simple =
        ["nickName", "title", "userType", "preferredLanguage", "locale", "timezone", "password"].map(dropped);
    attributes.extend(simple);
    attributes
        .push(with(dropped("profileUrl"), json!({ "type": "reference", "referenceTypes": ["external"] })));
    for (name, value) in [
        ("phoneNumbers", dropped("value")),
        ("ims", dropped("value")),
        ("photos", with(dropped("value"), json!({ "type": "reference", "referenceTypes": ["external"] }))),
        ("entitlements", dropped("value")),
        ("roles", dropped("value")),
        ("x509Certificates", with(dropped("value"), json!({ "type": "binary" }))),
    ] {
        let primary = with(dropped("primary"), json!({ "type": "boolean" }));
        let parts = [value, dropped("display"), dropped("type"), primary];
        attributes.push(complex(name, NOT_KEPT, true, "writeOnly", &parts));
    }
    let parts =
        ["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"].map(dropped);
    attributes.push(complex("addresses", NOT_KEPT, true, "writeOnly", &parts));
    attributes.into()
}

fn group() -> Value {
    json!([
        with(
            text("displayName", "The name, as it stands in roles; unique"),
            json!({
                "required": true, "uniqueness": "server",
            })
        ),
        complex(
            "members",
            "Who is in it: users",
            true,
            "readWrite",
            &[
                with(text("value", "The id of the user"), json!({ "mutability": "immutable" })),
                with(
                    attribute("$ref", "reference", "Where they are"),
                    json!({
                        "mutability": "immutable", "referenceTypes": ["User"],
                    })
                ),
                read_only(text("display", "Their log-in name")),
                with(
                    text("type", "`User`"),
                    json!({ "mutability": "immutable", "canonicalValues": ["User"] })
                ),
            ]
        ),
    ])
}

/// An attribute with the usual characteristics (RFC 7643 §2.2).
fn attribute(name: &str, kind: &str, description: &str) -> Value {
    json!({
        "name": name, "type": kind, "multiValued": false, "description": description, "required": false,
        "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    })
}

fn text(name: &str, description: &str) -> Value {
    attribute(name, "string", description)
}

/// What is taken and not kept.
fn dropped(name: &str) -> Value {
    with(text(name, NOT_KEPT), json!({ "mutability": "writeOnly", "returned": "never" }))
}

fn reference(name: &str, description: &str, kind: &str) -> Value {
    with(attribute(name, "reference", description), json!({ "referenceTypes": [kind] }))
}

fn complex(name: &str, description: &str, is_many: bool, mutability: &str, parts: &[Value]) -> Value {
    let returned = if mutability == "writeOnly" { "never" } else { "default" };
    let more = json!({
        "multiValued": is_many, "mutability": mutability, "returned": returned, "subAttributes": parts,
    });
    with(attribute(name, "complex", description), more)
}

fn read_only(attribute: Value) -> Value {
    with(attribute, json!({ "mutability": "readOnly" }))
}

fn with(mut attribute: Value, more: Value) -> Value {
    if let (Value::Object(attribute), Value::Object(more)) = (&mut attribute, more) {
        attribute.extend(more);
    }
    attribute
}
