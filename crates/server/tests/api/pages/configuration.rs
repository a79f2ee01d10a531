//! *Configuration*: the Explorer, and the forms that are drawn from descriptors.

use patgate_core::item::ItemId;
use patgate_store::{AuditFilter, Item, Page};
use patgate_testkit::servers::mail::{MailServer, Way};
use serde_json::json;

use crate::common::{Answer, PASSWORD, SignedIn, World, get, post};

const ITEMS: &str = "/api/v1/configuration-items";

const MARKUP: &str = "<script>alert(1)<";
const TYPE: (&str, &str) = ("type", "notification.PatSmtpServer");
const SECRET: &str = "hunter2 hunter2";

async fn person(world: &World, name: &str, permissions: &[&str]) -> SignedIn {
    let person = world.user(name, permissions).await;
    world.session(&person).await
}

async fn stored(world: &World, id: &str) -> Item {
    world.state.store.item(&id.parse::<ItemId>().unwrap()).await.unwrap().unwrap()
}

/// A mail server's form with these typed over what a person types first.
fn filled<'a>(typed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let all = [
        TYPE,
        ("folder", "Configuration"),
        ("name", "SMTPSERVERTEST"),
        ("host", "mail.example.org"),
        ("port", "465"),
        ("username", "patgate"),
        ("password", SECRET),
        ("fromAddress", "patgate@example.org"),
        ("testAddress", ""),
        ("smtpProperties", "mail.smtp.timeout=5000\r\n\r\nmail.smtp.reportsuccess = true"),
    ];
    let typed_over = |name: &str| typed.iter().find(|(typed, _)| *typed == name);
    let mut fields: Vec<_> =
        all.iter().map(|&(name, value)| typed_over(name).copied().unwrap_or((name, value))).collect();
    fields.extend(typed.iter().filter(|(name, _)| !all.iter().any(|(known, _)| known == name)));
    fields
}

async fn make(world: &World, session: &SignedIn, typed: &[(&str, &str)]) -> Answer {
    world.send(post("/configuration/new").submit(session, &filled(typed))).await
}

/// A mail server, and where its page is.
async fn made(world: &World, session: &SignedIn, typed: &[(&str, &str)]) -> String {
    let answer = make(world, session, typed).await;
    assert_eq!(answer.status(), 303, "{}", answer.text());
    answer.header("location").strip_suffix("?done=made").unwrap().to_owned()
}

#[tokio::test]
async fn an_administrator_makes_a_mail_server_in_a_folder() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let explorer = world.open(&root, "/configuration").await;
    assert!(explorer.text().contains("Nothing here yet"));
    let menu = explorer.text().split("<summary class=\"button primary\">New</summary>").nth(1).unwrap();
    let menu = menu.split("</details>").next().unwrap();
    let areas: Vec<_> = menu
        .split("<p class=\"menu-name\">")
        .skip(1)
        .map(|area| area.split("</p>").next().unwrap())
        .collect();
    let entries: Vec<_> = menu
        .split("<li><a href=\"/configuration/new?type=")
        .skip(1)
        .map(|entry| {
            let (kind, rest) = entry.split_once("&amp;folder=Configuration\">").unwrap();
            let (name, label) = rest.split_once(" <span class=\"quiet-text\">").unwrap();
            (kind, name, label.split("</span>").next().unwrap())
        })
        .collect();
    assert_eq!(areas, ["core", "notification", "events"]);
    assert_eq!(
        entries,
        [
            ("core.Directory", "Directory", "Folder"),
            ("notification.PatSmtpServer", "PatSmtpServer", "Mail server"),
            ("events.PostWebhookEndpoint", "PostWebhookEndpoint", "HTTP Endpoint for Webhooks (POST)"),
            ("events.GetWebhookEndpoint", "GetWebhookEndpoint", "HTTP Endpoint for Webhooks (GET)"),
        ]
    );
    let folder = [("type", "core.Directory"), ("folder", "Configuration"), ("name", "Mail")];
    let folder = world.send(post("/configuration/new").submit(&root, &folder)).await;
    assert_eq!(folder.status(), 303, "{}", folder.text());
    let form = world
        .open(&root, "/configuration/new?type=notification.PatSmtpServer&folder=configuration%2Fmail")
        .await;
    let text = form.text();
    for shown in [
        "New mail server",
        "<option value=\"Configuration/Mail\" selected>",
        "<legend>Server</legend>",
        "name=\"port\" type=\"number\" value=\"587\"",
        "465 speaks TLS from the start. 587 begins in clear and must change to TLS (STARTTLS). 25, and every other port,",
        "SMTP Properties",
        "name=\"password\" type=\"password\" value=\"\"",
        "From Address <span class=\"needed\"",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let page = made(&world, &root, &[("folder", "Configuration/Mail")]).await;
    let item = stored(&world, "Configuration/Mail/SMTPSERVERTEST").await;
    assert_eq!(page, format!("/configuration/{}", item.number));
    assert_eq!(item.properties["smtpProperties"].as_map().unwrap()["mail.smtp.reportsuccess"], "true");
    let page = world.open(&root, &format!("{page}?done=made")).await;
    let text = page.text();
    for shown in [
        "It is made.",
        "<code data-item-id>Configuration/Mail/SMTPSERVERTEST</code>",
        "mail.smtp.reportsuccess",
        "Leave this empty to keep it.",
        "Send Test Mail",
        "aria-current=\"page\">SMTPSERVERTEST</a>",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("hunter2"), "no secret comes back");
    let warnings =
        text.split("aria-labelledby=\"warnings\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(
        warnings.contains("mail.smtp.reportsuccess"),
        "the property that has no effect is warned of: {warnings}"
    );
    let inside = world.open(&root, folder.header("location").split('?').next().unwrap()).await;
    assert!(inside.text().contains("SMTPSERVERTEST") && inside.text().contains("See warning"));
}

