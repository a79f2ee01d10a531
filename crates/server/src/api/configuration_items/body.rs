//! An item as the API shows it, and as a request describes one.

use jiff::Timestamp;
use patgate_core::item::ItemId;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::entered::DraftBody;
use crate::problem::Problem;
use crate::service::items::{ItemChange, ItemDraft, ItemView};

/// A configuration item.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigurationItem)]
pub(super) struct ItemBody {
    /// Where it is: `Configuration`, the folders, its name.
    #[schema(example = "Configuration/SMTPSERVERTEST")]
    id: String,
    /// The last part of `id`.
    #[schema(example = "SMTPSERVERTEST")]
    name: String,
    /// Its type.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
    /// One more with each change; a change says over which version it is made.
    version: i64,
    /// All that the type has: a value, or `null`. A secret that is stored is `********`.
    #[schema(value_type = Object, example = json!({"host": "mail.example.org", "port": 587, "password": "********"}))]
    properties: Map<String, Value>,
    /// What an administrator should know about it, in sentences.
    warnings: Vec<String>,
    /// The secrets that are personal access tokens: no copy of those is stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bound_secrets: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// By whom.
    created_by: String,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// By whom.
    changed_by: String,
}

/// A new item.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
#[schema(as = NewConfigurationItem)]
pub(super) struct NewItemForm {
    /// Where it will be. The folder must be there.
    #[schema(example = "Configuration/SMTPSERVERTEST")]
    id: String,
    /// Its type, which it keeps.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
    /// Its values. What is absent gets its default.
    #[serde(default = "nothing")]
    #[schema(value_type = Object, example = json!({"host": "mail.example.org", "port": 587, "fromAddress": "patgate@example.org"}))]
    properties: DraftBody,
}

/// A change of an item. What was read can be sent back as it is: a secret of `********` stays as it is stored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
#[schema(as = ConfigurationItemChange)]
pub(super) struct ItemForm {
    /// The version that was read.
    #[schema(example = 1)]
    version: i64,
    /// Another place moves it, a folder with all that is in it; absent: it stays.
    #[schema(example = "Configuration/Mail/SMTPSERVERTEST")]
    id: Option<String>,
    /// The same as it was.
    r#type: Option<String>,
    /// Its values. What is absent stays as it is, `null` takes a value away. Whoever changes where a secret is sent
    /// (host, user name, weaker TLS or trust) gives the secret again.
    #[serde(default = "nothing")]
    #[schema(value_type = Object, example = json!({"host": "mail.example.org", "password": "the password, again"}))]
    properties: DraftBody,
    /// As it was read; not looked at.
    #[serde(default, rename = "name")]
    #[schema(ignore)]
    _name: IgnoredAny,
    #[serde(default, rename = "warnings")]
    #[schema(ignore)]
    _warnings: IgnoredAny,
    #[serde(default, rename = "boundSecrets")]
    #[schema(ignore)]
    _bound_secrets: IgnoredAny,
    #[serde(default, rename = "createdAt")]
    #[schema(ignore)]
    _created_at: IgnoredAny,
    #[serde(default, rename = "createdBy")]
    #[schema(ignore)]
    _created_by: IgnoredAny,
    #[serde(default, rename = "changedAt")]
    #[schema(ignore)]
    _changed_at: IgnoredAny,
    #[serde(default, rename = "changedBy")]
    #[schema(ignore)]
    _changed_by: IgnoredAny,
}

fn nothing() -> DraftBody {
    DraftBody(patgate_core::item::Draft::new())
}

impl From<ItemView> for ItemBody {
    fn from(view: ItemView) -> Self {
        let properties = view.properties().into_iter().map(|(name, value)| {
            (name.to_owned(), value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or_default())
        });
        let properties = properties.collect();
        let bound_secrets = view.bound_secrets().into_iter().map(str::to_owned).collect();
        let ItemView { item, warnings, .. } = view;
        Self {
            name: item.id.name().to_owned(),
            id: item.id.into(),
            r#type: item.type_name,
            version: item.version,
            properties,
            warnings,
            bound_secrets,
            created_at: item.created_at,
            created_by: item.created_by,
            changed_at: item.changed_at,
            changed_by: item.changed_by,
        }
    }
}

impl NewItemForm {
    pub(super) fn read(self) -> Result<ItemDraft, Problem> {
        let DraftBody(properties) = self.properties;
        Ok(ItemDraft { id: place("id", &self.id)?, type_name: self.r#type, properties })
    }
}

impl ItemForm {
    pub(super) fn read(self) -> Result<ItemChange, Problem> {
        let id = self.id.map(|id| place("id", &id)).transpose()?;
        let DraftBody(properties) = self.properties;
        Ok(ItemChange { version: Some(self.version), id, type_name: self.r#type, properties })
    }
}

/// Reads a place; a refusal names the field.
pub(super) fn place(field: &str, text: &str) -> Result<ItemId, Problem> {
    text.parse().map_err(|why| Problem::field(field, format!("The field `{field}`: {why}")))
}
