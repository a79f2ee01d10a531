//! The panel *Generate token*: what it offers, what it refuses, and the token that is shown once.

use patgate_core::policy::{Days, TokenSettings};
use patgate_core::user::Origin;
use patgate_store::Actor;

use crate::common::{Answer, PASSWORD, SignedIn, World, delete, get, post};

const NEW: &str = "/account/tokens/new";

/// What stands between two texts of a page.
fn between<'p>(page: &'p Answer, from: &str, to: &str) -> &'p str {
    let rest = page.text().split_once(from).unwrap_or_else(|| panic!("no {from}: {}", page.text())).1;
    rest.split_once(to).unwrap().0
}

fn form_id(page: &Answer) -> String {
    between(page, r#"name="form" value=""#, "\"").to_owned()
}

fn secret(page: &Answer) -> String {
    between(page, r#"<code id="token" data-secret>"#, "<").to_owned()
}

/// A form that is right, with some of its fields in another way.
fn form<'f>(id: &'f str, other: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let plain = [
        ("form", id),
        ("name", "nightly"),
        ("application", "any"),
        ("expiration", "30"),
        ("zone", "UTC"),
        ("permissions", "all"),
    ];
    let kept = plain.into_iter().filter(|(name, _)| !other.iter().any(|(changed, _)| changed == name));
    kept.chain(other.iter().copied()).collect()
}

/// Opens the panel and sends it.
async fn generate(world: &World, session: &SignedIn, other: &[(&str, &str)]) -> Answer {
    let id = form_id(&world.open(session, NEW).await);
    world.send(post(NEW).submit(session, &form(&id, other))).await
}

async fn set(world: &World, change: impl FnOnce(&mut TokenSettings)) {
    let mut settings = TokenSettings::default();
    change(&mut settings);
    let mut change = world.change().await;
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
}

/// When the newest token ends, as the API tells it to its owner.
async fn newest_end(world: &World, username: &str) -> serde_json::Value {
    let list = world.send(get("/api/v1/personal-access-tokens").basic(username, PASSWORD)).await;
    list.json()[0]["expiresAt"].clone()
}

#[tokio::test]
async fn ann_generates_a_token_that_is_shown_once_and_works() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let session = world.session(&ann).await;
    let page = world.open(&session, NEW).await;
    assert_eq!(page.status(), 200);
    for word in
        ["Token name", "Token expiration", "Use all permissions", "Let me select permissions", "Generate"]
    {
        assert!(page.text().contains(word), "{word}");
    }
    assert!(page.text().contains(r#"<option value="30" selected>30 days"#), "30 days are proposed");
    assert!(page.text().contains(r#"<option value="any" selected>Any"#));
    let answer = generate(&world, &session, &[]).await;
    assert_eq!((answer.status(), answer.header("cache-control")), (200, "no-store"));
    let token = secret(&answer);
    assert!(token.starts_with("pat_") && token.len() == 37, "{token}");
    let call = format!("curl -u :{token} 'http://127.0.0.1:5516/api/v1/personal-access-tokens/current'");
    assert!(answer.text().contains(&call), "{}", answer.text());
    assert!(answer.text().contains("Copy token"));
    let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &token)).await;
    assert_eq!(current.json()["tokenNote"], "nightly");
    assert_eq!(current.json()["expiresAt"], "2026-06-02T12:00:00Z");
    for path in ["/account/tokens", NEW] {
        assert!(!world.open(&session, path).await.text().contains(&token), "it is nowhere afterwards");
    }
}

#[tokio::test]
async fn a_form_that_is_sent_again_makes_no_second_token() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let id = form_id(&world.open(&session, NEW).await);
    let first = world.send(post(NEW).submit(&session, &form(&id, &[]))).await;
    let token = secret(&first);
    let again = world.send(post(NEW).submit(&session, &form(&id, &[("name", "another")]))).await;
    assert_eq!(again.status(), 200);
    assert!(again.text().contains("This form was already used"), "{}", again.text());
    assert!(!again.text().contains("data-secret"));
    // Not after the token was deleted, and not after a restart.
    let call = delete("/api/v1/personal-access-tokens/current").basic("", &token);
    assert_eq!(world.send(call).await.status(), 204);
    let world = World::in_folder(world.close().await, "").await;
    let again = world.send(post(NEW).submit(&session, &form(&id, &[]))).await;
    assert!(again.text().contains("This form was already used"), "{}", again.text());
    let list = world.send(get("/api/v1/personal-access-tokens").basic("ann", PASSWORD)).await;
    assert_eq!(list.json(), serde_json::json!([]));
}

#[tokio::test]
async fn two_people_and_two_forms_make_different_tokens() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &["login"]).await, world.user("bob", &["login"]).await);
    let (ann, bob) = (world.session(&ann).await, world.session(&bob).await);
    let id = form_id(&world.open(&ann, NEW).await);
    for session in [&ann, &bob] {
        let answer = world.send(post(NEW).submit(session, &form(&id, &[]))).await;
        assert!(answer.text().contains("data-secret"), "{}", answer.text());
    }
    assert!(generate(&world, &ann, &[]).await.text().contains("data-secret"));
}

