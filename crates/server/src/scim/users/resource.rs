//! A user as a resource (RFC 7643 §4.1).

use serde_json::{Value, json};

use crate::scim::{ROOT, USER_SCHEMA, tag};
use crate::service::scim::SeenUser;
use crate::state::AppState;

/// What is answered of a user.
pub(super) fn resource(state: &AppState, seen: &SeenUser) -> Value {
    let user = &seen.user;
    let place =
        |kind: &str, id: &dyn std::fmt::Display| state.public_url.join(&format!("{ROOT}/{kind}/{id}"));
    let groups: Vec<_> = seen
        .groups
        .iter()
        .map(|group| {
            json!({
                "value": group.group,
                "$ref": place("Groups", &group.group),
                "display": group.group_name,
                "type": "direct",
            })
        })
        .collect();
    let mut resource = json!({
        "schemas": [USER_SCHEMA],
        "id": user.id,
        "externalId": user.subject,
        "userName": user.username,
        "active": seen.is_active(),
        "groups": groups,
        "meta": {
            "resourceType": "User",
            "created": user.created_at.to_string(),
            "location": place("Users", &user.id),
        },
    });
    if !user.full_name.is_empty() {
        resource["displayName"] = user.full_name.as_str().into();
        resource["name"] = json!({ "formatted": user.full_name });
    }
    if !user.email.is_empty() {
        resource["emails"] = json!([{ "value": user.email, "type": "work", "primary": true }]);
    }
    tag::put(&mut resource);
    resource
}
