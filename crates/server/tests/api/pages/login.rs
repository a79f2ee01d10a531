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
