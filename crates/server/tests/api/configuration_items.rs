//! Configuration items: who makes, sees, changes and moves them, and that no secret ever comes back.

use patgate_core::policy::TokenSettings;
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use crate::common::{Answer, PASSWORD, World, delete, get, post, put};

const ITEMS: &str = "/api/v1/configuration-items";
const PLACE: &str = "Configuration/SMTPSERVERTEST";
const SECRET: &str = "hunter2 hunter2";

fn path() -> String {
    format!("{ITEMS}/{PLACE}")
}

fn server(id: &str) -> Value {
    json!({
        "id": id,
        "type": "notification.PatSmtpServer",
        "properties": {
            "host": "mail.example.org",
            "port": 465,
            "username": "patgate",
            "password": SECRET,
            "fromAddress": "patgate@example.org",
            "smtpProperties": { "mail.smtp.timeout": 5000, "mail.smtp.reportsuccess": "true" },
        },
    })
}

/// A world with an administrator, and a mail server in it.
async fn with_server() -> (World, Answer) {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let made = world.send(post(ITEMS).json(&server(PLACE)).basic("root", PASSWORD)).await;
    assert_eq!(made.status(), 201, "{}", made.text());
    (world, made)
}

async fn change(world: &World, body: &Value) -> Answer {
    world.send(put(path()).json(body).basic("root", PASSWORD)).await
}

fn faults(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status(), 400, "{}", answer.text());
    let faults = answer.json()["faults"].clone();
    faults.as_array().unwrap().iter().map(|fault| fault["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_administrator_makes_reads_changes_and_deletes_a_mail_server() {
    let (world, made) = with_server().await;
    let body = made.json();
    assert_eq!(body["id"], PLACE);
    assert_eq!(
        (&body["name"], &body["version"], &body["createdBy"]),
        (&json!("SMTPSERVERTEST"), &json!(1), &json!("root"))
    );
    assert_eq!(
        body["properties"],
        json!({
            "host": "mail.example.org", "port": 465, "username": "patgate", "password": "********",
            "fromAddress": "patgate@example.org", "testAddress": null,
            "smtpProperties": { "mail.smtp.reportsuccess": "true", "mail.smtp.timeout": "5000" },
        })
    );
    let warnings = body["warnings"].to_string();
    assert!(warnings.contains("mail.smtp.reportsuccess") && !warnings.contains("timeout"), "{warnings}");
    let read = world.send(get(path()).basic("root", PASSWORD)).await;
    assert_eq!(read.json(), body);
    // What was read is sent back with one value changed.
    let mut wanted = body.clone();
    wanted["properties"]["port"] = json!(587);
    let sealed = async || world.state.store.item(&PLACE.parse().unwrap()).await.unwrap().unwrap().secrets;
    let before = sealed().await;
    let changed = change(&world, &wanted).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert_eq!((&changed.json()["version"], &changed.json()["properties"]["port"]), (&json!(2), &json!(587)));
    assert_eq!(before.len(), 1);
    assert_eq!(sealed().await, before, "the mask took nothing away, and put nothing in its place");
    let gone = world.send(delete(format!("{}?version=2", path())).basic("root", PASSWORD)).await;
    assert_eq!(gone.status(), 204, "{}", gone.text());
    assert_eq!(world.send(get(path()).basic("root", PASSWORD)).await.status(), 404);
}

#[tokio::test]
async fn no_secret_comes_back_or_is_kept_readable() {
    let (world, made) = with_server().await;
    let wrong = json!({ "version": 1, "properties": { "password": format!("{SECRET}\n"), "port": 0 } });
    let answers = [
        made,
        world.send(get(path()).basic("root", PASSWORD)).await,
        world.send(get(ITEMS).basic("root", PASSWORD)).await,
        change(&world, &wrong).await,
        change(&world, &json!({ "version": 1, "properties": { "password": "another secret" } })).await,
    ];
    for answer in &answers {
        assert!(
            !answer.text().contains("hunter2") && !answer.text().contains("another secret"),
            "{}",
            answer.text()
        );
    }
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    assert_eq!(events[0].action, "item.update");
    assert_eq!(events[0].detail["secrets"], json!(["password"]));
    assert!(!format!("{events:?}").contains("hunter2"));
    let folder = world.close().await;
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "a secret is readable on the disk");
        seen += 1;
    }
    assert!(seen >= 2);
}

