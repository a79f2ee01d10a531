//! What each type demands and warns of beyond its descriptor. A new type is one more arm.

use patgate_core::item::{
    GET_WEBHOOK_ENDPOINT, MAIL_SERVER, POST_WEBHOOK_ENDPOINT, Properties, PropertyFault, Reason, SecretText,
    Value,
};
use patgate_store::Item;

use super::webhook::{self, KnownGrants};
use crate::configuration::Secret;
use crate::mail::{SmtpFault, SmtpFields, SmtpServer};
use crate::state::AppState;

/// What there is of a secret.
#[derive(Clone, Copy)]
pub(super) enum Held<'s> {
    /// Nothing.
    Nothing,
    /// What was stored before stays.
    Stored,
    /// This is new.
    New(&'s SecretText),
}

impl Held<'_> {
    /// Whether there is one.
    pub(super) fn is_there(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// The types whose items are webhook endpoints.
pub(crate) const WEBHOOK_ENDPOINTS: [&str; 2] = [POST_WEBHOOK_ENDPOINT.name, GET_WEBHOOK_ENDPOINT.name];

/// Whether items of this type are webhook endpoints.
pub(crate) fn is_webhook_endpoint(type_name: &str) -> bool {
    WEBHOOK_ENDPOINTS.contains(&type_name)
}

/// What is wrong with the values of an item of this type, taken together.
pub(super) fn judge<'h>(
    type_name: &str,
    properties: &Properties,
    held: impl Fn(&'static str) -> Held<'h>,
) -> Vec<PropertyFault> {
    if is_webhook_endpoint(type_name) {
        return webhook::judge(properties, held);
    }
    if type_name != MAIL_SERVER.name {
        return Vec::new();
    }
    let password = match held("password") {
        Held::Nothing => None,
        Held::Stored => Some(any_secret()),
        Held::New(secret) => Some(Secret::new(secret.reveal().to_owned())),
    };
    let faults = mail_server(properties, password).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|SmtpFault { field, message }| PropertyFault::new(field.property(), Reason::Judged(message)))
        .collect()
}

/// What an administrator should know about an item, in sentences.
pub(super) fn warnings(state: &AppState, item: &Item, grants: &KnownGrants) -> Vec<String> {
    if is_webhook_endpoint(&item.type_name) {
        return webhook::warnings(state, item, grants);
    }
    if item.type_name != MAIL_SERVER.name {
        return Vec::new();
    }
    match mail_server(&item.properties, item.secrets.contains_key("password").then(any_secret)) {
        Ok(server) => server.warnings().to_vec(),
        Err(faults) => {
            let sentences = faults.into_iter().map(|fault| fault.message + ".");
            ["This mail server cannot be used.".to_owned()].into_iter().chain(sentences).collect()
        }
    }
}

/// Stands for a secret of which only its being there matters.
fn any_secret() -> Secret {
    Secret::new("?".to_owned())
}

/// The values as the mail server that they describe.
pub(super) fn mail_server(
    properties: &Properties,
    password: Option<Secret>,
) -> Result<SmtpServer, Vec<SmtpFault>> {
    let text = |name: &str| properties.get(name).and_then(Value::as_text).map(str::to_owned);
    let port = properties.get("port").and_then(Value::as_integer);
    SmtpServer::read(&SmtpFields {
        host: text("host").unwrap_or_default(),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        username: text("username"),
        password,
        from_address: text("fromAddress").unwrap_or_default(),
        test_address: text("testAddress"),
        properties: properties.get("smtpProperties").and_then(Value::as_map).cloned().unwrap_or_default(),
    })
}
