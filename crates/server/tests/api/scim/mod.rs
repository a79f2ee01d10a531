//! SCIM: what the client of a provider sees and changes, and what that does to tokens.

mod client;
mod filters;
mod groups;
mod nodes;
mod users;

use patgate_core::identifier::UserId;

use crate::common::{IssuedToken, NewGrant, Person, World, get};

/// Somebody whom SCIM made, for tokens and roles.
async fn person(world: &World, id: &str) -> Person {
    let id: UserId = id.parse().unwrap();
    let user = world.state.store.user(id).await.unwrap().unwrap();
    Person { id, username: user.username.to_string() }
}

/// A token of theirs, for all applications.
async fn token_of(world: &World, id: &str) -> IssuedToken {
    world.token(&person(world, id).await, NewGrant { application: "any", ..NewGrant::default() }).await
}

/// The groups of a user, as the next request sees them.
async fn groups_at(world: &World, token: &IssuedToken) -> String {
    world.send(get("/auth").token(token)).await.header("x-patgate-groups").to_owned()
}

/// What a token is answered at `/auth`.
async fn status_at(world: &World, token: &IssuedToken) -> u16 {
    world.send(get("/auth").token(token)).await.status()
}
