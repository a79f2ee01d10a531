//! *Email notifications*: the mail before a token expires.

use patgate_server::mail::template::Kind;
use patgate_testkit::servers::mail::{MailServer, Way};

use super::MAIL_POLICY;
use crate::common::{Answer, SignedIn, World, get, post};

const PAGE: &str = "/settings/notifications";
const PREVIEW: &str = "/settings/notifications/preview";
const SAMPLE: &str = "/settings/notifications/sample";
const MAIL: &str = "Configuration/MAIL";

/// The value of a hidden field.
fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let mark = format!(r#"name="{name}" value=""#);
    let rest = page.text().split(&mark).nth(1);
    rest.unwrap_or_else(|| panic!("no {name}: {}", page.text())).split('"').next().unwrap()
}

/// What the form sends that shows the defaults, but for the fields that differ.
fn form<'a>(page: &'a Answer, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("shown", hidden(page, "shown")),
        ("days", "7"),
        ("further_days", ""),
        ("server", ""),
        ("subject", Kind::Token.default_subject()),
        ("body", Kind::Token.default_body()),
    ];
    fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    fields.extend(changed);
    fields
}

async fn stored(world: &World) -> serde_json::Value {
    serde_json::to_value(world.state.store.token_settings().await.unwrap().email_notifications).unwrap()
}

/// An administrator with a mail server on this port.
async fn root(world: &World, port: u16) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, MAIL, port).await;
    world.session(&root).await
}

async fn save(world: &World, session: &SignedIn, changed: &[(&str, &str)]) -> Answer {
    let page = world.open(session, PAGE).await;
    world.send(post(PAGE).submit(session, &form(&page, changed))).await
}

