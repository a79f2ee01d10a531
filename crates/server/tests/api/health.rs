//! What a supervisor asks.

use crate::common::{World, get, post};
use crate::pages::CONTENT_POLICY;

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

#[tokio::test]
async fn a_browser_is_told_calmly_that_the_server_starts() {
    let world = World::unloaded().await;
    for path in ["/", "/login", "/account/tokens?search=a", "/admin/users", "/nothing"] {
        let page = world.send(get(path).header("accept", "text/html,*/*;q=0.8")).await;
        assert_eq!((page.status(), page.header("retry-after")), (503, "1"), "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-security-policy"), CONTENT_POLICY);
        assert_eq!(page.header("cache-control"), "no-store");
        for words in ["<h1>Patgate is starting</h1>", "try again in a second", ">Try again</a>"] {
            assert!(page.text().contains(words), "{path} {words}: {}", page.text());
        }
        // It looks like the other pages.
        for asset in ["rel=\"stylesheet\" href=\"", "<script src=\""] {
            let asset = page.text().split(asset).nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(world.send(get(asset)).await.status(), 200, "{asset}");
        }
        let script = world.send(get(path).header("accept", "application/json")).await;
        assert_eq!(
            (script.status(), script.header("content-type")),
            (503, "application/problem+json"),
            "{path}"
        );
    }
}
