//! A group as a resource (RFC 7643 §4.2).

use patgate_core::identifier::GroupId;
use patgate_core::scim::Filter;
use patgate_store::ScimWindow;
use serde_json::{Value, json};

use super::edits::{NewGroup, edits};
use crate::problem::Problem;
use crate::scim::patch::Operation;
use crate::scim::resource::Resource;
use crate::scim::{GROUP_SCHEMA, ROOT, tag};
use crate::service::scim::{self, Client, GroupEdit, SeenGroup};
use crate::state::AppState;

impl Resource for SeenGroup {
    type Id = GroupId;
    type Draft = NewGroup;
    const LARGE: Option<&'static str> = Some("members");

    fn to_json(&self, state: &AppState) -> Value {
        resource(state, self)
    }

    fn draft(members: Vec<Operation>) -> Result<NewGroup, Problem> {
        NewGroup::of_resource(members)
    }

    async fn list(
        state: &AppState,
        client: &Client,
        filter: Option<&Filter>,
        window: ScimWindow,
        whole: bool,
    ) -> Result<(u64, Vec<Self>), Problem> {
        scim::list_groups(state, client, filter, window, whole).await
    }

    async fn read(state: &AppState, client: &Client, id: GroupId, whole: bool) -> Result<Self, Problem> {
        scim::read_group(state, client, id, whole).await
    }

    async fn create(state: &AppState, client: &Client, draft: NewGroup) -> Result<Self, Problem> {
        let NewGroup { name, external_id, members } = draft;
        let edits = vec![GroupEdit::ExternalId(external_id), GroupEdit::Add(members)];
        scim::create_group(state, client, &name, edits).await
    }

    async fn replace(
        state: &AppState,
        client: &Client,
        id: GroupId,
        draft: NewGroup,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem> {
        let NewGroup { name, external_id, members } = draft;
        let edits =
            vec![GroupEdit::Name(name), GroupEdit::ExternalId(external_id), GroupEdit::Replace(members)];
        scim::change_group(state, client, id, true, |before| check(before).map(|()| edits)).await
    }

    async fn patch(
        state: &AppState,
        client: &Client,
        id: GroupId,
        operations: Vec<Operation>,
        whole: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem> {
        let edits = edits(operations)?;
        scim::change_group(state, client, id, whole, |before| check(before).map(|()| edits)).await
    }

    async fn delete(
        state: &AppState,
        client: &Client,
        id: GroupId,
        whole: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<(), Problem> {
        scim::delete_group(state, client, id, whole, check).await
    }
}

/// What is answered of a group. Without its members it has no tag: they are a part of what it is.
fn resource(state: &AppState, seen: &SeenGroup) -> Value {
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
