//! Users from the command line: the same rules, with every permission, by a process without an index.

use patgate_core::user::UserState;
use patgate_server::password::PasswordText;
use patgate_server::service::users::{NewUser, command_line};
use patgate_store::{Actor, ActorKind, Seek};

use crate::common::{PASSWORD, World, get};

fn actor() -> Actor {
    Actor { kind: ActorKind::CommandLine, name: "operator".into(), user: None, grant: None, address: None }
}

fn new_user(name: &str, password: &str) -> NewUser {
    NewUser {
        username: name.parse().unwrap(),
        full_name: "Ben Example".parse().unwrap(),
        email: "ben@example.org".parse().unwrap(),
        login_allowed: true,
        password: Some(PasswordText::copy_of(password)),
    }
}

#[tokio::test]
async fn an_operator_keeps_users_while_the_server_is_down() {
    let world = World::unloaded().await;
    world.user("root", &["admin"]).await;
    let state = &world.state;
    let (root, ben) = ("root".parse().unwrap(), "BEN".parse().unwrap());
    let role = "root's role".parse().unwrap();
    let (made, first) =
        command_line::create(state, &actor(), new_user("ben", PASSWORD), Some(&role)).await.unwrap();
    assert_eq!(made.state, UserState::Enabled);
    let names = async || {
        let users = command_line::list(state, None, &Seek::Start, 10).await.unwrap();
        users.iter().map(|user| user.username.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["ben", "root"]);
    let second = command_line::set_login_allowed(state, &actor(), &root, false).await.unwrap();
    assert!(second > first);
    let last = command_line::set_login_allowed(state, &actor(), &ben, false).await.unwrap_err();
    assert_eq!(last.status(), 409);
    let new = PasswordText::copy_of("another password");
    command_line::set_password(state, &actor(), &ben, new).await.unwrap();
    state.node.load().await.unwrap();
    let probe = |password: &str| get("/api/v1/users").basic("ben", password);
    assert_eq!(world.send(probe(PASSWORD)).await.status(), 401);
    assert_eq!(world.send(probe("another password")).await.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_does_nothing() {
    let world = World::unloaded().await;
    world.user("root", &["admin"]).await;
    let state = &world.state;
    let before = state.store.last_sequence().await.unwrap();
    let nobody = "nobody".parse().unwrap();
    let create = async |new, role: Option<&str>| {
        let role = role.map(|role| role.parse().unwrap());
        command_line::create(state, &actor(), new, role.as_ref()).await.unwrap_err().status().as_u16()
    };
    assert_eq!(create(new_user("ROOT", PASSWORD), None).await, 409);
    assert_eq!(create(new_user("ben", "short"), None).await, 400);
    assert_eq!(create(new_user("ben", PASSWORD), Some("no such role")).await, 404);
    let enabled = command_line::set_login_allowed(state, &actor(), &nobody, true).await.unwrap_err();
    assert_eq!(enabled.status(), 404);
    let password = PasswordText::copy_of(PASSWORD);
    let set = command_line::set_password(state, &actor(), &nobody, password).await.unwrap_err();
    assert_eq!(set.status(), 404);
    assert_eq!(state.store.last_sequence().await.unwrap(), before);
}
