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
    vec![
        ("GET /api/v1/configuration-item-types", Value::Null),
        ("GET /api/v1/configuration-items", Value::Null),
        ("POST /api/v1/configuration-items", folder),
        ("GET /api/v1/configuration-items/{id}", Value::Null),
        ("PUT /api/v1/configuration-items/{id}", json!({"version": 1, "properties": {"port": 25}})),
        ("DELETE /api/v1/configuration-items/{id}", Value::Null),
        // Nobody is asked for: a mail is not sent by this test.
        ("POST /api/v1/configuration-items/{id}/test-mail", json!({})),
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
        "/api/v1/settings/personal-access-tokens/preview" => format!("{path}?maximumLifetimeDays=30"),
        path if path.starts_with("/scim/v2/Groups") => path.replace("{id}", &stage.scim_group.to_string()),
        path if path.starts_with("/scim/v2/") => path
            .replace("{id}", &stage.scim_user.to_string())
            .replace("{name}", "User")
            .replace("{uri}", "urn:ietf:params:scim:schemas:core:2.0:Group"),
        path if path.contains("/configuration-items/") => {
            path.replace("{id}", "Configuration%2FSMTPSERVERTEST")
        }
        path if path.starts_with("/api/v1/reminders/mails") => {
            path.replace("{id}", &stage.failed_mail.to_string())
        }
        path if path.starts_with("/api/v1/reminders/runs") => path.replace("{id}", &stage.run.to_string()),
        path => path
            .replace("{id}", &stage.subject.id.to_string())
            .replace("{name}", "carl's%20role")
            .replace("{username}", "carl")
            .replace("{application}", "release"),
    };
    let call = Call::new(method.parse::<Method>().unwrap(), path);
    if body.is_null() { call } else { call.json(&body) }
}
