//! `/deployit/metadata/type`: the types of CIs, in Deploy's words.

use http::StatusCode;
use patgate_core::item::{Kind, MAIL_SERVER, PropertyDescriptor, TYPES, TypeDescriptor, Value, descriptor};
use patgate_core::xml::Element;
use serde_json::json;

use super::control::SEND_TEST_MAIL;
use super::wire::{Answer, Document, Format, List};
use crate::api::path::Word;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;

const INTERFACE: &str = "udm.ConfigurationItem";
const SUPER_TYPE: &str = "udm.BaseConfigurationItem";

/// A type as Deploy describes it.
pub(super) struct Descriptor(&'static TypeDescriptor);

/// Lists the types of CIs with their properties. For everybody.
#[utoipa::path(
    get,
    path = "/deployit/metadata/type",
    tag = "deploy",
    responses(
        (status = 200, description = "The types", content((Vec<Object> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn list_descriptors(_: Caller, format: Format) -> Answer<List<Descriptor>> {
    Answer(format, List(TYPES.iter().copied().map(Descriptor).collect()))
}

/// Describes a type of CIs. For everybody.
#[utoipa::path(
    get,
    path = "/deployit/metadata/type/{name}",
    tag = "deploy",
    params(("name" = String, Path, description = "The type, such as `notification.PatSmtpServer`")),
    responses(
        (status = 200, description = "The type", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_descriptor(
    _: Caller,
    Word(name): Word,
    format: Format,
) -> Result<Answer<Descriptor>, Problem> {
    let found = descriptor(&name).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "not_found", format!("There is no type [{name}]"))
    })?;
    Ok(Answer(format, Descriptor(found)))
}

impl Descriptor {
    fn fqn(&self, name: &str) -> String {
        format!("{}.{name}", self.0.name)
    }

    /// What can be done with one: its name and its label.
    fn control_tasks(&self) -> &'static [(&'static str, &'static str)] {
        if self.0.name == MAIL_SERVER.name { &[(SEND_TEST_MAIL, "Send Test Mail")] } else { &[] }
    }
}

impl Document for Descriptor {
    fn json(&self) -> serde_json::Value {
        let tasks = self.control_tasks().iter().map(|(name, label)| {
            json!({ "name": name, "fqn": self.fqn(name), "label": label, "description": label })
        });
        json!({
            "type": self.0.name,
            "virtual": false,
            "icon": null,
            "root": patgate_core::item::ROOT,
            "description": self.0.description,
            "properties": self.0.properties.iter().map(|property| property_json(self, property)).collect::<Vec<_>>(),
            "controlTasks": tasks.collect::<Vec<_>>(),
            "interfaces": [INTERFACE],
            "superTypes": [SUPER_TYPE],
        })
    }

    fn xml(&self) -> Element {
        let tasks = self.control_tasks().iter().map(|(name, label)| {
            Element::new("control-task")
                .attribute("name", *name)
                .attribute("fqn", self.fqn(name))
                .attribute("label", *label)
        });
        let properties = self.0.properties.iter().map(|property| property_xml(self, property));
        Element::new("descriptor")
            .attribute("type", self.0.name)
            .attribute("virtual", "false")
            .attribute("root", patgate_core::item::ROOT)
            .leaf("description", self.0.description)
            .child(Element::new("property-descriptors").children_of(properties))
            .child(Element::new("control-tasks").children_of(tasks))
            .child(Element::new("interfaces").leaf("interface", INTERFACE))
            .child(Element::new("superTypes").leaf("superType", SUPER_TYPE))
    }
}

/// Deploy's word for the values of a property.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text { .. } | Kind::Secret { .. } => "STRING",
        Kind::Integer { .. } => "INTEGER",
        Kind::Boolean => "BOOLEAN",
        Kind::Choice(_) => "ENUM",
        Kind::Map => "MAP_STRING_STRING",
    }
}

fn property_json(of: &Descriptor, property: &PropertyDescriptor) -> serde_json::Value {
    let mut json = json!({
        "name": property.name,
        "fqn": of.fqn(property.name),
        "label": property.label,
        "kind": kind(property.kind),
        "description": property.description,
        "category": property.category,
        "asContainment": false,
        "inspection": false,
        "required": property.is_required,
        "requiredInspection": false,
        "password": property.is_secret(),
        "transient": false,
        "size": "DEFAULT",
        "referencedType": null,
        "default": property.default.value(),
    });
    if let (Kind::Choice(choices), Some(json)) = (property.kind, json.as_object_mut()) {
        let values = choices.iter().map(|(value, _)| serde_json::Value::from(*value));
        json.insert("enumValues".to_owned(), values.collect());
    }
    json
}

fn property_xml(of: &Descriptor, property: &PropertyDescriptor) -> Element {
    let element = Element::new("property-descriptor")
        .attribute("name", property.name)
        .attribute("fqn", of.fqn(property.name))
        .attribute("label", property.label)
        .attribute("kind", kind(property.kind))
        .attribute("category", property.category)
        .attribute("required", property.is_required.to_string())
        .attribute("password", property.is_secret().to_string())
        .attribute("asContainment", "false")
        .attribute("inspection", "false")
        .attribute("hidden", "false");
    let element = match property.default.value() {
        Some(Value::Text(text)) => element.attribute("default", text),
        Some(Value::Integer(number)) => element.attribute("default", number.to_string()),
        Some(Value::Boolean(yes)) => element.attribute("default", yes.to_string()),
        Some(Value::Map(_)) | None => element,
    };
    let element = element.leaf("description", property.description);
    match property.kind {
        Kind::Choice(choices) => {
            let values = choices.iter().map(|(value, _)| Element::new("value").text(*value));
            element.child(Element::new("enum-values").children_of(values))
        }
        _ => element,
    }
}
