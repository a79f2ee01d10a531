//! For each endpoint one request that succeeds for those who may make it.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::cast::Stage;
use crate::common::{Call, PASSWORD};

/// The endpoints as they stand in the document, with the body of their request.
fn table() -> Vec<(&'static str, Value)> {
    let role = json!({"name": "carl's role", "permissions": ["login"], "principals": [{"username": "carl"}]});
    let new_role = json!({"name": "Newcomers", "permissions": ["login"]});
    let carl = json!({"username": "carl", "fullName": "Carl Example", "email": "carl@example.org"});
    let settings = json!({
        "maximumLifetimeDays": null,
        "tokensMayMakeTokens": true,
        "passwordsOnApi": true, "freshnessDays": { "ldap": 30, "sso": 30 },
        "origins": {
            "release": {"internal": true, "ldap": true, "sso": false},
            "deploy": {"internal": true, "ldap": true, "sso": true},
            "others": {"internal": true, "ldap": true, "sso": true},
        },
        "emailNotifications": {"enabled": false, "days": 7, "furtherDays": [], "digest": false, "server": null,
            "subject": "Soon", "body": "Soon."},
    });
    let token = json!({"tokenNote": "by the test of all callers"});
    let folder = json!({"id": "Configuration/Mail", "type": "core.Directory"});
    let mail_server = json!({"host": "127.0.0.1", "port": 2, "fromAddress": "patgate@example.org"});
    let ci = json!({
        "id": "Configuration/SMTPSERVERTEST", "type": "notification.PatSmtpServer",
        "host": "127.0.0.1", "port": 2, "fromAddress": "patgate@example.org",
    });
    let deploy_carl = json!({"username": "carl", "userProfile": {"fullName": "Carl Example, again"}});
    vec![
        ("GET /api/v1/configuration-item-types", Value::Null),
        ("GET /api/v1/configuration-items", Value::Null),
        ("POST /api/v1/configuration-items", folder.clone()),
        ("GET /api/v1/configuration-items/{id}", Value::Null),
        ("PUT /api/v1/configuration-items/{id}", json!({"version": 1, "properties": {"port": 25}})),
        ("DELETE /api/v1/configuration-items/{id}", Value::Null),
        // Nobody is asked for: a mail is not sent by this test.
        ("POST /api/v1/configuration-items/{id}/test-mail", json!({})),
        ("POST /api/v1/config", json!({"type": "core.Directory", "title": "Mail"})),
        ("GET /api/v1/config/byTypeAndTitle", Value::Null),
        ("POST /api/v1/config/byIds", json!(["Configuration/SMTPSERVERTEST"])),
        ("GET /api/v1/config/{id}", Value::Null),
        ("PUT /api/v1/config/{id}", json!({"properties": mail_server})),
        ("DELETE /api/v1/config/{id}", Value::Null),
        ("POST /api/v1/config/{id}/copy", Value::Null),
        ("POST /api/v1/config/{id}/status", Value::Null),
        ("GET /api/v1/deployit", Value::Null),
        ("GET /api/v1/global-permissions", Value::Null),
        ("GET /api/v1/personal-access-tokens", Value::Null),
        ("POST /api/v1/personal-access-tokens", token.clone()),
        ("GET /api/v1/personal-access-tokens/current", Value::Null),
        ("DELETE /api/v1/personal-access-tokens/current", Value::Null),
        ("GET /api/v1/personal-access-tokens/{id}", Value::Null),
        ("DELETE /api/v1/personal-access-tokens/{id}", Value::Null),
        ("GET /api/v1/reminders/mails", Value::Null),
        ("POST /api/v1/reminders/mails/{id}/retry", Value::Null),
        ("GET /api/v1/reminders/preview", Value::Null),
        ("GET /api/v1/reminders/runs", Value::Null),
        ("POST /api/v1/reminders/runs", Value::Null),
        ("GET /api/v1/reminders/runs/{id}", Value::Null),
        ("GET /api/v1/reminders/runs/{id}/mails", Value::Null),
        ("POST /api/v1/reminders/runs/{id}/retry", Value::Null),
        ("POST /api/v1/reminders/sample", Value::Null),
        ("GET /api/v1/releases", Value::Null),
        ("GET /api/v1/releases/byTitle", Value::Null),
        ("POST /api/v1/releases/count", json!({})),
        ("POST /api/v1/releases/fullSearch", json!({})),
        ("POST /api/v1/releases/search", json!({})),
        ("POST /api/v1/releases/search/overview", json!({})),
        ("GET /api/v1/releases/{id}", Value::Null),
        ("PUT /api/v1/releases/{id}", json!({"description": "Changed"})),
        ("DELETE /api/v1/releases/{id}", Value::Null),
        ("POST /api/v1/releases/{id}/abort", json!({})),
        ("GET /api/v1/releases/{id}/active-tasks", Value::Null),
        ("POST /api/v1/releases/{id}/restart", Value::Null),
        ("POST /api/v1/releases/{id}/start", Value::Null),
        ("GET /api/v1/releases/{id}/variableValues", Value::Null),
        ("GET /api/v1/releases/{id}/variables", Value::Null),
        ("GET /api/v1/roles", Value::Null),
        ("PUT /api/v1/roles", json!([role])),
        ("POST /api/v1/roles", json!([new_role])),
        ("GET /api/v1/roles/{name}", Value::Null),
        ("PUT /api/v1/roles/{name}", role),
        ("POST /api/v1/roles/{name}", new_role),
        ("DELETE /api/v1/roles/{name}", Value::Null),
        ("POST /api/v1/roles/{name}/rename", Value::Null),
        ("GET /api/v1/session", Value::Null),
        ("POST /api/v1/session", json!({"username": "bob", "password": PASSWORD})),
        ("DELETE /api/v1/session", Value::Null),
        ("GET /api/v1/settings/instance-information", Value::Null),
        ("GET /api/v1/settings/personal-access-tokens", Value::Null),
        ("GET /api/v1/settings/personal-access-tokens/decisions", Value::Null),
        ("DELETE /api/v1/settings/personal-access-tokens/decisions/{id}", Value::Null),
        ("GET /api/v1/settings/personal-access-tokens/exemptions", Value::Null),
        (
            "POST /api/v1/settings/personal-access-tokens/exemptions",
            json!({"name": "bob", "reason": "An audit", "endsAt": "2026-12-31T00:00:00Z"}),
        ),
        ("GET /api/v1/settings/personal-access-tokens/exemptions/{id}", Value::Null),
        ("DELETE /api/v1/settings/personal-access-tokens/exemptions/{id}", Value::Null),
        ("GET /api/v1/settings/personal-access-tokens/preview", Value::Null),
        ("GET /api/v1/settings/personal-access-tokens/suspended", Value::Null),
        ("POST /api/v1/settings/personal-access-tokens/suspended", json!({"reason": "over_maximum"})),
        ("PUT /api/v1/settings/personal-access-tokens", settings),
        ("GET /api/v1/settings/{id}", Value::Null),
        ("GET /api/v1/tasks/{id}", Value::Null),
        ("POST /api/v1/tasks/{id}/complete", json!({})),
        ("GET /api/v1/tasks/{id}/log", Value::Null),
        ("POST /api/v1/tasks/{id}/retry", json!({})),
        ("GET /api/v1/templates", Value::Null),
        ("POST /api/v1/templates", json!({"title": "Another"})),
        ("GET /api/v1/templates/{id}", Value::Null),
        ("PUT /api/v1/templates/{id}", json!({"description": "Changed"})),
        ("DELETE /api/v1/templates/{id}", Value::Null),
        ("POST /api/v1/templates/{id}/create", json!({})),
        ("POST /api/v1/templates/{id}/start", json!({})),
        ("GET /api/v1/templates/{id}/variables", Value::Null),
        ("GET /api/v1/users", Value::Null),
        ("PUT /api/v1/users", json!([carl])),
        ("GET /api/v1/users/{username}", Value::Null),
        ("PUT /api/v1/users/{username}", carl),
        ("POST /api/v1/users/{username}", json!({"fullName": "New Comer", "password": "a password for now"})),
        ("DELETE /api/v1/users/{username}", Value::Null),
        ("POST /api/v1/users/{username}/disable", Value::Null),
        ("POST /api/v1/users/{username}/enable", Value::Null),
        ("POST /api/v1/users/{username}/password", json!({"newPassword": "another password"})),
        ("POST /api/v1/users/{username}/unlock", Value::Null),
        ("GET /auth", Value::Null),
        ("GET /auth/{application}", Value::Null),
        ("POST /deployit/control", json!({"method": "sendTestMail", "controllable": ci})),
        ("GET /deployit/control/prepare/{task}/{id}", Value::Null),
        ("GET /deployit/metadata/type", Value::Null),
        ("GET /deployit/metadata/type/{name}", Value::Null),
        ("POST /deployit/repository/candidate-values", ci.clone()),
        ("GET /deployit/repository/ci/new", Value::Null),
        ("GET /deployit/repository/ci/{id}", Value::Null),
        ("POST /deployit/repository/ci/{id}", json!({"type": "core.Directory"})),
        ("PUT /deployit/repository/ci/{id}", ci.clone()),
        ("DELETE /deployit/repository/ci/{id}", Value::Null),
        ("POST /deployit/repository/cis", json!([folder])),
        ("PUT /deployit/repository/cis", json!([ci])),
        ("POST /deployit/repository/cis/delete", json!(["Configuration/SMTPSERVERTEST"])),
        ("POST /deployit/repository/cis/read", json!(["Configuration/SMTPSERVERTEST"])),
        ("POST /deployit/repository/copy/{id}", Value::Null),
        ("GET /deployit/repository/exists/{id}", Value::Null),
        ("POST /deployit/repository/move/{id}", Value::Null),
        ("GET /deployit/repository/query", Value::Null),
        ("POST /deployit/repository/rename/{id}", Value::Null),
        ("GET /deployit/repository/v2/query", Value::Null),
        ("GET /deployit/repository/v3/query", Value::Null),
        ("POST /deployit/repository/validate", json!([ci])),
        ("GET /deployit/security/user", Value::Null),
        ("GET /deployit/security/user/{username}", Value::Null),
        ("POST /deployit/security/user/{username}", json!({"password": "a password for now"})),
        ("PUT /deployit/security/user/{username}", deploy_carl.clone()),
        ("DELETE /deployit/security/user/{username}", Value::Null),
        ("PUT /deployit/security/user/{username}/update", deploy_carl),
        ("GET /deployit/server/info", Value::Null),
        ("GET /deployit/server/state", Value::Null),
        // A task is in the memory of the server that made it: here there is none.
        ("GET /deployit/task/{id}", Value::Null),
        ("DELETE /deployit/task/{id}", Value::Null),
        ("POST /deployit/task/{id}/archive", Value::Null),
        ("POST /deployit/task/{id}/start", Value::Null),
        ("GET /deployit/tasks/v2/{id}", Value::Null),
        ("DELETE /deployit/tasks/v2/{id}", Value::Null),
        ("POST /deployit/tasks/v2/{id}/archive", Value::Null),
        ("POST /deployit/tasks/v2/{id}/start", Value::Null),
        ("GET /deployit/tokens/users", Value::Null),
        ("POST /deployit/tokens/users", token),
        ("DELETE /deployit/tokens/users", Value::Null),
        ("DELETE /deployit/tokens/users/{id}", Value::Null),
        ("GET /scim/v2/Groups", Value::Null),
        ("POST /scim/v2/Groups", json!({"displayName": "Ops"})),
        ("POST /scim/v2/Groups/.search", json!({"filter": "id pr"})),
        ("GET /scim/v2/Groups/{id}", Value::Null),
        ("PUT /scim/v2/Groups/{id}", json!({"displayName": "Ops"})),
        (
            "PATCH /scim/v2/Groups/{id}",
            json!({"Operations": [{"op": "add", "value": {"displayName": "Ops"}}]}),
        ),
        ("DELETE /scim/v2/Groups/{id}", Value::Null),
        ("GET /scim/v2/ResourceTypes", Value::Null),
        ("GET /scim/v2/ResourceTypes/{name}", Value::Null),
        ("GET /scim/v2/Schemas", Value::Null),
        ("GET /scim/v2/Schemas/{uri}", Value::Null),
        ("GET /scim/v2/ServiceProviderConfig", Value::Null),
        ("GET /scim/v2/Users", Value::Null),
        ("POST /scim/v2/Users", json!({"userName": "newcomer", "externalId": "new"})),
        ("POST /scim/v2/Users/.search", json!({"filter": "id pr"})),
        ("GET /scim/v2/Users/{id}", Value::Null),
        ("PUT /scim/v2/Users/{id}", json!({"userName": "sam"})),
        ("PATCH /scim/v2/Users/{id}", json!({"Operations": [{"op": "replace", "value": {"active": false}}]})),
        ("DELETE /scim/v2/Users/{id}", Value::Null),
        ("GET /profile", Value::Null),
        ("GET /server/info", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/deliveries", Value::Null),
        ("POST /api/v1/webhook-endpoints/{number}/deliveries/{id}/redeliver", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/refusals", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/requests", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/requests/live", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/requests/{id}", Value::Null),
        ("GET /api/v1/webhook-endpoints/{number}/requests/{id}/body", Value::Null),
        ("POST /api/v1/webhook-endpoints/{number}/test", Value::Null),
        ("GET /webhooks/{path}", Value::Null),
        ("POST /webhooks/{path}", json!({"event": "push"})),
        ("GET /healthz", Value::Null),
        ("GET /openapi.json", Value::Null),
        ("GET /readyz", Value::Null),
    ]
}

/// The names of all endpoints that have a request here.
pub(super) fn names() -> BTreeSet<&'static str> {
    table().into_iter().map(|(name, _)| name).collect()
}

