//! What a supervisor asks.

use crate::common::{World, get, post};

#[tokio::test]
async fn a_server_that_is_loaded_is_ready_until_it_stops() {
    let world = World::new().await;
    let ask = async |path: &str| {
        let answer = world.send(get(path)).await;
        (answer.status(), answer.text().to_owned())
    };
    assert_eq!(ask("/healthz").await, (200, "ok".into()));
    assert_eq!(ask("/readyz").await, (200, "ready".into()));
    world.state.node.begin_draining();
    assert_eq!(ask("/healthz").await, (200, "ok".into()));
    assert_eq!(ask("/readyz").await, (503, "stopping".into()));
}

#[tokio::test]
async fn a_server_that_is_not_loaded_says_so_everywhere() {
    let world = World::unloaded().await;
    assert_eq!(world.send(get("/healthz")).await.status(), 200);
    let ready = world.send(get("/readyz")).await;
    assert_eq!((ready.status(), ready.text()), (503, "loading"));
    for call in
        [get("/api/v1/personal-access-tokens"), post("/deployit/tokens/users"), get("/api/v1/deployit")]
    {
        let answer = world.send(call.header("x-release-personal-token", "pat_x")).await;
        assert_eq!(answer.status(), 503);
        assert!(!answer.header("retry-after").is_empty());
    }
}
