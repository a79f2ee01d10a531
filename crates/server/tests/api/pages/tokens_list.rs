//! *Access tokens*: the list, deleting a token, clearing expired ones.

use patgate_core::identifier::GrantId;
use patgate_core::policy::TokenSettings;
use patgate_core::user::Origin;
use patgate_testkit::clock::days_from_noon;

use super::link;
use crate::common::{Answer, NewGrant, Person, SignedIn, World, delete, get, post};

const LIST: &str = "/account/tokens";

/// The names in the list, in its order.
fn names(page: &Answer) -> Vec<&str> {
    let cells = page.text().split(r#"<th scope="row" data-label="Name"><span "#).skip(1);
    cells.map(|rest| rest.split_once('>').unwrap().1.split('<').next().unwrap()).collect()
}

/// Ann with tokens of these names and ends.
async fn ann_with(tokens: &[(&str, Option<&str>)]) -> (World, Person, SignedIn, Vec<GrantId>) {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let mut ids = Vec::new();
    for (name, expires_at) in tokens {
        ids.push(
            world.token(&ann, NewGrant { name, expires_at: *expires_at, ..NewGrant::default() }).await.id,
        );
    }
    let session = world.session(&ann).await;
    (world, ann, session, ids)
}

#[tokio::test]
async fn who_has_no_tokens_is_told_what_to_do() {
    let (world, _, session, _) = ann_with(&[]).await;
    let page = world.open(&session, LIST).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("<h1>Personal access tokens</h1>") && page.text().contains("No tokens yet"));
    assert!(page.text().contains("Generate new tokens") && !page.text().contains("<table"));
    assert_eq!(page.text().matches("<h1").count(), 1);
}

