//! A user as a resource (RFC 7643 §4.1).

use patgate_core::identifier::UserId;
use patgate_core::scim::Filter;
use patgate_store::ScimWindow;
use serde_json::{Value, json};

use super::draft::UserDraft;
use crate::problem::Problem;
use crate::scim::patch::Operation;
use crate::scim::resource::Resource;
use crate::scim::{ROOT, USER_SCHEMA, tag};
use crate::service::scim::{self, Client, SeenUser};
use crate::state::AppState;

impl Resource for SeenUser {
    type Id = UserId;
    type Draft = UserDraft;
    const LARGE: Option<&'static str> = None;

    fn to_json(&self, state: &AppState) -> Value {
        resource(state, self)
    }

    fn draft(members: Vec<Operation>) -> Result<UserDraft, Problem> {
        UserDraft::of_resource(members)
    }

    async fn list(
        state: &AppState,
        client: &Client,
        filter: Option<&Filter>,
        window: ScimWindow,
        _: bool,
    ) -> Result<(u64, Vec<Self>), Problem> {
        scim::list_users(state, client, filter, window).await
    }

    async fn read(state: &AppState, client: &Client, id: UserId, _: bool) -> Result<Self, Problem> {
        scim::read_user(state, client, id).await
    }

    async fn create(state: &AppState, client: &Client, draft: UserDraft) -> Result<Self, Problem> {
        scim::create_user(state, client, &draft.words(None)?).await
    }

    async fn replace(
        state: &AppState,
        client: &Client,
        id: UserId,
        draft: UserDraft,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem> {
        let edit = |before: &Self| {
            check(before)?;
            // Who leaves the key out does not mean to change it.
            draft.with_key_of(&before.user).words(None)
        };
        scim::change_user(state, client, id, edit).await
    }

    async fn patch(
        state: &AppState,
        client: &Client,
        id: UserId,
        operations: Vec<Operation>,
        _: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem> {
        let edit = |before: &Self| {
            check(before)?;
            let mut draft = UserDraft::of_user(&before.user);
            operations.into_iter().try_for_each(|operation| draft.apply(operation))?;
            draft.words(Some(&before.user.full_name))
        };
        scim::change_user(state, client, id, edit).await
    }

    async fn delete(
        state: &AppState,
        client: &Client,
        id: UserId,
        _: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<(), Problem> {
        scim::delete_user(state, client, id, check).await
    }
}

/// What is answered of a user.
fn resource(state: &AppState, seen: &SeenUser) -> Value {
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
