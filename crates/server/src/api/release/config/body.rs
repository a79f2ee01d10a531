//! A configuration as Release's clients read it.

use patgate_core::item::Value;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::place::id;
use crate::service::items::ItemView;

/// The fields that are not properties.
const OWN: [&str; 6] = ["id", "type", "$token", "title", "folderId", "properties"];

/// A shared configuration. Its properties stand in `properties`, where clients of today look for them, and beside these
/// fields, where older ones do. A secret that is stored is `********`.
#[derive(ToSchema)]
#[schema(as = ReleaseConfiguration)]
pub(super) struct ConfigurationBody {
    /// Names it, wherever it is.
    #[schema(example = "Configuration/Custom/Configuration4fQ0kZ3mB1x")]
    id: String,
    /// Its type.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
    /// Its version: an update that sends another one is refused, and one without is made over any.
    #[schema(rename = "$token")]
    token: String,
    /// Its name.
    #[schema(example = "SMTPSERVERTEST")]
    title: String,
    /// Always `null`: it is in no folder of releases.
    #[schema(rename = "folderId")]
    folder_id: Option<String>,
    /// Its values.
    #[schema(value_type = Object, example = json!({"host": "mail.example.org", "port": 587, "password": "********"}))]
    properties: Values,
}

/// Properties with their values, by name.
struct Values(Vec<(String, Value)>);

impl From<ItemView> for ConfigurationBody {
    fn from(view: ItemView) -> Self {
        let named = view.properties().into_iter();
        let mut properties: Vec<_> =
            named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        properties.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let item = view.item;
        Self {
            id: id(item.number),
            token: format!("{}-{}", item.number, item.version),
            title: item.id.name().to_owned(),
            r#type: item.type_name,
            folder_id: None,
            properties: Values(properties),
        }
    }
}

impl Serialize for ConfigurationBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("id", &self.id)?;
        fields.serialize_entry("type", &self.r#type)?;
        fields.serialize_entry("$token", &self.token)?;
        fields.serialize_entry("title", &self.title)?;
        fields.serialize_entry("folderId", &self.folder_id)?;
        fields.serialize_entry("properties", &self.properties)?;
        let Values(flat) = &self.properties;
        for (name, value) in flat.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
            fields.serialize_entry(name, value)?;
        }
        fields.end()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(values) = self;
        serializer.collect_map(values.iter().map(|(name, value)| (name, value)))
    }
}
