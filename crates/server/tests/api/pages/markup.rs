//! Markup in every name and every field comes out as text: on every page of `docs/reference/pages.md`, of a world in
//! which everything that people can name is called so, and with it in every field of every address.

use jiff::SignedDuration;
use patgate_core::identifier::{ExemptionId, ItemNumber};
use patgate_core::item::Value;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{Origin, Principal, PrincipalKind};
use patgate_store::{NewItem, StoredSecrets};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::callers::pages;
use crate::common::{NewGrant, PASSWORD, SignedIn, World, get, post};

/// It ends an attribute of either kind, and does something without a script of its own.
const EVIL: &str = "\"'><img src=x onerror=alert(1)>";
/// What a page that does not escape it has in it.
const LIVE: &str = "<img src=x";
/// Fields that the pages read from an address.
const FIELDS: [&str; 34] = [
    "search",
    "owner",
    "expiring",
    "unused",
    "show",
    "sort",
    "after",
    "before",
    "done",
    "actor",
    "action",
    "subject",
    "from",
    "until",
    "zone",
    "state",
    "next",
    "name",
    "application",
    "expiration",
    "date",
    "permission",
    "sent",
    "shown",
    "username",
    "full_name",
    "email",
    "users",
    "groups",
    "list",
    "type",
    "folder",
    "reason",
    "body",
];

struct Stage {
    world: World,
    root: SignedIn,
    own: String,
    others: String,
    role: String,
    item: String,
    run: String,
    mail: String,
}

impl Stage {
    async fn build() -> Self {
        let quoted = EVIL.replace('\\', "\\\\").replace('"', "\\\"");
        let mut world = World::configured(&format!(
            "[[oidc]]\nname = 'company'\nlabel = \"{quoted}\"\nissuer = 'https://company.example'\nclient_id = 'x'\n\
             [[application]]\nname = 'shop'\nlabel = \"{quoted}\"\ntoken_prefix = 'shop'\n"
        ))
        .await;
        let root = world.user("root", &["admin"]).await;
        let evil = world.user_from(EVIL, Origin::Sso, EVIL, &["login"]).await;
        let grant = NewGrant { name: EVIL, application: "any", ..NewGrant::default() };
        let own = world.token(&root, grant).await;
        let expired =
            NewGrant { name: EVIL, expires_at: Some("2026-05-01T00:00:00Z"), ..NewGrant::default() };
        world.token(&root, expired).await;
        let others = world.token(&evil, NewGrant { name: EVIL, ..NewGrant::default() }).await;
        let call = get("/api/v1/personal-access-tokens/current").token(&own).header("user-agent", EVIL);
        assert_eq!(world.send(call).await.status(), 200);
        world.write_last_uses().await;
        world.decision_and_exemption_called(others.id).await;
        let item = furnish(&world).await;
        let run = world.run(&evil, &[&others], &[]).await.to_string();
        let mail = world.fail_mails(&format!("550 {EVIL}")).await[0].to_string();
        world
            .notify(|mail| {
                mail.subject = Some(EVIL.to_owned().try_into().unwrap());
                mail.body = Some(EVIL.to_owned().try_into().unwrap());
            })
            .await;
        let form = [("username", "root"), ("password", PASSWORD)];
        let signed_in = world.send(post("/login").form(&form).header("user-agent", EVIL)).await;
        assert_eq!(signed_in.status(), 303);
        let role = world.state.store.role(&format!("{EVIL}'s role").parse().unwrap()).await.unwrap().unwrap();
        let root = world.session(&root).await;
        let (own, others, role) = (own.id.to_string(), others.id.to_string(), role.id.to_string());
        Self { world, root, own, others, role, item, run, mail }
    }

    fn address(&self, page: &str) -> String {
        let id = match page {
            page if page.starts_with("/account") => &self.own,
            page if page.starts_with("/admin/roles") => &self.role,
            page if page.starts_with("/admin/reminders/mails") => &self.mail,
            page if page.starts_with("/admin/reminders") => &self.run,
            _ => &self.others,
        };
        let page = page.replace("{username}", &utf8_percent_encode(EVIL, NON_ALPHANUMERIC).to_string());
        page.replace("{name}", "company")
            .replace("{item}", &self.item)
            .replace("{id}", id)
            .replace("{secret}", "AAAA")
            .replace("{session}", "00000000000")
    }
}

