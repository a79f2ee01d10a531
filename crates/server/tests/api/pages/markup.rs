//! Markup in every name and every field comes out as text: on every page of `docs/reference/pages.md`, of a world in
//! which everything that people can name is called so, and with it in every field of every address.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::SignedDuration;
use patgate_core::identifier::{ExemptionId, ItemNumber};
use patgate_core::item::Value;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{Origin, Principal, PrincipalKind};
use patgate_store::{NewItem, StoredSecrets};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::callers::pages;
use super::filled;
use crate::common::{NewGrant, PASSWORD, SignedIn, WebhookThings, World, get, post};

/// It ends an attribute of either kind, and does something without a script of its own.
const EVIL: &str = "\"'><img src=x onerror=alert(1)>";
/// What a page that does not escape it has in it.
const LIVE: &str = "<img src=x";
/// Every field that the pages read from an address or a form.
const FIELDS: &[&str] = &[
    "abort_on_failure",
    "action",
    "actor",
    "after",
    "again",
    "all",
    "application",
    "area",
    "at",
    "before",
    "body",
    "call",
    "choice",
    "clear_credential",
    "closed",
    "closing",
    "code",
    "current_password",
    "date",
    "days",
    "description",
    "digest",
    "disabled",
    "done",
    "down",
    "elsewhere",
    "email",
    "enabled",
    "endless",
    "ends",
    "error",
    "expiration",
    "expiring",
    "folder",
    "forget",
    "form",
    "freshness_ldap",
    "freshness_sso",
    "freshness_told",
    "from",
    "full_name",
    "further_days",
    "groups",
    "id",
    "iss",
    "key",
    "kind",
    "label",
    "like",
    "list",
    "logout_token",
    "look",
    "maximum",
    "name",
    "new_password",
    "next",
    "only_make",
    "origins",
    "over",
    "own_texts",
    "owner",
    "page",
    "password",
    "password_again",
    "passwords_on_api",
    "permission",
    "permissions",
    "phase",
    "principal",
    "provider",
    "reason",
    "repeated_password",
    "requires_value",
    "restarts_when_interrupted",
    "roles_after",
    "script",
    "scriptUserPassword",
    "scriptUsername",
    "search",
    "sent",
    "server",
    "show",
    "show_on_release_start",
    "shown",
    "sort",
    "sso",
    "sso_shown",
    "state",
    "subject",
    "suitable",
    "sure",
    "task",
    "tasks",
    "title",
    "to",
    "tokens_may_make_tokens",
    "turn",
    "type",
    "unsuitable",
    "until",
    "unused",
    "up",
    "username",
    "users",
    "variables",
    "version",
    "when",
    "whole",
    "wrong_area",
    "zone",
];

struct Stage {
    world: World,
    root: SignedIn,
    own: String,
    others: String,
    role: String,
    item: String,
    webhook: WebhookThings,
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
        let webhook = world.webhook_things_called(&format!("{EVIL} too")).await;
        let run = world.run(&evil, &[&others], &[]).await.to_string();
        let mail = world.fail_mails(&format!("550 {EVIL}")).await[0].to_string();
        world
            .notify(|mail| {
                mail.subject = Some(EVIL.to_owned().try_into().unwrap());
                mail.body = Some(EVIL.to_owned().try_into().unwrap());
            })
            .await;
        world.template_called(EVIL).await;
        world.release_called(EVIL).await;
        let form = [("username", "root"), ("password", PASSWORD)];
        let signed_in = world.send(post("/login").form(&form).header("user-agent", EVIL)).await;
        assert_eq!(signed_in.status(), 303);
        let role = world.state.store.role(&format!("{EVIL}'s role").parse().unwrap()).await.unwrap().unwrap();
        let root = world.session(&root).await;
        let (own, others, role) = (own.id.to_string(), others.id.to_string(), role.id.to_string());
        Self { world, root, own, others, role, item, webhook, run, mail }
    }

    fn address(&self, page: &str) -> String {
        let WebhookThings { endpoint, request, delivery } = self.webhook;
        let [endpoint, request, delivery] = [endpoint.to_string(), request.to_string(), delivery.to_string()];
        let is_webhook = page.starts_with("/configuration/webhooks");
        let id: &str = match page {
            page if page.starts_with("/releases/templates") => "Release5",
            page if page.starts_with("/releases") => "Release6",
            page if is_webhook && page.contains("/requests/") => &request,
            _ if is_webhook => &delivery,
            page if page.starts_with("/account") => &self.own,
            page if page.starts_with("/admin/roles") => &self.role,
            page if page.starts_with("/admin/reminders/mails") => &self.mail,
            page if page.starts_with("/admin/reminders") => &self.run,
            _ => &self.others,
        };
        let username = utf8_percent_encode(EVIL, NON_ALPHANUMERIC).to_string();
        let item = if is_webhook { &endpoint } else { &self.item };
        // A script: its page shows its text as well.
        filled(page, &[("{username}", &username), ("{item}", item), ("{id}", id), ("{task}", "Task2")])
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
    let item = change.insert_items(&[new]).await.unwrap().remove(0);
    change.insert_exemption(&exemption).await.unwrap();
    world.commit(change).await;
    item.number.to_string()
}

