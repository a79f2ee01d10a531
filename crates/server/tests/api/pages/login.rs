//! Logging in on the page, and out by the menu.

use crate::common::{PASSWORD, SignedIn, World, get, post};

#[tokio::test]
async fn ann_logs_in_and_goes_on_where_she_wanted_to_go() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let wanted = world.send(get("/design/../account/tokens?search=ci")).await;
    assert_eq!(wanted.status(), 404, "a path is what it says");
    let page = world.send(get("/login?next=/account/tokens")).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains(r#"name="next" value="/account/tokens""#));
    let form = [("username", " Ann "), ("password", PASSWORD), ("next", "/account/tokens?search=ci")];
    let answer = world.send(post("/login").form(&form)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens?search=ci"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("patgate_session=") && cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_log_in_keeps_the_name_and_does_not_tell_whether_it_exists() {
    let world = World::new().await;
    world.user("ann.kern", &["login"]).await;
    let answers =
        ["ann.kern", "no.body"].map(|name| [("username", name), ("password", "wrong"), ("next", "/x")]);
    let mut pages = Vec::new();
    for form in &answers {
        let answer = world.send(post("/login").form(form)).await;
        assert_eq!((answer.status(), answer.count("set-cookie")), (401, 0));
        assert!(!answer.text().contains("wrong\""), "a password never comes back");
        assert!(answer.text().contains(&format!("value=\"{}\"", form[0].1)));
        pages.push(answer.text().replace(form[0].1, "NAME"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_log_in_that_cannot_be_checked_keeps_the_name_and_where_one_wanted_to_go() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    world.state.store.clone().close().await;
    let form = [("username", "ann"), ("password", PASSWORD), ("next", "/account/api")];
    let answer = world.send(post("/login").form(&form)).await;
    assert!(answer.status() >= 500, "{}", answer.shown());
    assert!(answer.text().contains(r#"role="alert""#), "{}", answer.text());
    for kept in [r#"name="username" type="text" value="ann""#, r#"name="next" value="/account/api""#] {
        assert!(answer.text().contains(kept), "{kept}: {}", answer.text());
    }
    assert!(!answer.text().contains(PASSWORD), "a password never comes back");
}

#[tokio::test]
async fn the_page_has_a_button_for_each_provider_that_is_configured() {
    let provider = |name: &str, label: &str| {
        format!(
            "[[oidc]]\nname = '{name}'\nlabel = '{label}'\nissuer = 'https://{name}.example'\nclient_id = 'x'\n"
        )
    };
    let [one, two] = [provider("company", "Example Ltd."), provider("partner", "Partner <b>")];
    for (file, buttons) in [
        (String::new(), vec![]),
        (one.clone(), vec!["Log in with Example Ltd."]),
        (format!("{one}{two}"), vec!["Log in with Example Ltd.", "Log in with Partner &#60;b&#62;"]),
    ] {
        let page = World::configured(&file).await.send(get("/login?next=/account/api")).await;
        let list =
            page.text().split(r#"class="providers""#).nth(1).map(|rest| rest.split("</ul>").next().unwrap());
        let links: Vec<_> = list.unwrap_or_default().split("<a ").skip(1).collect();
        assert_eq!(links.len(), buttons.len(), "{}", page.text());
        for ((link, button), name) in links.iter().zip(&buttons).zip(["company", "partner"]) {
            assert!(
                link.contains(&format!("href=\"/login/external/{name}?next=%2Faccount%2Fapi\"")),
                "{link}"
            );
            assert!(link.contains(&format!(">{button}</a>")), "{link}");
        }
        assert_eq!(page.text().contains("or with a password"), !buttons.is_empty());
        assert!(page.text().contains(r#"name="password""#), "a password can be typed whatever is configured");
    }
}

#[tokio::test]
async fn one_never_goes_on_at_another_site() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        let form = [("username", "ann"), ("password", PASSWORD), ("next", next)];
        let answer = world.send(post("/login").form(&form)).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens"), "{next}");
    }
}

#[tokio::test]
async fn nobody_is_logged_in_by_a_form_of_another_site() {
    let world = World::new().await;
    world.user("mallory", &["login"]).await;
    let form = [("username", "mallory"), ("password", PASSWORD)];
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let answer = world.send(post("/login").form(&form).header(name, value)).await;
        assert_eq!((answer.status(), answer.count("set-cookie")), (403, 0), "{name}: {value}");
    }
    let own = post("/login").form(&form).header("sec-fetch-site", "same-origin");
    assert_eq!(world.send(own.header("origin", "http://127.0.0.1:5516")).await.status(), 303);
}

#[tokio::test]
async fn logging_out_ends_the_session_and_needs_its_form() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let wrong = SignedIn { csrf: "x".to_owned(), ..session.clone() };
    assert_eq!(world.send(post("/logout").submit(&wrong, &[])).await.status(), 403);
    let answer = world.send(post("/logout").submit(&session, &[])).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/login?done=logged-out"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.send(get("/api/v1/session").cookie(&session)).await.status(), 401);
}

/// The CSRF token in the pages of a session.
async fn csrf(world: &World, cookie: &str) -> String {
    let page = world.send(get("/account/tokens").header("cookie", cookie)).await;
    assert_eq!(page.status(), 200, "{cookie}");
    page.text().split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn logging_in_begins_a_new_session_whatever_cookie_came_along() {
    let world = World::new().await;
    for name in ["ann", "bob"] {
        world.user(name, &["login"]).await;
    }
    let log_in = async |name: &str, cookie: &str| {
        let form = [("username", name), ("password", PASSWORD), ("next", "/account/tokens")];
        let answer = world.send(post("/login").form(&form).header("cookie", cookie)).await;
        assert_eq!(answer.status(), 303, "{}", answer.shown());
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    // One that somebody else planted is not taken on.
    let planted = "patgate_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let first = log_in("ann", planted).await;
    assert_ne!(first, planted);
    assert_eq!(world.send(get("/account/tokens").header("cookie", planted)).await.status(), 303);
    let first_csrf = csrf(&world, &first).await;
    // The same browser again, as herself and as somebody else: the session before it is dead.
    let second = log_in("ann", &first).await;
    let second_csrf = csrf(&world, &second).await;
    assert!(second != first && second_csrf != first_csrf, "both are new");
    let third = log_in("bob", &second).await;
    let third_csrf = csrf(&world, &third).await;
    assert!(third != second && third_csrf != second_csrf, "both are new");
    for (cookie, csrf) in [(&first, &first_csrf), (&second, &second_csrf)] {
        let page = world.send(get("/account/tokens").header("cookie", cookie)).await;
        assert_eq!((page.status(), page.header("location")), (303, "/login?next=%2Faccount%2Ftokens"));
        let dead = SignedIn { cookie: cookie.clone(), csrf: csrf.clone() };
        let call = post("/account/profile/logout").submit(&dead, &[]);
        assert!(world.send(call).await.header("location").starts_with("/login?next="));
    }
    // What an old page still shows opens nothing in the new session.
    let mixed = SignedIn { cookie: third.clone(), csrf: second_csrf };
    assert_eq!(world.send(post("/account/profile/logout").submit(&mixed, &[])).await.status(), 403);
    // A wrong password ends no session.
    let wrong = [("username", "bob"), ("password", "wrong")];
    assert_eq!(world.send(post("/login").form(&wrong).header("cookie", &third)).await.status(), 401);
    assert_eq!(csrf(&world, &third).await, third_csrf);
}

#[tokio::test]
async fn who_is_logged_out_while_they_type_finds_it_in_the_form_however_long_it_is() {
    let world = World::new().await;
    world.release_things().await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let test_mail = format!("/configuration/{}/test-mail", world.idle_mail_server().await);
    let (start, exemptions) = ("/releases/templates/Release1/start", "/settings/exemptions");
    let long = "\u{fc}".repeat(500);
    for (path, typed, shown) in [
        (test_mail.as_str(), &[("to", "kim@b.c")][..], ["value=\"kim@b.c\"", "Nothing was sent yet"]),
        (
            start,
            &[("title", "Mine"), ("variable-Variable1-value", "hidden")],
            ["value=\"Mine\"", "Nothing was started yet"],
        ),
        (start, &[("title", long.as_str())], [long.as_str(), "Nothing was started yet"]),
        (
            exemptions,
            &[("kind", "user"), ("name", "ann"), ("reason", long.as_str())],
            [long.as_str(), "Not saved yet"],
        ),
    ] {
        let lost = world.send(post(path).form(typed)).await;
        let back = if lost.status() == 303 {
            let next = lost.after_login();
            assert!(next.starts_with(path) && !next.contains("hidden"), "{next}");
            world.open(&root, &next).await
        } else {
            world.go_on(&root, &lost).await
        };
        for shown in shown {
            assert!(back.text().contains(shown), "{path}: {shown}: {}", back.text());
        }
    }
}
