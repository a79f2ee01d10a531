//! Providers that keep their users and groups here.

use patgate_core::identifier::GroupId;
use patgate_store::ScimGroup;
use serde_json::{Value, json};

use super::{Answer, Call, IssuedToken, NewGrant, World, delete, get, patch, post, put};

/// The configuration of `corp` and `other`, each with its client.
pub(crate) const TWO_PROVIDERS: &str = "\
    [[oidc]]\nname = 'corp'\nissuer = 'https://id.example.com'\nclient_id = 'patgate'\nscim_user = 'Corp-Robot'\n\
    [[oidc]]\nname = 'other'\nissuer = 'https://id.example.org'\nclient_id = 'patgate'\nscim_user = 'other-robot'\n";

/// The client of a provider.
pub(crate) struct Provisioner<'w> {
    world: &'w World,
    pub(crate) token: IssuedToken,
}

impl<'w> Provisioner<'w> {
    /// That of `corp` or `other`.
    pub(crate) async fn of(world: &'w World, provider: &str) -> Self {
        let robot = world.user(&format!("{provider}-robot"), &["scim#provision"]).await;
        let token = world.token(&robot, NewGrant { application: "any", ..NewGrant::default() }).await;
        Self { world, token }
    }

    /// Sends a call with its token.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        let answer =
            self.world.send(call.header("authorization", &format!("Bearer {}", self.token.text))).await;
        let is_empty = [204, 304].contains(&answer.status());
        assert_eq!(answer.header("content-type"), if is_empty { "" } else { "application/scim+json" });
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(get(format!("/scim/v2{path}"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(post(format!("/scim/v2{path}")).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(put(format!("/scim/v2{path}")).json(body)).await
    }

    /// Sends these operations.
    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answer {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let body = json!({ "schemas": [schema], "Operations": operations });
        self.send(patch(format!("/scim/v2{path}")).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(delete(format!("/scim/v2{path}"))).await
    }

    /// Makes a user, whose key at the provider is `key-` and the name. Their identifier.
    pub(crate) async fn user(&self, name: &str) -> String {
        let words = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name,
            "externalId": format!("key-{name}"),
            "displayName": format!("{name} Example"),
            "emails": [{ "value": format!("{name}@example.org"), "type": "work", "primary": true }],
            "active": true,
        });
        let answer = self.post("/Users", &words).await;
        assert_eq!(answer.status(), 201, "{}", answer.shown());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Makes a group of these users. Its identifier.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        let answer = self.post("/Groups", &json!({ "displayName": name, "members": members })).await;
        assert_eq!(answer.status(), 201, "{}", answer.shown());
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

impl World {
    /// A group of a provider, with nobody in it.
    pub(crate) async fn scim_group(&self, provider: &str, name: &str) -> GroupId {
        let group = ScimGroup {
            id: GroupId::generate(&mut self.state.random.draw()),
            provider: provider.parse().unwrap(),
            external_id: None,
            display_name: name.to_owned(),
            created_at: self.clock.now(),
            changed_at: self.clock.now(),
        };
        let mut change = self.change().await;
        change.insert_scim_group(&group).await.unwrap();
        self.commit(change).await;
        group.id
    }
}
