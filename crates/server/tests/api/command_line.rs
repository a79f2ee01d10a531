//! Tokens from the command line: the use cases behind `patgate token`, which ask nothing of a loaded index.

use patgate_core::application::ApplicationSlot;
use patgate_core::user::{Origin, Username};
use patgate_server::service::tokens::{NewToken, TokenRequest, command_line};
use patgate_server::state::AppState;
use patgate_store::{Actor, ActorKind, AuditFilter, Page};

use crate::common::{NewGrant, World, get};

fn actor() -> Actor {
    Actor {
        kind: ActorKind::CommandLine,
        name: "operator".to_owned(),
        user: None,
        grant: None,
        address: None,
    }
}

fn name(text: &str) -> Username {
    text.parse().unwrap()
}

fn new(state: &AppState, note: &str, permissions: Option<&[&str]>) -> NewToken {
    let request = TokenRequest {
        token_note: note.to_owned(),
        global_permissions: permissions.map(|ids| ids.iter().map(ToString::to_string).collect()),
        ..TokenRequest::default()
    };
    request.read(state, ApplicationSlot::RELEASE).unwrap()
}

#[tokio::test]
async fn an_operator_makes_lists_and_deletes_tokens_that_a_server_honours() {
    let world = World::new().await;
    let state = &world.state;
    let ann = world.user("ann", &["login", "release#view"]).await;
    world.user("bob", &[]).await;
    let request = new(state, "for the nightly job", Some(&["release#view"]));
    let (made, sequence) = command_line::create(state, &actor(), &name("ANN"), request).await.unwrap();
    // Another process made it: this one learns of it from the change log.
    state.node.apply_own(sequence).await.unwrap();
    let current = get("/api/v1/personal-access-tokens/current").basic("ann", made.token.reveal());
    assert_eq!(world.send(current.clone()).await.json()["tokenNote"], "for the nightly job");

    world.token(&ann, NewGrant { name: "by hand", ..NewGrant::default() }).await;
    let listed = command_line::list(state, Some(&name("ann"))).await.unwrap();
    let names: Vec<_> = listed.iter().map(|owned| (owned.grant.name.as_str(), &*owned.owner)).collect();
    assert_eq!(names, [("by hand", "ann"), ("for the nightly job", "ann")]);
    assert!(command_line::list(state, Some(&name("bob"))).await.unwrap().is_empty());
    assert_eq!(command_line::list(state, None).await.unwrap().len(), 2);

    let sequence = command_line::delete(state, &actor(), made.owned.grant.id).await.unwrap();
    state.node.apply_own(sequence).await.unwrap();
    assert_eq!(world.send(current).await.status(), 401);
    let again = command_line::delete(state, &actor(), made.owned.grant.id).await.unwrap_err();
    assert_eq!(again.status(), 404);

    let events = state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let by_operator: Vec<_> =
        events.iter().filter(|event| event.actor == actor()).map(|event| event.action.as_str()).collect();
    assert_eq!(by_operator, ["grant.delete", "grant.create"]);
}

#[tokio::test]
async fn the_rules_hold_for_an_operator_too() {
    let world = World::new().await;
    let state = &world.state;
    world.user("ann", &["login"]).await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    let dora = world.user("dora", &[]).await;
    world.disable(&dora).await;
    let make = async |owner: &str, permissions: Option<&[&str]>| {
        let made = command_line::create(state, &actor(), &name(owner), new(state, "n", permissions)).await;
        made.map_or_else(|problem| problem.status().as_u16(), |_| 201)
    };
    assert_eq!(make("ann", Some(&["login"])).await, 201);
    assert_eq!(make("ann", Some(&["admin"])).await, 400);
    assert_eq!(make("root", Some(&["release#abort"])).await, 201);
    assert_eq!(make("lena", None).await, 403);
    assert_eq!(make("dora", None).await, 401);
    assert_eq!(make("nobody", None).await, 404);
    assert_eq!(command_line::list(state, Some(&name("nobody"))).await.unwrap_err().status(), 404);
}