/// The request to an endpoint, without credentials.
pub(super) fn request(stage: &Stage, name: &str) -> Call {
    let (_, body) = table().into_iter().find(|(known, _)| *known == name).unwrap();
    let (method, path) = name.split_once(' ').unwrap();
    let is_new = method == "POST";
    let path = match path {
        "/api/v1/roles/{name}" if is_new => "/api/v1/roles/Newcomers".to_owned(),
        "/api/v1/roles/{name}/rename" => "/api/v1/roles/carl's%20role/rename?newName=Carls".to_owned(),
        "/api/v1/users/{username}" if is_new => "/api/v1/users/newcomer".to_owned(),
        "/deployit/tokens/users" if method == "DELETE" => format!("{path}?id={}", stage.subject.id),
        "/api/v1/releases/byTitle" => format!("{path}?releaseTitle=Release2"),
        "/api/v1/releases/{id}/restart" => path.replace("{id}", "Applications/Release3"),
        path if path.starts_with("/api/v1/releases/") => path.replace("{id}", "Applications/Release2"),
        path if path.starts_with("/api/v1/templates/") => path.replace("{id}", "Applications%2FRelease1"),
        "/api/v1/tasks/{id}/retry" => path.replace("{id}", "Applications/Release3/Phase1/Task2"),
        path if path.starts_with("/api/v1/tasks/") => {
            path.replace("{id}", "Applications/Release4/Phase1/Task1")
        }
        "/api/v1/settings/personal-access-tokens/preview" => format!("{path}?maximumLifetimeDays=30"),
        path if path.starts_with("/scim/v2/Groups") => path.replace("{id}", &stage.scim_group.to_string()),
        path if path.starts_with("/scim/v2/") => path
            .replace("{id}", &stage.scim_user.to_string())
            .replace("{name}", "User")
            .replace("{uri}", "urn:ietf:params:scim:schemas:core:2.0:Group"),
        "/deployit/repository/ci/new" => format!("{path}?type=core.Directory"),
        "/deployit/repository/ci/{id}" if is_new => "/deployit/repository/ci/Configuration/New".to_owned(),
        "/deployit/repository/candidate-values" => format!("{path}?propertyName=host"),
        "/deployit/security/user/{username}" if is_new => "/deployit/security/user/newcomer".to_owned(),
        "/deployit/metadata/type/{name}" => path.replace("{name}", "core.Directory"),
        "/api/v1/settings/{id}" => path.replace("{id}", "Configuration/settings/general"),
        path if path.starts_with("/deployit/repository/") || path.starts_with("/deployit/control/") => {
            let path = path.replace("{task}", "sendTestMail").replace("{id}", "Configuration/SMTPSERVERTEST");
            match path.split('/').nth(3) {
                Some("rename") => path + "?newName=Other",
                Some("move" | "copy") => path + "?newId=Configuration/Other",
                _ => path,
            }
        }
        path if path.contains("/configuration-items/") || path.contains("/config/") => {
            path.replace("{id}", "Configuration%2FSMTPSERVERTEST")
        }
        path if path.starts_with("/api/v1/reminders/mails") => {
            path.replace("{id}", &stage.failed_mail.to_string())
        }
        path if path.starts_with("/api/v1/reminders/runs") => path.replace("{id}", &stage.run.to_string()),
        path if path.starts_with("/api/v1/webhook-endpoints/") => {
            let webhook = stage.webhook;
            let is_delivery = path.contains("/deliveries/");
            let id = if is_delivery { webhook.delivery.to_string() } else { webhook.request.to_string() };
            path.replace("{number}", &webhook.endpoint.to_string()).replace("{id}", &id)
        }
        "/webhooks/{path}" if is_new => "/webhooks/events".to_owned(),
        "/webhooks/{path}" => "/webhooks/pings?event=push".to_owned(),
        path => path
            .replace("{id}", &stage.subject.id.to_string())
            .replace("{name}", "carl's%20role")
            .replace("{username}", "carl")
            .replace("{application}", "release"),
    };
    let call = Call::new(method.parse::<Method>().unwrap(), path);
    if body.is_null() { call } else { call.json(&body) }
}
