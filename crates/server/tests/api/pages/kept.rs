//! A form that no session takes, or another one than it was made for: what was typed is kept by the answer.

use http::Method;
use patgate_core::policy::notification::MailBody;

use super::{CONTENT_POLICY, MAIL_POLICY, escaped, kept_form};
use crate::common::{Answer, Call, PASSWORD, SignedIn, World, get, post};

const PAGE: &str = "/settings/notifications";
const GO_ON: &str = "Go on with what you typed";

/// What the page of the mail remembers of how it was shown.
fn shown(page: &Answer) -> &str {
    let rest = page.text().split("name=\"shown\" value=\"").nth(1);
    rest.unwrap_or_else(|| panic!("{}", page.shown())).split('"').next().unwrap()
}

/// A mail of as many characters as there may be, with marks that a page writes otherwise.
fn long_body() -> String {
    let line = "<b onclick='x()'>\"A\" & B</b> {{ token_name }}\r\n";
    let lines = line.repeat(MailBody::LONGEST / line.len());
    format!("{lines}{}", ".".repeat(MailBody::LONGEST - lines.len()))
}

#[tokio::test]
async fn a_long_mail_is_kept_by_the_answer_until_somebody_has_logged_in_and_goes_on() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let ended = world.session(&root).await;
    let page = world.open(&ended, PAGE).await;
    let (shown_first, body) = (shown(&page), long_body());
    let typed =
        [("shown", shown_first), ("days", "9"), ("further_days", ""), ("server", ""), ("subject", "S")];
    let typed = [&typed[..], &[("body", body.as_str())]].concat();
    world.end_sessions(&root).await;
    for path in [PAGE, "/settings/notifications/preview", "/settings/notifications/sample"] {
        let lost = world.send(post(path).submit(&ended, &typed)).await;
        assert_eq!(lost.status(), 401, "{}", lost.shown());
        assert_eq!((lost.header("cache-control"), lost.count("www-authenticate")), ("no-store", 0));
        assert_eq!(lost.header("content-security-policy"), CONTENT_POLICY);
        let link = "<a class=\"button\" href=\"/login?next=%2Flogin%2Fdone\" target=\"_blank\" rel=\"noopener\">\
                    Log in (opens in a new tab)</a>";
        for told in ["<h1>Your session has ended</h1>", link, GO_ON, &escaped(&body)] {
            assert!(lost.text().contains(told), "{told}: {}", lost.text());
        }
        assert!(!lost.text().contains("<b onclick"), "it is text: {}", lost.text());
        let (action, fields) = kept_form(&lost);
        assert_eq!((action.as_str(), fields[0].0.as_str()), (path, ":restore"));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields[1..], typed, "all of it, and no token of the session before");
        // Who has not logged in yet has lost nothing.
        let again = world.go_on(&ended, &lost).await;
        assert_eq!((again.status(), kept_form(&again)), (401, kept_form(&lost)));
        let session = world.session(&root).await;
        let before = world.state.store.last_sequence().await.unwrap();
        let back = world.go_on(&session, &again).await;
        assert_eq!((back.status(), back.header("content-security-policy")), (200, MAIL_POLICY));
        for told in ["Not saved yet", "type=\"number\" value=\"9\"", &escaped(&body), &session.csrf] {
            assert!(back.text().contains(told), "{told}: {}", back.text());
        }
        assert_eq!(shown(&back), shown_first);
        assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "looking saves nothing");
    }
    let session = world.session(&root).await;
    let saved = world.send(post(PAGE).submit(&session, &typed)).await;
    assert_eq!(saved.header("location"), "/settings/notifications?done=saved", "{}", saved.text());
}

#[tokio::test]
async fn a_form_as_long_as_any_that_is_taken_comes_back_whole() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let ended = world.session(&root).await;
    world.end_sessions(&root).await;
    // As many as a role takes.
    let users: Vec<_> = (0..10_000).map(|number| format!("somebody-of-the-company-{number:05}")).collect();
    let users = users.join("\r\n");
    assert!(users.len() > 300_000, "{}", users.len());
    let typed = [("name", "devs"), ("users", users.as_str()), ("groups", "")];
    let lost = world.send(post("/admin/roles/new").submit(&ended, &typed)).await;
    assert_eq!(lost.status(), 401, "{}", lost.shown());
    let (action, fields) = kept_form(&lost);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(action, "/admin/roles/new");
    assert!(fields[1..] == typed, "not all of it is kept");
    let again = world.go_on(&ended, &lost).await;
    assert!(
        again.status() == 401 && kept_form(&again) == kept_form(&lost),
        "who has not logged in lost some"
    );
    let back = world.go_on(&world.session(&root).await, &again).await;
    assert!(back.status() == 200 && back.text().contains(&users), "not all of it has come back");
}