/// A mail server and an exemption.
async fn furnish(world: &World) -> String {
    let text = |text: &str| Value::Text(text.to_owned());
    let properties = [
        ("host".to_owned(), text("127.0.0.1")),
        ("port".to_owned(), Value::Integer(1)),
        ("username".to_owned(), text(EVIL)),
        ("fromAddress".to_owned(), text("patgate@example.org")),
    ];
    let new = NewItem {
        number: ItemNumber::generate(&mut world.state.random.draw()),
        id: format!("Configuration/{EVIL}").parse().unwrap(),
        type_name: "notification.PatSmtpServer".to_owned(),
        properties: properties.into(),
        secrets: StoredSecrets::new(),
    };
    let now = world.clock.now();
    let group = Principal {
        kind: PrincipalKind::Group,
        provider: EVIL.to_owned(),
        ..Principal::internal(EVIL.parse().unwrap())
    };
    let exemption = Exemption {
        id: ExemptionId::from_i64(7),
        principal: group,
        reason: ExemptionReason::try_from(EVIL.to_owned()).unwrap(),
        made_at: now,
        made_by: EVIL.to_owned(),
        ends_at: now.checked_add(SignedDuration::from_hours(100)).unwrap(),
    };
    let mut change = world.change().await;
    let item = change.insert_item(&new).await.unwrap();
    change.insert_exemption(&exemption).await.unwrap();
    world.commit(change).await;
    item.number.to_string()
}

#[tokio::test]
async fn markup_in_every_name_and_field_is_text_on_every_page() {
    let stage = Stage::build().await;
    let query =
        FIELDS.map(|name| format!("{name}={}", utf8_percent_encode(EVIL, NON_ALPHANUMERIC))).join("&");
    let mut with_markup = Vec::new();
    for page in pages() {
        // It would end the session with which one looks.
        if page.path.starts_with("/logout") {
            continue;
        }
        let path = stage.address(&page.path);
        for address in [path.clone(), format!("{path}?{query}")] {
            let answer = stage.world.open(&stage.root, &address).await;
            // The provider is not there to ask.
            let is_ours = !page.path.starts_with("/login/external");
            assert!(answer.status() < 500 || !is_ours, "{address}: {}", answer.text());
            if !answer.header("content-type").starts_with("text/html") {
                continue;
            }
            assert!(!answer.text().contains(LIVE), "{address}: {}", answer.text());
            if answer.text().contains("&#60;img src=x") && !address.contains('?') {
                with_markup.push(page.path.clone());
            }
        }
    }
    // The world is as hostile as it says.
    for page in [
        "/login",
        "/account/tokens",
        "/admin/tokens",
        "/admin/tokens/{id}",
        "/admin/users",
        "/admin/users/{username}",
        "/admin/roles",
        "/admin/roles/{id}",
        "/admin/audit",
        "/configuration",
        "/configuration/{item}",
        "/settings/exemptions",
        "/settings/notifications",
        "/admin/reminders/{id}",
    ] {
        assert!(with_markup.iter().any(|path| path == page), "{page} names nothing: {with_markup:?}");
    }
    // A form with it in every field, and nothing in it that is right; but none that ends what the next one is about.
    let fields: Vec<_> = FIELDS.iter().map(|name| (*name, EVIL)).collect();
    let is_end =
        |path: &str| path.ends_with("/delete") || path.contains("logout") || path.contains("/sessions/");
    for page in pages().into_iter().filter(|page| page.takes_forms && !is_end(&page.path)) {
        let path = stage.address(&page.path);
        let answer = stage.world.send(post(&path).submit(&stage.root, &fields)).await;
        let is_page = answer.header("content-type").starts_with("text/html");
        assert!(answer.status() < 500, "{path}: {}", answer.text());
        assert!(!is_page || !answer.text().contains(LIVE), "{path}: {}", answer.text());
    }
}