#[tokio::test]
async fn the_same_form_at_the_same_moment_makes_one_token() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let id = form_id(&world.open(&session, NEW).await);
    let send = || world.send(post(NEW).submit(&session, &form(&id, &[])));
    let (one, other) = tokio::join!(send(), send());
    assert_eq!((one.status(), other.status()), (200, 200));
    let shown = [&one, &other].into_iter().filter(|answer| answer.text().contains("data-secret")).count();
    assert_eq!(shown, 1);
}

#[tokio::test]
async fn a_form_without_its_id_or_of_another_session_makes_nothing() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    for id in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = world.send(post(NEW).submit(&session, &form(id, &[]))).await;
        assert_eq!(answer.status(), 400, "{id}");
        assert!(answer.text().contains("Reload the page") && answer.text().contains(r#"value="nightly""#));
        assert_eq!(form_id(&answer).len(), 22, "it can be sent again");
    }
    let id = form_id(&world.open(&session, NEW).await);
    let foreign = SignedIn { csrf: "x".to_owned(), ..session.clone() };
    assert_eq!(world.send(post(NEW).submit(&foreign, &form(&id, &[]))).await.status(), 403);
    let without = post(NEW).cookie(&session).form(&form(&id, &[]));
    assert_eq!(world.send(without).await.status(), 403);
    let list = world.send(get("/api/v1/personal-access-tokens").basic("ann", PASSWORD)).await;
    assert_eq!(list.json(), serde_json::json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let session = world.session(&ann).await;
    let long = format!("<b>{}", "x".repeat(120));
    for (changed, field, sentence) in [
        (("name", ""), "name", "A token needs a name; say what it is for."),
        (("name", &*long), "name", "A token name has at most 100 characters."),
        (("name", "a\u{7}b"), "name", "A token name has no line breaks or other control characters."),
        (("application", "shop"), "application", "There is no application `shop`"),
        (("expiration", "soon"), "expiration", "Choose when the token ends."),
        (("expiration", "0"), "expiration", "A lifetime is 1 to 3650 days."),
        (("permissions", ""), "permissions", "Choose whether the token has all your permissions"),
    ] {
        let other = [changed, ("expiration", "45")];
        let other = if changed.0 == "expiration" { &other[..1] } else { &other };
        let answer = generate(&world, &session, other).await;
        assert_eq!(answer.status(), 400, "{changed:?}");
        let summary = between(&answer, r#"role="alert""#, "</div>");
        assert!(summary.contains(&format!("href=\"#{field}\"")) && summary.contains(sentence), "{summary}");
        assert!(answer.text().contains(&format!("id=\"{field}-error\"")), "{field}");
        assert!(answer.text().contains(&format!("id=\"{field}\"")), "{field}");
        if changed.0 == "name" {
            assert!(answer.text().contains(r#"<option value="45" selected>"#), "what was chosen stays");
        }
        assert!(!answer.text().contains("<b>"), "markup is text");
        assert!(!answer.text().contains("data-secret"));
    }
    let answer = generate(&world, &session, &[("name", &long)]).await;
    assert!(answer.text().contains(&"x".repeat(120)), "what was typed stays");
    let chosen = [("permissions", "chosen"), ("permission", "release#view"), ("permission", "admin")];
    let answer = generate(&world, &session, &chosen).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().contains("does not have these permissions: `admin`"), "{}", answer.text());
    assert!(answer.text().contains(r#"value="release#view" checked"#));
}

#[tokio::test]
async fn a_token_carries_what_was_selected() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view", "release#create"]).await;
    let session = world.session(&ann).await;
    let page = world.open(&session, NEW).await;
    assert!(page.text().contains("see releases") && !page.text().contains("audit#view"), "what she holds");
    let chosen = [("permissions", "chosen"), ("permission", "release#view")];
    let token = secret(&generate(&world, &session, &chosen).await);
    let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &token)).await;
    assert_eq!(current.json()["globalPermissions"], serde_json::json!(["release#view"]));
    let token = secret(&generate(&world, &session, &[("permissions", "all")]).await);
    let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &token)).await;
    assert_eq!(current.json()["globalPermissions"], serde_json::Value::Null);
    let none =
        secret(&generate(&world, &session, &[("permissions", "chosen"), ("application", "deploy")]).await);
    assert!(none.starts_with("dpa_"));
    let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &none)).await;
    assert_eq!(current.json()["globalPermissions"], serde_json::json!([]));
}

