//! The whole way of a sign-in, and of a log-out.

use patgate_core::user::Origin;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Certified, SECRET, Visitor};
use serde_json::json;

use super::{BASE, Stage, begin, come_back, table, world};
use crate::common::{PASSWORD, SignedIn, get, post};

#[tokio::test]
async fn alice_signs_in_at_her_company_and_goes_on_where_she_wanted_to_go() {
    let stage = Stage::build("label = 'Example Ltd.'").await;
    let page = stage.world.send(get("/login?next=/account/tokens?search=ci")).await;
    let link =
        r#"href="/login/external/company?next=%2Faccount%2Ftokens%3Fsearch%3Dci">Log in with Example Ltd.<"#;
    assert!(page.text().contains(link), "{}", page.text());
    let (back, cookie) = stage.visit("alice", "/account/tokens%3Fsearch=ci").await;
    let answer = come_back(&stage.world, &back, &cookie).await;
    assert_eq!(
        (answer.status(), answer.header("location")),
        (303, "/account/tokens?search=ci"),
        "{}",
        answer.shown()
    );
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{cookies:?}");
    assert_eq!(cookies[1], "patgate_sign_in=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    let session = answer.session_cookie().unwrap();
    let page = stage.world.send(get("/account/tokens").header("cookie", &session)).await;
    assert_eq!(page.status(), 200);
    let alice = stage.world.found("alice").await.unwrap();
    assert_eq!(
        (alice.origin, alice.provider.as_str(), alice.subject.as_str()),
        (Origin::Sso, "company", "alice")
    );
    assert_eq!((alice.full_name.as_str(), alice.email.as_str()), ("Alice Ähren", "alice@example.org"));
    assert_eq!(alice.groups, ["admins", "developers"]);
    // The same person, not another one, the next time.
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    assert_eq!(stage.world.found("alice").await.unwrap().id, alice.id);
}

#[tokio::test]
async fn both_addresses_of_the_products_take_people_back() {
    for path in ["/oidc-login", "/login/external-login"] {
        let stage = Stage::build(&format!("redirect_uri = '{}{path}'", super::BASE)).await;
        let (back, cookie) = stage.visit("bob", "").await;
        assert!(back.contains(&format!("{path}?")), "{back}");
        let answer = come_back(&stage.world, &back, &cookie).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens"));
        // The other one is not where this provider sends people.
        let (back, cookie) = stage.visit("bob", "").await;
        let other = if path == "/oidc-login" { "/login/external-login" } else { "/oidc-login" };
        come_back(&stage.world, &back.replace(path, other), &cookie).await.assert_refused();
    }
}

#[tokio::test]
async fn who_is_in_no_group_that_may_log_in_gets_no_session() {
    let stage = Stage::build("").await;
    stage.provider.change("bob", &json!({ "groups": ["guests"] }));
    let answer = stage.sign_in("bob").await;
    assert_eq!(answer.status(), 403);
    assert!(
        answer.session_cookie().is_none() && answer.text().contains("login permission"),
        "{}",
        answer.text()
    );
    // A group of the same name at another provider gives nothing.
    stage.world.let_in("guests", "internal").await;
    assert!(stage.sign_in("bob").await.session_cookie().is_none());
    stage.world.let_in("guests", "company").await;
    assert!(stage.sign_in("bob").await.session_cookie().is_some());
}

#[tokio::test]
async fn a_claim_that_leads_into_objects_gives_groups() {
    let stage = Stage::build("roles_claim = 'realm_access.roles'").await;
    stage.world.let_in("release-manager", "company").await;
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    assert_eq!(stage.world.found("alice").await.unwrap().groups, ["release-manager"]);
}

#[tokio::test]
async fn what_the_id_token_lacks_the_user_information_tells() {
    let port = ports::free();
    let secret = format!("client_secret = '{SECRET}'");
    let world = world(&table("company", &Certified::issuer_on(port), "patgate", &secret)).await;
    let stage = Stage { world, provider: Certified::start_sparing(port, BASE, "company") };
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    let alice = stage.world.found("alice").await.unwrap();
    assert_eq!((alice.full_name.as_str(), alice.email.as_str()), ("Alice Ähren", "alice@example.org"));
    assert_eq!(alice.groups, ["admins", "developers"]);
    // A claim that is nowhere is empty, and another does not stand in for it.
    let stage = Stage::build("full_name_claim = 'nickname'").await;
    stage.provider.change("bob", &json!({ "name": "not asked for" }));
    assert_eq!(stage.sign_in("bob").await.status(), 303);
    assert_eq!(stage.world.found("bob").await.unwrap().full_name, "");
}

#[tokio::test]
async fn a_log_out_leads_on_to_the_provider() {
    let stage = Stage::build("label = 'Example Ltd.'").await;
    let answer = stage.sign_in("alice").await;
    let cookie = answer.session_cookie().unwrap();
    let session = stage.world.send(get("/api/v1/session").header("cookie", &cookie)).await.json();
    let session = SignedIn { csrf: session["csrfToken"].as_str().unwrap().to_owned(), cookie };
    let answer = stage.world.send(post("/logout").submit(&session, &[])).await;
    // A redirect from a form to another site is none that browsers follow; this page leads there.
    assert_eq!(answer.status(), 200, "{}", answer.shown());
    let there = format!("0; url={}/session/end?id_token_hint=", stage.provider.issuer());
    assert!(answer.header("refresh").starts_with(&there), "{}", answer.shown());
    let rest = "&client_id=patgate&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A5516%2Flogin";
    assert!(answer.header("refresh").ends_with(rest), "{}", answer.shown());
    assert!(answer.text().contains("Log out at Example Ltd."));
    assert!(answer.cookies()[0].contains("Max-Age=0"));
    assert_eq!(stage.world.send(get("/account/tokens").cookie(&session)).await.status(), 303);
    // Where the provider sends people afterwards, whichever address was given to it.
    let answer = stage.world.send(get("/oidc-login")).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/login"));
}

#[tokio::test]
async fn internal_users_log_in_and_out_as_before() {
    let stage = Stage::build("").await;
    stage.world.user("ann", &["login"]).await;
    let form = [("username", "ann"), ("password", PASSWORD)];
    let answer = stage.world.send(post("/login").form(&form)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens"));
    assert_eq!(stage.world.send(get("/login/external/other")).await.status(), 404);
    let (location, _) = begin(&stage.world, "company", "").await;
    for part in [
        "response_type=code",
        "client_id=patgate",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A5516%2Foidc-login",
        "scope=openid+profile+email+groups+offline_access",
        "code_challenge_method=S256",
        "prompt=consent",
    ] {
        assert!(location.contains(part), "{location}");
    }
}

#[tokio::test]
async fn over_https_and_below_a_path_people_get_there_and_back_with_cookies_of_this_host_alone() {
    const HOST: &str = "https://tokens.example.org";
    let base = format!("{HOST}/pat");
    let port = ports::free();
    let lines = format!("client_secret = '{SECRET}'\nlog_in_directly = true");
    let provider = table("company", &Certified::issuer_on(port), "patgate", &lines);
    let world = world(&format!("public_url = '{base}'\n{provider}")).await;
    let _provider = Certified::start(port, &base, "company");
    let way = "/pat/login/external/company?next=%2Faccount%2Ftokens%3Fsearch%3Dci";
    let answer = world.send(get("/pat/account/tokens?search=ci")).await;
    assert_eq!((answer.status(), answer.header("location")), (303, way));
    let begun = world.send(get(way)).await;
    let (cookie, attributes) = begun.header("set-cookie").split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-patgate_sign_in="), "{cookie}");
    assert_eq!(attributes, " Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=600");
    let back = Visitor::new("alice", "any password").sign_in(begun.header("location"), &base);
    let path = back.strip_prefix(HOST).unwrap();
    assert!(path.starts_with("/pat/oidc-login?"), "{path}");
    // The name of the plain cookie does not count here: another host of the site could have set it.
    let plain = cookie.trim_start_matches("__Host-");
    let refused = world.send(get(path).header("cookie", plain)).await;
    assert_eq!((refused.status(), refused.header("location")), (403, ""), "{}", refused.shown());
    assert!(refused.text().contains("href=\"/pat/login\""), "{}", refused.text());
    let answer = world.send(get(path).header("cookie", cookie)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/pat/account/tokens?search=ci"));
    let cookies = answer.cookies();
    assert!(
        cookies[0].starts_with("__Host-patgate_session=") && cookies[0].contains("; Secure"),
        "{cookies:?}"
    );
    assert!(cookies[1].starts_with("__Host-patgate_sign_in=;"), "{cookies:?}");
}