#[tokio::test]
async fn logging_in_for_a_kept_form_leads_to_a_page_that_leads_back() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let page = world.send(get("/login?next=%2Flogin%2Fdone")).await;
    assert!(page.text().contains(r#"name="next" value="/login/done""#), "{}", page.text());
    let form = [("username", "ann"), ("password", PASSWORD), ("next", "/login/done")];
    let answer = world.send(post("/login").form(&form)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/login/done"));
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let done = world.open(&SignedIn { cookie, csrf: String::new() }, "/login/done").await;
    assert!(done.status() == 200 && done.text().contains(GO_ON), "{}", done.text());
}

#[tokio::test]
async fn what_is_kept_has_no_secrets() {
    let world = World::new().await;
    let long = "x".repeat(2_000);
    let typed = [
        ("csrf", "swordfish-csrf"),
        ("form", "swordfish-form"),
        ("username", "kim"),
        ("password", "swordfish-password"),
        ("clientSecret", "swordfish-secret"),
        ("variable-value", "swordfish-value"),
        ("variable-Variable1-sealed", "swordfish-sealed"),
        (":body", "swordfish-body"),
        ("full_name", long.as_str()),
    ];
    let lost = world.send(post("/admin/users/new").form(&typed)).await;
    assert!(lost.status() == 401 && !lost.text().contains("swordfish-"), "{}", lost.text());
    let fields = [(":restore", "yes"), ("username", "kim"), ("full_name", long.as_str())];
    assert_eq!(kept_form(&lost).1, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // Nor does what somebody adds to them come back.
    let root = world.user("root", &["admin"]).await;
    let more = [&fields[..], &[("password", "swordfish-password")]].concat();
    let back = world.send(post("/admin/users/new").cookie(&world.session(&root).await).form(&more)).await;
    assert!(back.status() == 200 && back.text().contains("value=\"kim\""), "{}", back.text());
    assert!(!back.text().contains("swordfish-"), "{}", back.text());
}

#[tokio::test]
async fn a_form_of_the_session_before_is_kept_as_well() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let before = world.session(&root).await;
    world.end_sessions(&root).await;
    let session = world.session(&root).await;
    // Short or long: nobody is to log in.
    for name in ["typed before".to_owned(), "x".repeat(2_000)] {
        let old = SignedIn { cookie: session.cookie.clone(), csrf: before.csrf.clone() };
        let stale = world.send(post("/admin/roles/new").submit(&old, &[("name", &name)])).await;
        assert_eq!(stale.status(), 403, "{}", stale.shown());
        for told in ["<h1>This form belongs to another session</h1>", "Menu of root", GO_ON] {
            assert!(stale.text().contains(told), "{told}: {}", stale.text());
        }
        assert!(!stale.text().contains("Log in (opens") && !stale.text().contains(&before.csrf));
        let back = world.go_on(&session, &stale).await;
        assert_eq!(back.status(), 200, "{}", back.shown());
        assert!(back.text().contains(&format!("value=\"{name}\"")), "{}", back.text());
    }
}

#[tokio::test]
async fn asking_for_a_form_again_saves_nothing_and_opens_nothing_else() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let (root, ann) = (world.session(&root).await, world.session(&ann).await);
    let before = world.state.store.last_sequence().await.unwrap();
    // All that would make a role, with the token of the session.
    let typed =
        [(":restore", "yes"), ("name", "devs"), ("users", ""), ("groups", ""), ("permission", "login")];
    let many = "x".repeat(1_100_000);
    let too_long = [&typed[..], &[("users", many.as_str())]].concat();
    let role = || post("/admin/roles/new");
    let shown = world.send(role().submit(&root, &typed)).await;
    assert!(shown.status() == 200 && shown.text().contains("value=\"devs\""), "{}", shown.shown());
    for (status, call) in [
        (403, role().submit(&ann, &typed)),
        (403, role().submit(&root, &typed).header("sec-fetch-site", "cross-site")),
        (403, role().submit(&root, &typed).header("origin", "https://evil.example")),
        (413, role().submit(&root, &too_long)),
        (415, role().cookie(&root).raw("{}").header("content-type", "application/json")),
        // What is no form is none, whatever stands in it.
        (405, post("/account/tokens").submit(&root, &typed)),
        (405, post("/admin/tokens.csv").submit(&root, &typed)),
        (405, post("/login/done").submit(&root, &typed)),
        (405, Call::new(Method::PUT, "/admin/roles/new").submit(&root, &typed)),
        (404, post("/restore").submit(&root, &typed)),
        (404, post("/reset/AAAA").submit(&root, &typed)),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.shown());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    // Those that have no fields lead where their page leads.
    for (path, status) in [("/logout", 303), ("/account/profile/password", 303), ("/account/tokens/new", 200)]
    {
        let answer = world.send(post(path).submit(&root, &[(":restore", "yes")])).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.shown());
    }
    assert_eq!(world.open(&root, "/account/tokens").await.status(), 200, "the session goes on");
    let login = [(":restore", "yes"), ("username", "root"), ("password", "wrong")];
    assert_eq!(world.send(post("/login").form(&login)).await.status(), 401);
}

#[tokio::test]
async fn what_an_address_holds_goes_along_through_a_provider_as_well() {
    let provider = "[[oidc]]\nname = 'company'\nissuer = 'https://company.example'\nclient_id = 'x'\n";
    let world = World::configured(provider).await;
    let send = async |letters: usize| {
        world.send(post("/admin/roles/new").form(&[("name", &*"x".repeat(letters))])).await
    };
    // The address holds as many bytes more for its path, as `%2Fadmin%2Froles%2Fnew%3Fname%3D`.
    let most = 1_500 - 32;
    let (lost, name) = (send(most).await, "x".repeat(most));
    assert!(lost.after_login().ends_with(&name));
    let page = world.send(get(lost.header("location"))).await;
    let link = format!("/login/external/company?next=%2Fadmin%2Froles%2Fnew%3Fname%3D{name}\"");
    assert!(page.text().contains(&link), "{}", page.text());
    assert_eq!(send(most + 1).await.status(), 401);
}