#[tokio::test]
async fn a_token_is_listed_with_all_that_one_asks_about_it() {
    let mut world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let markup = "<script>alert(1)</script>";
    world
        .token(&ann, NewGrant { name: markup, permissions: Some(&["release#view"]), ..NewGrant::default() })
        .await;
    let used = NewGrant { name: "used", expires_at: Some("2026-05-06T12:00:00Z"), ..NewGrant::default() };
    let used = world.token(&ann, used).await;
    let bob = world.user("bob", &["login"]).await;
    world.token(&bob, NewGrant { name: "bob's own", ..NewGrant::default() }).await;
    let call = get("/api/v1/personal-access-tokens/current").token(&used).header("user-agent", "curl/8");
    assert_eq!(world.send(call).await.status(), 200);
    world.write_last_uses().await;
    let page = world.open(&world.session(&ann).await, &format!("{LIST}?sort=name")).await;
    assert_eq!(names(&page), ["&#60;script&#62;alert(1)&#60;/script&#62;", "used"]);
    for shown in [
        "1 chosen",
        "<code>release#view</code>",
        "from 192.0.2.7",
        r#"<time datetime="2026-05-06T12:00:00Z" data-local>6 May 2026, 12:00 UTC</time>"#,
        r#"data-until="2026-05-06T12:00:00Z""#,
        ">3 days<",
        ">Never<",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert!(!page.text().contains("<script>alert") && !page.text().contains("bob&#39;s own"));
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_cut_to_pages() {
    let (world, ann, session, _) = ann_with(&[]).await;
    let mut change = world.change().await;
    for number in 0..50 {
        let (mut grant, digest) = world.grant_of(ann.id);
        grant.name = format!("ci-{number:03}").parse().unwrap();
        change.insert_grant(&grant, 1, &digest).await.unwrap();
    }
    let (mut other, digest) = world.grant_of(ann.id);
    other.name = "Éclair".parse().unwrap();
    change.insert_grant(&other, 1, &digest).await.unwrap();
    world.commit(change).await;
    let first = world.open(&session, &format!("{LIST}?search=CI-&sort=name&show=active&done=deleted")).await;
    assert_eq!((names(&first).len(), names(&first)[0], names(&first)[19]), (20, "ci-000", "ci-019"));
    assert!(link(&first, "prev").is_none());
    let second = world.open(&session, &link(&first, "next").unwrap()).await;
    assert_eq!((names(&second)[0], names(&second)[19]), ("ci-020", "ci-039"));
    assert!(!second.text().contains("is deleted"), "what was done is told once");
    let third = world.open(&session, &link(&second, "next").unwrap()).await;
    assert_eq!((names(&third).len(), names(&third)[9]), (10, "ci-049"));
    assert!(link(&third, "next").is_none());
    let back = world.open(&session, &link(&third, "prev").unwrap()).await;
    assert_eq!(names(&back), names(&second));
    let back = world.open(&session, &link(&back, "prev").unwrap()).await;
    assert_eq!(names(&back), names(&first));
    assert!(link(&back, "prev").is_none());
    assert_eq!(names(&world.open(&session, &format!("{LIST}?search=%C3%A9c")).await), ["Éclair"]);
    assert_eq!(names(&world.open(&session, &format!("{LIST}?search=%C3%A9c%00")).await), ["Éclair"]);
    let nothing = world.open(&session, &format!("{LIST}?search=%3Cb%3E")).await;
    assert!(nothing.text().contains("begins with “&#60;b&#62;”"), "{}", nothing.text());
    let strange = world.open(&session, &format!("{LIST}?after=%00&before=x&sort=what&show=ever")).await;
    assert_eq!((strange.status(), names(&strange).len()), (200, 20));
}

#[tokio::test]
async fn expired_tokens_stay_marked_until_they_are_cleared() {
    let ends =
        [("alive", None), ("soon", Some("2026-06-01T00:00:00Z")), ("over", Some("2026-05-04T00:00:00Z"))];
    let (world, ann, session, ids) = ann_with(&ends).await;
    let page = world.open(&session, &format!("{LIST}?sort=expires")).await;
    assert_eq!(names(&page), ["over", "soon", "alive"]);
    assert!(!page.text().contains("Clear expired tokens"));
    let none = world.open(&session, "/account/tokens/expired/clear").await;
    assert_eq!((none.status(), none.header("location")), (303, "/account/tokens?done=none-expired"));
    world.clock.set(days_from_noon(2));
    let session = SignedIn { ..world.session(&ann).await };
    let page = world.open(&session, LIST).await;
    assert!(page.text().contains(">Expired<") && page.text().contains("Clear expired tokens"));
    assert_eq!(names(&world.open(&session, &format!("{LIST}?show=expired")).await), ["over"]);
    assert_eq!(
        names(&world.open(&session, &format!("{LIST}?show=active&sort=-name")).await),
        ["soon", "alive"]
    );
    let ask = world.open(&session, "/account/tokens/expired/clear").await;
    assert!(ask.text().contains("over") && ask.text().contains("Delete 1 expired token<"), "{}", ask.text());
    assert!(!ask.text().contains("alive"));
    let before = ask.text().split_once(r#"name="before" value=""#).unwrap().1.split('"').next().unwrap();
    // What expires after the page was shown was not named on it.
    world.clock.set(days_from_noon(40));
    let session = world.session(&ann).await;
    let form = [("before", before)];
    let cleared = world.send(post("/account/tokens/expired/clear").submit(&session, &form)).await;
    assert_eq!((cleared.status(), cleared.header("location")), (303, "/account/tokens?done=cleared"));
    let page = world.open(&session, cleared.header("location")).await;
    assert!(page.text().contains("The expired tokens are cleared."));
    assert_eq!(names(&world.open(&session, &format!("{LIST}?sort=name")).await), ["alive", "soon"]);
    assert!(world.state.store.grant(ids[1]).await.unwrap().is_some());
    let again = world.send(post("/account/tokens/expired/clear").submit(&session, &form)).await;
    assert_eq!(again.header("location"), "/account/tokens?done=none-expired");
    let foreign = SignedIn { csrf: "x".to_owned(), ..session };
    assert_eq!(world.send(post("/account/tokens/expired/clear").submit(&foreign, &form)).await.status(), 403);
}

#[tokio::test]
async fn of_very_many_tokens_a_search_finds_few_at_once_and_many_page_by_page() {
    let (world, ann, session, _) = ann_with(&[]).await;
    let mut change = world.change().await;
    for number in 0..3_020 {
        let (mut grant, digest) = world.grant_of(ann.id);
        let (beginning, days) = if number < 1_010 { ("old", -5) } else { ("new", 0) };
        grant.name = format!("{beginning}-{number:04}").parse().unwrap();
        grant.created_at = days_from_noon(days);
        change.insert_grant(&grant, 1, &digest).await.unwrap();
    }
    world.commit(change).await;
    let few = world.open(&session, &format!("{LIST}?search=old-000")).await;
    assert_eq!(names(&few).len(), 10);
    assert!(!few.text().contains("Only a part") && link(&few, "next").is_none());
    // Newest first, the old ones stand behind all others.
    let many = world.open(&session, &format!("{LIST}?search=old")).await;
    assert!(names(&many).is_empty());
    assert!(many.text().contains("None found so far") && many.text().contains("Only a part of your tokens"));
    let next = world.open(&session, &link(&many, "next").unwrap()).await;
    assert_eq!(names(&next).len(), 20);
    assert!(names(&next).iter().all(|name| name.starts_with("old-")), "{:?}", names(&next));
    assert!(!next.text().contains("Only a part") && link(&next, "next").is_some());
    let all = world.open(&session, &format!("{LIST}?search=n")).await;
    assert_eq!((names(&all).len(), all.text().contains("Only a part")), (20, false));
}

#[tokio::test]
async fn more_expired_tokens_than_one_change_takes_are_cleared_all() {
    let (world, ann, _, _) = ann_with(&[("alive", None)]).await;
    let mut change = world.change().await;
    for _ in 0..450 {
        let (mut grant, digest) = world.grant_of(ann.id);
        grant.expires_at = patgate_core::expiry::Expiry::at(days_from_noon(1)).unwrap();
        change.insert_grant(&grant, 1, &digest).await.unwrap();
    }
    world.commit(change).await;
    world.clock.set(days_from_noon(2));
    let session = world.session(&ann).await;
    let ask = world.open(&session, "/account/tokens/expired/clear").await;
    assert!(ask.text().contains("and more") && ask.text().contains("Delete all expired tokens"));
    let cleared = world.send(post("/account/tokens/expired/clear").submit(&session, &[])).await;
    assert_eq!(cleared.header("location"), "/account/tokens?done=cleared");
    assert_eq!(names(&world.open(&session, LIST).await), ["alive"]);
}

#[tokio::test]
async fn deleting_names_the_token_and_the_second_one_gets_a_calm_answer() {
    let (world, _, session, ids) = ann_with(&[("<i>old</i>", None), ("other", None)]).await;
    let path = format!("{LIST}/{}/delete", ids[0]);
    let ask = world.open(&session, &path).await;
    assert_eq!(ask.status(), 200);
    assert!(ask.text().contains("&#60;i&#62;old") && !ask.text().contains("<i>old"), "{}", ask.text());
    assert!(ask.text().contains("Delete token</button>") && ask.text().contains("3 May 2026, 12:00 UTC"));
    let foreign = SignedIn { csrf: "x".to_owned(), ..session.clone() };
    assert_eq!(world.send(post(&path).submit(&foreign, &[])).await.status(), 403);
    let send = || world.send(post(&path).submit(&session, &[]));
    let (one, other) = tokio::join!(send(), send());
    let mut answers = [one.header("location"), other.header("location")];
    answers.sort_unstable();
    assert_eq!(answers, ["/account/tokens?done=already-deleted", "/account/tokens?done=deleted"]);
    for (answer, sentence) in answers.iter().zip(["This token is already deleted.", "The token is deleted."])
    {
        let page = world.open(&session, answer).await;
        assert!(page.text().contains(sentence));
        assert_eq!(names(&page), ["other"]);
    }
    let ask = world.open(&session, &path).await;
    assert_eq!((ask.status(), ask.header("location")), (303, "/account/tokens?done=already-deleted"));
    // One comes back to the same place of the list.
    let page = world.open(&session, &format!("{LIST}?search=o&sort=name&done=deleted")).await;
    let button = format!(r#"formaction="/account/tokens/{}/delete""#, ids[1]);
    for shown in
        [&*button, r#"<form method="get"><input type="hidden" name="list" value="search=o&#38;sort=name">"#]
    {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let ask = format!("/account/tokens/{}/delete?list=search%3Do%26sort%3Dname", ids[1]);
    let ask = world.open(&session, &ask).await;
    assert!(ask.text().contains(r#"href="/account/tokens?search=o&#38;sort=name">Cancel"#), "{}", ask.text());
    let path = format!("{LIST}/{}/delete", ids[1]);
    let sent = world.send(post(&path).submit(&session, &[("list", "search=o&sort=name")])).await;
    assert_eq!(sent.header("location"), "/account/tokens?search=o&sort=name&done=deleted");
}

#[tokio::test]
async fn somebody_elses_token_is_not_there() {
    let (world, _, session, _) = ann_with(&[]).await;
    let bob = world.user("bob", &["login"]).await;
    let (kept, gone) =
        (world.token(&bob, NewGrant::default()).await, world.token(&bob, NewGrant::default()).await);
    world.delete_token(&gone).await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let ids = [kept.id.to_string(), gone.id.to_string(), "4fQ0kZ3mB1x".to_owned(), "nonsense".to_owned()];
    // Around it, each sees where they themselves may go.
    for who in [&session, &root] {
        let mut pages = Vec::new();
        for id in &ids {
            let path = format!("{LIST}/{id}/delete");
            let (ask, sent) = (world.open(who, &path).await, world.send(post(&path).submit(who, &[])).await);
            assert_eq!((ask.status(), sent.status()), (404, 404), "{id}");
            pages.extend([ask.text().to_owned(), sent.text().to_owned()]);
        }
        assert!(pages.iter().all(|page| *page == pages[0]), "missing and not one's own look alike");
    }
    assert_eq!(world.send(delete("/api/v1/personal-access-tokens/current").token(&kept)).await.status(), 204);
}

#[tokio::test]
async fn behaviour_16_sso_users_keep_their_list_when_generating_is_switched_off() {
    let world = World::new().await;
    let sue = world.user_from("sue", Origin::Sso, "https://sso.example", &["login"]).await;
    let tim = world.user_from("tim", Origin::Sso, "https://sso.example", &["login"]).await;
    let token =
        world.token(&sue, NewGrant { name: "old", application: "deploy", ..NewGrant::default() }).await;
    let mut settings = TokenSettings::default();
    settings.origins.deploy.sso = false;
    settings.origins.others.sso = false;
    let mut change = world.change().await;
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    let (sue, tim) = (world.session(&sue).await, world.session(&tim).await);
    let why = "An administrator has switched personal access tokens off for SSO users.";
    let page = world.open(&sue, LIST).await;
    assert_eq!(names(&page), ["old"]);
    assert!(page.text().contains(why) && page.text().contains("disabled>Generate new tokens</button>"));
    assert!(!page.text().contains("/account/tokens/new"), "{}", page.text());
    // A search without a result hides neither the list nor the reason.
    let page = world.open(&sue, &format!("{LIST}?search=x")).await;
    assert!(page.text().contains("disabled>Generate new tokens</button>") && page.text().contains(why));
    let page = world.open(&tim, LIST).await;
    assert!(page.text().contains(why));
    for absent in ["<table", "Generate new tokens", "/account/tokens/new", "role=\"search\""] {
        assert!(!page.text().contains(absent), "{absent}");
    }
    let path = format!("{LIST}/{}/delete", token.id);
    assert_eq!(
        world.send(post(&path).submit(&sue, &[])).await.header("location"),
        "/account/tokens?done=deleted"
    );
}

#[tokio::test]
async fn the_pages_are_for_who_is_signed_in() {
    let (world, ann, _, ids) = ann_with(&[("old", None)]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    for path in [
        LIST.to_owned(),
        format!("{LIST}/new"),
        format!("{LIST}/expired/clear"),
        format!("{LIST}/{}/delete", ids[0]),
    ] {
        for call in [get(&path), get(&path).token(&token), get(&path).basic("ann", crate::common::PASSWORD)] {
            let answer = world.send(call).await;
            assert_eq!(answer.status(), 303, "{path}");
            assert!(answer.header("location").starts_with("/login?next=%2Faccount%2Ftokens"));
        }
    }
}
