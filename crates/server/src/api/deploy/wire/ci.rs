//! A configuration item as Deploy shows it: a CI.

use http::StatusCode;
use jiff::Timestamp;
use patgate_core::item::Value;
use patgate_core::xml::Element;
use patgate_store::{ItemCursor, ItemReference};
use serde_json::{Map, json};

use super::{Document, Format, Row};
use crate::problem::Problem;
use crate::service::items::ItemView;

/// The type of the folder that is always there.
const ROOT_TYPE: &str = "internal.Root";

/// A CI.
pub(in crate::api) struct Ci {
    id: String,
    type_name: String,
    facts: Option<Facts>,
    /// In the order of the type; what it does not have, is not there.
    properties: Vec<(String, Value)>,
    messages: Option<Vec<Message>>,
}

/// What is known of a CI that is stored.
struct Facts {
    /// Names the CI and its version: who changes it sends back what they read.
    token: String,
    created_by: String,
    created_at: Timestamp,
    changed_by: String,
    changed_at: Timestamp,
}

/// Something that is wrong with a CI.
pub(in crate::api) struct Message {
    /// The property; empty for the CI itself.
    pub(in crate::api) property: String,
    /// What is wrong.
    pub(in crate::api) text: String,
}

/// Where a CI is, and of which type.
pub(in crate::api) struct CiReference(pub(in crate::api) ItemReference);

impl Ci {
    /// The folder that is always there.
    pub(in crate::api) fn root() -> Self {
        Self::unstored(patgate_core::item::ROOT.to_owned(), ROOT_TYPE.to_owned(), Vec::new())
    }

    /// One that is not stored.
    pub(in crate::api) fn unstored(id: String, type_name: String, properties: Vec<(String, Value)>) -> Self {
        Self { id, type_name, facts: None, properties, messages: None }
    }

    /// With what is wrong with it.
    pub(in crate::api) fn judged(mut self, messages: Vec<Message>) -> Self {
        self.messages = Some(messages);
        self
    }
}

impl From<ItemView> for Ci {
    fn from(view: ItemView) -> Self {
        let properties = view.properties().into_iter();
        let properties = properties.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let item = view.item;
        Self {
            id: item.id.into(),
            type_name: item.type_name,
            facts: Some(Facts {
                token: format!("{}-{}", item.number, item.version),
                created_by: item.created_by,
                created_at: item.created_at,
                changed_by: item.changed_by,
                changed_at: item.changed_at,
            }),
            properties,
            messages: None,
        }
    }
}

impl Document for Ci {
    fn json(&self) -> serde_json::Value {
        let mut json = Map::new();
        json.insert("id".to_owned(), self.id.as_str().into());
        json.insert("type".to_owned(), self.type_name.as_str().into());
        if let Some(facts) = &self.facts {
            json.insert("$token".to_owned(), facts.token.as_str().into());
            json.insert("$createdBy".to_owned(), facts.created_by.as_str().into());
            json.insert("$createdAt".to_owned(), written(facts.created_at).into());
            json.insert("$lastModifiedBy".to_owned(), facts.changed_by.as_str().into());
            json.insert("$lastModifiedAt".to_owned(), written(facts.changed_at).into());
        }
        for (name, value) in &self.properties {
            json.insert(name.clone(), serde_json::to_value(value).unwrap_or_default());
        }
        if let Some(messages) = &self.messages {
            let messages = messages.iter().map(|message| {
                json!({"level": "ERROR", "ci": self.id, "property": message.property, "message": message.text})
            });
            json.insert("validation-messages".to_owned(), messages.collect());
        }
        json.into()
    }

    fn xml(&self) -> Element {
        let mut ci = Element::called(&self.type_name, "ci", "type").attribute("id", self.id.as_str());
        if let Some(facts) = &self.facts {
            ci = ci
                .attribute("token", facts.token.as_str())
                .attribute("created-by", facts.created_by.as_str())
                .attribute("created-at", written(facts.created_at))
                .attribute("last-modified-by", facts.changed_by.as_str())
                .attribute("last-modified-at", written(facts.changed_at));
        }
        let property = |(name, value): &(String, Value)| {
            let property = Element::called(name, "property", "name");
            match value {
                Value::Boolean(yes) => property.text(yes.to_string()),
                Value::Integer(number) => property.text(number.to_string()),
                Value::Text(text) => property.text(text),
                Value::Map(map) => property.children_of(
                    map.iter().map(|(key, value)| Element::new("entry").attribute("key", key).text(value)),
                ),
            }
        };
        ci = ci.children_of(self.properties.iter().map(property));
        if let Some(messages) = &self.messages {
            let messages = messages.iter().map(|message| {
                Element::new("validation-message")
                    .attribute("level", "ERROR")
                    .attribute("ci", self.id.as_str())
                    .attribute("property", message.property.as_str())
                    .text(message.text.as_str())
            });
            ci = ci.child(Element::new("validation-messages").children_of(messages));
        }
        ci
    }
}

impl Document for CiReference {
    fn json(&self) -> serde_json::Value {
        json!({ "ref": self.0.id, "type": self.0.type_name })
    }

    fn xml(&self) -> Element {
        Element::new("ci").attribute("ref", self.0.id.as_str()).attribute("type", self.0.type_name.as_str())
    }
}

impl Row for CiReference {
    type Place = ItemCursor;

    fn id(&self) -> i64 {
        self.0.number.as_i64()
    }

    fn place(&self) -> ItemCursor {
        ItemCursor::at(&self.0.id)
    }

    fn text(self, format: Format) -> String {
        format.text(&self)
    }
}

/// 404 in the words that scripts compare.
pub(in crate::api) fn entity_missing(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("Repository entity [{id}] not found"))
}

/// A time as Deploy writes it: `2016-09-27T09:42:58.212+0000`.
pub(in crate::api) fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}
