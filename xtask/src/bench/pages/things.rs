//! One of everything that a page can be about, made as people make it.

use std::process::Command;

use serde_json::{Value, json};

use super::forms::press;
use super::much::{
    MANY, fail_a_mail, long_mail, make_due, make_endpoints, make_groups, make_items, make_large_release,
    make_many_due, make_releases, run_reminders,
};
use super::{read, within};
use crate::bench::administrator::Administrator;
use crate::bench::program::Data;
use crate::failure::Failure;
use crate::process;

/// The secret of the webhook endpoint.
const SECRET: &str = "a secret of the benchmark";

/// What stands for the braces of an address.
#[derive(Debug)]
pub(super) struct Things(Vec<(&'static str, String)>);

impl Things {
    /// Makes them. Some tokens come to be due for a reminder, to a mail server that is not there.
    ///
    /// # Errors
    /// When one cannot be made, or is not shown.
    pub(super) fn make(
        data: &Data,
        administrator: &Administrator,
        site: &str,
        cookie: &str,
        token: String,
    ) -> Result<Self, Failure> {
        let call = |method: &str, path: &str, body: &Value| administrator.call(method, path, body);
        let linked = |page: &str, to: &str| linked(site, cookie, page, to);
        let item = |id: &str, kind: &str, properties: &Value| {
            let item = json!({ "id": id, "type": kind, "properties": properties });
            call("POST", "/api/v1/configuration-items", &item)
        };
        let mail = json!({ "host": "127.0.0.1", "port": 1, "fromAddress": "patgate@example.org" });
        item("Configuration/MAIL", "notification.PatSmtpServer", &mail)?;
        let endpoint = json!({ "path": "bench", "secretToken": SECRET, "requestsPerMinute": 1_000_000 });
        item("Configuration/bench", "events.PostWebhookEndpoint", &endpoint)?;
        for number in 0..MANY {
            send(site, number)?;
        }
        make_endpoints(administrator, SECRET)?;
        // The first hundred owners gave their tokens to the visitor.
        make_due(data, 0, "owner-103")?;
        make_groups(data, "owner-2")?;
        let (folder, deep) = make_items(administrator, site, cookie)?;
        let settings = "/api/v1/settings/personal-access-tokens";
        let mut rules = call("GET", settings, &Value::Null)?;
        rules["emailNotifications"]["enabled"] = true.into();
        rules["emailNotifications"]["digest"] = true.into();
        rules["emailNotifications"]["server"] = "Configuration/MAIL".into();
        call("PUT", settings, &rules)?;
        let run = run_reminders(administrator)?;
        let mail = long_mail(administrator, &told(&run, "id")?)?;
        // Without one, a run has none to try again.
        fail_a_mail(data)?;
        // Of these nobody is told, so that the preview has as much to show.
        make_due(data, MANY, "owner-104")?;
        make_many_due(data)?;
        let exemption = json!({
            "name": "owner-1", "kind": "user", "provider": "internal", "reason": "the benchmark",
            "endsAt": end_of_exemption(&run),
        });
        let exemption = call("POST", &format!("{settings}/exemptions"), &exemption)?;
        let tasks =
            ["Build", "Deploy", "Tell"].map(|title| json!({ "type": "xlrelease.GateTask", "title": title }));
        let template = json!({
            "title": "Bench", "phases": [{ "title": "All", "tasks": tasks }],
            "variables": [{ "key": "version", "value": "1.0" }],
        });
        let template = call("POST", "/api/v1/templates", &template)?;
        let (phase, variable) = (&template["phases"][0], &template["variables"][0]);
        let (phase, variable, gate) = (part(phase)?, part(variable)?, part(&phase["tasks"][0])?);
        let template = told(&template, "id")?;
        let release = call("POST", &format!("/api/v1/templates/{template}/start"), &json!({}))?;
        let release = told(&release, "id")?;
        let large = make_large_release(administrator)?;
        make_releases(data, &template, &release)?;

        let link = press(site, cookie, "/admin/users/owner-1/reset-link")?;
        let secret = within(&link, "/reset/", "<")
            .ok_or_else(|| Failure::Found("the server made no password reset link".to_owned()))?;
        let endpoint = linked("/configuration/webhooks", "/configuration/webhooks/")?;
        let page = format!("/configuration/webhooks/{endpoint}");
        Ok(Self(vec![
            ("{token}", token),
            ("{item}", named(&read(&format!("{site}/configuration"), cookie)?, "/configuration/", "MAIL")?),
            ("{request}", linked(&page, &format!("{page}/requests/"))?),
            ("{endpoint}", endpoint),
            ("{run}", told(&run, "id")?),
            ("{mail}", mail),
            ("{folder}", folder),
            ("{deep}", deep),
            ("{exemption}", told(&exemption, "id")?),
            ("{role}", named(&read(&format!("{site}/admin/roles"), cookie)?, "/admin/roles/", "developers")?),
            ("{task}", linked(&format!("/releases/{release}"), &format!("/releases/{release}/tasks/"))?),
            ("{template}", template),
            ("{phase}", phase),
            ("{gate}", gate),
            ("{variable}", variable),
            ("{release}", release),
            ("{large}", large),
            ("{secret}", secret),
        ]))
    }

    /// An address with what stands for its braces.
    pub(super) fn filled(&self, path: &str) -> String {
        self.0.iter().fold(path.to_owned(), |path, (brace, name)| path.replace(brace, name))
    }
}

/// A request to the webhook endpoint, as a sender makes it.
fn send(site: &str, number: usize) -> Result<(), Failure> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail-with-body", "--output", "/dev/null"]);
    command.args([
        "-H",
        "Content-Type: application/json",
        "-H",
        &format!("X-Release-Webhook-Token: {SECRET}"),
    ]);
    command.args(["-d", &json!({ "number": number, "text": "x".repeat(1_000) }).to_string()]);
    process::run(command.arg(format!("{site}/webhooks/bench")))
}

/// A text of an answer; of a release the name, by which pages and the database know it, and not the whole place.
pub(super) fn told(answer: &Value, field: &str) -> Result<String, Failure> {
    match &answer[field] {
        Value::String(text) => Ok(text.trim_start_matches("Applications/").to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Failure::Found(format!("an answer has no `{field}`: {answer}"))),
    }
}

/// The name of a phase, a task or a variable of an answer: the end of its place.
fn part(answer: &Value) -> Result<String, Failure> {
    let place = told(answer, "id")?;
    Ok(place.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Three years after a run: a time that no clock of our own is needed for.
fn end_of_exemption(run: &Value) -> String {
    let at = run["at"].as_str().unwrap_or("2026-01-01T00:00:00Z");
    let year: u32 = at.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    format!("{}-01-01T00:00:00Z", year + 3)
}

/// What follows this beginning in the first link of a page that has it.
fn linked(site: &str, cookie: &str, page: &str, to: &str) -> Result<String, Failure> {
    let text = read(&format!("{site}{page}"), cookie)?;
    let name = within(&text, &format!("href=\"{to}"), "\"");
    name.ok_or_else(|| Failure::Found(format!("`{page}` has no link to `{to}…`")))
}

/// The same for the link with this text.
pub(super) fn named(text: &str, to: &str, name: &str) -> Result<String, Failure> {
    let mark = format!("href=\"{to}");
    let mut links = text.split(&mark).skip(1).filter_map(|link| link.split_once("\">"));
    let link = links.find(|(_, text)| text.starts_with(&format!("{name}<")));
    link.map(|(id, _)| id.to_owned()).ok_or_else(|| Failure::Found(format!("there is no link `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_braces_is_put_in() {
        let things = Things(vec![("{role}", "r1".to_owned()), ("{token}", "t1".to_owned())]);
        assert_eq!(things.filled("/admin/roles/{role}/rename"), "/admin/roles/r1/rename");
        assert_eq!(things.filled("/admin/tokens/delete?id={token}"), "/admin/tokens/delete?id=t1");
    }

    #[test]
    fn a_link_is_found_by_its_text() {
        let page = r#"<a href="/admin/roles/new">New</a><a href="/admin/roles/7">Administrators</a>
                      <a href="/admin/roles/8">developers</a>"#;
        assert_eq!(named(page, "/admin/roles/", "developers").ok().as_deref(), Some("8"));
        assert!(named(page, "/admin/roles/", "nobody").is_err());
    }
}
