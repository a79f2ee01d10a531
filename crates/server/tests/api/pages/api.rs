//! The page of the API.

use crate::common::{World, get};

#[tokio::test]
async fn the_page_tells_every_call_to_who_is_signed_in() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    assert_eq!(world.send(get("/account/api")).await.header("location"), "/login?next=%2Faccount%2Fapi");
    let session = world.session(&ann).await;
    let page = world.open(&session, "/account/api").await;
    assert_eq!(page.status(), 200);
    for path in ["/api/v1/personal-access-tokens/current", "/deployit/tokens/users", "/auth/{application}"] {
        assert!(page.text().contains(&format!("</b> {path}</code>")), "{path}");
    }
    assert!(page.text().contains(&format!("data-csrf=\"{}\"", session.csrf)));
    assert!(page.text().contains("curl -u :&#60;pat&#62;") || page.text().contains("curl -u :&lt;pat&gt;"));
}

#[tokio::test]
async fn the_page_is_light_for_who_takes_it_packed() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let packed = world.send(get("/account/api").cookie(&session).header("accept-encoding", "gzip")).await;
    assert_eq!((packed.status(), packed.header("content-encoding")), (200, "gzip"));
    assert!(packed.bytes().len() < 45_000, "{} bytes", packed.bytes().len());
}