#[tokio::test]
async fn whoever_sends_the_secret_elsewhere_must_know_it() {
    let (world, made) = with_server().await;
    for elsewhere in [
        json!({ "host": "evil.example" }),
        json!({ "username": "mallory" }),
        json!({ "host": "evil.example", "password": "********" }),
        json!({ "smtpProperties": { "mail.smtp.ssl.trust": "*" } }),
        json!({ "smtpProperties": { "mail.smtp.ssl.checkserveridentity": "false" } }),
    ] {
        let answer = change(&world, &json!({ "version": 1, "properties": elsewhere })).await;
        assert_eq!(faults(&answer), ["properties.password"], "{elsewhere}");
        assert_eq!(answer.json()["field"], "properties.password");
    }
    assert_eq!(world.send(get(path()).basic("root", PASSWORD)).await.json(), made.json(), "nothing changed");
    for harmless in [json!({ "port": 25 }), json!({ "host": "new.example", "password": SECRET })] {
        let version = world.send(get(path()).basic("root", PASSWORD)).await.json()["version"].clone();
        let answer = change(&world, &json!({ "version": version, "properties": harmless })).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once_and_nothing_is_made() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sequence = world.state.store.last_sequence().await.unwrap();
    let wrong = json!({
        "id": PLACE,
        "type": "notification.PatSmtpServer",
        "properties": { "host": "", "port": 65536, "username": [], "password": "********", "fromAddress": "x", "colour": 1 },
    });
    let answer = world.send(post(ITEMS).json(&wrong).basic("root", PASSWORD)).await;
    let named = ["host", "port", "username", "password", "fromAddress", "colour"]
        .map(|name| format!("properties.{name}"));
    assert_eq!(faults(&answer), named);
    for (body, field) in [
        (json!({ "id": "Elsewhere/a", "type": "core.Directory" }), "id"),
        (json!({ "id": "Configuration", "type": "core.Directory" }), "id"),
        (json!({ "id": "Configuration/a%2Fb", "type": "core.Directory" }), "id"),
        (json!({ "id": "Configuration/none/a", "type": "core.Directory" }), "id"),
        (json!({ "id": "Configuration/a", "type": "core.Nothing" }), "type"),
        (json!({ "id": "Configuration/a", "type": "core.Directory", "colour": 1 }), "colour"),
        (json!({ "id": "Configuration/a" }), "type"),
    ] {
        let answer = world.send(post(ITEMS).json(&body).basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!(field)), "{}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
}

#[tokio::test]
async fn a_place_is_written_with_slashes_or_without() {
    let (world, _) = with_server().await;
    let folder = json!({ "id": "Configuration/Mail", "type": "core.Directory" });
    assert_eq!(world.send(post(ITEMS).json(&folder).basic("root", PASSWORD)).await.status(), 201);
    let inner =
        world.send(post(ITEMS).json(&server("configuration/mail/Two words é")).basic("root", PASSWORD)).await;
    assert_eq!(inner.json()["id"], "Configuration/Mail/Two words é");
    for (path, status) in [
        ("Configuration/SMTPSERVERTEST", 200),
        ("configuration/smtpservertest", 200),
        ("Configuration%2FSMTPSERVERTEST", 200),
        ("Configuration%2fMail/Two%20words%20%C3%A9", 200),
        ("Configuration/Mail%2FTwo%20words%20%C3%A9", 200),
        ("Configuration/none", 404),
        ("Configuration", 404),
        ("Configuration/", 400),
        ("Configuration//a", 400),
        ("Configuration/../a", 400),
        ("Configuration/%2e%2e/a", 400),
        ("Configuration/a%252Fb", 400),
        ("Configuration/a%00", 400),
        ("Configuration/%ff", 400),
        ("Other%2Fa", 400),
        ("Other/a", 404),
    ] {
        let answer = world.send(get(format!("{ITEMS}/{path}")).basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn who_may_see_does_not_change_and_others_see_nothing() {
    let (world, made) = with_server().await;
    world.user("viewer", &["config#view"]).await;
    world.user("editor", &["config#edit"]).await;
    world.user("ann", &["login", "security#edit"]).await;
    let calls = || {
        [
            get(ITEMS),
            get(path()),
            get("/api/v1/configuration-item-types"),
            get(format!("{ITEMS}/Configuration/none")),
        ]
    };
    for call in calls() {
        let answer = world.send(call.clone().basic("ann", PASSWORD)).await;
        assert_eq!((answer.status(), answer.text()), (403, "You do not have config#view permission"));
        for who in ["viewer", "editor"] {
            assert!([200, 404].contains(&world.send(call.clone().basic(who, PASSWORD)).await.status()));
        }
    }
    for call in [
        post(ITEMS).json(&server("Configuration/b")),
        put(path()).json(&json!({ "version": 1 })),
        delete(path()),
        post(format!("{}/test-mail", path())).json(&json!({ "to": "ann@example.org" })),
    ] {
        for who in ["viewer", "ann"] {
            let answer = world.send(call.clone().basic(who, PASSWORD)).await;
            assert_eq!((answer.status(), answer.text()), (403, "You do not have config#edit permission"));
        }
    }
    assert_eq!(world.send(get(path()).basic("viewer", PASSWORD)).await.json(), made.json());
    assert_eq!(
        world.send(put(path()).json(&json!({ "version": 1 })).basic("editor", PASSWORD)).await.status(),
        200
    );
}

#[tokio::test]
async fn whoever_was_overtaken_is_told_so_and_changes_nothing() {
    let (world, _) = with_server().await;
    assert_eq!(change(&world, &json!({ "version": 1, "properties": { "port": 25 } })).await.status(), 200);
    for body in [
        json!({ "version": 1, "properties": { "port": 587 } }),
        json!({ "version": 1, "id": "Configuration/b" }),
    ] {
        let late = change(&world, &body).await;
        assert_eq!((late.status(), &late.json()["code"]), (409, &json!("overtaken")), "{}", late.text());
    }
    let late = world.send(delete(format!("{}?version=1", path())).basic("root", PASSWORD)).await;
    assert_eq!(late.status(), 409);
    assert_eq!(world.send(get(path()).basic("root", PASSWORD)).await.json()["properties"]["port"], 25);
    assert_eq!(change(&world, &json!({ "properties": {} })).await.json()["field"], "version");
    let type_kept = change(&world, &json!({ "version": 2, "type": "core.Directory" })).await;
    assert_eq!(type_kept.json()["field"], "type");
}

#[tokio::test]
async fn a_folder_moves_with_its_mail_servers_and_the_settings_follow() {
    let (world, _) = with_server().await;
    for id in ["Configuration/Mail", "Configuration/Old"] {
        let folder = json!({ "id": id, "type": "core.Directory" });
        assert_eq!(world.send(post(ITEMS).json(&folder).basic("root", PASSWORD)).await.status(), 201);
    }
    let moved = change(&world, &json!({ "version": 1, "id": "Configuration/Mail/Main" })).await;
    assert_eq!(
        (&moved.json()["id"], &moved.json()["version"]),
        (&json!("Configuration/Mail/Main"), &json!(2))
    );
    let mut settings = TokenSettings::default();
    settings.email_notifications.server = Some("Configuration/Mail/Main".parse().unwrap());
    let mut put_settings = world.change().await;
    put_settings.put_token_settings(&settings).await.unwrap();
    world.commit(put_settings).await;

    let in_use = world.send(delete(format!("{ITEMS}/Configuration/Mail/Main")).basic("root", PASSWORD)).await;
    assert_eq!(in_use.status(), 409, "{}", in_use.text());
    let full = world.send(delete(format!("{ITEMS}/Configuration/Mail")).basic("root", PASSWORD)).await;
    assert_eq!(full.status(), 409, "{}", full.text());
    let to = json!({ "version": 1, "id": "Configuration/Old/Post" });
    let folder =
        world.send(put(format!("{ITEMS}/Configuration/Mail")).json(&to).basic("root", PASSWORD)).await;
    assert_eq!(folder.status(), 200, "{}", folder.text());
    let now = world.state.node.settings().email_notifications.server.clone();
    assert_eq!(now.unwrap().as_str(), "Configuration/Old/Post/Main");
    let below =
        world.send(get(format!("{ITEMS}?below=Configuration/Old")).basic("root", PASSWORD)).await.json();
    let ids: Vec<_> = below.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["Configuration/Old/Post", "Configuration/Old/Post/Main"]);
    let of_type = format!("{ITEMS}?type=notification.PatSmtpServer&folder=configuration/old/post");
    assert_eq!(world.send(get(of_type).basic("root", PASSWORD)).await.json().as_array().unwrap().len(), 1);
    let into_itself = json!({ "version": 1, "id": "Configuration/Old/a" });
    let into_itself = world
        .send(put(format!("{ITEMS}/Configuration/Old")).json(&into_itself).basic("root", PASSWORD))
        .await;
    assert_eq!(into_itself.status(), 409);
}

#[tokio::test]
async fn the_types_say_what_a_form_needs_to_know() {
    let world = World::new().await;
    world.user("viewer", &["config#view"]).await;
    let types = world.send(get("/api/v1/configuration-item-types").basic("viewer", PASSWORD)).await.json();
    let server =
        types.as_array().unwrap().iter().find(|known| known["name"] == "notification.PatSmtpServer").unwrap();
    assert_eq!(
        (&server["label"], &server["description"], &server["folder"]),
        (
            &json!("Mail server"),
            &json!("Sends the mail before a personal access token expires."),
            &json!(false)
        )
    );
    let properties = server["properties"].as_array().unwrap();
    let text = |property: &Value, name: &str| property[name].as_str().unwrap().to_owned();
    let shown: Vec<_> =
        properties.iter().map(|it| ["category", "label", "description"].map(|name| text(it, name))).collect();
    let expected = [
        ["Server", "Host", "The name or the address of the SMTP server."],
        [
            "Server",
            "Port",
            "465 speaks TLS from the start. 587 begins in clear and must change to TLS (STARTTLS). 25, and every other \
             port, changes to TLS when the server offers it. SMTP properties can say otherwise.",
        ],
        [
            "Authentication",
            "Username",
            "With which Patgate logs in at the server. Empty: it does not log in.",
        ],
        ["Authentication", "Password", "Stored encrypted and never shown again."],
        [
            "Addresses",
            "From Address",
            "The sender of the mails. Many servers take no address but the account's own.",
        ],
        ["Addresses", "Test Address", "Who gets the test mail."],
        [
            "Advanced",
            "SMTP Properties",
            "JavaMail properties, such as mail.smtp.starttls.required=true or mail.smtp.timeout=10000. One that Patgate \
             does not know is kept, and named in a warning.",
        ],
    ];
    assert_eq!(shown, expected);
    let named: Vec<_> =
        properties.iter().filter(|it| it["required"] == true).map(|it| text(it, "name")).collect();
    assert_eq!(named, ["host", "port", "fromAddress"]);
    let secrets: Vec<_> =
        properties.iter().filter(|it| it["secret"] == true).map(|it| text(it, "name")).collect();
    assert_eq!(secrets, ["password"]);
    let port = &properties[1];
    assert_eq!(
        (&port["kind"], &port["default"], &port["minimum"], &port["maximum"]),
        (&json!("integer"), &json!(587), &json!(1), &json!(65535))
    );
}

#[tokio::test]
async fn a_test_mail_tells_where_it_failed_and_asks_who_gets_it() {
    let (world, _) = with_server().await;
    let test_mail = |body: Value| post(format!("{}/test-mail", path())).json(&body).basic("root", PASSWORD);
    let nobody = world.send(test_mail(json!({}))).await;
    assert_eq!((nobody.status(), &nobody.json()["field"]), (400, &json!("to")), "{}", nobody.text());
    let wrong = world.send(test_mail(json!({ "to": "a@b\r\nRCPT TO:c@d" }))).await;
    assert_eq!(wrong.json()["field"], "to");
    // Nobody listens there.
    let port = patgate_testkit::ports::free();
    let elsewhere =
        json!({ "version": 1, "properties": { "host": "127.0.0.1", "port": port, "password": SECRET } });
    assert_eq!(change(&world, &elsewhere).await.status(), 200);
    let report = world.send(test_mail(json!({ "to": "ann@example.org" }))).await;
    assert_eq!(report.status(), 200, "{}", report.text());
    let last = report.json()["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["name"], &last["outcome"]), (&json!("connect"), &json!("failed")));
    assert!(!report.text().contains("hunter2"));
    let folder = json!({ "id": "Configuration/Mail", "type": "core.Directory" });
    world.send(post(ITEMS).json(&folder).basic("root", PASSWORD)).await;
    let no_server = post(format!("{ITEMS}/Configuration/Mail/test-mail")).json(&json!({ "to": "a@b.c" }));
    assert_eq!(world.send(no_server.basic("root", PASSWORD)).await.status(), 404);
}