#[tokio::test]
async fn who_contradicts_themselves_gets_no_token_and_sees_what_contradicts() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let session = world.session(&ann).await;
    // Without a script one may check boxes, or type a day, while another choice still stands.
    let all = [("permissions", "all"), ("permission", "release#view")];
    let answer = generate(&world, &session, &all).await;
    assert_eq!(answer.status(), 400);
    assert!(between(&answer, "id=\"permissions-error\"", "</p>").contains("clear the boxes to use all"));
    for shown in [r#"name="permissions" value="chosen" checked"#, r#"value="release#view" checked"#] {
        assert!(answer.text().contains(shown), "{shown}: {}", answer.text());
    }
    for expiration in ["30", "never"] {
        let day = [("expiration", expiration), ("date", "2026-12-31")];
        let answer = generate(&world, &session, &day).await;
        assert_eq!(answer.status(), 400, "{expiration}");
        assert!(between(&answer, "id=\"date-error\"", "</p>").contains("empty this field"));
        for shown in [r#"<option value="date" selected>"#, r#"value="2026-12-31""#] {
            assert!(answer.text().contains(shown), "{shown}: {}", answer.text());
        }
    }
    let list = world.send(get("/api/v1/personal-access-tokens").basic("ann", PASSWORD)).await;
    assert_eq!(list.json(), serde_json::json!([]));
}

