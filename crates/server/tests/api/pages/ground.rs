//! What all pages have in common: headers, assets, the way to the log-in page and back.

use std::io::Read;

use super::CONTENT_POLICY;
use crate::common::{NewGrant, SignedIn, World, get, post};

#[tokio::test]
async fn every_page_forbids_scripts_of_others_frames_and_caches() {
    let world = World::new().await;
    for path in ["/login", "/design", "/"] {
        let answer = world.send(get(path)).await;
        assert_eq!(answer.header("content-security-policy"), CONTENT_POLICY);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let page = answer.text();
        assert!(
            !page.contains("style=") && !page.contains("onclick"),
            "nothing is styled or run from within"
        );
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_packed_for_who_takes_that() {
    let world = World::new().await;
    let page = world.send(get("/login")).await;
    for (mark, kind) in [("href=\"/assets/", "text/css"), ("src=\"/assets/", "text/javascript")] {
        let from = page.text().split(mark).nth(1).unwrap();
        let path = format!("/assets/{}", from.split('"').next().unwrap());
        let plain = world.send(get(&path)).await;
        assert_eq!(plain.status(), 200);
        assert!(plain.header("content-type").starts_with(kind));
        assert!(plain.header("cache-control").contains("immutable"));
        let packed = world.send(get(&path).header("accept-encoding", "br, gzip")).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.bytes()).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text());
    }
    assert_eq!(world.send(get("/assets/0000000000000000/patgate.css")).await.status(), 404);
}

#[tokio::test]
async fn who_has_no_session_logs_in_first_and_loses_nothing_that_is_safe() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let fields = [("name", "a b"), ("csrf", "x"), ("new_password", "secret")];
    let answer = world.send(post("/logout").form(&fields)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/login?next=%2Flogout%3Fname%3Da%2Bb"));
    // A token opens the API, never a page.
    let answer = world.send(post("/logout").token(&token).form(&fields)).await;
    assert_eq!(answer.status(), 303);
    let ended = SignedIn { cookie: "patgate_session=AAAA".to_owned(), csrf: String::new() };
    assert_eq!(world.send(post("/logout").submit(&ended, &[])).await.status(), 303);
}

#[tokio::test]
async fn a_form_of_another_kind_or_too_long_is_refused() {
    let world = World::new().await;
    assert_eq!(
        world.send(post("/login").raw("{}").header("content-type", "application/json")).await.status(),
        415
    );
    assert_eq!(world.send(post("/login").form(&[("username", &*"a".repeat(3_000_000))])).await.status(), 413);
    let broken = post("/login")
        .raw(b"username=\xff".to_vec())
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.send(broken).await.status(), 400);
}

#[tokio::test]
async fn markup_in_what_was_typed_is_text() {
    let world = World::new().await;
    let name = "\"><script>alert(1)</script>";
    let answer =
        world.send(post("/login").form(&[("username", name), ("password", "x"), ("next", name)])).await;
    assert!(!answer.text().contains("<script>alert"), "{}", answer.text());
}

#[tokio::test]
async fn a_refusal_keeps_the_surroundings_of_who_is_signed_in() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let page = world.open(&session, "/admin/users").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains("Menu of ann") && page.text().contains("Go to your access tokens"));
    let page = world.send(get("/reset/AAAA").header("accept", "text/html")).await;
    assert_eq!((page.status(), page.header("referrer-policy")), (404, "strict-origin"));
}

#[tokio::test]
async fn the_navigation_has_what_one_may_see_and_says_where_one_is() {
    const ACCESS: [(&str, &str); 2] = [("/account/tokens", "Access tokens"), ("/account/api", "API")];
    const RELEASES: (&str, &str) = ("/releases", "Releases");
    const TEMPLATES: (&str, &str) = ("/releases/templates", "Templates");
    const CONFIGURATION: (&str, &str) = ("/configuration", "Configuration");
    const SETTINGS: (&str, &str) = ("/settings", "System settings");
    const ALL_TOKENS: (&str, &str) = ("/admin/tokens", "All tokens");
    const USERS: (&str, &str) = ("/admin/users", "Users");
    const ROLES: (&str, &str) = ("/admin/roles", "Roles and permissions");
    const REMINDERS: (&str, &str) = ("/admin/reminders", "Reminders");
    const AUDIT: (&str, &str) = ("/admin/audit", "Audit log");
    let world = World::new().await;
    for (permission, between) in [
        ("login", vec![]),
        ("release#view", vec![RELEASES, TEMPLATES]),
        ("release#create", vec![TEMPLATES]),
        ("release#abort", vec![]),
        ("template#create", vec![TEMPLATES]),
        ("config#view", vec![CONFIGURATION, SETTINGS, REMINDERS]),
        ("config#edit", vec![CONFIGURATION, SETTINGS, REMINDERS]),
        ("webhook#view", vec![("/configuration/webhooks", "Webhooks and Events")]),
        ("token#view_all", vec![ALL_TOKENS]),
        ("token#delete_all", vec![]),
        ("security#view", vec![SETTINGS, USERS, ROLES, REMINDERS]),
        ("security#edit", vec![SETTINGS, USERS, ROLES, REMINDERS]),
        ("audit#view", vec![AUDIT]),
        (
            "admin",
            vec![RELEASES, TEMPLATES, CONFIGURATION, SETTINGS, ALL_TOKENS, USERS, ROLES, REMINDERS, AUDIT],
        ),
    ] {
        let user = world.user(&permission.replace('#', "-"), &["login", permission]).await;
        let session = world.session(&user).await;
        let places: Vec<_> = [&ACCESS[..1], &between, &ACCESS[1..]].concat();
        for (at, _) in &places {
            let page = world.open(&session, at).await;
            assert_eq!(page.status(), 200, "{permission}: {at}");
            let list =
                page.text().split(r#"class="places">"#).nth(1).unwrap().split("</nav>").next().unwrap();
            let shown: Vec<_> = list
                .split("<a href=\"")
                .skip(1)
                .map(|link| {
                    let (path, rest) = link.split_once('"').unwrap();
                    let (mark, name) = rest.split_once('>').unwrap();
                    (path, name.split('<').next().unwrap(), mark.contains(r#"aria-current="page""#))
                })
                .collect();
            let expected: Vec<_> = places.iter().map(|(path, name)| (*path, *name, path == at)).collect();
            assert_eq!(shown, expected, "{permission}: {at}");
        }
    }
}
