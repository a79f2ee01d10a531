//! *System settings*: what becomes of the tokens that a stricter rule touches, exemptions, suspended tokens.

use jiff::SignedDuration;
use patgate_core::grant::GrantState;
use patgate_core::user::Origin;
use patgate_server::service::policy;

use crate::common::{Answer, IssuedToken, NewGrant, SignedIn, World, get, post};

const PAGE: &str = "/settings";
const PREVIEW: &str = "/settings/preview";

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!(r#"name="{name}" value=""#);
    let rest = page.text().split(&mark).nth(1).unwrap_or_else(|| panic!("no {name}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Sends the form of the settings with another maximum, and with some cells cleared.
pub(super) async fn save(world: &World, root: &SignedIn, maximum: &str, cleared: &[&str]) -> Answer {
    let page = world.open(root, PAGE).await;
    let (shown, sso_shown) = (hidden(&page, "shown"), hidden(&page, "sso_shown"));
    let cells = [
        "release.internal",
        "deploy.internal",
        "deploy.ldap",
        "deploy.sso",
        "others.internal",
        "others.ldap",
        "others.sso",
    ];
    let mut fields = vec![
        ("shown", &*shown),
        ("sso_shown", &*sso_shown),
        ("maximum", maximum),
        ("passwords_on_api", "yes"),
        ("freshness_ldap", "30"),
        ("freshness_sso", "30"),
    ];
    if !cleared.iter().any(|cell| cell.ends_with("sso")) {
        fields.push(("sso", "yes"));
    }
    fields.extend(cells.iter().filter(|cell| !cleared.contains(cell)).map(|cell| ("origins", *cell)));
    world.send(post(PAGE).submit(root, &fields)).await
}

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

async fn anns(world: &World) -> IssuedToken {
    let ann = world.user("ann", &["login"]).await;
    world.token(&ann, NewGrant { name: "<b>ci</b>", ..NewGrant::default() }).await
}

async fn maximum(world: &World) -> Option<u32> {
    world.state.store.token_settings().await.unwrap().maximum_lifetime_days.map(u32::from)
}

#[tokio::test]
async fn lowering_the_maximum_asks_first_what_becomes_of_the_tokens() {
    let world = World::new().await;
    let root = root(&world).await;
    let token = anns(&world).await;
    let answer = save(&world, &root, "30", &[]).await;
    let location = answer.header("location").to_owned();
    assert_eq!((answer.status(), &*location), (303, "/settings/preview?maximum=30&closing=&done=saved"));
    assert_eq!(maximum(&world).await, None, "nothing is in force yet");
    let page = world.open(&root, &location).await;
    assert_eq!(page.status(), 200);
    for words in [
        "A maximum of 30 days",
        "One token is touched",
        "&#60;b&#62;ci",
        "ann",
        "not this list",
        "2 Jun 2026, 12:00 UTC",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert_eq!(page.text().matches("<h1").count(), 1);
    let shown = hidden(&page, "shown");
    let fields = |choice: &'static str, when: &'static str, at: &'static str, zone: &'static str| {
        let shown = shown.clone();
        [
            ("shown", shown),
            ("maximum", "30".to_owned()),
            ("closing", String::new()),
            ("choice", choice.to_owned()),
            ("when", when.to_owned()),
            ("at", at.to_owned()),
            ("zone", zone.to_owned()),
        ]
    };
    let send = async |fields: [(&'static str, String); 7]| {
        let fields = fields.each_ref().map(|(name, value)| (*name, &**value));
        world.send(post(PREVIEW).submit(&root, &fields)).await
    };
    for (wrong, field) in [
        (fields("", "now", "", "UTC"), "choice"),
        (fields("burn", "now", "", "UTC"), "choice"),
        (fields("shorten", "later", "", "UTC"), "at"),
        (fields("shorten", "later", "2026-05-03T11:00", "UTC"), "at"),
        (fields("shorten", "later", "2026-06-03T11:00", "Mars"), "zone"),
    ] {
        let refused = send(wrong.clone()).await;
        assert_eq!(refused.status(), 400, "{wrong:?}");
        if field != "choice" {
            assert!(
                refused.text().contains(&format!("<a href=\"#{field}\">")),
                "{field}: {}",
                refused.text()
            );
            assert!(refused.text().contains(r#"value="shorten" checked"#), "what was chosen is kept");
        }
    }
    assert_eq!(maximum(&world).await, None);
    // Scheduled in a zone, shown on the settings page, and undone.
    let answer = send(fields("shorten", "later", "2026-05-04T09:00", "Europe/Berlin")).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/settings?done=scheduled"));
    let page = world.open(&root, "/settings?done=scheduled").await;
    for words in [
        "Waits",
        "4 May 2026, 07:00 UTC",
        "4 May 2026, 09:00 Europe/Berlin",
        "are shortened",
        "can be undone",
    ] {
        assert!(page.text().contains(words), "{words}");
    }
    let undo = page.text().split("/settings/decisions/").nth(1).unwrap().split('"').next().unwrap();
    let undo = format!("/settings/decisions/{undo}");
    assert!(world.open(&root, &undo).await.text().contains("Undo this decision?"));
    let undone = world.send(post(&*undo).submit(&root, &[])).await;
    assert_eq!((undone.status(), undone.header("location")), (303, "/settings?done=undone"));
    let again = world.send(post(&*undo).submit(&root, &[])).await;
    assert_eq!(again.status(), 409);
    assert!(world.open(&root, PAGE).await.text().contains("Undone by root"));
    // Now.
    let answer = send(fields("suspend", "now", "", "UTC")).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/settings?done=decided"));
    assert_eq!(maximum(&world).await, Some(30));
    assert!(matches!(
        world.state.store.grant(token.id).await.unwrap().unwrap().state,
        GrantState::Suspended { .. }
    ));
    assert!(world.open(&root, PAGE).await.text().contains("one token changed"));
    // There is nothing more to ask.
    assert_eq!(world.open(&root, "/settings/preview?maximum=30").await.header("location"), "/settings");
}

#[tokio::test]
async fn a_maximum_that_nobody_exceeds_is_saved_at_once() {
    let world = World::new().await;
    let root = root(&world).await;
    assert_eq!(save(&world, &root, "30", &[]).await.header("location"), "/settings?done=saved");
    assert_eq!(maximum(&world).await, Some(30));
    assert!(world.open(&root, PAGE).await.text().contains("0 tokens changed"));
}

#[tokio::test]
async fn both_rules_are_asked_about_one_after_the_other() {
    let world = World::new().await;
    let root = root(&world).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let token = world.token(&sue, NewGrant { application: "deploy", ..NewGrant::default() }).await;
    let answer = save(&world, &root, "7", &["deploy.sso", "others.sso"]).await;
    assert_eq!(
        answer.header("location"),
        "/settings/preview?maximum=7&closing=deploy.sso,others.sso&done=saved"
    );
    let page = world.open(&root, answer.header("location")).await;
    let (shown, closing) = (hidden(&page, "shown"), hidden(&page, "closing"));
    let fields =
        [("shown", &*shown), ("maximum", "7"), ("closing", &*closing), ("choice", "leave"), ("when", "now")];
    let answer = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(answer.header("location"), "/settings/preview?closing=deploy.sso,others.sso");
    let page = world.open(&root, answer.header("location")).await;
    assert!(page.text().contains("Closing SSO users for Deploy and all others"), "{}", page.text());
    // With what was shown before the maximum was lowered, nothing is decided.
    let stale =
        [("shown", &*shown), ("maximum", ""), ("closing", &*closing), ("choice", "suspend"), ("when", "now")];
    assert_eq!(world.send(post(PREVIEW).submit(&root, &stale)).await.status(), 409);
    let shown = hidden(&page, "shown");
    let fields =
        [("shown", &*shown), ("maximum", ""), ("closing", &*closing), ("choice", "suspend"), ("when", "now")];
    let answer = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(answer.header("location"), "/settings?done=decided");
    assert_eq!(world.send(get("/auth/deploy").deploy_token(&token)).await.status(), 401);
    // Listed, and lifted for this one.
    let page = world.open(&root, "/settings/suspended?reason=origin_closed").await;
    assert!(page.text().contains("sue") && page.text().contains("Lift for chosen tokens"), "{}", page.text());
    let id = token.id.to_string();
    let lift = post("/settings/suspended").submit(&root, &[("reason", "origin_closed"), ("id", &*id)]);
    let answer = world.send(lift).await;
    assert_eq!(answer.header("location"), "/settings/suspended?reason=origin_closed&done=1");
    assert_eq!(world.send(get("/auth/deploy").deploy_token(&token)).await.status(), 200);
    assert!(
        world
            .open(&root, "/settings/suspended?reason=origin_closed&done=1")
            .await
            .text()
            .contains("None is suspended")
    );
    let none = world.send(post("/settings/suspended").submit(&root, &[])).await;
    assert_eq!(none.header("location"), "/settings/suspended?reason=over_maximum&done=0");
}

#[tokio::test]
async fn exemptions_are_made_and_ended_on_their_page() {
    let world = World::new().await;
    let root = root(&world).await;
    anns(&world).await;
    let page = "/settings/exemptions";
    assert!(world.open(&root, page).await.text().contains("Nobody is exempt"));
    let fields = |name: &'static str, reason: &'static str, ends: &'static str| {
        [
            ("kind", "user"),
            ("name", name),
            ("provider", "internal"),
            ("reason", reason),
            ("ends", ends),
            ("zone", "UTC"),
        ]
    };
    for (wrong, field) in [
        (fields("", "x", "2026-12-31"), "name"),
        (fields("nobody", "x", "2026-12-31"), "name"),
        (fields("ann", "", "2026-12-31"), "reason"),
        (fields("ann", "x", ""), "ends"),
        (fields("ann", "x", "2026-05-02"), "ends"),
    ] {
        let refused = world.send(post(page).submit(&root, &wrong)).await;
        assert_eq!(refused.status(), 400, "{wrong:?}");
        assert!(refused.text().contains(&format!("<a href=\"#{field}\">")), "{field}: {}", refused.text());
    }
    let made = world.send(post(page).submit(&root, &fields("ann", "<i>audit</i>", "2026-12-31"))).await;
    assert_eq!((made.status(), made.header("location")), (303, "/settings/exemptions?done=made"));
    let again = world.send(post(page).submit(&root, &fields("ann", "x", "2026-12-31"))).await;
    assert_eq!(again.status(), 409);
    let listed = world.open(&root, page).await;
    assert!(listed.text().contains("&#60;i&#62;audit") && listed.text().contains("31 Dec 2026, 23:59 UTC"));
    // Ann is offered every lifetime although there is a maximum.
    assert_eq!(
        save(&world, &root, "7", &[]).await.header("location"),
        "/settings?done=saved",
        "nobody exceeds it"
    );
    let ann = world.state.store.user_by_name(&"ann".parse().unwrap()).await.unwrap().unwrap();
    let ann = world.session(&crate::common::Person { id: ann.id, username: "ann".to_owned() }).await;
    assert!(world.open(&ann, "/account/tokens/new").await.text().contains("1 year"));
    assert!(!world.open(&root, "/account/tokens/new").await.text().contains("1 year"));
    let end = listed.text().split("/settings/exemptions/").nth(1).unwrap().split('"').next().unwrap();
    let end = format!("/settings/exemptions/{end}");
    assert!(world.open(&root, &end).await.text().contains("End the exemption of ann?"));
    assert_eq!(
        world.send(post(&*end).submit(&root, &[])).await.header("location"),
        "/settings/exemptions?done=ended"
    );
    assert_eq!(world.open(&root, &end).await.status(), 404);
    assert!(!world.open(&ann, "/account/tokens/new").await.text().contains("1 year"));
}

#[tokio::test]
async fn who_may_only_see_the_rules_decides_nothing() {
    let world = World::new().await;
    let root = root(&world).await;
    anns(&world).await;
    let auditor = world.user("auditor", &["login", "security#view", "token#view_all"]).await;
    let auditor = world.session(&auditor).await;
    let before = world.state.store.last_sequence().await.unwrap();
    for path in [
        "/settings/preview?maximum=30",
        "/settings/decisions/00000000000/undo",
        "/settings/exemptions/00000000000/end",
    ] {
        assert_eq!(world.open(&auditor, path).await.status(), 403, "{path}");
    }
    let page = world.open(&auditor, "/settings/exemptions").await;
    assert!(page.status() == 200 && !page.text().contains("New exemption"));
    assert_eq!(world.open(&auditor, "/settings/suspended").await.status(), 200);
    let fields = [("maximum", "30"), ("choice", "delete"), ("when", "now"), ("all", "yes"), ("name", "ann")];
    for path in [PREVIEW, "/settings/exemptions", "/settings/suspended"] {
        assert_eq!(world.send(post(path).submit(&auditor, &fields)).await.status(), 403, "{path}");
        let foreign = SignedIn { csrf: "x".to_owned(), ..root.clone() };
        assert_eq!(world.send(post(path).submit(&foreign, &fields)).await.status(), 403, "{path}");
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_decision_that_waits_is_told_when_it_failed() {
    let world = World::new().await;
    let root = root(&world).await;
    anns(&world).await;
    let page = world.open(&root, "/settings/preview?maximum=30").await;
    let shown = hidden(&page, "shown");
    let fields = [
        ("shown", &*shown),
        ("maximum", "30"),
        ("choice", "delete"),
        ("when", "later"),
        ("at", "2026-05-03T12:01"),
        ("zone", "UTC"),
    ];
    // Deleting is asked about once more, with how many they are now.
    let asked = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(asked.status(), 200);
    for words in [
        "Delete 1 token for good, later?",
        "3 May 2026, 12:01 UTC",
        "class=\"danger\"",
        "name=\"sure\" value=\"yes\"",
    ] {
        assert!(asked.text().contains(words), "{words}: {}", asked.text());
    }
    assert_eq!(maximum(&world).await, None);
    assert_eq!(world.state.store.pending_decisions().await.unwrap().len(), 0);
    let again: Vec<_> = ["shown", "maximum", "closing", "choice", "when", "at", "zone", "sure"]
        .map(|name| (name, hidden(&asked, name)))
        .to_vec();
    let again: Vec<_> = again.iter().map(|(name, value)| (*name, &**value)).collect();
    let decided = world.send(post(PREVIEW).submit(&root, &again)).await;
    assert_eq!((decided.status(), decided.header("location")), (303, "/settings?done=scheduled"));
    let page = world.open(&root, "/settings/preview?maximum=7").await;
    let shown = hidden(&page, "shown");
    let fields = [("shown", &*shown), ("maximum", "7"), ("choice", "leave"), ("when", "now")];
    assert_eq!(world.send(post(PREVIEW).submit(&root, &fields)).await.status(), 303);
    world.clock.set(world.clock.now().checked_add(SignedDuration::from_secs(60)).unwrap());
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    let page = world.open(&root, PAGE).await;
    assert!(
        page.text().contains("Failed: The maximum was changed after this was decided."),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn what_was_chosen_stays_while_the_tokens_are_leafed_through() {
    let mut world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let mut tokens = Vec::new();
    for number in 0..40 {
        let name = format!("token {number}");
        tokens.push(world.token(&ann, NewGrant { name: &name, ..NewGrant::default() }).await);
    }
    assert_eq!(world.send(get("/auth").token(&tokens[39])).await.status(), 200);
    world.write_last_uses().await;
    let first = world.open(&root, "/settings/preview?maximum=30").await;
    assert!(first.text().contains("40 tokens are touched"));
    let after = |page: &Answer| {
        page.text()
            .split(r#"name="after" value=""#)
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
    };
    let (shown, place) = (hidden(&first, "shown"), after(&first).unwrap());
    let fields = [
        ("shown", &*shown),
        ("maximum", "30"),
        ("choice", "suspend"),
        ("when", "later"),
        ("at", "2026-06-01T09:00"),
        ("zone", "Europe/Berlin"),
        ("after", &*place),
    ];
    let second = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(second.status(), 200);
    for kept in [
        "value=\"suspend\" checked",
        "value=\"later\" checked",
        "value=\"2026-06-01T09:00\"",
        "value=\"Europe/Berlin\"",
        "name=\"before\"",
    ] {
        assert!(second.text().contains(kept), "{kept}: {}", second.text());
    }
    assert!(after(&second).is_none(), "it is the last page");
    assert_eq!(maximum(&world).await, None, "nothing is decided");
    let rows = |page: &Answer| page.text().matches("href=\"/admin/tokens/").count();
    assert_eq!(rows(&first) + rows(&second), 40);
    let used = [&first, &second].map(|page| page.text().matches("3 May 2026, 12:00 UTC").count());
    assert_eq!(used.iter().sum::<usize>(), 1, "the one that was used says when");
}