#[tokio::test]
async fn an_administrator_decides_when_and_what_owners_are_told() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let page = world.open(&root, PAGE).await;
    let text = page.text();
    for words in [
        "Enable email notifications",
        "Days before expiration",
        "Email server",
        r#"<option value="Configuration/MAIL">Configuration/MAIL</option>"#,
        "{{ token_name }}",
        "<code>{{ renew_url }}</code>",
        "the owner&#39;s full name",
        r#"href="/admin/reminders/run">Run now</a>"#,
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("<h1").count(), 1);
    let body = "<p>Bye</p>\r\n{{ token_name }}";
    let changed = [
        ("enabled", "yes"),
        ("days", "14"),
        ("further_days", "1, 60 30"),
        ("server", MAIL),
        ("subject", "<b>{{ token_name }}</b>"),
        ("body", body),
    ];
    let answer = save(&world, &root, &changed).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/settings/notifications?done=saved"));
    let set = stored(&world).await;
    assert_eq!(set["enabled"], true);
    assert_eq!((&set["days"], &set["furtherDays"]), (&14.into(), &serde_json::json!([60, 30, 1])));
    assert_eq!((&set["server"], &set["digest"]), (&MAIL.into(), &false.into()));
    assert_eq!(set["body"], "<p>Bye</p>\n{{ token_name }}");
    let page = world.open(&root, "/settings/notifications?done=saved").await;
    assert!(page.text().contains("The email notifications are saved."));
    assert!(page.text().contains(r#"<option value="Configuration/MAIL" selected>"#));
    assert!(page.text().contains(r#"value="60, 30, 1""#));
    assert!(!page.text().contains("<b>{{") && !page.text().contains("<p>Bye"), "what people write is text");
    let settings = world.open(&root, "/settings").await;
    assert!(settings.text().contains("60, 30, 14 and 1 days before a token expires"), "{}", settings.text());
}

#[tokio::test]
async fn the_default_texts_are_shown_and_stay_patgates_own() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let page = world.open(&root, PAGE).await;
    assert!(page.text().contains("Hello {{ owner_full_name }}"), "{}", page.text());
    assert_eq!(save(&world, &root, &[("enabled", "yes")]).await.status(), 303);
    let set = stored(&world).await;
    assert_eq!((set["subject"].is_null(), set["body"].is_null()), (true, true));
    // With those of a mail about one token still in the form, as a browser sends them.
    let body = Kind::Token.default_body().replace('\n', "\r\n");
    let subject = Kind::Token.default_subject();
    let changed = [("digest", "yes"), ("subject", subject), ("body", &*body)];
    assert_eq!(save(&world, &root, &changed).await.status(), 303);
    let set = stored(&world).await;
    assert_eq!(
        (set["digest"].as_bool(), set["subject"].is_null(), set["body"].is_null()),
        (Some(true), true, true)
    );
    assert!(world.open(&root, PAGE).await.text().contains("these access tokens of yours expire soon"));
    // One's own texts are given up by a button, and nothing is stored by it.
    assert_eq!(save(&world, &root, &[("body", "Mine")]).await.status(), 303);
    let page = world.open(&root, PAGE).await;
    let fields = form(&page, &[("body", "Mine"), ("own_texts", "yes")]);
    let back = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(back.status(), 200);
    assert!(back.text().contains("Hello {{ owner_full_name }}"));
    assert_eq!(stored(&world).await["body"], "Mine");
}

#[tokio::test]
async fn what_is_wrong_is_refused_beside_its_field_and_kept() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let long = "x".repeat(201);
    for (field, value, why) in [
        ("days", "0", "1 to 365"),
        ("days", "366", "1 to 365"),
        ("days", "seven", "1 to 365"),
        ("days", "", "1 to 365"),
        ("further_days", "60, x", "different whole numbers"),
        ("further_days", "60, 60", "different whole numbers"),
        ("further_days", "1,2,3,4,5,6,7,8,9,10,11", "at most 10"),
        ("server", "Configuration/OTHER", "no mail server `Configuration/OTHER`"),
        ("server", "smtp", "no mail server `smtp`"),
        ("subject", "", "one line"),
        ("subject", &long, "one line"),
        ("subject", "{{ nam }}", "no placeholder `nam`"),
        ("subject", "{{ tokens }}", "there are `owner`, `owner_full_name`, `token_name`"),
        ("body", " ", "1 to 10,000"),
        ("body", "<p>{{ token }}</p>", "no placeholder `token`"),
        ("body", "{% include 'x' %}", "`include` is not allowed"),
        ("body", "{{ owner", "has no end"),
    ] {
        let changed = [(field, value), ("enabled", "yes"), ("digest", "yes")];
        let changed = if field == "subject" { &changed[..2] } else { &changed[..] };
        let answer = save(&world, &root, changed).await;
        assert_eq!(answer.status(), 400, "{field}={value}");
        let text = answer.text();
        let why = why.replace('\'', "&#39;");
        assert!(text.contains(&format!("<a href=\"#{field}\">")), "the summary links to {field}: {text}");
        let beside =
            text.split(&format!("id=\"{field}-error\"")).nth(1).unwrap_or_else(|| panic!("{field}: {text}"));
        assert!(beside.split("</p>").next().unwrap().contains(&why), "{field}={value}: {beside}");
        assert!(text.contains(r#"name="enabled" value="yes" checked"#), "what was typed is kept");
    }
    // All at once.
    let answer = save(&world, &root, &[("days", "0"), ("subject", "{{ x }}"), ("body", "{{ y }}")]).await;
    for field in ["days", "subject", "body"] {
        assert!(answer.text().contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_preview_shows_the_mail_in_a_frame_where_nothing_runs() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let page = world.open(&root, PAGE).await;
    let body = r#"<p style="color:red">Dear {{ owner }}, "{{ token_name }}"</p><script>alert(1)</script>"#;
    let fields = form(&page, &[("subject", "{{ token_name }} & more"), ("body", body), ("days", "0")]);
    let answer = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert_eq!(answer.status(), 200);
    let text = answer.text();
    let frame = text.split("<iframe").nth(1).unwrap().split("</iframe>").next().unwrap();
    assert!(frame.contains(" sandbox srcdoc=\""), "{frame}");
    assert!(
        frame.contains("Dear root") && frame.contains("ci-deploy") && !frame.contains("<script"),
        "{frame}"
    );
    assert!(text.contains("<strong>ci-deploy &#38; more</strong>"), "{text}");
    assert!(
        text.contains("id=\"days-error\"") && text.contains("{{ token_name }} &#38; more"),
        "what was typed is kept"
    );
    assert_eq!(answer.header("content-security-policy"), MAIL_POLICY);
    // A digest is about several.
    let fields = form(
        &page,
        &[("digest", "yes"), ("body", "{% for token in tokens %}{{ token.token_name }};{% endfor %}")],
    );
    let answer = world.send(post(PREVIEW).submit(&root, &fields)).await;
    assert!(answer.text().contains("ci-deploy;nightly-report;"), "{}", answer.text());
    let answer = world.send(post(PREVIEW).submit(&root, &form(&page, &[("body", "{{ nam }}")]))).await;
    assert_eq!(answer.status(), 400);
    let shown = answer.text().split(r#"id="preview""#).nth(1).unwrap();
    assert!(shown.contains("no placeholder `nam`") && !shown.contains("<iframe"), "{shown}");
    assert!(stored(&world).await["body"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_has_a_reminder_sent_to_themselves() {
    let server = MailServer::start();
    let world = World::new().await;
    let root = root(&world, server.port(Way::Plain)).await;
    let page = world.open(&root, PAGE).await;
    let fields = form(&page, &[("server", MAIL), ("subject", "Try {{ token_name }}")]);
    let answer = world.send(post(SAMPLE).submit(&root, &fields)).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let text = answer.text();
    assert!(text.contains("The mail server took a reminder for root@example.org."), "{text}");
    for step in ["Look up the host", "Connect", "Recipient", "Message"] {
        assert!(text.contains(&format!(r#"data-label="Step">{step}"#)), "{step}: {text}");
    }
    assert!(text.contains(r#"value="Try {{ token_name }}""#), "what was typed is kept");
    let kept = server.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].recipients, ["root@example.org"]);
    assert_eq!(kept[0].header("Subject"), ["Try ci-deploy"]);
    assert!(stored(&world).await["server"].is_null(), "nothing is saved by it");
}

#[tokio::test]
async fn what_stands_against_a_reminder_to_oneself_is_told() {
    let world = World::new().await;
    let root = root(&world, 1).await;
    let page = world.open(&root, PAGE).await;
    let answer = world.send(post(SAMPLE).submit(&root, &form(&page, &[]))).await;
    assert_eq!(answer.status(), 409);
    assert!(answer.text().contains("No mail server is chosen."), "{}", answer.text());
    // Nobody listens there.
    let answer = world.send(post(SAMPLE).submit(&root, &form(&page, &[("server", MAIL)]))).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().contains("No reminder was sent to root@example.org."), "{}", answer.text());
    assert!(answer.text().contains(r#"<span class="pill-text">Failed</span>"#));
    let answer = world.send(post(SAMPLE).submit(&root, &form(&page, &[("body", "{{ x }}")]))).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn behaviour_68_without_a_mail_server_nothing_is_sent_and_the_page_says_so() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    let link = r#"href="/configuration/new?type=notification.PatSmtpServer""#;
    let page = world.open(&root, PAGE).await;
    assert!(
        page.text().contains("There is no mail server yet, so nothing is sent.")
            && page.text().contains(link)
    );
    assert_eq!(world.open(&root, "/configuration/new?type=notification.PatSmtpServer").await.status(), 200);
    let page = world.open(&officer, PAGE).await;
    assert!(
        page.text().contains("Ask somebody who may change the configuration") && !page.text().contains(link)
    );
    assert_eq!(save(&world, &officer, &[("enabled", "yes")]).await.status(), 303);
    let settings = world.open(&root, "/settings").await;
    assert!(settings.text().contains("There is no mail server yet") && settings.text().contains(link));
}

#[tokio::test]
async fn a_mail_server_that_is_gone_is_named_until_another_is_chosen() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    world.notify(|set| set.server = Some("Configuration/GONE".parse().unwrap())).await;
    let page = world.open(&root, PAGE).await;
    assert!(
        page.text().contains(r#"<option value="Configuration/GONE" selected>Configuration/GONE (not there)"#)
    );
    assert_eq!(save(&world, &root, &[("server", "Configuration/GONE")]).await.status(), 400);
    assert_eq!(save(&world, &root, &[("server", "configuration/mail")]).await.status(), 303);
    assert_eq!(stored(&world).await["server"], MAIL, "as it is written there");
}

#[tokio::test]
async fn two_administrators_save_at_once_and_the_second_sees_both() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    let (first, second) = (world.open(&root, PAGE).await, world.open(&officer, PAGE).await);
    let answer = world.send(post(PAGE).submit(&root, &form(&first, &[("days", "30")]))).await;
    assert_eq!(answer.status(), 303);
    let mine = [("days", "3"), ("subject", "Mine")];
    let answer = world.send(post(PAGE).submit(&officer, &form(&second, &mine))).await;
    assert_eq!(answer.status(), 409);
    let text = answer.text();
    assert!(text.contains("Somebody else changed these settings"), "{text}");
    assert!(
        text.contains(r#"data-label="Stored now">30<"#) && text.contains(r#"data-label="In the form">3<"#),
        "{text}"
    );
    assert!(text.contains(r#"value="Mine""#));
    assert_eq!(stored(&world).await["days"], 30);
    // Now they know.
    let again = world.send(post(PAGE).submit(&officer, &form(&answer, &mine))).await;
    assert_eq!(again.status(), 303);
    assert_eq!(stored(&world).await["days"], 3);
}

#[tokio::test]
async fn the_rules_and_the_mail_are_saved_apart() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let rules = world.open(&root, "/settings").await;
    assert_eq!(save(&world, &root, &[("days", "30"), ("server", MAIL)]).await.status(), 303);
    let fields = [
        ("shown", hidden(&rules, "shown")),
        ("sso_shown", hidden(&rules, "sso_shown")),
        ("maximum", ""),
        ("tokens_may_make_tokens", "yes"),
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
    let answer = world.send(post("/settings").submit(&root, &fields)).await;
    assert_eq!(answer.status(), 303, "{}", answer.text());
    assert!(world.state.store.token_settings().await.unwrap().tokens_may_make_tokens);
    assert_eq!(stored(&world).await["days"], 30);
    assert_eq!(save(&world, &root, &[("days", "3")]).await.status(), 303);
    assert!(world.state.store.token_settings().await.unwrap().tokens_may_make_tokens);
}

#[tokio::test]
async fn who_may_only_see_the_settings_changes_nothing_and_sends_nothing() {
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
        for path in [PAGE, PREVIEW, SAMPLE] {
            let fields = [("shown", "x"), ("days", "7"), ("subject", "s"), ("body", "b")];
            assert_eq!(world.send(post(path).submit(&session, &fields)).await.status(), 403, "{path}");
        }
        assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
        if seen == 200 {
            assert!(page.text().contains("<fieldset disabled>") && !page.text().contains("Send to me"));
            assert!(!page.text().contains("data-preview="));
        }
    }
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing_and_a_lost_session_loses_nothing() {
    let world = World::new().await;
    let root = root(&world, 25).await;
    let page = world.open(&root, PAGE).await;
    let fields = form(&page, &[("days", "30"), ("digest", "yes"), ("body", "Short {{ server_url }}")]);
    let wrong = SignedIn { csrf: "x".to_owned(), ..root.clone() };
    for path in [PAGE, PREVIEW, SAMPLE] {
        assert_eq!(world.send(post(path).submit(&wrong, &fields)).await.status(), 403);
        let foreign = post(path).submit(&root, &fields).header("sec-fetch-site", "cross-site");
        assert_eq!(world.send(foreign).await.status(), 403);
        let lost = world.send(post(path).form(&fields)).await;
        let next = lost.after_login();
        let back = world.send(get(&next).cookie(&root)).await;
        assert_eq!(back.status(), 200, "{next}");
        assert!(back.text().contains(r#"name="days" type="number" value="30""#), "{}", back.text());
        assert!(back.text().contains(r#"name="digest" value="yes" checked"#));
        assert!(back.text().contains("Short {{ server_url }}") && back.text().contains("Not saved yet"));
        assert_eq!(hidden(&back, "shown"), hidden(&page, "shown"));
    }
    assert_eq!(stored(&world).await["days"], 7);
}
