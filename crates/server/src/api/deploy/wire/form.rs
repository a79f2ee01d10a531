//! A CI as a request describes it, before anything of it is judged.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{Draft, Entered, Kind, SecretText, TypeDescriptor};
use patgate_core::xml::Element;

use super::received::FromEither;
use crate::api::configuration_items::DraftBody;
use crate::problem::Problem;

/// A CI as a request describes it.
#[derive(Default)]
pub(in crate::api) struct CiForm {
    /// Where it is or will be.
    pub(in crate::api) id: Option<String>,
    /// Its type.
    pub(in crate::api) type_name: Option<String>,
    /// The token with which it was read.
    pub(in crate::api) token: Option<String>,
    /// What was entered.
    pub(in crate::api) properties: Draft,
}

/// A list of places.
pub(in crate::api) struct Ids(pub(in crate::api) Vec<String>);

impl CiForm {
    /// What was entered, as values of a type. What an answer adds to a CI is left out.
    pub(in crate::api) fn draft(self, descriptor: &TypeDescriptor) -> Draft {
        suited(descriptor, self.properties)
    }
}

/// The number and the version of an item that a token names; `None` for what is no token of ours.
pub(in crate::api) fn version_of(token: &str) -> Option<(ItemNumber, i64)> {
    let (number, version) = token.split_once('-')?;
    Some((number.parse().ok()?, version.parse().ok()?))
}

/// Makes of texts what the properties of a type are: all values are texts in XML, and some clients write numbers as texts.
pub(in crate::api) fn suited(descriptor: &TypeDescriptor, draft: Draft) -> Draft {
    draft
        .into_iter()
        .map(|(name, entered)| {
            let kind = descriptor.property(&name).map(|property| property.kind);
            let entered = match (kind, entered) {
                (Some(Kind::Integer { .. }), Entered::Text(text)) => {
                    text.reveal().trim().parse().map_or(Entered::Text(text), Entered::Integer)
                }
                (Some(Kind::Boolean), Entered::Text(text)) => match text.reveal().trim() {
                    yes if yes.eq_ignore_ascii_case("true") => Entered::Boolean(true),
                    no if no.eq_ignore_ascii_case("false") => Entered::Boolean(false),
                    _ => Entered::Text(text),
                },
                (_, entered) => entered,
            };
            (name, entered)
        })
        .collect()
}

impl FromEither for CiForm {
    type Json = DraftBody;

    fn of_json(DraftBody(mut properties): DraftBody) -> Result<Self, Problem> {
        let mut text = |name: &str| match properties.remove(name) {
            None | Some(Entered::Nothing) => Ok(None),
            Some(Entered::Text(text)) => Ok(Some(text.reveal().to_owned())),
            Some(_) => Err(Problem::field(name, format!("The field `{name}` is a text"))),
        };
        let (id, type_name, token) = (text("id")?, text("type")?, text("$token")?);
        properties.retain(|name, _| !name.starts_with('$') && name != "validation-messages");
        Ok(Self { id, type_name, token, properties })
    }

    fn of_xml(element: &Element) -> Result<Self, Problem> {
        let text = |name: &str| element.value_of(name).map(str::to_owned).filter(|text| !text.is_empty());
        let mut properties = Draft::new();
        for child in element.children().iter().filter(|child| child.name() != "validation-messages") {
            if properties.insert(child.name().to_owned(), entered(child)).is_some() {
                let detail = format!("The element `{}` stands twice", child.name());
                return Err(Problem::field(child.name(), detail));
            }
        }
        Ok(Self {
            id: text("id"),
            type_name: Some(element.name().to_owned()),
            token: text("token"),
            properties,
        })
    }
}

/// What the element of a property holds.
fn entered(element: &Element) -> Entered {
    if let Some(place) = element.value_of("ref") {
        return Entered::text(place);
    }
    if element.children().is_empty() {
        return Entered::Text(SecretText::from(element.content()));
    }
    let entries = element.children().iter().map(|entry| {
        let key = entry.value_of("key").filter(|_| entry.name() == "entry")?;
        Some((key.to_owned(), entry.content().to_owned()))
    });
    let count = element.children().len();
    match entries.collect::<Option<std::collections::BTreeMap<_, _>>>() {
        Some(map) if map.len() == count => Entered::Map(map),
        _ => Entered::Unsuitable,
    }
}

impl FromEither for Vec<CiForm> {
    type Json = Vec<DraftBody>;

    fn of_json(list: Vec<DraftBody>) -> Result<Self, Problem> {
        list.into_iter().map(CiForm::of_json).collect()
    }

    fn of_xml(element: &Element) -> Result<Self, Problem> {
        element.children().iter().map(CiForm::of_xml).collect()
    }
}

impl FromEither for Ids {
    type Json = Vec<String>;

    fn of_json(list: Vec<String>) -> Result<Self, Problem> {
        Ok(Self(list))
    }

    /// `<list><string>…</string></list>`, or references as a query answers them.
    fn of_xml(element: &Element) -> Result<Self, Problem> {
        let id = |child: &Element| child.value_of("ref").unwrap_or_else(|| child.content().trim()).to_owned();
        Ok(Self(element.children().iter().map(id).collect()))
    }
}