#[tokio::test]
async fn what_was_typed_stays_and_what_is_wrong_stands_beside_it() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let sequence = world.state.store.last_sequence().await.unwrap();
    let wrong = [("name", "a/b"), ("folder", "Configuration")];
    let answer = make(&world, &root, &wrong).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().contains("id=\"name-error\"") && answer.text().contains("value=\"a/b\""));
    let wrong = [
        ("host", MARKUP),
        ("port", "many"),
        ("fromAddress", ""),
        ("smtpProperties", "mail.smtp.timeout=5000"),
    ];
    let answer = make(&world, &root, &wrong).await;
    let text = answer.text();
    assert_eq!(answer.status(), 400);
    for field in ["host", "port", "fromAddress"] {
        assert!(text.contains(&format!("id=\"{field}-error\"")), "{field}: {text}");
        assert!(text.contains(&format!("<a href=\"#{field}\">")), "{field} is not in the summary");
    }
    assert!(text.contains("This is a whole number from 1 to 65535."), "{text}");
    assert!(text.contains("value=\"patgate\"") && text.contains("mail.smtp.timeout=5000"));
    assert!(!text.contains("hunter2") && !text.contains(MARKUP), "{text}");
    let lines = make(&world, &root, &[("smtpProperties", "mail.smtp.timeout")]).await;
    assert!(lines.status() == 400 && lines.text().contains("is not name=value"));
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    made(&world, &root, &[]).await;
    let twice = make(&world, &root, &[("name", "smtpservertest")]).await;
    assert_eq!(twice.status(), 409);
    assert!(twice.text().contains("id=\"name-error\""), "{}", twice.text());
    for path in [
        "/configuration/new",
        "/configuration/new?type=core.Nothing",
        "/configuration/new?type=core.Directory&folder=Configuration/none",
    ] {
        assert_eq!(world.open(&root, path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn an_empty_password_stays_and_another_host_needs_it_again() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let page = made(&world, &root, &[]).await;
    let before = stored(&world, "Configuration/SMTPSERVERTEST").await;
    let save = async |typed: &[(&str, &str)]| world.send(post(&page).submit(&root, &filled(typed))).await;
    let saved = save(&[("shown", "1"), ("password", ""), ("port", "587")]).await;
    assert_eq!(
        (saved.status(), saved.header("location")),
        (303, &*format!("{page}?done=saved")),
        "{}",
        saved.text()
    );
    let item = stored(&world, "Configuration/SMTPSERVERTEST").await;
    assert_eq!((item.version, &item.secrets), (2, &before.secrets));
    let elsewhere = save(&[("shown", "2"), ("password", ""), ("host", "evil.example")]).await;
    assert_eq!(elsewhere.status(), 400);
    assert!(elsewhere.text().contains("id=\"password-error\""), "{}", elsewhere.text());
    assert!(elsewhere.text().contains("value=\"evil.example\""));
    let known = save(&[("shown", "2"), ("host", "new.example")]).await;
    assert_eq!(known.status(), 303, "{}", known.text());
    let forgotten =
        save(&[("shown", "3"), ("host", "new.example"), ("password", ""), ("forget", "password")]).await;
    assert_eq!(forgotten.status(), 303, "{}", forgotten.text());
    assert!(stored(&world, "Configuration/SMTPSERVERTEST").await.secrets.is_empty());
    let incomplete = world.send(post(&page).submit(&root, &[("shown", "4"), ("name", "x")])).await;
    assert_eq!(incomplete.status(), 400);
    assert_eq!(stored(&world, "Configuration/SMTPSERVERTEST").await.version, 4);
}

#[tokio::test]
async fn two_administrators_see_what_the_other_saved() {
    let world = World::new().await;
    let (root, eve) =
        (person(&world, "root", &["admin"]).await, person(&world, "eve", &["login", "config#edit"]).await);
    let page = made(&world, &root, &[]).await;
    let save = |session: &SignedIn, typed: &[(&str, &str)]| post(&page).submit(session, &filled(typed));
    assert_eq!(
        world.send(save(&eve, &[("shown", "1"), ("password", ""), ("port", "25")])).await.status(),
        303
    );
    let late = [("shown", "1"), ("password", ""), ("fromAddress", "late@example.org")];
    let late = world.send(save(&root, &late)).await;
    assert_eq!(late.status(), 409);
    for shown in
        ["Somebody else changed this", "What differs", "late@example.org", "name=\"shown\" value=\"2\""]
    {
        assert!(late.text().contains(shown), "{shown}: {}", late.text());
    }
    assert_eq!(
        stored(&world, "Configuration/SMTPSERVERTEST").await.properties["port"].as_integer(),
        Some(25)
    );
    let again = world.send(save(&root, &[("shown", "2"), ("password", "")])).await;
    assert_eq!(again.status(), 303, "{}", again.text());
}

#[tokio::test]
async fn a_name_and_a_folder_move_it_and_names_are_text() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let name = "<script>alert(1)<\"'&";
    let folder = [("type", "core.Directory"), ("folder", "Configuration"), ("name", name)];
    let folder = world.send(post("/configuration/new").submit(&root, &folder)).await;
    assert_eq!(folder.status(), 303, "{}", folder.text());
    let page = made(&world, &root, &[]).await;
    let place = format!("Configuration/{name}");
    let moved = filled(&[("shown", "1"), ("password", ""), ("folder", &place), ("name", name)]);
    let moved = world.send(post(&page).submit(&root, &moved)).await;
    assert_eq!(moved.status(), 303, "{}", moved.text());
    assert_eq!(stored(&world, &format!("{place}/{name}")).await.version, 2);
    for path in [
        "/configuration",
        folder.header("location"),
        &page,
        &format!("{page}/delete"),
        &format!("{page}/test-mail"),
    ] {
        let shown = world.open(&root, path).await;
        assert!(shown.status() == 200 && !shown.text().contains(MARKUP), "{path}: {}", shown.text());
    }
}

#[tokio::test]
async fn who_may_only_see_has_no_buttons_and_others_get_nothing() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let page = made(&world, &root, &[]).await;
    let viewer = person(&world, "viewer", &["login", "config#view"]).await;
    let seen = world.open(&viewer, &page).await;
    assert_eq!(seen.status(), 200);
    assert!(
        seen.text().contains("<fieldset disabled>") && !seen.text().contains("Send Test Mail"),
        "{}",
        seen.text()
    );
    assert!(!world.open(&viewer, "/configuration").await.text().contains(">New</summary>"));
    for session in [&viewer, &person(&world, "ann", &["login"]).await] {
        for path in [format!("{page}/delete"), format!("{page}/test-mail"), "/configuration/new".to_owned()] {
            assert_eq!(world.open(session, &path).await.status(), 403, "{path}");
        }
        let foreign = world.send(post(&page).submit(session, &filled(&[("shown", "1")]))).await;
        assert_eq!(foreign.status(), 403);
    }
    let no_csrf = SignedIn { csrf: "x".to_owned(), ..root.clone() };
    assert_eq!(world.send(post(format!("{page}/delete")).submit(&no_csrf, &[])).await.status(), 403);
    assert_eq!(world.open(&root, "/configuration/00000000000").await.status(), 404);
}

