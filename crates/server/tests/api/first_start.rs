//! The first administrator, and the file with the password that was made for them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use patgate_server::configuration::Secret;
use patgate_server::service::first_start::{self, FILE_NAME};
use serde_json::json;

use crate::common::{PASSWORD, World, delete, get, post};

const PROBE: &str = "/api/v1/users";

fn file(world: &World) -> PathBuf {
    world.state.data_dir.join(FILE_NAME)
}

fn written(world: &World) -> String {
    fs::read_to_string(file(world)).unwrap().trim_end().to_owned()
}

async fn start(world: &World, configured: Option<&str>) {
    let configured = configured.map(|text| Secret::new(text.to_owned()));
    first_start::run(&world.state, configured.as_ref()).await.unwrap();
    first_start::forget_when_changed(&world.state).await.unwrap();
    world.state.node.load().await.unwrap();
}

#[tokio::test]
async fn the_operator_finds_a_password_that_goes_away_when_it_is_changed() {
    let world = World::unloaded().await;
    start(&world, None).await;
    let password = written(&world);
    assert_eq!(password.len(), 24);
    assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
    assert_eq!(fs::metadata(file(&world)).unwrap().permissions().mode() & 0o777, 0o600);
    let answer = world.send(get(PROBE).basic("admin", &password)).await;
    assert_eq!(answer.json()[0]["username"], "admin");
    let role = world.send(get("/api/v1/roles/administrators").basic("admin", &password)).await.json();
    assert_eq!(role["permissions"], json!(["admin"]));
    // Starting again neither makes nor removes anything.
    let before = world.state.store.last_sequence().await.unwrap();
    start(&world, Some("another password")).await;
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    assert_eq!(written(&world), password);
    let new = json!({ "currentPassword": password, "newPassword": PASSWORD });
    let set = post("/api/v1/users/admin/password").json(&new).basic("admin", &password);
    assert_eq!(world.send(set).await.status(), 204);
    assert!(!file(&world).exists());
    assert_eq!(world.send(get(PROBE).basic("admin", PASSWORD)).await.status(), 200);
}

#[tokio::test]
async fn a_configured_password_is_written_nowhere() {
    let world = World::unloaded().await;
    start(&world, Some(PASSWORD)).await;
    assert!(!file(&world).exists());
    assert_eq!(world.send(get(PROBE).basic("Admin", PASSWORD)).await.status(), 200);
}

#[tokio::test]
async fn an_unfit_configured_password_makes_nobody() {
    let world = World::unloaded().await;
    let unfit = Secret::new("short".to_owned());
    let error = first_start::run(&world.state, Some(&unfit)).await.unwrap_err();
    insta::assert_snapshot!(error, @"`admin_password` cannot be used: a password has at least 8 characters; choose another");
    assert_eq!(world.state.store.counts().await.unwrap().users, 0);
    start(&world, None).await;
    assert_eq!(world.send(get(PROBE).basic("admin", &written(&world))).await.status(), 200);
}

#[tokio::test]
async fn two_that_start_at_once_make_one() {
    let world = World::unloaded().await;
    let (one, other) =
        tokio::join!(first_start::run(&world.state, None), first_start::run(&world.state, None));
    one.unwrap();
    other.unwrap();
    world.state.node.load().await.unwrap();
    assert_eq!(world.state.store.counts().await.unwrap().users, 1);
    assert_eq!(world.send(get(PROBE).basic("admin", &written(&world))).await.status(), 200);
}

#[tokio::test]
async fn a_start_that_crashed_before_its_end_is_made_good() {
    let world = World::unloaded().await;
    fs::write(file(&world), "the password of nobody\n").unwrap();
    start(&world, None).await;
    assert_eq!(world.send(get(PROBE).basic("admin", &written(&world))).await.status(), 200);
    assert_eq!(fs::metadata(file(&world)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_whose_password_was_changed_elsewhere_goes_at_the_next_start() {
    let world = World::unloaded().await;
    start(&world, None).await;
    start(&world, None).await;
    assert!(file(&world).exists());
    let name = "admin".parse().unwrap();
    let id = world.state.store.user_by_name(&name).await.unwrap().unwrap().id;
    let ann = world.user("ann", &[]).await;
    let hash = world.state.store.password(&ann.username.parse().unwrap()).await.unwrap().unwrap().hash;
    let mut change = world.change().await;
    change.set_password(id, &hash, None).await.unwrap();
    world.commit(change).await;
    start(&world, None).await;
    assert!(!file(&world).exists());
}

#[tokio::test]
async fn the_file_goes_with_its_user() {
    let world = World::unloaded().await;
    start(&world, None).await;
    world.user("root", &["admin"]).await;
    assert_eq!(world.send(delete("/api/v1/users/admin").basic("root", PASSWORD)).await.status(), 204);
    assert!(!file(&world).exists());
}
