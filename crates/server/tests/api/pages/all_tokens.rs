//! *All tokens*: what administrators see and delete of everybody's tokens.

use patgate_core::user::Origin;
use patgate_testkit::clock::days_from_noon;

use super::link;
use crate::common::{Answer, IssuedToken, NewGrant, SignedIn, World, get, post};

const LIST: &str = "/admin/tokens";
const SEES: &[&str] = &["login", "token#view_all"];
const DELETES: &[&str] = &["login", "token#view_all", "token#delete_all"];
const MARKUP: &str = "<script>alert(1)</script>";

/// The names in the list, in its order.
fn names(page: &Answer) -> Vec<String> {
    let cells = page.text().split(r#"<th scope="row" data-label="Name">"#).skip(1);
    let named =
        |cell: &str| cell.split("</th>").next().unwrap().split('>').nth(1).unwrap().replace("</a", "");
    cells.map(named).collect()
}

/// A token with this name and end.
fn named<'n>(name: &'n str, expires_at: Option<&'n str>) -> NewGrant<'n> {
    NewGrant { name, expires_at, ..NewGrant::default() }
}

struct Stage {
    world: World,
    admin: SignedIn,
    tokens: Vec<IssuedToken>,
}

/// An administrator; ann with four tokens; cyd of a directory, who is disabled, with one.
async fn stage(permissions: &[&str]) -> Stage {
    let world = World::new().await;
    let root = world.user("root", permissions).await;
    let ann = world.user("ann", &["login"]).await;
    let cyd = world.user_from("cyd", Origin::Ldap, "corp", &["login"]).await;
    let mut tokens = Vec::new();
    for (name, expires_at) in [
        ("ci", Some("2026-05-06T12:00:00Z")),
        ("nightly", Some("2027-05-03T12:00:00Z")),
        ("endless", None),
        (MARKUP, Some("2026-05-04T11:00:00Z")),
    ] {
        tokens.push(world.token(&ann, named(name, expires_at)).await);
    }
    tokens.push(world.token(&cyd, named("cyd's", Some("2026-06-03T12:00:00Z"))).await);
    world.disable(&cyd).await;
    let admin = world.session(&root).await;
    Stage { world, admin, tokens }
}

#[tokio::test]
async fn an_administrator_sees_everybodys_tokens_and_finds_some() {
    let mut stage = stage(SEES).await;
    let call = get("/api/v1/personal-access-tokens/current").token(&stage.tokens[1]);
    assert_eq!(stage.world.send(call).await.status(), 200);
    stage.world.write_last_uses().await;
    let (world, admin) = (&stage.world, &stage.admin);
    let page = world.open(admin, LIST).await;
    assert_eq!(page.status(), 200);
    let markup = MARKUP.replace('<', "&#60;").replace('>', "&#62;");
    assert_eq!(names(&page), [markup.as_str(), "ci", "cyd&#39;s", "endless", "nightly"]);
    assert!(!page.text().contains("<script>alert"));
    for shown in ["ldap, disabled", "internal", "Less than 24 hours", "3 days", "from 192.0.2.7", "Release"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    // Who may not delete is not asked to choose.
    assert!(!page.text().contains(r#"name="id""#) && !page.text().contains("Delete"));
    for (query, found) in [
        ("search=N", &["nightly"][..]),
        ("search=n%00", &["nightly"]),
        ("owner=CYD", &["cyd&#39;s"]),
        ("owner=ann&sort=-created&show=active&search=e", &["endless"]),
        ("expiring=4", &[&markup, "ci"]),
        ("expiring=4&sort=", &[&markup, "ci"]),
        ("expiring=40&sort=name", &[&markup, "ci", "cyd&#39;s"]),
        ("expiring=4&sort=name&search=c", &["ci"]),
        ("endless=yes", &["endless"]),
        ("disabled=yes", &["cyd&#39;s"]),
        ("show=expired", &[]),
        ("unused=1", &[]),
        ("search=none", &[]),
    ] {
        let page = world.open(admin, &format!("{LIST}?{query}")).await;
        assert_eq!(page.status(), 200, "{query}");
        assert_eq!(names(&page), found, "{query}");
        assert!(!found.is_empty() || page.text().contains("No token fits"), "{query}");
    }
    world.clock.set(days_from_noon(2));
    // A session lives eight hours: another one.
    let root = world.user("root2", SEES).await;
    let admin = &world.session(&root).await;
    assert_eq!(names(&world.open(admin, &format!("{LIST}?show=expired")).await), [markup.as_str()]);
    let unused = world.open(admin, &format!("{LIST}?unused=2")).await;
    assert_eq!(names(&unused).len(), 0, "used or made two days ago, to the second");
    world.clock.set(days_from_noon(3));
    let admin = &world.session(&root).await;
    assert_eq!(names(&world.open(admin, &format!("{LIST}?unused=2")).await).len(), 5);
}

#[tokio::test]
async fn what_lives_longer_than_the_maximum_is_found() {
    let stage = stage(SEES).await;
    let (world, admin) = (&stage.world, &stage.admin);
    let page = world.open(admin, &format!("{LIST}?over=yes")).await;
    assert_eq!(names(&page).len(), 5, "nothing is over a maximum that is not there");
    assert!(!page.text().contains("longer than the maximum"));
    let mut settings = (*world.state.node.settings()).clone();
    settings.maximum_lifetime_days = Some(31.try_into().unwrap());
    let mut change = world.change().await;
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    let page = world.open(admin, &format!("{LIST}?over=yes")).await;
    assert!(page.text().contains("longer than the maximum of 31 days"));
    assert_eq!(names(&page), ["endless", "nightly"]);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_told_beside_its_field_and_finds_nothing() {
    let stage = stage(SEES).await;
    for (query, field, told) in [
        ("owner=nobody", "owner", "There is no user “nobody”."),
        ("owner=%3Cb%3E", "owner", "There is no user “&#60;b&#62;”."),
        ("expiring=soon", "expiring", "Type a number of days, 1 to 3650."),
        ("unused=0", "unused", "Type a number of days, 1 to 3650."),
        ("unused=99999999999", "unused", "Type a number of days, 1 to 3650."),
    ] {
        let page = stage.world.open(&stage.admin, &format!("{LIST}?{query}")).await;
        assert_eq!((page.status(), names(&page).len()), (400, 0), "{query}");
        assert!(
            page.text().contains(&format!(r#"id="{field}-error""#)) && page.text().contains(told),
            "{query}"
        );
        let download = stage.world.open(&stage.admin, &format!("{LIST}.csv?{query}")).await;
        assert_eq!(download.status(), 400, "{query}");
    }
    // A place that is none is the beginning.
    let page = stage.world.open(&stage.admin, &format!("{LIST}?after=%00%ff")).await;
    assert_eq!((page.status(), names(&page).len()), (200, 5));
}

#[tokio::test]
async fn pages_of_a_long_list_go_there_and_back() {
    let stage = stage(SEES).await;
    let (world, admin) = (&stage.world, &stage.admin);
    let owner = world.user("bob", &["login"]).await;
    let mut change = world.change().await;
    for at in 0..110 {
        let (mut grant, digest) = world.grant_of(owner.id);
        grant.name = format!("t{at:03}").parse().unwrap();
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    world.commit(change).await;
    let mut seen = Vec::new();
    let mut path = format!("{LIST}?owner=bob");
    let mut pages = 0;
    loop {
        let page = world.open(admin, &path).await;
        pages += 1;
        seen.extend(names(&page));
        match link(&page, "next") {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!((pages, seen.len()), (6, 110));
    assert!(seen.is_sorted());
    let last = world.open(admin, &path).await;
    let middle = world.open(admin, &link(&last, "prev").unwrap()).await;
    assert_eq!(names(&middle), seen[80..100]);
    // The download has them all.
    let csv = world.open(admin, &format!("{LIST}.csv?owner=bob")).await;
    assert_eq!(csv.text().lines().count(), 111);
}

#[tokio::test]
async fn chosen_tokens_are_named_once_more_and_deleted_in_one_change() {
    let stage = stage(DELETES).await;
    let (world, admin) = (&stage.world, &stage.admin);
    let ids: Vec<_> = stage.tokens.iter().map(|token| token.id.to_string()).collect();
    let page = world.open(admin, LIST).await;
    assert_eq!(page.text().matches(r#"name="id""#).count(), 5);
    let ask = format!("{LIST}/delete?id={}&id={}&id=nonsense", ids[0], ids[3]);
    let page = world.open(admin, &ask).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("Delete 2 tokens?") && page.text().contains("&#60;script&#62;"));
    let fields = [("id", ids[0].as_str()), ("id", ids[3].as_str()), ("id", ids[0].as_str())];
    let before = world.state.store.last_sequence().await.unwrap();
    for refused in [post(format!("{LIST}/delete")).cookie(admin).form(&fields), {
        let foreign = SignedIn { csrf: "foreign".to_owned(), ..admin.clone() };
        post(format!("{LIST}/delete")).submit(&foreign, &fields)
    }] {
        assert_eq!(world.send(refused).await.status(), 403);
    }
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &fields)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/tokens?done=deleted-2"));
    let after = world.state.store.last_sequence().await.unwrap();
    assert_eq!(after.as_i64() - before.as_i64(), 1, "one change");
    let page = world.open(admin, "/admin/tokens?done=deleted-2").await;
    assert!(page.text().contains("2 tokens are deleted.") && names(&page).len() == 3);
    let call = get("/api/v1/personal-access-tokens/current").token(&stage.tokens[0]);
    assert_eq!(world.send(call).await.status(), 401);
    // One comes back to the same place of the list.
    let page = world.open(admin, &format!("{LIST}?owner=ann&sort=name&done=none")).await;
    assert!(page.text().contains(r#"name="list" value="owner=ann&#38;sort=name""#), "{}", page.text());
    let page =
        world.open(admin, &format!("{LIST}/delete?list=owner%3Dann%26sort%3Dname&id={}", ids[1])).await;
    assert!(
        page.text().contains(r#"href="/admin/tokens?owner=ann&#38;sort=name">Cancel"#),
        "{}",
        page.text()
    );
    assert!(page.text().contains(r#"name="list" value="owner=ann&#38;sort=name""#));
    let from = [("id", ids[0].as_str()), ("list", "owner=ann&sort=name")];
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &from)).await;
    assert_eq!(answer.header("location"), "/admin/tokens?owner=ann&sort=name&done=deleted-0");
    // Somebody else was first: a calm answer.
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &fields)).await;
    assert_eq!(answer.header("location"), "/admin/tokens?done=deleted-0");
    assert!(world.open(admin, "/admin/tokens?done=deleted-0").await.text().contains("already deleted"));
    assert_eq!(world.open(admin, &ask).await.header("location"), "/admin/tokens?done=deleted-0");
    assert_eq!(
        world.open(admin, &format!("{LIST}/delete")).await.header("location"),
        "/admin/tokens?done=none"
    );
}

#[tokio::test]
async fn who_may_only_see_deletes_nothing() {
    let stage = stage(SEES).await;
    let id = stage.tokens[0].id.to_string();
    let (world, admin) = (&stage.world, &stage.admin);
    assert_eq!(world.open(admin, &format!("{LIST}/delete?id={id}")).await.status(), 403);
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &[("id", &id)])).await;
    assert_eq!(answer.status(), 403);
    let plain = world.user("eve", &["login", "token#delete_all"]).await;
    let plain = world.session(&plain).await;
    for path in [LIST.to_owned(), format!("{LIST}.csv"), format!("{LIST}/{id}")] {
        assert_eq!(world.open(&plain, &path).await.status(), 403, "{path}");
    }
    let many: Vec<_> =
        (0..201_i64).map(|at| patgate_core::identifier::GrantId::from_i64(at).to_string()).collect();
    let many: Vec<_> = many.iter().map(|id| ("id", id.as_str())).collect();
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &many)).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn a_tokens_whole_life_is_on_one_page_although_it_is_deleted() {
    let stage = stage(&["audit#view", DELETES[0], DELETES[1], DELETES[2]]).await;
    let (world, admin) = (&stage.world, &stage.admin);
    let id = stage.tokens[3].id.to_string();
    let page = world.open(admin, &format!("{LIST}/{id}")).await;
    assert_eq!(page.status(), 200);
    for shown in [
        "&#60;script&#62;",
        ">Active<",
        "Permissions</span> all that the owner has",
        "Token generated",
        "grant.create",
        "Less than 24 hours",
        "4 May 2026, 11:00 UTC",
        &id,
    ] {
        assert!(page.text().contains(shown), "{shown}");
    }
    assert!(page.text().contains(">Delete</a>") && !page.text().contains("<script>alert"));
    let answer = world.send(post(format!("{LIST}/delete")).submit(admin, &[("id", &id)])).await;
    assert_eq!(answer.header("location"), "/admin/tokens?done=deleted-1");
    let page = world.open(admin, &format!("{LIST}/{id}")).await;
    assert_eq!(page.status(), 200);
    for shown in ["Deleted", "Token deleted", "Token generated", "192.0.2.7", "root"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    assert!(!page.text().contains(">Delete</a>"));
    for missing in [world.never_stored().id.to_string(), "nonsense".to_owned()] {
        assert_eq!(world.open(admin, &format!("{LIST}/{missing}")).await.status(), 404);
    }
}

#[tokio::test]
async fn who_may_not_read_the_log_sees_what_a_token_is_and_not_its_life() {
    let stage = stage(SEES).await;
    let path = format!("{LIST}/{}", stage.tokens[0].id);
    let page = stage.world.open(&stage.admin, &path).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("<h1>ci</h1>") && page.text().contains(">Active<"));
    assert!(page.text().contains("you need the permission <code>audit#view</code>"));
    assert!(!page.text().contains("grant.create") && !page.text().contains("Token generated"));
}

#[tokio::test]
async fn no_spreadsheet_runs_what_is_downloaded() {
    let world = World::new().await;
    let root = world.user("root", SEES).await;
    for name in ["=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@x", "a,b", "a;=1", "say \"hi\""] {
        world.token(&root, named(name, None)).await;
    }
    let csv = world.open(&world.session(&root).await, &format!("{LIST}.csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"patgate-tokens-2026-05-03.csv\"");
    assert_eq!(csv.header("cache-control"), "no-store");
    let lines: Vec<_> = csv.text().split("\r\n").collect();
    assert!(lines[0].starts_with("id,name,owner,origin,"));
    let cells: Vec<_> = lines[1..8].iter().map(|line| line.split_once(',').unwrap().1).collect();
    let rest = ",root,internal,true,release,all,2026-05-03T12:00:00Z,,,,,active";
    let quoted = [
        "'+1",
        "'-1",
        "\"'=HYPERLINK(\"\"http://evil.example\"\")\"",
        "'@x",
        "\"a,b\"",
        "\"a;'=1\"",
        "\"say \"\"hi\"\"\"",
    ];
    assert_eq!(cells, quoted.map(|name| format!("{name}{rest}")));
    assert_eq!(lines[8..], [""]);
}

#[tokio::test]
async fn a_search_through_very_many_tokens_goes_on_page_by_page() {
    let stage = stage(SEES).await;
    let (world, admin) = (&stage.world, &stage.admin);
    let owner = world.user("bob", &["login"]).await;
    let mut change = world.change().await;
    for at in 0..2_050 {
        let (mut grant, digest) = world.grant_of(owner.id);
        grant.expires_at = patgate_core::expiry::Expiry::at(days_from_noon(30)).unwrap();
        grant.name = format!("t{at:05}").parse().unwrap();
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    let (mut last, digest) = world.grant_of(owner.id);
    last.name = "zzz".parse().unwrap();
    last.created_at = days_from_noon(-10);
    change.insert_grant(&last, world.state.index.keys().newest().id(), &digest).await.unwrap();
    world.commit(change).await;
    let path = format!("{LIST}?owner=bob&unused=5&sort=name");
    let page = world.open(admin, &path).await;
    assert!(page.text().contains("None found so far") && page.text().contains("Only a part"));
    let page = world.open(admin, &link(&page, "next").unwrap()).await;
    assert_eq!(names(&page), ["zzz"]);
    assert!(!page.text().contains("Only a part") && page.text().contains(r#"rel="prev""#));
    let csv = world.open(admin, &path.replace("tokens?", "tokens.csv?")).await;
    assert_eq!(csv.text().lines().count(), 2);
    // Where an index tells that few come into question, they are found at once.
    for asked in ["owner=bob&endless=yes&sort=name", "search=z&sort=expires"] {
        let page = world.open(admin, &format!("{LIST}?{asked}")).await;
        assert_eq!(names(&page), ["zzz"], "{asked}");
        assert!(!page.text().contains("Only a part"), "{asked}");
    }
    let page = world.open(admin, &format!("{LIST}?disabled=yes&sort=name")).await;
    assert_eq!(names(&page), ["cyd&#39;s"]);
    assert!(!page.text().contains("Only a part"), "{}", page.text());
}
