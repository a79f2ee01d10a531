//! Where there is one provider alone, a visit can go straight to it.

use super::Stage;
use crate::common::{get, post};

#[tokio::test]
async fn a_visit_goes_straight_to_the_only_provider_and_a_call_never() {
    let stage = Stage::build("log_in_directly = true").await;
    for (path, location) in [
        ("/account/tokens?search=ci", "/login/external/company?next=%2Faccount%2Ftokens%3Fsearch%3Dci"),
        ("/admin/users", "/login/external/company?next=%2Fadmin%2Fusers"),
    ] {
        let answer = stage.world.send(get(path)).await;
        assert_eq!((answer.status(), answer.header("location")), (303, location));
    }
    // A form is not: browsers follow no redirect from one to another site.
    let answer = stage.world.send(post("/account/tokens/new").form(&[("name", "ci")])).await;
    assert_eq!(answer.status(), 303);
    assert!(answer.header("location").starts_with("/login?next="), "{}", answer.shown());
    // Internal users have their page.
    assert_eq!(stage.world.send(get("/login")).await.status(), 200);
    for path in ["/api/v1/session", "/api/v1/users", "/deployit/tokens/users", "/auth"] {
        let answer = stage.world.send(get(path).header("accept", "text/html")).await;
        assert_eq!((answer.status(), answer.header("location")), (401, ""), "{path}");
    }
    // Nor is any other path that programs call, whatever there is.
    for path in [
        "/api/v1/nothing",
        "/auth/nothing",
        "/deployit/server/info",
        "/openapi.json",
        "/profile",
        "/scim/v2/Users",
        "/server/info",
        "/webhooks/nothing",
    ] {
        for call in [get(path), post(path)] {
            let answer = stage.world.send(call.header("accept", "text/html")).await;
            assert!(!(300..400).contains(&answer.status()), "{path}: {}", answer.shown());
            assert_eq!(answer.header("location"), "", "{path}");
        }
    }
}
