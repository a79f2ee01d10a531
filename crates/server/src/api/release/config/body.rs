//! A configuration as Release's clients read it.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::place::id;
use crate::service::items::ItemView;

/// A shared configuration. Its properties stand in `properties`, where clients of today look for them, and beside these
/// fields, where older ones do. A secret that is stored is `********`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseConfiguration)]
pub(super) struct ConfigurationBody {
    /// Names it, wherever it is.
    #[schema(example = "Configuration/Custom/Configuration4fQ0kZ3mB1x")]
    id: String,
    /// Its type.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
    /// Its version: an update that sends another one is refused, and one without is made over any.
    #[serde(rename = "$token")]
    token: String,
    /// Its name.
    #[schema(example = "SMTPSERVERTEST")]
    title: String,
    /// Always `null`: it is in no folder of releases.
    folder_id: Option<String>,
    /// Its values.
    #[schema(value_type = Object, example = json!({"host": "mail.example.org", "port": 587, "password": "********"}))]
    properties: Map<String, Value>,
    #[serde(flatten)]
    #[schema(ignore)]
    flat: Map<String, Value>,
}

impl From<ItemView> for ConfigurationBody {
    fn from(view: ItemView) -> Self {
        let properties: Map<String, Value> = view
            .properties()
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), serde_json::to_value(value?).ok()?)))
            .collect();
        let own = ["id", "type", "$token", "title", "folderId", "properties"];
        let flat = properties.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let flat = flat.map(|(name, value)| (name.clone(), value.clone())).collect();
        let item = view.item;
        Self {
            id: id(item.number),
            token: format!("{}-{}", item.number, item.version),
            title: item.id.name().to_owned(),
            r#type: item.type_name,
            folder_id: None,
            properties,
            flat,
        }
    }
}
