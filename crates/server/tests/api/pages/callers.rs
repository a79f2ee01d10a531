//! Every page, called as every kind of caller.
//!
//! The pages come from the table of `docs/reference/pages.md`, which must name every route of `src/pages`: one that is
//! missing in either fails. The answers are held against a snapshot; what holds for every page is asserted for each.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::{CONTENT_POLICY, MAIL_POLICY, filled};
use crate::common::{
    Answer, Call, IssuedToken, NewGrant, PASSWORD, SignedIn, WebhookThings, World, get, post,
};

/// A row of the table.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) takes_forms: bool,
    /// Everybody, who is signed in, or who holds one of these permissions.
    who: String,
}

/// The state that every caller of a row meets, and what the calls are about.
struct Stage {
    folder: TempDir,
    own: IssuedToken,
    others: IssuedToken,
    admin: SignedIn,
    admin_token: IssuedToken,
    plain: SignedIn,
    without_login: SignedIn,
    role: String,
    run: String,
    failed_mail: String,
    /// A mail server.
    item: String,
    webhook: WebhookThings,
}

impl Stage {
    async fn build() -> Self {
        let world = World::new().await;
        let admin = world.user("root", &["admin"]).await;
        let plain = world.user("ann", &["login"]).await;
        let without_login = world.user("bot", &["release#view"]).await;
        let own = world.token(&plain, NewGrant::default()).await;
        let others = world.token(&without_login, NewGrant::default()).await;
        world.decision_and_exemption_called(others.id).await;
        let run = world.run(&plain, &[&own], &[]).await.to_string();
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
            run,
            failed_mail: world.fail_mails("550 no such user").await[0].to_string(),
            own,
            others,
            admin_token: world.token(&admin, NewGrant { application: "any", ..NewGrant::default() }).await,
            admin: world.session(&admin).await,
            plain: world.session(&plain).await,
            without_login: world.session(&without_login).await,
            role: world
                .state
                .store
                .role(&"ann's role".parse().unwrap())
                .await
                .unwrap()
                .unwrap()
                .id
                .to_string(),
            item: world.idle_mail_server().await,
            webhook: {
                world.release_things().await;
                world.template_called("Ship all").await;
                world.webhook_things().await
            },
        };
        Self { folder: world.close().await, ..stage }
    }

    /// A server on a fresh copy of the state.
    async fn world(&self) -> World {
        World::copied(&self.folder, "").await
    }

    /// The address of a page about something that is there.
    fn address(&self, page: &Page) -> String {
        let id = if page.path.starts_with("/account") {
            self.own.id.to_string()
        } else {
            self.others.id.to_string()
        };
        let id = if page.path.starts_with("/admin/roles") { self.role.clone() } else { id };
        let id = match page.path.as_str() {
            "/admin/reminders/{id}" | "/admin/reminders/{id}/retry" => self.run.clone(),
            path if path.starts_with("/admin/reminders/mails") => self.failed_mail.clone(),
            path if path.contains("/webhooks/{item}/requests") => self.webhook.request.to_string(),
            path if path.contains("/webhooks/{item}/deliveries") => self.webhook.delivery.to_string(),
            path if path.starts_with("/releases/templates") => "Release5".to_owned(),
            "/releases/{id}/start" => "Release2".to_owned(),
            "/releases/{id}/restart" => "Release3".to_owned(),
            path if path.starts_with("/releases") => "Release4".to_owned(),
            _ => id,
        };
        let is_webhook = page.path.starts_with("/configuration/webhooks");
        let item = if is_webhook { self.webhook.endpoint.to_string() } else { self.item.clone() };
        // A gate, which somebody approves.
        filled(&page.path, &[("{username}", "bot"), ("{item}", &item), ("{id}", &id), ("{task}", "Task1")])
    }
}

#[tokio::test]
async fn every_page_answers_every_kind_of_caller() {
    let pages = pages();
    let named: BTreeSet<_> = pages.iter().map(|page| page.path.clone()).collect();
    assert_eq!(named.len(), pages.len(), "a page stands twice in the table");
    let routed = routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages"));
    assert_eq!(named, routed, "`docs/reference/pages.md` and the routes of `src/pages` name different pages");
    let stage = Stage::build().await;
    let mut table = String::new();
    for page in &pages {
        for is_form in [false, true].iter().filter(|is_form| !**is_form || page.takes_forms) {
            let row = row(&stage, page, *is_form).await;
            let method = if *is_form { "POST" } else { "GET" };
            writeln!(table, "{method:<5}{:<54}{}", page.path, row.join("  ")).unwrap();
        }
    }
    assert_snapshot!(table);
}

