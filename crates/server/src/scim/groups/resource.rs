//! A group as a resource (RFC 7643 §4.2).

use serde_json::{Value, json};

use crate::scim::{GROUP_SCHEMA, ROOT, tag};
use crate::service::scim::SeenGroup;
use crate::state::AppState;

/// What is answered of a group. Without its members it has no tag: they are a part of what it is.
pub(super) fn resource(state: &AppState, seen: &SeenGroup) -> Value {
    let group = &seen.group;
    let place =
        |kind: &str, id: &dyn std::fmt::Display| state.public_url.join(&format!("{ROOT}/{kind}/{id}"));
    let mut resource = json!({
        "schemas": [GROUP_SCHEMA],
        "id": group.id,
        "displayName": group.display_name,
        "meta": {
            "resourceType": "Group",
            "created": group.created_at.to_string(),
            "lastModified": group.changed_at.to_string(),
            "location": place("Groups", &group.id),
        },
    });
    if let Some(key) = &group.external_id {
        resource["externalId"] = key.as_str().into();
    }
    if let Some(members) = &seen.members {
        let members = members.iter().map(|member| {
            json!({
                "value": member.user,
                "$ref": place("Users", &member.user),
                "display": member.username,
                "type": "User",
            })
        });
        resource["members"] = members.collect();
        tag::put(&mut resource);
    }
    resource
}
