//! A configuration as a request describes it: with its properties in `properties`, beside the other fields, or both.

use std::fmt;

use patgate_core::item::{Draft, Entered, ItemId, ItemName, TypeDescriptor, Value, descriptor};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::place::missing;
use crate::api::configuration_items::{DraftBody, OneEntered};
use crate::api::deploy::wire::{suited, version_of};
use crate::problem::Problem;
use crate::service::items::{ItemChange, ItemDraft, ItemRef, ItemView};
use crate::service::shown::overtaken;

/// A configuration as a request describes it. Other fields are ignored.
#[derive(ToSchema)]
#[schema(as = ReleaseConfigurationForm)]
pub(super) struct ConfigurationForm {
    /// Its type, which it keeps.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: Option<String>,
    /// Its name.
    #[schema(example = "SMTPSERVERTEST")]
    title: Option<String>,
    /// Nothing: it is in no folder of releases.
    #[schema(rename = "folderId")]
    folder_id: Option<String>,
    /// The version that was read.
    #[schema(rename = "$token")]
    token: Option<String>,
    /// Its values. They may also stand beside these fields.
    #[schema(value_type = Object)]
    properties: Draft,
    #[schema(ignore)]
    flat: Draft,
}

impl<'de> Deserialize<'de> for ConfigurationForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = ConfigurationForm;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigurationForm, A::Error> {
                let (mut flat, mut properties) = (Draft::new(), None);
                while let Some(name) = map.next_key::<String>()? {
                    let is_new = if name == "properties" {
                        let nested: Option<DraftBody> = map.next_value()?;
                        properties
                            .replace(nested.map(|DraftBody(nested)| nested).unwrap_or_default())
                            .is_none()
                    } else {
                        let OneEntered(entered) = map.next_value()?;
                        flat.insert(name.clone(), entered).is_none()
                    };
                    if !is_new {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                }
                let mut text = |name: &str| match flat.remove(name) {
                    None | Some(Entered::Nothing) => Ok(None),
                    Some(Entered::Text(text)) => Ok(Some(text.reveal().trim().to_owned())),
                    // Release itself writes the number -1 for a version that does not matter.
                    Some(Entered::Integer(_)) if name == "$token" => Ok(None),
                    Some(_) => Err(A::Error::custom(format_args!("the field `{name}` is a text"))),
                };
                let (r#type, title) = (text("type")?, text("title")?);
                let (folder_id, token) = (text("folderId")?, text("$token")?);
                Ok(ConfigurationForm {
                    r#type,
                    title,
                    folder_id,
                    token,
                    properties: properties.unwrap_or_default(),
                    flat,
                })
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl ConfigurationForm {
    /// The item to be made.
    pub(super) fn into_draft(self) -> Result<ItemDraft, Problem> {
        self.in_no_folder()?;
        let type_name = self.r#type.clone().ok_or_else(|| needed("type"))?;
        let title = self.title.as_deref().ok_or_else(|| needed("title"))?;
        let id = ItemId::root().child(&name(title)?).map_err(|why| Problem::field("title", why))?;
        let properties = match descriptor(&type_name) {
            Some(descriptor) => self.merged(descriptor, None),
            None => self.properties,
        };
        Ok(ItemDraft { id, type_name, properties })
    }

    /// The change of an item as it was just read.
    pub(super) fn into_change(self, there: &ItemView) -> Result<(ItemRef, ItemChange), Problem> {
        self.in_no_folder()?;
        let item = &there.item;
        let version = match self.token.as_deref().map(version_of) {
            None => None,
            Some(Some((number, version))) if number == item.number => Some(version),
            Some(_) => return Err(overtaken()),
        };
        let id = match self.title.as_deref() {
            Some(title) if title != item.id.name() => {
                let folder = item.id.folder().ok_or_else(missing)?;
                Some(folder.child(&name(title)?).map_err(|why| Problem::field("title", why))?)
            }
            _ => None,
        };
        let type_name = self.r#type.clone();
        let properties = match there.descriptor {
            None => self.properties,
            Some(descriptor) => {
                let mut draft = self.merged(descriptor, Some(there));
                for property in descriptor.properties.iter().filter(|property| !property.is_secret()) {
                    draft.entry(property.name.to_owned()).or_insert(Entered::Nothing);
                }
                draft
            }
        };
        Ok((ItemRef::Numbered(item.number), ItemChange { version, id, type_name, properties }))
    }

    /// What was entered in either form. A client that knows one form sends the other back as it read it: where they differ,
    /// the one counts that is not as it was.
    fn merged(self, descriptor: &TypeDescriptor, there: Option<&ItemView>) -> Draft {
        let shown = there.map(ItemView::properties).unwrap_or_default();
        let was =
            |name: &str| shown.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_ref());
        let mut draft = suited(descriptor, self.properties);
        let flat = suited(descriptor, self.flat);
        for (name, entered) in flat.into_iter().filter(|(name, _)| descriptor.property(name).is_some()) {
            if draft.get(&name).is_none_or(|nested| is_same(nested, was(&name))) {
                draft.insert(name, entered);
            }
        }
        draft
    }

    fn in_no_folder(&self) -> Result<(), Problem> {
        if self.folder_id.as_deref().is_none_or(str::is_empty) {
            return Ok(());
        }
        Err(Problem::field("folderId", "The field `folderId`: there are no folders of releases here"))
    }
}

fn name(title: &str) -> Result<ItemName, Problem> {
    title.parse().map_err(|why| Problem::field("title", format!("The field `title`: {why}")))
}

fn needed(field: &str) -> Problem {
    Problem::field(field, format!("The field `{field}` is missing"))
}

fn is_same(entered: &Entered, was: Option<&Value>) -> bool {
    match (entered, was) {
        (Entered::Nothing, None) => true,
        (Entered::Text(text), Some(Value::Text(was))) => text.reveal() == was,
        (Entered::Text(text), None) => text.reveal().is_empty(),
        (Entered::Integer(number), Some(Value::Integer(was))) => number == was,
        (Entered::Boolean(yes), Some(Value::Boolean(was))) => yes == was,
        (Entered::Map(map), Some(Value::Map(was))) => map == was,
        (Entered::Map(map), None) => map.is_empty(),
        _ => false,
    }
}