#[tokio::test]
async fn an_item_is_deleted_after_a_question_and_a_full_folder_is_not() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let folder = [("type", "core.Directory"), ("folder", "Configuration"), ("name", "Mail")];
    let folder = world.send(post("/configuration/new").submit(&root, &folder)).await;
    let folder = folder.header("location").split('?').next().unwrap().to_owned();
    let page = made(&world, &root, &[("folder", "Configuration/Mail")]).await;
    let full = world.open(&root, &format!("{folder}/delete")).await;
    assert_eq!(full.status(), 409);
    assert!(full.text().contains("something in this folder") && !full.text().contains("Delete for good"));
    // Whoever is asked waits for no change.
    let change = world.change().await;
    let question = world.open(&root, &format!("{page}/delete")).await;
    drop(change);
    assert!(question.text().contains("Delete the mail server SMTPSERVERTEST?"), "{}", question.text());
    // Whoever asks about what is no longer so is told, and asked anew.
    for shown in [&[][..], &[("shown", "2")]] {
        let overtaken = world.send(post(format!("{page}/delete")).submit(&root, shown)).await;
        assert_eq!(overtaken.status(), 409, "{}", overtaken.text());
        assert!(overtaken.text().contains("name=\"shown\" value=\"1\""), "{}", overtaken.text());
    }
    let gone = world.send(post(format!("{page}/delete")).submit(&root, &[("shown", "1")])).await;
    assert_eq!((gone.status(), gone.header("location")), (303, &*format!("{folder}?done=deleted")));
    assert!(world.open(&root, gone.header("location")).await.text().contains("It is deleted."));
    let gone = world.send(post(format!("{folder}/delete")).submit(&root, &[("shown", "1")])).await;
    assert_eq!(gone.status(), 303);
    let twice = world.send(post(format!("{folder}/delete")).submit(&root, &[])).await;
    assert_eq!((twice.status(), twice.header("location")), (303, "/configuration?done=deleted"));
}

