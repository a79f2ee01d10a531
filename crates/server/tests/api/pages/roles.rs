//! *Roles and permissions*: the list, making, changing, renaming and deleting a role.

use patgate_core::role::Role;

use crate::common::{Answer, NewGrant, SignedIn, World, get, post};

pub(super) const LIST: &str = "/admin/roles";
const MARKUP: &str = "<script>alert(1)<";

pub(super) async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

pub(super) async fn role(world: &World, name: &str) -> Role {
    world.state.store.role(&name.parse().unwrap()).await.unwrap().unwrap()
}

async fn make(world: &World, session: &SignedIn, fields: &[(&str, &str)]) -> Answer {
    world.send(post("/admin/roles/new").submit(session, fields)).await
}

/// The fields of the form of a role's permissions as a page shows it, with these chosen.
pub(super) fn filled<'a>(page: &'a Answer, chosen: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let shown = page.text().split(r#"name="shown" value=""#).nth(1).expect("a form of something stored");
    let mut fields = vec![("sent", "yes"), ("shown", shown.split('"').next().unwrap())];
    fields.extend(chosen.iter().map(|id| ("permission", *id)));
    fields
}

/// The names in the list of a role's page, each with what chooses it.
pub(super) fn listed(page: &Answer) -> Vec<(String, String)> {
    let rows = page.text().split(r#"name="principal" value=""#).skip(1);
    let read = |row: &str| {
        let name = row.split(r#"data-label="Name">"#).nth(1).unwrap().split('<').next().unwrap();
        (name.to_owned(), row.split('"').next().unwrap().to_owned())
    };
    rows.map(read).collect()
}

#[tokio::test]
async fn an_administrator_makes_a_role_and_puts_people_into_it() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
    let page = world.open(&root, "/admin/roles/new").await;
    for shown in
        ["New role", "<legend>General</legend>", "<legend>release</legend>", "create releases", "Groups"]
    {
        assert!(page.text().contains(shown), "{shown}");
    }
    let fields = [
        ("name", MARKUP),
        ("users", "ann\r\n\r\n corp:bob \r\n"),
        ("groups", "corp:ops"),
        ("permission", "security#view"),
        ("permission", "release#view"),
    ];
    let answer = make(&world, &root, &fields).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/roles?done=created"));
    let made = role(&world, MARKUP).await;
    let principals: Vec<_> =
        made.principals.iter().map(|p| format!("{}:{} {:?}", p.provider, p.username, p.kind)).collect();
    assert_eq!(principals, ["internal:ann User", "corp:bob User", "corp:ops Group"]);
    assert_eq!(world.send(get("/api/v1/roles").token(&token)).await.status(), 200, "in force at once");
    let list = world.open(&root, "/admin/roles?done=created").await;
    assert!(list.text().contains("The role is made.") && list.text().contains("release#view, security#view"));
    assert!(!list.text().contains(MARKUP) && list.text().contains("&#60;script&#62;"));
    let page = world.open(&root, &format!("{LIST}/{}", made.id)).await;
    assert!(listed(&page).iter().map(|(name, _)| name).eq(["ann", "bob", "ops"]), "{}", page.text());
    assert!(page.text().contains(r#"value="security#view" checked"#) && !page.text().contains(MARKUP));
    assert!(page.text().matches("<h1").count() == 1);
}

#[tokio::test]
async fn a_role_is_changed_and_who_is_in_it_stays() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let before = role(&world, "ann's role").await;
    let path = format!("{LIST}/{}", before.id);
    let page = world.open(&root, &path).await;
    let answer = world.send(post(&path).submit(&root, &filled(&page, &["login", "audit#view"]))).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/roles?done=saved"));
    let after = role(&world, "ann's role").await;
    assert_eq!((after.id, &after.principals), (before.id, &before.principals));
    assert_eq!(after.permissions.len(), 2);
    let page = world.open(&root, &path).await;
    let emptied = world.send(post(&path).submit(&root, &filled(&page, &[]))).await;
    assert_eq!(emptied.status(), 303);
    let after = role(&world, "ann's role").await;
    assert!(after.principals == before.principals && after.permissions.is_empty());
    assert_eq!(world.open(&root, "/admin/roles/AAAAAAAAAAA").await.status(), 404);
    assert_eq!(world.open(&root, "/admin/roles/x").await.status(), 404);
}

#[tokio::test]
async fn a_wrong_role_is_refused_beside_its_field_and_what_was_typed_is_kept() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let (long_user, long_group) = ("x".repeat(101), format!("corp:{}", "x".repeat(201)));
    for (field, value, status, words) in [
        ("name", "", 400, "1 to 100 characters"),
        ("name", "a/b", 400, "1 to 100 characters"),
        ("name", "Ann's ROLE", 409, "is taken"),
        ("users", "nobody", 400, "There is no user `nobody`."),
        ("users", "a/b", 400, "“a/b”"),
        ("users", &*long_user, 400, "A user name is 1 to 100 characters"),
        ("groups", &*long_group, 400, "The name of a group is 1 to 200 characters"),
        ("users", "Internal:ann", 400, "The provider of internal users is written `internal`"),
        ("users", "INTERNAL:x", 400, "The provider of internal users is written `internal`"),
        ("groups", "c\u{202e}orp:kept", 400, "invisible characters"),
        ("groups", "ops", 400, "Write the provider before the group"),
        ("groups", "internal:ops", 400, "names the provider"),
        ("permission", "Not one", 400, "A permission looks like"),
        ("permission", "shop#buy", 400, "permissions that are not known"),
    ] {
        let mut fields =
            vec![("name", "devs"), ("users", "ann"), ("groups", "corp:kept"), ("permission", "audit#view")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let answer = make(&world, &root, &fields).await;
        let text = answer.text();
        assert_eq!(answer.status(), status, "{field}={value}: {text}");
        assert!(text.contains(words), "{field}={value}: {text}");
        let is_kept = text.contains(&format!("{value}</textarea>"));
        assert!(is_kept || value.len() < 100, "{field}={value}: {text}");
        let anchor = if field == "permission" { "permissions" } else { field };
        assert!(text.contains(&format!("<a href=\"#{anchor}\">")), "{field}={value}: {text}");
        if field != "permission" {
            assert!(text.contains(r#"value="audit#view" checked"#), "{field}={value}");
        }
        if field != "groups" {
            assert!(text.contains("corp:kept</textarea>"), "{field}={value}");
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    let lost = world.send(post("/admin/roles/new").form(&[("name", "devs"), ("permission", "login")])).await;
    assert!(
        lost.header("location").ends_with("new%3Fname%3Ddevs%26permission%3Dlogin"),
        "{}",
        lost.header("location")
    );
    let back = world.open(&root, "/admin/roles/new?name=devs&permission=login").await;
    assert!(back.text().contains(r#"value="devs""#) && back.text().contains(r#"value="login" checked"#));
}

#[tokio::test]
async fn a_role_is_renamed_and_a_taken_name_is_refused() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let ann = role(&world, "ann's role").await;
    let path = format!("{LIST}/{}/rename", ann.id);
    assert!(world.open(&root, &path).await.text().contains("value=\"ann&#39;s role\""));
    for (name, status) in [("", 400), ("ROOT's role", 409)] {
        let answer = world.send(post(&path).submit(&root, &[("name", name)])).await;
        assert_eq!(answer.status(), status);
        assert!(answer.text().contains("<a href=\"#name\">"), "{}", answer.text());
    }
    let answer = world.send(post(&path).submit(&root, &[("name", "new")])).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/roles?done=renamed"));
    assert_eq!(role(&world, "new").await.id, ann.id);
    assert!(world.open(&root, LIST).await.text().contains(&format!("href=\"/admin/roles/{}\"", ann.id)));
}

#[tokio::test]
async fn deleting_a_role_says_what_is_lost_and_twice_is_calm() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login", "audit#view"]).await;
    let ann = role(&world, "ann's role").await;
    let path = format!("{LIST}/{}/delete", ann.id);
    let page = world.open(&root, &path).await;
    assert!(
        page.text().contains("ann is in it.") && page.text().contains("audit#view, login"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("Delete role"));
    for _ in 0..2 {
        let answer = world.send(post(&path).submit(&root, &[])).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/admin/roles?done=deleted"));
    }
    assert_eq!(world.state.store.role_by_id(ann.id).await.unwrap(), None);
}

#[tokio::test]
async fn the_last_administrator_stays_and_nobody_gives_more_than_they_have() {
    let world = World::new().await;
    let root = root(&world).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    let admins = role(&world, "root's role").await;
    let path = format!("{LIST}/{}", admins.id);
    let page = world.open(&root, &path).await;
    let myself = listed(&page)[0].1.clone();
    for call in [
        post(format!("{path}/principals/remove")).submit(&root, &[("principal", &myself)]),
        post(&path).submit(&root, &filled(&page, &["login"])),
        post(format!("{path}/delete")).submit(&root, &[]),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), 409);
        assert!(answer.text().contains("This would leave no administrator"), "{}", answer.text());
    }
    for call in [
        post(&path).submit(&officer, &filled(&page, &["login"])),
        post(format!("{path}/principals")).submit(&officer, &[("users", "officer")]),
        post(format!("{path}/principals/remove")).submit(&officer, &[("principal", &myself)]),
        post(format!("{path}/rename")).submit(&officer, &[("name", "x")]),
        post(format!("{path}/delete")).submit(&officer, &[]),
        post("/admin/roles/new").submit(&officer, &[("name", "x"), ("permission", "audit#view")]),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), 403);
        assert!(answer.text().contains("You lack permissions of this role"), "{}", answer.text());
    }
    // What would be refused is said on the question, which has no button then.
    for (session, status) in [(&root, 409), (&officer, 403)] {
        let asked = world.open(session, &format!("{path}/delete")).await;
        assert_eq!(asked.status(), status);
        assert!(!asked.text().contains("/delete\"") && asked.text().contains(">Back<"), "{}", asked.text());
    }
    assert_eq!(role(&world, "root's role").await, admins);
}

#[tokio::test]
async fn a_long_list_of_roles_has_pages_both_ways() {
    let world = World::new().await;
    let root = root(&world).await;
    for number in 0..34 {
        let name = format!("p{number:02}");
        assert_eq!(make(&world, &root, &[("name", &name)]).await.status(), 303);
    }
    let first = world.open(&root, LIST).await;
    assert!(first.text().contains(">p19<") && !first.text().contains(">p20<"));
    let second = world.open(&root, "/admin/roles?after=p19").await;
    assert!(second.text().contains(">p20<") && second.text().contains("root&#39;s role"));
    let back = world.open(&root, "/admin/roles?before=p20").await;
    assert!(back.text().contains(">p00<") && back.text().contains(">p19<") && !back.text().contains(">p20<"));
    let found = world.open(&root, "/admin/roles?search=P3").await;
    assert!(found.text().contains(">p33<") && !found.text().contains(">p19<"));
    assert!(world.open(&root, "/admin/roles?search=zz").await.text().contains("No role found"));
}

#[tokio::test]
async fn who_may_only_see_roles_changes_none() {
    let world = World::new().await;
    let root = root(&world).await;
    let auditor = world.user("auditor", &["login", "security#view"]).await;
    let auditor = world.session(&auditor).await;
    let plain = world.user("plain", &["login"]).await;
    let plain = world.session(&plain).await;
    let path = format!("{LIST}/{}", role(&world, "plain's role").await.id);
    let page = world.open(&auditor, &path).await;
    assert!(
        page.status() == 200
            && page.text().contains("<fieldset disabled>")
            && !["Save role", "Add to role", "Take chosen out"].iter().any(|name| page.text().contains(name))
    );
    let before = world.state.store.last_sequence().await.unwrap();
    let below = ["", "/principals", "/principals/remove", "/rename", "/delete"];
    for path in below.map(|below| format!("{path}{below}")).into_iter().chain(["/admin/roles/new".to_owned()])
    {
        for session in [&auditor, &plain] {
            assert_eq!(
                world.send(post(&path).submit(session, &[("name", "x")])).await.status(),
                403,
                "{path}"
            );
        }
        let wrong = SignedIn { csrf: "x".to_owned(), ..root.clone() };
        assert_eq!(world.send(post(&path).submit(&wrong, &[("name", "x")])).await.status(), 403, "{path}");
        assert_eq!(world.open(&plain, &path).await.status(), 403, "{path}");
    }
    assert_eq!(world.open(&plain, LIST).await.status(), 403);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_stale_form_gives_back_nothing_that_somebody_else_took_away() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login", "audit#view"]).await;
    world.user("bob", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let stale = world.open(&root, &path).await;
    let taken = filled(&stale, &["login"]);
    assert_eq!(world.send(post(&path).submit(&root, &taken)).await.status(), 303);
    let stored = role(&world, "ann's role").await;
    let typed = ["login", "audit#view"];
    let answer = world.send(post(&path).submit(&root, &filled(&stale, &typed))).await;
    assert_eq!(answer.status(), 409);
    for shown in [
        "Somebody else changed this while you did.",
        "Compare, and save again",
        r#"data-label="Stored now">login</td>"#,
        r#"data-label="In the form">audit#view, login</td>"#,
        r#"value="audit#view" checked"#,
    ] {
        assert!(answer.text().contains(shown), "{shown}: {}", answer.text());
    }
    assert_eq!(role(&world, "ann's role").await, stored);
    // The very same change, made twice, is calm; and whoever has seen both decides.
    assert_eq!(world.send(post(&path).submit(&root, &taken)).await.status(), 303);
    let seen = filled(&answer, &typed);
    // Who came in meanwhile is no reason to ask again, and stays.
    let bob = world.send(post(format!("{path}/principals")).submit(&root, &[("users", "bob")])).await;
    assert_eq!(bob.status(), 303);
    assert_eq!(world.send(post(&path).submit(&root, &seen)).await.status(), 303);
    let after = role(&world, "ann's role").await;
    assert_eq!((after.permissions.len(), after.principals.len()), (2, 2));
    // A form with a part missing would empty what is stored.
    let page = world.open(&root, &path).await;
    for missing in ["shown", "sent"] {
        let mut fields = filled(&page, &typed);
        fields.retain(|(name, _)| *name != missing);
        let answer = world.send(post(&path).submit(&root, &fields)).await;
        assert_eq!(answer.status(), 400, "{missing}");
        assert!(answer.text().contains("A part of the form is missing"), "{}", answer.text());
    }
    assert_eq!(role(&world, "ann's role").await, after);
}

#[tokio::test]
async fn what_was_typed_for_a_role_comes_back_after_a_lost_session() {
    let world = World::new().await;
    let root = root(&world).await;
    let user = world.user("root2", &["admin"]).await;
    world.user("ann", &["login", "audit#view"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let many: Vec<_> = (0..400).map(|number| format!("corp:somebody-{number}")).collect();
    let many = many.join("\r\n");
    let lost = world
        .send(post(format!("{path}/principals")).form(&[("users", &many), ("groups", "corp:ops")]))
        .await;
    let session = world.session(&user).await;
    let back = world.go_on(&session, &lost).await;
    for typed in ["corp:ops", many.as_str()] {
        assert!(back.text().contains(&format!(">\n{typed}</textarea>")), "{typed}: {}", back.text());
    }
    assert!(back.text().contains("Not saved yet"), "{}", back.text());
    // Of two permissions one was taken away.
    let page = world.open(&root, &path).await;
    let lost = world.send(post(&path).form(&filled(&page, &["login"]))).await;
    let back = world.open(&session, &lost.after_login()).await;
    assert!(back.text().contains(r#"data-label="In the form">login</td>"#), "{}", back.text());
}

#[tokio::test]
async fn what_a_link_puts_into_the_form_of_a_role_is_not_taken_for_stored() {
    const UNSAVED: &str = "Not saved yet: these values came with the link";
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    for (query, is_told) in [
        ("", false),
        ("?sent=1&permission=login", false),
        ("?sent=1&permission=admin", true),
        ("/principals?users=eve", true),
        ("/principals?users=&groups=", false),
        ("/rename?name=other", true),
        ("/rename", false),
    ] {
        let page = world.open(&root, &format!("{path}{query}")).await;
        assert_eq!((page.status(), page.text().contains(UNSAVED)), (200, is_told), "{query}");
    }
    let settings = world.open(&root, "/settings?shown=x&maximum=30").await;
    assert!(settings.text().contains(UNSAVED));
    assert!(!world.open(&root, "/settings?shown=").await.text().contains(UNSAVED));
}
