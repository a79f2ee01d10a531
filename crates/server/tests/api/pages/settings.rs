//! *System settings → General → Personal access tokens*.

use jiff::SignedDuration;
use patgate_core::user::Origin;
use serde_json::{Value, json};

use crate::common::{Answer, NewGrant, PASSWORD, SignedIn, World, get, post};

const PAGE: &str = "/settings";

/// The value of a hidden field.
fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let mark = format!(r#"name="{name}" value=""#);
    let rest = page.text().split(&mark).nth(1).unwrap_or_else(|| panic!("no {name}"));
    rest.split('"').next().unwrap()
}

/// What the form sends that shows the defaults, but for the fields that differ.
fn form<'a>(page: &'a Answer, changed: &[(&'a str, &'a str)], cleared: &[&str]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("shown", hidden(page, "shown")),
        ("sso_shown", hidden(page, "sso_shown")),
        ("maximum", ""),
        ("passwords_on_api", "yes"),
        ("freshness_ldap", "30"),
        ("freshness_sso", "30"),
        ("sso", "yes"),
        ("origins", "release.internal"),
        ("origins", "deploy.internal"),
        ("origins", "deploy.ldap"),
        ("origins", "deploy.sso"),
        ("origins", "others.internal"),
        ("origins", "others.ldap"),
        ("origins", "others.sso"),
    ];
    fields.retain(|(name, value)| !cleared.contains(name) && !cleared.contains(value));
    fields.retain(|(name, _)| *name == "origins" || !changed.iter().any(|(other, _)| other == name));
    fields.extend(changed);
    fields
}

async fn stored(world: &World) -> Value {
    serde_json::to_value(world.state.store.token_settings().await.unwrap()).unwrap()
}

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

