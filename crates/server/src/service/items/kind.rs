//! What each type demands and warns of beyond its descriptor. A new type is one more arm.

use patgate_core::item::{MAIL_SERVER, Properties, PropertyFault, Reason, Value};

use crate::configuration::Secret;
use crate::mail::{SmtpFault, SmtpFields, SmtpServer};

/// What is wrong with the values of an item of this type, taken together. `secret` is its password: any text where only
/// its being there matters.
pub(super) fn judge(type_name: &str, properties: &Properties, secret: Option<Secret>) -> Vec<PropertyFault> {
    if type_name != MAIL_SERVER.name {
        return Vec::new();
    }
    let faults = mail_server(properties, secret).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|SmtpFault { field, message }| PropertyFault::new(field.property(), Reason::Judged(message)))
        .collect()
}

/// What an administrator should know about an item of this type, in sentences.
pub(super) fn warnings(type_name: &str, properties: &Properties, has_secret: bool) -> Vec<String> {
    if type_name != MAIL_SERVER.name {
        return Vec::new();
    }
    match mail_server(properties, has_secret.then(any_secret)) {
        Ok(server) => server.warnings().to_vec(),
        Err(faults) => {
            let sentences = faults.into_iter().map(|fault| fault.message + ".");
            ["This mail server cannot be used.".to_owned()].into_iter().chain(sentences).collect()
        }
    }
}

/// Stands for a secret of which only its being there matters.
pub(super) fn any_secret() -> Secret {
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
