//! *Users*: the list, making, changing, disabling, unlocking and deleting one.

use patgate_core::user::{Origin, UserState};

use crate::common::{Answer, NewGrant, PASSWORD, SignedIn, World, get, post};

const LIST: &str = "/admin/users";
const MARKUP: &str = "<script>alert(1)</script>";

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

/// What the form of a user says it was shown.
fn shown(page: &Answer) -> &str {
    let rest = page.text().split(r#"name="shown" value=""#).nth(1).expect("a form of something stored");
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn everybody_is_listed_and_found_by_the_beginning_of_their_name() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("Ann", &["login"]).await;
    world.user_from("anton", Origin::Ldap, "corp <&>", &["login"]).await;
    world.user_from("bob", Origin::Sso, "idp", &[]).await;
    let page = world.open(&root, LIST).await;
    assert_eq!((page.status(), page.text().matches("<h1").count()), (200, 1));
    for shown in [
        "New user",
        r#"href="/admin/users/Ann""#,
        "LDAP, corp &#60;&#38;&#62;",
        "SSO, idp",
        "Enabled",
        "Never",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let found = world.open(&root, "/admin/users?search=AN").await;
    assert!(found.text().contains(">Ann<") && found.text().contains(">anton<"));
    assert!(!found.text().contains(">bob<"));
    let none = world.open(&root, "/admin/users?search=%25").await;
    assert!(none.text().contains("Nobody found"), "no character has a special meaning");
    let none = world.open(&root, "/admin/users?state=disabled").await;
    assert!(none.text().contains("Nobody found"));
}

#[tokio::test]
async fn a_long_list_has_pages_both_ways() {
    let world = World::new().await;
    let root = root(&world).await;
    for number in 0..34 {
        world.user_from(&format!("p{number:02}"), Origin::Sso, "idp", &[]).await;
    }
    let first = world.open(&root, LIST).await;
    assert!(
        first.text().contains(">p19<")
            && !first.text().contains(">p20<")
            && !first.text().contains("rel=\"prev\"")
    );
    let next = "/admin/users?after=p19";
    assert!(first.text().contains(&format!("href=\"{next}\"")), "{}", first.text());
    let second = world.open(&root, next).await;
    assert!(second.text().contains(">p20<") && second.text().contains(">root<"));
    assert!(!second.text().contains("rel=\"next\""));
    let back = world.open(&root, "/admin/users?before=p20").await;
    assert!(back.text().contains(">p00<") && back.text().contains(">p19<") && !back.text().contains(">p20<"));
}

#[tokio::test]
async fn an_administrator_makes_a_user_who_has_a_password_then() {
    let world = World::new().await;
    let root = root(&world).await;
    let page = world.open(&root, "/admin/users/new").await;
    assert!(page.text().contains(r#"name="enabled" value="yes" checked"#));
    let fields = [
        ("sent", "yes"),
        ("username", " new "),
        ("full_name", MARKUP),
        ("email", "new@example.org"),
        ("password", PASSWORD),
        ("enabled", "yes"),
    ];
    let answer = world.send(post("/admin/users/new").submit(&root, &fields)).await;
    // `new` is the address of the form, so the user's page is written in another way.
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/users/%6Eew?done=created"));
    let page = world.open(&root, answer.header("location")).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("<h1>new</h1>") && page.text().contains("The user is made."));
    assert!(!page.text().contains(MARKUP) && page.text().contains("&#60;script&#62;"));
    // Whoever has no role may not sign in; that the password is theirs is what the log-in page says by that.
    let log_in = |password| post("/login").form(&[("username", "new"), ("password", password)]);
    assert!(world.send(log_in(PASSWORD)).await.text().contains("You do not have login permission"));
    assert_eq!(world.send(log_in("wrong")).await.status(), 401);
}

#[tokio::test]
async fn a_wrong_user_is_refused_beside_the_field_and_what_was_typed_is_kept() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let long = "x".repeat(300);
    for (field, value, status, words) in [
        ("username", "", 400, "A user name is 1 to 100 characters"),
        ("username", "a:b", 400, "A user name is 1 to 100 characters"),
        ("username", "ANN", 409, "is taken; choose another"),
        ("full_name", &*long, 400, "A full name has at most 255 characters"),
        ("full_name", "Ann \u{202e}nimda", 400, "invisible characters"),
        ("email", "b\u{200b}@x", 400, "A mail address looks like"),
        ("email", "x", 400, "A mail address looks like"),
        ("password", "short", 400, "A password has at least 8 characters"),
    ] {
        let mut fields = vec![
            ("sent", "yes"),
            ("username", "bob"),
            ("full_name", "Bob Éxample"),
            ("email", "b@x"),
            ("password", PASSWORD),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let answer = world.send(post("/admin/users/new").submit(&root, &fields)).await;
        assert_eq!(answer.status(), status, "{field}={value}: {}", answer.text());
        let text = answer.text();
        assert!(
            text.contains(words) && text.contains(&format!("href=\"#{field}\"")),
            "{field}={value}: {text}"
        );
        assert!(!text.contains(PASSWORD) && !text.contains("value=\"short\""), "a password never comes back");
        assert!(!text.contains(r#"name="enabled" value="yes" checked"#), "the box stays as it was");
        if field != "full_name" {
            assert!(text.contains("value=\"Bob Éxample\""), "{text}");
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    let lost =
        world.send(post("/admin/users/new").form(&[("username", "bob"), ("password", PASSWORD)])).await;
    assert_eq!(lost.header("location"), "/login?next=%2Fadmin%2Fusers%2Fnew%3Fusername%3Dbob");
    assert!(world.open(&root, "/admin/users/new?username=bob").await.text().contains("value=\"bob\""));
}

#[tokio::test]
async fn all_about_a_user_stands_on_one_page() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    world.token(&ann, NewGrant::default()).await;
    world.token(&ann, NewGrant { expires_at: Some("2026-05-01T00:00:00Z"), ..NewGrant::default() }).await;
    let page = world.open(&root, "/admin/users/ann").await;
    for shown in [
        r#"<dt>Live tokens</dt><dd><a href="/admin/tokens?owner=ann&amp;show=active">1</a></dd>"#,
        "<dt>Permissions</dt><dd><code>login</code>, <code>release#view</code></dd>",
        r#"<a href="/admin/audit?actor=ann">What they did</a>"#,
        &format!(r#"<a href="/admin/audit?subject={}">what was done to them</a>"#, ann.id),
        "ann&#39;s role",
        "ann Example",
        "ann@example.org",
        "Internal",
        "<dt>Password</dt><dd>Set",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let page = world.open(&root, "/admin/users/root").await;
    assert!(page.text().contains("<dt>Permissions</dt><dd>Everything, as an administrator</dd>"));
    // What leads where one may not go is no link.
    let officer = world.user("officer", &["login", "security#view"]).await;
    let page = world.open(&world.session(&officer).await, "/admin/users/ann").await;
    assert!(page.text().contains("<dt>Live tokens</dt><dd>1</dd>") && !page.text().contains("/admin/audit"));
    assert_eq!(world.open(&root, "/admin/users/nobody").await.status(), 404);
    assert_eq!(world.open(&root, "/admin/users/a:b").await.status(), 404);
}

#[tokio::test]
async fn what_was_emptied_stays_empty_over_a_lost_session() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let ann = world.session(&world.user("bob", &["login"]).await).await;
    for (session, path) in [(&root, "/admin/users/ann"), (&ann, "/account/profile")] {
        let page = world.open(session, path).await;
        let fields = [("shown", shown(&page)), ("full_name", ""), ("email", "")];
        let lost = world.send(post(path).form(&fields)).await;
        let next = lost.after_login();
        let back = world.open(session, &next).await;
        for name in ["full_name", "email"] {
            let field = back.text().split(&format!("id=\"{name}\"")).nth(1).unwrap();
            assert!(field.split('>').next().unwrap().contains(r#"value="""#), "{path}, {name}: {field}");
        }
        assert!(back.text().contains("Not saved yet") && back.text().contains("What differs"));
    }
}

#[tokio::test]
async fn an_administrator_changes_what_people_read_of_a_user() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let page = world.open(&root, "/admin/users/ann").await;
    let fields = [("shown", shown(&page)), ("full_name", "Ann B"), ("email", "")];
    let answer = world.send(post("/admin/users/ann").submit(&root, &fields)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/users/ann?done=saved"));
    let user = world.state.store.user(ann.id).await.unwrap().unwrap();
    assert_eq!((user.full_name.as_str(), user.email.as_str()), ("Ann B", ""));
    let wrong = [("shown", "x"), ("full_name", "Ann C"), ("email", "no address")];
    let answer = world.send(post("/admin/users/ann").submit(&root, &wrong)).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().contains("value=\"Ann C\"") && answer.text().contains("href=\"#email\""));
    world.user_from("bob", Origin::Sso, "idp", &[]).await;
    let answer = world.send(post("/admin/users/bob").submit(&root, &fields)).await;
    assert_eq!(answer.status(), 400, "the provider keeps the name");
    assert!(answer.text().contains("provider `idp`"), "{}", answer.text());
}

#[tokio::test]
async fn disabling_names_what_stops_and_stops_it() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let session = world.session(&ann).await;
    let page = world.open(&root, "/admin/users/ann/disable").await;
    assert!(
        page.text().contains("ann has 1 live token.") && page.text().contains("Disable user"),
        "{}",
        page.text()
    );
    assert!(matches!(world.state.store.user(ann.id).await.unwrap().unwrap().state, UserState::Enabled));
    let answer = world.send(post("/admin/users/ann/disable").submit(&root, &[])).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/users/ann?done=disabled"));
    let call = || get("/api/v1/personal-access-tokens/current").token(&token);
    assert_eq!(world.send(call()).await.status(), 401);
    assert_eq!(world.open(&session, "/account/tokens").await.status(), 303);
    let listed = world.open(&root, "/admin/users?state=disabled").await;
    assert!(listed.text().contains(">ann<") && listed.text().contains("Disabled"));
    let page = world.open(&root, "/admin/users/ann").await;
    assert!(page.text().contains("/ann/enable") && !page.text().contains("/ann/disable"));
    assert_eq!(world.send(post("/admin/users/ann/enable").submit(&root, &[])).await.status(), 303);
    assert_eq!(world.send(call()).await.status(), 200);
}

#[tokio::test]
async fn the_last_administrator_stays_and_nobody_reaches_above_themselves() {
    let world = World::new().await;
    let root = root(&world).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    for act in ["disable", "delete"] {
        let path = format!("/admin/users/root/{act}");
        let posted = world.send(post(&path).submit(&root, &[])).await;
        // It is said before anybody presses a button, which is not there then.
        let asked = world.open(&root, &path).await;
        assert!(!asked.text().contains(&format!("action=\"{path}\"")), "{}", asked.text());
        for answer in [posted, asked] {
            assert_eq!(answer.status(), 409);
            assert!(answer.text().contains("This would leave no administrator"), "{}", answer.text());
        }
        let answer = world.send(post(&path).submit(&officer, &[])).await;
        assert_eq!(answer.status(), 403);
        assert!(answer.text().contains("You lack permissions that this user has"), "{}", answer.text());
    }
    let fields = [("shown", "x"), ("full_name", "x"), ("email", "")];
    assert_eq!(world.send(post("/admin/users/root").submit(&officer, &fields)).await.status(), 403);
    // Who would be refused is not even asked.
    for act in ["disable", "enable", "delete", "unlock", "reset-link"] {
        let page = world.open(&officer, &format!("/admin/users/root/{act}")).await;
        assert_eq!(page.status(), 403, "{act}");
        assert!(page.text().contains("You lack permissions that this user has"), "{act}: {}", page.text());
    }
    assert_eq!(world.open(&root, "/admin/users/root/reset-link").await.status(), 403, "not for oneself");
}

#[tokio::test]
async fn deleting_a_user_twice_is_a_calm_answer() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    world.token(&ann, NewGrant::default()).await;
    let page = world.open(&root, "/admin/users/ann/delete").await;
    assert!(page.text().contains("Delete ann?") && page.text().contains("1 live token"), "{}", page.text());
    for _ in 0..2 {
        let answer = world.send(post("/admin/users/ann/delete").submit(&root, &[])).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/admin/users?done=deleted"));
    }
    assert_eq!(world.state.store.user(ann.id).await.unwrap(), None);
    assert_eq!(world.open(&root, "/admin/users/ann").await.status(), 404);
}

#[tokio::test]
async fn who_was_locked_out_is_let_try_again() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let log_in = |password| post("/login").form(&[("username", "ann"), ("password", password)]);
    let mut status = 401;
    for _ in 0..50 {
        status = world.send(log_in("wrong")).await.status();
        if status == 429 {
            break;
        }
    }
    assert_eq!(status, 429);
    assert_eq!(world.open(&root, "/admin/users/ann/unlock").await.status(), 200);
    let answer = world.send(post("/admin/users/ann/unlock").submit(&root, &[])).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/users/ann?done=unlocked"));
}

#[tokio::test]
async fn who_may_only_see_users_changes_none() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let auditor = world.user("auditor", &["login", "security#view"]).await;
    let auditor = world.session(&auditor).await;
    let plain = world.user("plain", &["login"]).await;
    let plain = world.session(&plain).await;
    let page = world.open(&auditor, LIST).await;
    assert!(page.status() == 200 && !page.text().contains("New user"));
    let page = world.open(&auditor, "/admin/users/ann").await;
    assert!(page.status() == 200 && !page.text().contains("<form method=\"post\" action=\"/admin"));
    let before = world.state.store.last_sequence().await.unwrap();
    for path in [
        "/admin/users/new",
        "/admin/users/ann",
        "/admin/users/ann/disable",
        "/admin/users/ann/delete",
        "/admin/users/ann/unlock",
        "/admin/users/ann/reset-link",
    ] {
        let fields = [("username", "x"), ("full_name", "x")];
        for session in [&auditor, &plain] {
            assert_eq!(world.send(post(path).submit(session, &fields)).await.status(), 403, "{path}");
        }
        let wrong = SignedIn { csrf: "x".to_owned(), ..root.clone() };
        assert_eq!(world.send(post(path).submit(&wrong, &fields)).await.status(), 403, "{path}");
        assert_eq!(world.open(&plain, path).await.status(), 403, "{path}");
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_stale_form_of_a_user_and_a_link_that_fills_it_are_told_apart_from_what_is_stored() {
    const UNSAVED: &str = "Not saved yet: these values came with the link";
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let path = "/admin/users/ann";
    let stale = world.open(&root, path).await;
    let first = [("shown", shown(&stale)), ("full_name", "Ann B"), ("email", "ann@example.org")];
    assert_eq!(world.send(post(path).submit(&root, &first)).await.status(), 303);
    let second = [("shown", shown(&stale)), ("full_name", "ann Example"), ("email", "b@x")];
    let answer = world.send(post(path).submit(&root, &second)).await;
    assert_eq!(answer.status(), 409);
    for words in ["Somebody else changed this", r#"data-label="Stored now">Ann B<"#, r#"value="ann Example""#]
    {
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    let stored = async || world.state.store.user(ann.id).await.unwrap().unwrap();
    assert_eq!(stored().await.full_name, "Ann B");
    let again = [("shown", shown(&answer)), ("full_name", "ann Example"), ("email", "b@x")];
    for missing in 0..3 {
        let mut fields = again.to_vec();
        fields.remove(missing);
        assert_eq!(world.send(post(path).submit(&root, &fields)).await.status(), 400, "{missing}");
    }
    assert_eq!(world.send(post(path).submit(&root, &again)).await.status(), 303);
    assert_eq!(stored().await.email, "b@x");
    for (query, is_told) in
        [("", false), ("?email=b%40x", false), ("?email=eve%40x", true), ("?email=", true)]
    {
        let page = world.open(&root, &format!("{path}{query}")).await;
        assert_eq!((page.status(), page.text().contains(UNSAVED)), (200, is_told), "{query}");
    }
}