#[tokio::test]
async fn what_was_typed_comes_back_after_a_log_in_without_the_password() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let page = made(&world, &root, &[]).await;
    let ended = SignedIn { cookie: "patgate_session=AAAA".to_owned(), csrf: String::new() };
    let fields = filled(&[("shown", "1"), ("sent", "yes"), ("port", "2525")]);
    let answer = world.send(post(&page).submit(&ended, &fields)).await;
    let next = answer.after_login();
    assert!(!next.contains("hunter2"), "{next}");
    let back = world.send(get(next).cookie(&root)).await;
    assert!(
        back.text().contains("value=\"2525\"") && back.text().contains("Not saved yet"),
        "{}",
        back.text()
    );
}

#[tokio::test]
async fn a_test_mail_needs_somebody_who_gets_it_and_tells_each_step() {
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    // Nobody listens there.
    let port = patgate_testkit::ports::free().to_string();
    let page = made(&world, &root, &[("host", "127.0.0.1"), ("port", &port)]).await;
    let asked = world.open(&root, &page).await;
    assert!(
        asked.text().contains(&format!("href=\"{page}/test-mail\"")),
        "without a Test Address it is asked for"
    );
    let path = format!("{page}/test-mail");
    let nobody = world.send(post(&path).submit(&root, &[("to", " ")])).await;
    assert!(nobody.status() == 400 && nobody.text().contains("id=\"to-error\""), "{}", nobody.text());
    let wrong = world.send(post(&path).submit(&root, &[("to", "nobody")])).await;
    assert!(wrong.status() == 400 && wrong.text().contains("value=\"nobody\""), "{}", wrong.text());
    let told = world.send(post(&path).submit(&root, &[("to", "ann@example.org")])).await;
    assert_eq!(told.status(), 200);
    for shown in ["It failed at: Connect.", "Look up the host", "<span class=\"pill bad\">"] {
        assert!(told.text().contains(shown), "{shown}: {}", told.text());
    }
    assert!(!told.text().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_with_a_test_address_is_tried_out_with_one_press() {
    let mails = MailServer::start();
    let world = World::new().await;
    let root = person(&world, "root", &["admin"]).await;
    let port = mails.port(Way::Plain).to_string();
    let typed = [
        ("host", "127.0.0.1"),
        ("port", &*port),
        ("username", ""),
        ("password", ""),
        ("testAddress", "tess@example.org"),
    ];
    let page = made(&world, &root, &typed).await;
    let form = format!("action=\"{page}/test-mail\"");
    let shown = world.open(&root, &page).await;
    assert!(shown.text().contains(&form), "the button is on the page itself: {}", shown.text());
    let told = world.send(post(format!("{page}/test-mail")).submit(&root, &[])).await;
    assert_eq!(told.status(), 200);
    assert!(
        told.text().contains("The mail server took the test mail for tess@example.org."),
        "{}",
        told.text()
    );
    assert_eq!(mails.kept()[0].recipients, ["tess@example.org"]);
    // The same with the API, which writes to who is named all the same.
    let item = format!("{ITEMS}/Configuration/SMTPSERVERTEST/test-mail");
    for (body, to) in
        [(json!({}), "tess@example.org"), (json!({ "to": "ann@example.org" }), "ann@example.org")]
    {
        let answer = world.send(post(&*item).basic("root", PASSWORD).json(&body)).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
        assert_eq!(mails.kept().last().unwrap().recipients, [to]);
    }
    // Who tried it out is in the audit log.
    let filter = AuditFilter { action: Some("item.test_mail".to_owned()), ..AuditFilter::default() };
    let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
    let events: Vec<_> = events.iter().map(|event| (&*event.actor.name, &event.detail["to"])).collect();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0], ("root", &json!("ann@example.org")), "the newest first");
}