/// Whether the page shows the switch for SSO users as on.
fn is_shown_on(page: &Answer) -> bool {
    page.text().contains(r#"name="sso" value="yes" checked"#)
}

#[tokio::test]
async fn an_administrator_sees_and_saves_the_settings() {
    let world = World::new().await;
    let root = root(&world).await;
    let page = world.open(&root, PAGE).await;
    assert_eq!(page.status(), 200);
    for words in [
        "Personal access tokens",
        "Maximum token expiration duration",
        "No expiration",
        "1 year",
        "Allow personal access tokens for SSO users",
        "Tokens may make tokens",
        "Passwords on the API",
        "Email notifications",
        "7 days before a token expires; one mail for each token",
        "None yet",
        r#"href="/settings/notifications""#,
    ] {
        assert!(page.text().contains(words), "{words}");
    }
    assert_eq!(page.text().matches("<h1").count(), 1);
    let changed = [("maximum", "30"), ("tokens_may_make_tokens", "yes"), ("origins", "release.ldap")];
    let fields = form(&page, &changed, &[]);
    let answer = world.send(post(PAGE).submit(&root, &fields)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/settings?done=saved"));
    let settings = stored(&world).await;
    assert_eq!(settings["maximumLifetimeDays"], 30);
    assert_eq!(settings["tokensMayMakeTokens"], true);
    assert_eq!(settings["origins"]["release"]["ldap"], true);
    let page = world.open(&root, "/settings?done=saved").await;
    assert!(page.text().contains("The settings are saved."));
    // In force at once: the same rule as the API's.
    let made = post("/api/v1/personal-access-tokens").basic("root", PASSWORD);
    let made = world.send(made.json(&serde_json::json!({"tokenNote": "n"}))).await;
    assert_eq!(made.json()["expiresAt"], "2026-06-02T12:00:00Z");
}

#[tokio::test]
async fn wrong_settings_are_refused_beside_their_fields_and_kept() {
    let world = World::new().await;
    let root = root(&world).await;
    let page = world.open(&root, PAGE).await;
    let before = world.state.store.last_sequence().await.unwrap();
    for value in ["31", "x"] {
        let changed = [("maximum", value), ("tokens_may_make_tokens", "yes")];
        let answer = world.send(post(PAGE).submit(&root, &form(&page, &changed, &[]))).await;
        assert_eq!(answer.status(), 400, "{value}");
        let text = answer.text();
        assert!(text.contains("<a href=\"#maximum\">"), "the summary links to it: {text}");
        assert!(text.contains("id=\"maximum-error\""), "{text}");
        assert!(
            text.contains(r#"name="tokens_may_make_tokens" value="yes" checked"#),
            "what was typed is kept"
        );
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn the_switch_for_sso_users_and_the_table_never_disagree_in_silence() {
    let world = World::new().await;
    let root = root(&world).await;
    let sso = |settings: Value| {
        ["release", "deploy", "others"].map(|row| settings["origins"][row]["sso"].as_bool().unwrap())
    };
    // The switch alone.
    let page = world.open(&root, PAGE).await;
    let answer = world.send(post(PAGE).submit(&root, &form(&page, &[], &["sso"]))).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(sso(stored(&world).await), [false, false, false]);
    // The table alone: the switch is on as long as SSO users have tokens somewhere.
    let page = world.open(&root, PAGE).await;
    assert!(!is_shown_on(&page));
    let answer = world.send(post(PAGE).submit(&root, &form(&page, &[], &["sso", "others.sso"]))).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(sso(stored(&world).await), [false, true, false]);
    // Both, against each other.
    let page = world.open(&root, PAGE).await;
    assert!(is_shown_on(&page));
    let answer = world.send(post(PAGE).submit(&root, &form(&page, &[], &["sso"]))).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().contains("disagree about SSO users"), "{}", answer.text());
    assert_eq!(sso(stored(&world).await), [false, true, false]);
    // The switch with the table as it was.
    let answer = world.send(post(PAGE).submit(&root, &form(&page, &[], &["sso", "others.sso"]))).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(sso(stored(&world).await), [false, false, false]);
    let page = world.open(&root, PAGE).await;
    let answer = world.send(post(PAGE).submit(&root, &form(&page, &[], &["deploy.sso", "others.sso"]))).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(sso(stored(&world).await), [false, true, false], "what it closed");
}

#[tokio::test]
async fn with_the_switch_for_sso_users_off_they_have_tokens_for_no_application() {
    let world = World::new().await;
    let root = root(&world).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let sue = world.session(&sue).await;
    let makes = async || {
        let mut statuses = Vec::new();
        for application in ["release", "deploy", "any"] {
            let body = json!({ "tokenNote": application, "application": application });
            let made = post("/api/v1/personal-access-tokens").session(&sue).json(&body);
            statuses.push(world.send(made).await.status());
        }
        statuses
    };
    // An administrator opened Release for them as well.
    let page = world.open(&root, PAGE).await;
    let opened = form(&page, &[("origins", "release.sso")], &[]);
    assert_eq!(world.send(post(PAGE).submit(&root, &opened)).await.status(), 303);
    let page = world.open(&root, PAGE).await;
    let closed = form(&page, &[("origins", "release.sso")], &["sso"]);
    assert_eq!(world.send(post(PAGE).submit(&root, &closed)).await.status(), 303);
    assert_eq!(makes().await, [403, 403, 403]);
    // Where Release alone is open to them, the switch does not look as if it were off.
    let page = world.open(&root, PAGE).await;
    assert!(!is_shown_on(&page));
    let cleared = ["sso", "deploy.sso", "others.sso"];
    let release = form(&page, &[("origins", "release.sso")], &cleared);
    assert_eq!(world.send(post(PAGE).submit(&root, &release)).await.status(), 303);
    assert_eq!(makes().await, [201, 403, 403]);
    assert!(is_shown_on(&world.open(&root, PAGE).await));
}

#[tokio::test]
async fn the_switch_for_sso_users_off_and_on_again_restores_what_was_there() {
    let world = World::new().await;
    let root = root(&world).await;
    let save = async |page: &Answer, changed: &[(&str, &str)], cleared: &[&str]| {
        world.send(post(PAGE).submit(&root, &form(page, changed, cleared))).await
    };
    let page = world.open(&root, PAGE).await;
    assert!(page.text().contains("Checking it again checks those that it cleared."), "{}", page.text());
    let opened = save(&page, &[("origins", "release.sso")], &["others.sso"]).await;
    assert_eq!(opened.header("location"), "/settings?done=saved");
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let of = async |application| world.token(&sue, NewGrant { application, ..NewGrant::default() }).await;
    let (release, deploy) = (of("release").await, of("deploy").await);
    let pass = async || {
        let release = world.send(get("/auth/release").token(&release)).await;
        [release.status(), world.send(get("/auth/deploy").deploy_token(&deploy)).await.status()]
    };
    assert_eq!(pass().await, [200, 200]);
    let page = world.open(&root, PAGE).await;
    let off = save(&page, &[("origins", "release.sso")], &["sso", "others.sso"]).await;
    let preview = "/settings/preview?maximum=&closing=release.sso,deploy.sso&done=saved";
    assert_eq!(off.header("location"), preview);
    let preview = world.open(&root, preview).await;
    assert!(preview.text().contains("2 tokens are touched"), "{}", preview.text());
    let decided = [
        ("shown", hidden(&preview, "shown")),
        ("maximum", ""),
        ("closing", hidden(&preview, "closing")),
        ("choice", "suspend"),
        ("when", "now"),
    ];
    let decided = world.send(post("/settings/preview").submit(&root, &decided)).await;
    assert_eq!(decided.header("location"), "/settings?done=decided");
    assert_eq!(pass().await, [401, 401]);
    // What it opens is told, and survives other changes.
    let closed = ["release.sso", "deploy.sso", "others.sso"];
    for other in [&[("tokens_may_make_tokens", "yes")][..], &[]] {
        let page = world.open(&root, PAGE).await;
        assert!(
            page.text().contains("Checking it checks SSO users for Release and Deploy."),
            "{}",
            page.text()
        );
        assert!(page.text().contains(r#"data-opens="release.sso,deploy.sso""#), "{}", page.text());
        let saved = save(&page, other, &["sso", "deploy.sso", "others.sso"]).await;
        assert_eq!(saved.header("location"), "/settings?done=saved");
        assert_eq!(stored(&world).await["ssoReopens"], "release.sso,deploy.sso");
    }
    let page = world.open(&root, PAGE).await;
    let on = save(&page, &[], &closed).await;
    assert_eq!(on.header("location"), "/settings?done=saved");
    assert_eq!(pass().await, [200, 200], "the suspensions are lifted");
    let settings = stored(&world).await;
    let cells = ["release", "deploy", "others"].map(|row| settings["origins"][row]["sso"] == true);
    assert_eq!((cells, settings.get("ssoReopens")), ([true, true, false], None));
    // The audit log tells it with the change.
    let log = world.open(&root, "/admin/audit?action=settings.update").await;
    assert!(log.text().contains("Sso reopens"), "{}", log.text());
}

#[tokio::test]
async fn two_administrators_save_at_once_and_the_second_sees_both() {
    let world = World::new().await;
    let root = root(&world).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    let (first, second) = (world.open(&root, PAGE).await, world.open(&officer, PAGE).await);
    let answer = world.send(post(PAGE).submit(&root, &form(&first, &[("maximum", "30")], &[]))).await;
    assert_eq!(answer.status(), 303);
    let mine = [("maximum", "7"), ("tokens_may_make_tokens", "yes")];
    let answer = world.send(post(PAGE).submit(&officer, &form(&second, &mine, &[]))).await;
    assert_eq!(answer.status(), 409);
    let text = answer.text();
    assert!(text.contains("Somebody else changed these settings"), "{text}");
    assert!(
        text.contains(r#"data-label="Stored now">30 days"#) && text.contains(r#"data-label="Yours">7 days"#)
    );
    assert!(text.contains(r#"<option value="7" selected>"#));
    assert!(text.contains(r#"name="tokens_may_make_tokens" value="yes" checked"#));
    assert_eq!(stored(&world).await["maximumLifetimeDays"], 30);
    // Now they know.
    let again = world.send(post(PAGE).submit(&officer, &form(&answer, &mine, &[]))).await;
    assert_eq!(again.status(), 303);
    assert_eq!(stored(&world).await["maximumLifetimeDays"], 7);
}

#[tokio::test]
async fn who_may_only_see_the_settings_changes_nothing() {
    let world = World::new().await;
    for (name, permissions, seen) in [
        ("nobody", &["login"][..], 403),
        ("operator", &["login", "config#view"], 200),
        ("editor", &["login", "config#edit"], 200),
        ("auditor", &["login", "security#view"], 200),
    ] {
        let user = world.user(name, permissions).await;
        let session = world.session(&user).await;
        let page = world.open(&session, PAGE).await;
        assert_eq!(page.status(), seen, "{permissions:?}");
        let before = world.state.store.last_sequence().await.unwrap();
        let fields = [("shown", "x"), ("maximum", "7")];
        assert_eq!(world.send(post(PAGE).submit(&session, &fields)).await.status(), 403);
        assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
        if seen == 200 {
            assert!(page.text().contains("<fieldset disabled>") && !page.text().contains("Save settings"));
        }
    }
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing_and_a_lost_session_loses_nothing() {
    let world = World::new().await;
    let root = root(&world).await;
    let page = world.open(&root, PAGE).await;
    let fields = form(&page, &[("maximum", "60")], &["sso"]);
    let wrong = SignedIn { csrf: "x".to_owned(), ..root.clone() };
    assert_eq!(world.send(post(PAGE).submit(&wrong, &fields)).await.status(), 403);
    let foreign = post(PAGE).submit(&root, &fields).header("sec-fetch-site", "cross-site");
    assert_eq!(world.send(foreign).await.status(), 403);
    assert_eq!(stored(&world).await["maximumLifetimeDays"], Value::Null);
    let lost = world.send(post(PAGE).form(&fields)).await;
    assert_eq!(lost.status(), 303);
    let next = lost.after_login();
    let back = world.send(get(&next).cookie(&root)).await;
    assert_eq!(back.status(), 200);
    assert!(back.text().contains(r#"<option value="60" selected>"#));
    assert!(!back.text().contains(r#"name="sso" value="yes" checked"#));
    assert_eq!(hidden(&back, "shown"), hidden(&page, "shown"));
}

#[tokio::test]
async fn a_form_without_the_windows_changes_nothing_and_they_can_be_opened_and_closed() {
    let world = World::new().await;
    let root = root(&world).await;
    let page = world.open(&root, PAGE).await;
    let save = async |fields: &[(&str, &str)]| world.send(post(PAGE).submit(&root, fields)).await.status();
    assert_eq!(save(&form(&page, &[], &["freshness_ldap"])).await, 400);
    assert_eq!(stored(&world).await["freshness"], json!({ "ldap": 30, "sso": 30 }));
    for bad in ["0", "3651", "a month", "-1"] {
        assert_eq!(save(&form(&page, &[("freshness_sso", bad)], &[])).await, 400, "{bad}");
    }
    assert_eq!(save(&form(&page, &[("freshness_ldap", "7"), ("freshness_sso", "")], &[])).await, 303);
    assert_eq!(stored(&world).await["freshness"], json!({ "ldap": 7, "sso": null }));
}

#[tokio::test]
async fn an_exemption_is_for_people_of_a_provider_that_there_is() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let page = world.open(&root, "/settings/exemptions").await;
    assert!(page.text().contains("<select id=\"provider\""), "{}", page.text());
    let fields = [
        ("kind", "group"),
        ("name", "/ops"),
        ("provider", "corp"),
        ("reason", "x"),
        ("ends", "2026-12-31"),
        ("zone", "UTC"),
    ];
    let refused = world.send(post("/settings/exemptions").submit(&root, &fields)).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("<a href=\"#provider\">"), "{}", refused.text());
}

#[tokio::test]
async fn an_administrator_is_told_how_many_a_shorter_window_suspends_before_it_does() {
    let world = World::new().await;
    for name in ["olga", "otto"] {
        let owner = world.user_from(name, Origin::Sso, "corp", &["release#view"]).await;
        world.token(&owner, NewGrant::default()).await;
    }
    world.user_from("oleg", Origin::Sso, "corp", &["release#view"]).await;
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 8));
    let root = root(&world).await;
    let page = world.open(&root, PAGE).await;
    assert!(page.text().contains("Freshness window of SSO users, in days"));
    let save = async |fields: &[(&str, &str)]| world.send(post(PAGE).submit(&root, fields)).await;
    let told = save(&form(&page, &[("freshness_sso", "7")], &[])).await;
    assert_eq!(told.status(), 409);
    assert!(told.text().contains("suspends the tokens of 2 owners at once"), "{}", told.text());
    assert_eq!(stored(&world).await["freshness"], json!({ "ldap": 30, "sso": 30 }), "nothing is saved");
    let seen = hidden(&told, "freshness_told");
    // Told of one window, they are not told of another.
    let other = save(&form(&page, &[("freshness_sso", "8"), ("freshness_told", seen)], &[])).await;
    assert_eq!(other.status(), 409);
    let again = save(&form(&page, &[("freshness_sso", "7"), ("freshness_told", seen)], &[])).await;
    assert_eq!((again.status(), again.header("location")), (303, "/settings?done=saved"));
    assert_eq!(stored(&world).await["freshness"], json!({ "ldap": 30, "sso": 7 }));
    let page = world.open(&root, PAGE).await;
    let shorter = save(&form(&page, &[("freshness_sso", "6")], &[])).await;
    assert_eq!(shorter.status(), 303, "it suspends nobody who was not");
}
