//! *Audit log*: who did what to what, when and from where.

use patgate_core::grant::GrantState;
use patgate_store::Actor;
use patgate_testkit::clock::days_from_noon;
use serde_json::{Value, json};

use super::link;
use crate::common::{Answer, NewGrant, SignedIn, World, delete, get, put};

const LIST: &str = "/admin/audit";

/// The actions on a page, in their order.
fn actions(page: &Answer) -> Vec<&str> {
    let cells = page.text().split(r#"<code class="quiet-text">"#).skip(1);
    cells.map(|rest| rest.split('<').next().unwrap()).collect()
}

async fn auditor(world: &World, permissions: &[&str]) -> SignedIn {
    let user = world.user("Auditor", permissions).await;
    world.session(&user).await
}

#[tokio::test]
async fn an_auditor_sees_that_a_provider_moved() {
    let world = World::new().await;
    let name = "company".parse().unwrap();
    let [old, new] = ["old", "new"].map(|host| format!("sso https://{host}.example.com by sub"));
    world.state.store.meet_provider(&name, &old).await.unwrap();
    let mut change = world.change().await;
    change.move_provider(&name, &new).await.unwrap();
    world.commit(change).await;
    let reader = auditor(&world, &["login", "audit#view"]).await;
    let page = world.open(&reader, &format!("{LIST}?action=provider.move")).await;
    assert_eq!(actions(&page), ["provider.move"], "{}", page.text());
    for shown in ["Provider moved", "company", "Identity", &old, &new] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}

#[tokio::test]
async fn an_auditor_sees_who_did_what_and_finds_some_of_it() {
    let world = World::new().await;
    let ann = world.user("Ann", &["login", "admin"]).await;
    let markup = "<img src=x onerror=alert(1)>";
    let token = world.token(&ann, NewGrant { name: markup, ..NewGrant::default() }).await;
    let session = world.session(&ann).await;
    let path = format!("/api/v1/personal-access-tokens/{}", token.id);
    assert_eq!(world.send(delete(path).session(&session)).await.status(), 204);
    world.clock.set(days_from_noon(1));
    let reader = auditor(&world, &["login", "audit#view"]).await;
    let page = world.open(&reader, LIST).await;
    assert_eq!(page.status(), 200);
    let all = [
        "session.create",
        "role.create",
        "user.create",
        "grant.delete",
        "session.create",
        "grant.create",
        "role.create",
        "user.create",
    ];
    assert_eq!(actions(&page), all);
    assert!(!page.text().contains("<img"), "what people wrote is text");
    for shown in ["Token deleted", "&#60;img", "192.0.2.7", "Patgate itself", "4 May 2026, 12:00 UTC"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    // Who may not see tokens gets no links to them.
    assert!(!page.text().contains("/admin/tokens/"));
    let id = token.id.to_string();
    for (query, found) in [
        ("actor=ANN".to_owned(), &all[3..4]),
        ("actor=nobody".to_owned(), &[][..]),
        ("action=grant.create".to_owned(), &all[5..6]),
        (format!("subject={id}"), &["grant.delete", "grant.create"]),
        ("subject=Ann".to_owned(), &["session.create", "user.create"]),
        ("subject=A%25".to_owned(), &[]),
        // A control character is no part of what is searched for.
        ("actor=A%00NN".to_owned(), &all[3..4]),
        ("action=grant.create%00".to_owned(), &all[5..6]),
        ("subject=%00Ann".to_owned(), &["session.create", "user.create"]),
        ("from=2026-05-04".to_owned(), &all[..3]),
        ("until=2026-05-03".to_owned(), &all[3..]),
        ("from=2026-05-03&until=2026-05-04".to_owned(), &all),
        // Noon in Greenwich is the next day in the farthest east.
        ("from=2026-05-05&zone=Pacific/Kiritimati".to_owned(), &all[..3]),
        ("from=2026-05-05".to_owned(), &[]),
    ] {
        let page = world.open(&reader, &format!("{LIST}?{query}")).await;
        assert_eq!((page.status(), &actions(&page)[..]), (200, found), "{query}");
        assert!(!found.is_empty() || page.text().contains("Nothing fits"), "{query}");
    }
    for (query, field) in [
        ("from=yesterday", "from"),
        ("until=2026-02-30", "until"),
        ("from=2026-05-04&until=2026-05-03", "until"),
        ("from=9999-12-31", "from"),
        ("until=9999-12-31", "until"),
    ] {
        let page = world.open(&reader, &format!("{LIST}?{query}")).await;
        assert_eq!((page.status(), actions(&page).len()), (400, 0), "{query}");
        assert!(page.text().contains(&format!(r#"id="{field}-error""#)), "{query}");
        assert_eq!(world.open(&reader, &format!("{LIST}.jsonl?{query}")).await.status(), 400, "{query}");
    }
    let page = world.open(&reader, &format!("{LIST}?until=9999-12-31")).await;
    assert!(page.text().contains("This day is too late; choose an earlier one."), "{}", page.text());
}

#[tokio::test]
async fn what_was_changed_is_told_in_words() {
    let world = World::new().await;
    let root = world.user("root", &["login", "admin"]).await;
    let session = world.session(&root).await;
    let body = json!({ "fullName": "Root <b>" });
    assert_eq!(world.send(put("/api/v1/users/root").session(&session).json(&body)).await.status(), 200);
    let page = world.open(&session, &format!("{LIST}?action=user.update")).await;
    assert!(
        page.text().contains(r#"<span class="quiet-text">Full name</span> root Example → Root &#60;b&#62;"#)
    );
    let page = world.open(&session, &format!("{LIST}?action=user.create")).await;
    assert!(page.text().contains(r#"<span class="quiet-text">Disabled</span> no"#), "{}", page.text());
}

#[tokio::test]
async fn what_an_event_names_leads_to_its_page_for_who_may_see_it() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let session = world.session(&root).await;
    let ann = world.user("ann", &["login"]).await;
    let gone = world.user("gone", &["login"]).await;
    let item = world.idle_mail_server().await;
    let role = world.state.store.role(&"ann's role".parse().unwrap()).await.unwrap().unwrap();
    let path = format!("/api/v1/users/{}", "gone");
    assert!(world.send(delete(path).session(&session)).await.status() < 300);
    let settings = "/api/v1/settings/personal-access-tokens";
    let stored = world.send(get(settings).session(&session)).await.json();
    let mut changed = stored.clone();
    changed["tokensMayMakeTokens"] = json!(true);
    assert_eq!(world.send(put(settings).session(&session).json(&changed)).await.status(), 200);
    let events = |query: &str| format!("{LIST}?{query}");
    let linked = [
        (format!("action=user.create&subject={}", ann.id), "/admin/users/ann".to_owned()),
        ("action=session.create&subject=root".to_owned(), "/admin/users/root".to_owned()),
        ("action=user.delete".to_owned(), "/admin/users/root".to_owned()),
        (format!("subject={}", role.id), format!("/admin/roles/{}", role.id)),
        (format!("subject={item}"), format!("/configuration/{item}")),
        ("action=settings.update".to_owned(), "/settings".to_owned()),
    ];
    let reader = auditor(&world, &["login", "audit#view"]).await;
    for (query, link) in linked {
        let link = format!("<a href=\"{link}\">");
        let cells = |page: &Answer| page.text().split("<tbody>").nth(1).unwrap_or_default().to_owned();
        let page = world.open(&session, &events(&query)).await;
        assert!(cells(&page).contains(&link), "{query}: {}", page.text());
        let page = world.open(&reader, &events(&query)).await;
        assert!(!cells(&page).contains("<a href"), "{query}: {}", page.text());
    }
    // Who is gone has no page.
    let page = world.open(&session, &events(&format!("action=user.create&subject={}", gone.id))).await;
    assert!(!page.text().contains("/admin/users/gone"), "{}", page.text());
    // A moment in the details is one for the browser's zone, too.
    world.token(&ann, NewGrant { expires_at: Some("2026-12-21T23:59:59Z"), ..NewGrant::default() }).await;
    let page = world.open(&session, &events("action=grant.create")).await;
    assert!(page.text().contains(r#"<time datetime="2026-12-21T23:59:59Z" data-local>"#), "{}", page.text());
}

#[tokio::test]
async fn the_log_is_downloaded_whole_an_event_a_line() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let mut change = world.change().await;
    for at in 0..1_100 {
        let (mut grant, digest) = world.grant_of(ann.id);
        grant.name = format!("t{at}").parse().unwrap();
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    world.commit(change).await;
    let reader = auditor(&world, &["login", "audit#view", "token#view_all"]).await;
    let log = world.open(&reader, &format!("{LIST}.jsonl?action=grant.create")).await;
    assert_eq!(log.header("content-type"), "application/jsonl; charset=utf-8");
    assert_eq!(log.header("content-disposition"), "attachment; filename=\"patgate-audit-2026-05-03.jsonl\"");
    let events: Vec<Value> = log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 1_100);
    assert_eq!(
        (&events[0]["subject"]["name"], &events[1_099]["subject"]["name"]),
        (&json!("t1099"), &json!("t0"))
    );
    assert_eq!(events[0]["at"], "2026-05-03T12:00:00Z");
    assert_eq!(
        events[0]["actor"],
        json!({ "kind": "system", "name": "test", "user": null, "token": null, "address": null })
    );
    assert_eq!(events[0]["detail"]["owner"], "ann");
    assert_eq!(world.open(&reader, &format!("{LIST}.jsonl?actor=nobody")).await.bytes(), b"");
    // The pages of the same list.
    let page = world.open(&reader, &format!("{LIST}?action=grant.create")).await;
    assert_eq!(actions(&page).len(), 20);
    assert!(page.text().contains(r#"rel="next""#) && !page.text().contains(r#"rel="prev""#));
    assert!(page.text().contains(r#"href="/admin/tokens/"#));
}

#[tokio::test]
async fn a_search_through_a_very_long_log_goes_on_page_by_page() {
    let world = World::new().await;
    let owner = world.user("bob", &["login"]).await;
    let key = world.state.index.keys().newest().id();
    let many: Vec<_> = (0..2_050).map(|_| world.grant_of(owner.id)).collect();
    let (first, digest) = world.grant_of(owner.id);
    let gone = GrantState::Deleted { at: world.clock.now() };
    let mut change = world.change().await;
    change.insert_grant(&first, key, &digest).await.unwrap();
    change.set_grant_state(first.id, gone).await.unwrap();
    change.disable_user(owner.id).await.unwrap();
    for (grant, digest) in &many {
        change.insert_grant(grant, key, digest).await.unwrap();
    }
    world.commit(change).await;
    let mut change = world.state.change(&Actor::system("sweep")).await.unwrap();
    for (grant, _) in &many {
        change.set_grant_state(grant.id, gone).await.unwrap();
    }
    world.commit(change).await;
    let reader = auditor(&world, &["login", "audit#view"]).await;
    // Who acted did much, and what was done was done often: both together stand far back.
    let log = format!("{LIST}?actor=test&action=grant.delete");
    let page = world.open(&reader, &log).await;
    assert!(
        page.text().contains("None found so far") && page.text().contains("Only a part"),
        "{}",
        page.text()
    );
    let page = world.open(&reader, &link(&page, "next").unwrap()).await;
    assert_eq!(actions(&page), ["grant.delete"], "{}", page.text());
    assert!(!page.text().contains("Only a part"), "{}", page.text());
    let lines = world.open(&reader, &log.replace("audit?", "audit.jsonl?")).await;
    assert_eq!(lines.text().lines().count(), 1);
    // What was done seldom is found at once, wherever it stands.
    let page = world.open(&reader, &format!("{LIST}?actor=test&action=user.disable")).await;
    assert_eq!(actions(&page), ["user.disable"], "{}", page.text());
    assert!(!page.text().contains("Only a part"), "{}", page.text());
}

#[tokio::test]
async fn only_who_may_reads_the_log() {
    let world = World::new().await;
    let eve = auditor(&world, &["login", "token#view_all", "security#view"]).await;
    for path in [LIST, "/admin/audit.jsonl"] {
        assert_eq!(world.open(&eve, path).await.status(), 403, "{path}");
        assert_eq!(world.send(get(path)).await.status(), 303, "{path}");
    }
}
