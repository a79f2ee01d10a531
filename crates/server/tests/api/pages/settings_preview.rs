//! What the preview of a stricter rule tells of each token, and what it proposes.

use patgate_core::grant::GrantState;

use super::settings_policy::save;
use crate::common::{Answer, IssuedToken, NewGrant, SignedIn, World, get, post};

/// The rows of the table: what stands in the cells of these names.
fn cells(page: &Answer, labels: [&str; 3]) -> Vec<[String; 3]> {
    let rows =
        page.text().split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().split("<tr>").skip(1);
    let read = |row: &str, label: &str| {
        let cell = row
            .split(&format!("data-label=\"{label}\">"))
            .nth(1)
            .unwrap_or_else(|| panic!("no {label}: {row}"));
        let mut text = String::new();
        let mut is_tag = false;
        for letter in cell.split("</td>").next().unwrap().chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                letter if !is_tag => text.push(letter),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    rows.map(|row| labels.map(|label| read(row, label))).collect()
}

/// What can be chosen, and what is.
fn choices(page: &Answer) -> (Vec<&str>, Vec<&str>) {
    let inputs: Vec<_> = page.text().split("name=\"choice\" value=\"").skip(1).collect();
    let word = |input: &&'_ str| input.split('"').next().unwrap().len();
    let all = inputs.iter().map(|input| &input[..word(input)]).collect();
    let is_chosen = |input: &&&str| input.split('>').next().unwrap().ends_with(" checked");
    (all, inputs.iter().filter(is_chosen).map(|input| &input[..word(input)]).collect())
}

/// Sends the form of a preview as it came, and what became of a token then.
async fn decide(world: &World, root: &SignedIn, path: &str, token: &IssuedToken) -> GrantState {
    let page = world.open(root, path).await;
    let value = |name: &str| {
        let rest = page.text().split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (shown, maximum, closing) = (value("shown"), value("maximum"), value("closing"));
    let (_, chosen) = choices(&page);
    let fields = [
        ("shown", shown.as_str()),
        ("maximum", maximum.as_str()),
        ("closing", closing.as_str()),
        ("choice", chosen[0]),
        ("when", "now"),
        ("at", ""),
        ("zone", "UTC"),
    ];
    let decided = world.send(post("/settings/preview").submit(root, &fields)).await;
    assert_eq!(
        (decided.status(), decided.header("location")),
        (303, "/settings?done=decided"),
        "{}",
        decided.text()
    );
    world.state.store.grant(token.id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn the_preview_tells_owner_last_use_and_expiry_of_each_token() {
    let mut world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let used = NewGrant { name: "used", expires_at: Some("2026-08-01T10:00:00Z"), ..NewGrant::default() };
    let used = world.token(&ann, used).await;
    world.token(&root, NewGrant { name: "endless", ..NewGrant::default() }).await;
    let call = get("/api/v1/personal-access-tokens/current").token(&used);
    assert_eq!(world.send(call).await.status(), 200);
    world.write_last_uses().await;
    let session = world.session(&root).await;
    for path in ["/settings/preview?maximum=30", "/settings/preview?closing=release.internal"] {
        let page = world.open(&session, path).await;
        assert_eq!(
            cells(&page, ["Owner", "Last used", "Expires"]),
            [
                ["root internal", "Never", "Never"],
                ["ann internal", "3 May 2026, 12:00 UTC from 192.0.2.7", "1 Aug 2026, 10:00 UTC"],
            ],
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_lower_maximum_leaves_tokens_and_a_closed_origin_suspends_them_unless_something_else_is_chosen() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let token = world
        .token(&root, NewGrant { expires_at: Some("2026-12-01T00:00:00Z"), ..NewGrant::default() })
        .await;
    let session = world.session(&root).await;
    let maximum = "/settings/preview?maximum=30";
    let page = world.open(&session, maximum).await;
    assert_eq!(choices(&page), (vec!["leave", "shorten", "suspend", "delete"], vec!["leave"]));
    assert!(page.text().contains("name=\"when\" value=\"now\" checked"), "{}", page.text());
    assert_eq!(decide(&world, &session, maximum, &token).await, GrantState::Active);
    let closing = "/settings/preview?closing=release.internal";
    let page = world.open(&session, closing).await;
    assert_eq!(choices(&page), (vec!["suspend", "leave"], vec!["suspend"]));
    assert!(matches!(decide(&world, &session, closing, &token).await, GrantState::Suspended { .. }));
}

#[tokio::test]
async fn among_very_many_tokens_the_preview_goes_on_where_its_look_ended() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let mut change = world.change().await;
    for _ in 0..2_010 {
        let (mut grant, digest) = world.grant_of(root.id);
        grant.application = "deploy".parse().unwrap();
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    world.commit(change).await;
    let last = NewGrant { name: "last", expires_at: Some("2026-08-01T10:00:00Z"), ..NewGrant::default() };
    let last = world.token(&root, last).await;
    let session = world.session(&root).await;
    // Nobody knows yet that it touches nothing, so it is asked about.
    let saved = save(&world, &session, "", &["release.internal"]).await;
    let path = "/settings/preview?maximum=&closing=release.internal&done=saved";
    assert_eq!((saved.status(), saved.header("location")), (303, path));
    let page = world.open(&session, path).await;
    for words in ["No touched token found so far", "Only a part of the tokens was looked through so far"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert!(!page.text().contains("<tbody>") && !page.text().contains("name=\"before\""));
    let next = page.text().split("name=\"after\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("closing", "release.internal"), ("after", next)];
    let page = world.send(post("/settings/preview").submit(&session, &fields)).await;
    assert!(page.text().contains(">last</a>"), "{}", page.text());
    let shown = cells(&page, ["Owner", "Application", "Expires"]);
    assert_eq!(shown, [["root internal", "Release", "1 Aug 2026, 10:00 UTC"]]);
    assert!(!page.text().contains("Only a part of the tokens"), "{}", page.text());
    // What is decided holds for all of them.
    let path = "/settings/preview?closing=release.internal";
    assert!(matches!(decide(&world, &session, path, &last).await, GrantState::Suspended { .. }));
    // Of an origin of few people all tokens are looked at.
    let saved = save(&world, &session, "", &["release.internal", "deploy.ldap"]).await;
    assert_eq!(saved.header("location"), "/settings?done=saved", "{}", saved.text());
}