#[tokio::test]
async fn what_was_typed_stays_while_somebody_else_holds_the_database() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let id = form_id(&world.open(&session, NEW).await);
    let somebody = Actor::system("somebody");
    let held = world.state.store.change(&somebody, world.clock.now()).await.unwrap();
    let typed = form(&id, &[("expiration", "45")]);
    let answer = world.send(post(NEW).submit(&session, &typed)).await;
    drop(held);
    assert_eq!(answer.status(), 503);
    assert!(answer.text().contains("busy; try again") && answer.text().contains(r#"role="alert""#));
    assert!(answer.text().contains(r#"value="nightly""#), "{}", answer.text());
    assert!(answer.text().contains(r#"<option value="45" selected>"#));
    // The same form makes the token then.
    let answer = world.send(post(NEW).submit(&session, &form(&form_id(&answer), &[]))).await;
    assert!(answer.text().contains("data-secret"), "{}", answer.text());
}

#[tokio::test]
async fn who_names_no_application_gets_a_token_for_any() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let token = secret(&generate(&world, &session, &[("application", "")]).await);
    let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &token)).await;
    assert_eq!(current.json()["application"], "any");
}

#[tokio::test]
async fn a_day_of_ones_own_ends_where_one_is() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    for (zone, end) in [
        ("UTC", "2026-12-31T23:59:59Z"),
        ("Europe/Berlin", "2026-12-31T22:59:59Z"),
        ("Pacific/Auckland", "2026-12-31T10:59:59Z"),
        ("Nowhere/<b>", "2026-12-31T23:59:59Z"),
    ] {
        world.clock.set(patgate_testkit::clock::seconds_from_noon(end.len() as i64));
        let day = [("expiration", "date"), ("date", "2026-12-31"), ("zone", zone)];
        let answer = generate(&world, &session, &day).await;
        let token = secret(&answer);
        let current = world.send(get("/api/v1/personal-access-tokens/current").basic("", &token)).await;
        assert_eq!(current.json()["expiresAt"], end, "{zone}");
        assert!(answer.text().contains(&format!("datetime=\"{end}\"")), "the page says so");
    }
    for (date, sentence) in [
        ("", "Choose a day, or type one such as 2026-12-31."),
        ("31.12.2026", "Choose a day, or type one such as 2026-12-31."),
        ("2026-05-02", "The expiry date is not in the future."),
        ("2100-01-01", "The expiry date is after the end of 2099."),
        ("9999-12-31", "This day is too late; choose an earlier one."),
    ] {
        let answer = generate(&world, &session, &[("expiration", "date"), ("date", date)]).await;
        assert_eq!(answer.status(), 400, "{date}");
        assert!(between(&answer, "id=\"date-error\"", "</p>").contains(sentence), "{}", answer.text());
        assert!(answer.text().contains(&format!("value=\"{date}\"")), "what was typed stays");
    }
}

#[tokio::test]
async fn only_what_the_policy_allows_is_offered_and_taken() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    assert!(generate(&world, &session, &[("expiration", "never")]).await.text().contains("data-secret"));
    assert_eq!(newest_end(&world, "ann").await, serde_json::Value::Null);
    for (days, offered, proposed) in [(7, vec!["7"], "7"), (45, vec!["7", "30", "45"], "30")] {
        set(&world, |settings| settings.maximum_lifetime_days = Days::try_from(days).ok()).await;
        let page = world.open(&session, NEW).await;
        let select = between(&page, r#"<select id="expiration""#, "</select>");
        let values: Vec<_> =
            select.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(values, [offered.as_slice(), &["date"]].concat());
        assert!(select.contains(&format!("value=\"{proposed}\" selected")), "{select}");
        for refused in [("expiration", "60"), ("expiration", "never")] {
            let answer = generate(&world, &session, &[refused]).await;
            assert_eq!(answer.status(), 400);
            let error = between(&answer, "id=\"expiration-error\"", "</p>");
            assert!(error.contains(&format!("The maximum token lifetime is {days} days.")), "{error}");
        }
        let day = [("expiration", "date"), ("date", "2027-01-01")];
        let answer = generate(&world, &session, &day).await;
        assert!(between(&answer, "id=\"date-error\"", "</p>").contains("The maximum token lifetime"));
    }
}

#[tokio::test]
async fn a_lost_session_comes_back_to_the_form_with_what_was_typed() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let session = world.session(&ann).await;
    let id = form_id(&world.open(&session, NEW).await);
    world.end_sessions(&ann).await;
    let typed =
        [("name", "a & b"), ("expiration", "60"), ("permissions", "chosen"), ("permission", "release#view")];
    let answer = world.send(post(NEW).submit(&session, &form(&id, &typed))).await;
    assert_eq!(answer.status(), 303);
    let login = world.send(get(answer.header("location"))).await;
    let next = between(&login, r#"name="next" value=""#, "\"").replace("&#38;", "&").replace("&amp;", "&");
    assert!(!next.contains(&id) && !next.contains(&session.csrf), "{next}");
    let page = world.open(&world.session(&ann).await, &next).await;
    assert_eq!(page.status(), 200, "{next}");
    assert!(page.text().contains(r#"name="name" type="text" value="a &#38; b""#), "{}", page.text());
    for kept in [
        r#"<option value="60" selected>"#,
        r#"value="release#view" checked"#,
        r#"name="permissions" value="chosen" checked"#,
    ] {
        assert!(page.text().contains(kept), "{kept}: {}", page.text());
    }
}

#[tokio::test]
async fn who_may_make_no_token_is_told_why() {
    let world = World::new().await;
    let sue = world.user_from("sue", Origin::Sso, "https://sso.example", &["login"]).await;
    let session = world.session(&sue).await;
    let page = world.open(&session, NEW).await;
    assert!(!page.text().contains(r#"<option value="release""#), "Release is closed for SSO users");
    assert!(generate(&world, &session, &[("application", "deploy")]).await.text().contains("data-secret"));
    let answer = generate(&world, &session, &[("application", "release")]).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.text().contains("Tokens for `release` are not allowed for SSO users."));
    assert!(answer.text().contains(r#"value="nightly""#), "what was typed stays");
    let id = form_id(&world.open(&session, NEW).await);
    set(&world, |settings| {
        settings.origins.deploy.sso = false;
        settings.origins.others.sso = false;
    })
    .await;
    for answer in
        [world.open(&session, NEW).await, world.send(post(NEW).submit(&session, &form(&id, &[]))).await]
    {
        assert_eq!(answer.status(), 403);
        assert!(answer.text().contains("switched personal access tokens off for SSO users"));
    }
}