#[tokio::test]
async fn markup_in_every_name_and_field_is_text_on_every_page() {
    let stage = Stage::build().await;
    let query = FIELDS.iter().map(|name| format!("{name}={}", utf8_percent_encode(EVIL, NON_ALPHANUMERIC)));
    let query = query.collect::<Vec<_>>().join("&");
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
        "/configuration/webhooks",
        "/configuration/webhooks/{item}",
        "/configuration/webhooks/{item}/test",
        "/configuration/webhooks/{item}/refused",
        "/configuration/webhooks/{item}/deliveries",
        "/configuration/webhooks/{item}/requests/{id}",
        "/settings/exemptions",
        "/settings/notifications",
        "/admin/reminders/{id}",
        "/releases",
        "/releases/{id}",
        "/releases/{id}/start",
        "/releases/{id}/abort",
        "/releases/{id}/restart",
        "/releases/{id}/delete",
        "/releases/{id}/tasks/{task}",
        "/releases/{id}/tasks/{task}/approve",
        "/releases/templates/{id}",
        "/releases/templates/{id}/edit",
        "/releases/templates/{id}/phases/{phase}",
        "/releases/templates/{id}/phases/{phase}/delete",
        "/releases/templates/{id}/tasks/{task}",
        "/releases/templates/{id}/variables/{variable}",
        "/releases/templates/{id}/start",
    ] {
        assert!(with_markup.iter().any(|path| path == page), "{page} names nothing: {with_markup:?}");
    }
    // A form with it in every field, and nothing in it that is right; but none that ends what the next one is about.
    let fields: Vec<_> = FIELDS.iter().map(|name| (*name, EVIL)).collect();
    let is_end =
        |path: &str| path.ends_with("/delete") || path.contains("logout") || path.contains("/sessions/");
    // Nothing else is read of a form that asks for another part of its list.
    let rest: Vec<_> = fields.iter().copied().filter(|(name, _)| !["look", "turn"].contains(name)).collect();
    for page in pages().into_iter().filter(|page| page.takes_forms && !is_end(&page.path)) {
        let path = stage.address(&page.path);
        for fields in [&fields, &rest] {
            let answer = stage.world.send(post(&path).submit(&stage.root, fields)).await;
            let is_page = answer.header("content-type").starts_with("text/html");
            assert!(answer.status() < 500, "{path}: {}", answer.text());
            assert!(!is_page || !answer.text().contains(LIVE), "{path}: {}", answer.text());
        }
    }
}

#[test]
fn every_field_that_a_page_reads_is_among_them() {
    /// How the pages name a field that they read.
    const READS: [&str; 10] = [
        ".text(\"",
        ".secret(\"",
        ".all(\"",
        ".has(\"",
        "Field::new(\"",
        "search(&query, \"",
        "search(query, \"",
        "asked(&query, \"",
        "asked(query, \"",
        "days(query, \"",
    ];
    let mut read = BTreeSet::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages"), &mut |text| {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for place in READS.iter().flat_map(|way| text.split(way).skip(1)) {
            read.insert(place.split('"').next().unwrap().to_owned());
        }
    });
    assert!(read.len() > 60, "{read:?}");
    let missing: Vec<_> = read.iter().filter(|name| !FIELDS.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every file below a folder.
fn sources(folder: &Path, take: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, take);
        } else {
            take(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
