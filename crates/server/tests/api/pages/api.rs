//! The page of the API.

use crate::common::{Answer, NewGrant, SignedIn, World, get, post};

/// Tries a call as the form of the page sends it.
async fn tries(world: &World, session: &SignedIn, fields: &[(&str, &str)]) -> Answer {
    world.send(post("/account/api").submit(session, fields)).await
}

/// What was answered, as the page shows it.
fn answer(page: &Answer) -> String {
    let text =
        page.text().split("data-secret>").nth(1).unwrap_or_else(|| panic!("no answer: {}", page.text()));
    text.split("</pre>").next().unwrap().replace("&#34;", "\"")
}

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
    assert!(page.text().contains(&format!("name=\"csrf\" value=\"{}\"", session.csrf)));
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

#[tokio::test]
async fn who_has_no_script_tries_a_call_by_the_form_and_reads_the_answer() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    world.token(&ann, NewGrant { name: "<b>nightly</b>", ..NewGrant::default() }).await;
    let session = world.session(&ann).await;
    let page = tries(&world, &session, &[(":call", "list_tokens")]).await;
    assert_eq!((page.status(), page.header("cache-control")), (200, "no-store"));
    assert!(page.text().contains("<h2 id=\"status\">200 OK</h2>"), "{}", page.text());
    assert!(
        answer(&page).contains("\n    \"tokenNote\": \"&#60;b&#62;nightly&#60;/b&#62;\","),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("<b>nightly"), "{}", page.text());

    // One comes back to where the call is open.
    assert!(page.text().contains("href=\"/account/api?call=list_tokens#list_tokens\""), "{}", page.text());
    let back = world.open(&session, "/account/api?call=list_tokens").await;
    assert!(back.text().contains("<details class=\"call\" id=\"list_tokens\" open>"), "{}", back.text());
    assert_eq!(back.text().matches(" open>").count(), 1);

    // A call that makes a token shows it this once, and it passes.
    let fields = [(":call", "create_token"), (":body", "{\"tokenNote\": \"by the form\"}")];
    let page = tries(&world, &session, &fields).await;
    assert!(page.text().contains("201 Created"), "{}", page.text());
    let made: serde_json::Value = serde_json::from_str(&answer(&page)).unwrap();
    let text = made["token"].as_str().unwrap();
    let used =
        get("/api/v1/personal-access-tokens/current").header("authorization", &format!("Bearer {text}"));
    assert_eq!(world.send(used).await.json()["tokenNote"], "by the form");

    // What the call refuses is its answer: of what one may not do, too.
    let page = tries(&world, &session, &[(":call", "create_token"), (":body", "{")]).await;
    assert!(page.text().contains("400 Bad Request"), "{}", page.text());
    let page = tries(&world, &session, &[(":call", "list_users")]).await;
    assert!(page.text().contains("403 Forbidden"), "{}", page.text());
}

#[tokio::test]
async fn a_call_that_deletes_is_asked_about_before_the_form_sends_it() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let session = world.session(&ann).await;
    let passes = async || {
        world.send(get("/api/v1/personal-access-tokens/current").token(&token)).await.status() == 200
    };
    let id = token.id.to_string();
    let call = [(":call", "delete_token"), ("id", id.as_str())];
    let page = tries(&world, &session, &call).await;
    assert!(
        page.text().contains("This is no rehearsal") && page.text().contains("Delete for real"),
        "{}",
        page.text()
    );
    for field in [format!("name=\"id\" value=\"{id}\""), "name=\":sure\" value=\"yes\"".to_owned()] {
        assert!(page.text().contains(&field), "{field}: {}", page.text());
    }
    assert!(passes().await, "nothing happens before the second button");
    let page = tries(&world, &session, &[&call[..], &[(":sure", "yes")]].concat()).await;
    assert!(page.text().contains("204 No Content"), "{}", page.text());
    assert!(!passes().await);
}

#[tokio::test]
async fn a_call_is_tried_only_by_the_form_of_ones_own_session_and_only_when_there_is_one() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let stranger = SignedIn { csrf: "x".to_owned(), ..session.clone() };
    let make = [(":call", "create_token"), (":body", "{\"tokenNote\": \"x\"}")];
    assert_eq!(tries(&world, &stranger, &make).await.status(), 403);
    let lost = world.send(post("/account/api").form(&make)).await;
    // The body of a call may hold a password: it does not come back in an address.
    assert_eq!((lost.status(), lost.header("location")), (303, "/login?next=%2Faccount%2Fapi"));
    assert_eq!(tries(&world, &session, &[(":call", "no_such_call")]).await.status(), 404);
    let page = tries(&world, &session, &[(":call", "read_token")]).await;
    assert_eq!(page.status(), 400);
    assert!(page.text().contains("`id` is empty") && page.text().contains("Go back"), "{}", page.text());
    // What is typed into a path stays one part of it.
    let page = tries(&world, &session, &[(":call", "read_token"), ("id", "../users?x=#")]).await;
    assert!(page.text().contains("/personal-access-tokens/%2E%2E%2Fusers%3Fx%3D%23"), "{}", page.text());
    assert!(page.text().contains("404 Not Found"), "{}", page.text());
    assert!(
        world
            .send(get("/api/v1/personal-access-tokens").cookie(&session))
            .await
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_long_answer_is_cut_so_that_the_page_stays_light() {
    // A letter of markup takes five bytes in a page.
    for letter in ["ü", "<", "\""] {
        let world = World::new().await;
        let ann = world.user("ann", &["login"]).await;
        let session = world.session(&ann).await;
        for number in 0..100 {
            let name = format!("{number} {}", letter.repeat(90));
            world.token(&ann, NewGrant { name: &name, ..NewGrant::default() }).await;
        }
        let page = tries(&world, &session, &[(":call", "list_tokens"), ("resultsPerPage", "100")]).await;
        assert!(
            page.text().contains("200 OK") && page.text().contains("The rest is too long for a page"),
            "{letter}: {}",
            page.text()
        );
        assert!(page.bytes().len() < 45_000, "{letter}: {} bytes", page.bytes().len());
    }
}

#[tokio::test]
async fn an_answer_without_an_end_holds_nobody_up() {
    let world = World::new().await;
    let things = world.webhook_things().await;
    let root = world.user("boss", &["admin"]).await;
    let session = world.session(&root).await;
    let endpoint = things.endpoint.to_string();
    let page = tries(&world, &session, &[(":call", "watch_webhook_requests"), ("number", &endpoint)]).await;
    assert!(
        page.text().contains("200 OK") && page.text().contains("This answer has no end"),
        "{}",
        page.text()
    );
}
