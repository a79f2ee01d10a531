//! `GET /api/v1/configuration-item-types`: what items there can be, and what they have.

use axum::Json;
use axum::extract::State;
use patgate_core::item::{Kind, PropertyDescriptor, TYPES, TypeDescriptor, Value};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::refusals::Unproven;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// A type of items.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigurationItemType)]
pub(super) struct TypeBody {
    /// Its name.
    #[schema(example = "notification.PatSmtpServer")]
    name: &'static str,
    /// What people call one.
    #[schema(example = "Mail server")]
    label: &'static str,
    /// What it is for.
    description: &'static str,
    /// Whether other items can be in it.
    folder: bool,
    /// What it has, in the order of a form.
    properties: Vec<PropertyBody>,
}

/// A property of a type.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigurationItemProperty)]
struct PropertyBody {
    /// Its name.
    #[schema(example = "fromAddress")]
    name: &'static str,
    /// What people call it.
    #[schema(example = "From Address")]
    label: &'static str,
    /// What it means.
    description: &'static str,
    /// Under which heading it stands.
    category: &'static str,
    /// `text`, `integer`, `boolean`, `choice`, `map` (texts by name) or `secret`.
    kind: &'static str,
    /// Whether an item must have it.
    required: bool,
    /// Whether it is stored encrypted and shown as `********`.
    secret: bool,
    /// What it is when nothing is given.
    #[schema(value_type = Option<Object>)]
    default: Option<Value>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<i64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<i64>,
    /// The most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceBody>,
}

/// One of several values.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigurationItemChoice)]
struct ChoiceBody {
    /// What is stored.
    value: &'static str,
    /// What people call it.
    label: &'static str,
}

/// Lists the types of configuration items with their properties. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/configuration-item-types",
    tag = "configuration items",
    responses((status = 200, description = "The types", body = Vec<TypeBody>), Unproven)
)]
pub(super) async fn list_configuration_item_types(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Vec<TypeBody>>, Problem> {
    if !caller.may(&state, CONFIG_EDIT) {
        caller.require(&state, CONFIG_VIEW)?;
    }
    Ok(Json(TYPES.iter().map(|descriptor| TypeBody::new(descriptor)).collect()))
}

impl TypeBody {
    fn new(descriptor: &'static TypeDescriptor) -> Self {
        Self {
            name: descriptor.name,
            label: descriptor.label,
            description: descriptor.description,
            folder: descriptor.is_folder,
            properties: descriptor.properties.iter().map(PropertyBody::new).collect(),
        }
    }
}

impl PropertyBody {
    fn new(property: &'static PropertyDescriptor) -> Self {
        let mut body = Self {
            name: property.name,
            label: property.label,
            description: property.description,
            category: property.category,
            kind: property.kind.as_str(),
            required: property.is_required,
            secret: property.is_secret(),
            default: property.default.value(),
            minimum: None,
            maximum: None,
            max_length: None,
            choices: Vec::new(),
        };
        match property.kind {
            Kind::Text { longest, .. } | Kind::Secret { longest, .. } => body.max_length = Some(longest),
            Kind::Integer { least, most } => (body.minimum, body.maximum) = (Some(least), Some(most)),
            Kind::Choice(choices) => {
                body.choices = choices.iter().map(|&(value, label)| ChoiceBody { value, label }).collect();
            }
            Kind::Boolean | Kind::Map => {}
        }
        body
    }
}