/// Calls one page as everybody; the callers who are refused come first. The world is a new one: no caller meets what another
/// row did.
async fn row(stage: &Stage, page: &Page, is_form: bool) -> Vec<String> {
    let world = stage.world().await;
    let path = stage.address(page);
    let call = || if is_form { post(&path) } else { get(&path) };
    let filled =
        |session: &SignedIn| if is_form { call().submit(session, &[]) } else { call().cookie(session) };
    let mut callers: Vec<(&str, Call)> = vec![
        ("nobody", if is_form { call().form(&[]) } else { call() }),
        (
            "token",
            if is_form {
                call().token(&stage.admin_token).form(&[])
            } else {
                call().token(&stage.admin_token)
            },
        ),
        (
            "password",
            if is_form { call().basic("root", PASSWORD).form(&[]) } else { call().basic("root", PASSWORD) },
        ),
        ("no-login", filled(&stage.without_login)),
    ];
    if is_form {
        let wrong = SignedIn { csrf: "x".to_owned(), ..stage.admin.clone() };
        callers.push(("no-csrf", call().submit(&wrong, &[])));
        callers.push(("foreign", filled(&stage.admin).header("origin", "https://evil.example")));
    }
    callers.push(("user", filled(&stage.plain)));
    callers.push(("admin", filled(&stage.admin)));
    let mut answers = Vec::new();
    for (caller, call) in callers {
        let before = world.state.store.last_sequence().await.unwrap();
        let answer = world.send(call).await;
        let scene = format!("{path} as {caller}: {}", answer.shown());
        let changed = world.state.store.last_sequence().await.unwrap() != before;
        judge(page, caller, is_form, changed, &answer, &scene);
        answers.push(format!("{caller} {}", answer.status()));
    }
    answers
}

fn judge(page: &Page, caller: &str, is_form: bool, changed: bool, answer: &Answer, scene: &str) {
    let to_login = answer.header("location").starts_with("/login");
    let is_signed_in = ["user", "admin", "no-csrf", "foreign"].contains(&caller);
    assert!(answer.status() < 500, "{scene}");
    if page.who != "everybody" {
        match caller {
            "nobody" | "token" | "password" | "no-login" => {
                assert!(answer.status() == 303 && to_login && !changed, "{scene}");
            }
            "no-csrf" | "foreign" => assert!(answer.status() == 403 && !changed, "{scene}"),
            "user" if page.who != "signed in" => {
                assert!([403, 404].contains(&answer.status()) && !changed, "{scene}");
            }
            // Who ends their session is told so on the log-in page.
            _ => assert!(!to_login || answer.header("location").contains("done="), "{scene}"),
        }
    }
    if is_signed_in && !is_form {
        assert!(!changed, "looking changes nothing: {scene}");
    }
    if !page.path.starts_with("/assets") && page.path != "/favicon.ico" {
        assert_eq!(answer.header("cache-control"), "no-store", "{scene}");
        let is_mail =
            page.path.starts_with("/settings/notifications") && [200, 400].contains(&answer.status());
        let policy = if is_mail { MAIL_POLICY } else { CONTENT_POLICY };
        assert_eq!(answer.header("content-security-policy"), policy, "{scene}");
    }
    assert_eq!(answer.count("www-authenticate"), 0, "a browser would ask for a password itself: {scene}");
}

/// The rows of the table: `| address | methods | who | what |`.
pub(super) fn pages() -> Vec<Page> {
    let document = include_str!("../../../../../docs/reference/pages.md");
    let rows = document.lines().filter(|line| line.starts_with("| `/"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        Page {
            path: cells[0].trim_matches('`').to_owned(),
            takes_forms: cells[1].contains("POST"),
            who: cells[2].to_owned(),
        }
    })
    .collect()
}

/// Every `.route("…"` below a folder.
fn routes(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(routes(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split(".route(").skip(1) {
            let rest = rest.trim_start();
            let literal = rest
                .strip_prefix('"')
                .unwrap_or_else(|| panic!("{}: an address is a literal", path.display()));
            found.insert(literal.split('"').next().unwrap().to_owned());
        }
    }
    found
}
