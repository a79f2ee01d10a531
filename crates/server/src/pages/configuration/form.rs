//! The form of an item, drawn from the descriptor of its type; and what is read from it.

use std::collections::BTreeMap;

use patgate_core::item::{
    DefaultValue, Draft, Entered, ItemName, Kind, PropertyDescriptor, TypeDescriptor, Value,
};
use patgate_store::Item;

use crate::pages::form::{Difference, Fault};
use crate::pages::{Choice, Field, Fields};
use crate::problem::Problem;
use crate::service::items::ItemView;

/// What is typed.
pub(super) struct Form {
    pub(super) name: Field,
    pub(super) folder: Field,
    pub(super) categories: Vec<Category>,
}

/// The fields under one heading.
pub(super) struct Category {
    pub(super) name: &'static str,
    pub(super) inputs: Vec<Input>,
}

/// A property as its form shows it.
pub(super) struct Input {
    pub(super) field: Field,
    pub(super) is_required: bool,
    pub(super) look: Look,
    kind: Kind,
    /// What is wrong with the lines of a map, which no other judge sees.
    lines_error: Option<String>,
}

/// What an input looks like.
pub(super) enum Look {
    /// One line; the type of its input.
    Line(&'static str),
    /// A check box, checked or not.
    Check(bool),
    /// One of several.
    Choose(Vec<Choice>),
    /// `name=value`, one a line.
    Lines,
    /// A secret; whether one is stored, and whether it is to be forgotten.
    Secret { is_stored: bool, is_forgotten: bool },
}

impl Form {
    /// The form of a new item.
    pub(super) fn empty(descriptor: &'static TypeDescriptor, folder: &str) -> Self {
        let defaults = |property: &PropertyDescriptor| text(property.default.value().as_ref());
        Self::new(descriptor, String::new(), folder.to_owned(), defaults, &|_| false, &|_| false)
    }

    /// The form of an item.
    pub(super) fn of_item(descriptor: &'static TypeDescriptor, item: &Item) -> Self {
        let stored = |property: &PropertyDescriptor| text(item.properties.get(property.name));
        let folder = item.id.folder().map(|folder| folder.to_string()).unwrap_or_default();
        let is_stored = |name: &str| item.secrets.contains_key(name);
        Self::new(descriptor, item.id.name().to_owned(), folder, stored, &is_stored, &|_| false)
    }

    /// The form as it was sent. Secrets do not come back.
    pub(super) fn of_fields(
        descriptor: &'static TypeDescriptor,
        fields: &Fields,
        item: Option<&Item>,
    ) -> Self {
        let typed = |property: &PropertyDescriptor| match property.kind {
            Kind::Secret { .. } => String::new(),
            Kind::Boolean => fields.has(property.name).to_string(),
            Kind::Map => fields.secret(property.name).replace("\r\n", "\n"),
            _ => fields.text(property.name).to_owned(),
        };
        let is_stored = |name: &str| item.is_some_and(|item| item.secrets.contains_key(name));
        let is_forgotten = |name: &str| fields.all("forget").any(|forgotten| forgotten == name);
        let [name, folder] = ["name", "folder"].map(|name| fields.text(name).to_owned());
        Self::new(descriptor, name, folder, typed, &is_stored, &is_forgotten)
    }

    fn new(
        descriptor: &'static TypeDescriptor,
        name: String,
        folder: String,
        value: impl Fn(&PropertyDescriptor) -> String,
        is_stored: &dyn Fn(&str) -> bool,
        is_forgotten: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut categories: Vec<Category> = Vec::new();
        for property in descriptor.properties {
            let look = (is_stored(property.name), is_forgotten(property.name));
            let input = Input::new(property, value(property), look);
            match categories.last_mut().filter(|category| category.name == property.category) {
                Some(category) => category.inputs.push(input),
                None => categories.push(Category { name: property.category, inputs: vec![input] }),
            }
        }
        let is_endpoint = crate::service::items::kind::is_webhook_endpoint(descriptor.name);
        Self {
            name: Field::new("name", if is_endpoint { "Title" } else { "Name" }, name)
                .hint("What people call it. It is the last part of the ID.")
                .at_most(ItemName::LONGEST),
            folder: Field::new("folder", "Folder", folder).hint("Where it is, such as Configuration/Mail."),
            categories,
        }
    }

    /// The ID that folder and name make.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.folder.value, self.name.value)
    }

    /// What was entered; `None` when something stands beside a field now.
    pub(super) fn read(&mut self, fields: &Fields) -> Option<Draft> {
        let mut draft = Draft::new();
        for input in self.categories.iter_mut().flat_map(|category| &mut category.inputs) {
            if let Some(entered) = input.read(fields) {
                draft.insert(input.field.name.to_owned(), entered);
            }
        }
        let is_fine = self.inputs().all(|input| input.lines_error.is_none());
        is_fine.then_some(draft)
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let fields = [&self.name, &self.folder].into_iter().chain(self.inputs().map(|input| &input.field));
        Fault::of(fields)
    }

    /// Puts a refusal beside the fields that it is about. `false`: it is about none.
    pub(super) fn judge(&mut self, problem: &Problem) -> bool {
        let mut is_told = false;
        for fault in problem.faults() {
            let name = fault.field.strip_prefix("properties.").unwrap_or(&fault.field);
            let inputs = self.categories.iter_mut().flat_map(|category| &mut category.inputs);
            for input in inputs.filter(|input| input.field.name == name) {
                input.field.error = Some(fault.sentence());
                is_told = true;
            }
        }
        // The place: who is there already, or which folder is not.
        let beside = match (problem.wrong_field(), problem.code()) {
            (Some("id"), _) => Some(&mut self.folder),
            (None, "conflict") => Some(&mut self.name),
            _ => None,
        };
        if let Some(field) = beside {
            field.error = Some(problem.sentence());
            is_told = true;
        }
        is_told
    }

    /// What is not as it is stored.
    pub(super) fn differences(&self, view: &ItemView) -> Vec<Difference> {
        let Some(descriptor) = view.descriptor else { return Vec::new() };
        let stored = Self::of_item(descriptor, &view.item);
        let readable = |input: &&Input| !matches!(input.look, Look::Secret { .. });
        let places = [(&self.name, stored.name.value.clone()), (&self.folder, stored.folder.value.clone())];
        let values: BTreeMap<_, _> =
            stored.inputs().map(|input| (input.field.name, input.field.value.clone())).collect();
        let inputs = self
            .inputs()
            .filter(readable)
            .map(|input| (&input.field, values.get(input.field.name).cloned().unwrap_or_default()));
        Difference::of(places.into_iter().chain(inputs))
    }

    fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.categories.iter().flat_map(|category| &category.inputs)
    }
}

impl Input {
    fn new(
        property: &'static PropertyDescriptor,
        value: String,
        (is_stored, is_forgotten): (bool, bool),
    ) -> Self {
        let look = match property.kind {
            Kind::Text { .. } => Look::Line("text"),
            Kind::Integer { .. } => Look::Line("number"),
            Kind::Boolean => Look::Check(value == "true"),
            Kind::Choice(choices) => {
                let nothing =
                    (property.default == DefaultValue::Nothing).then(|| Choice::new("", "–", &value));
                let choices = choices.iter().map(|&(chosen, label)| Choice::new(chosen, label, &value));
                Look::Choose(nothing.into_iter().chain(choices).collect())
            }
            Kind::Map => Look::Lines,
            Kind::Secret { .. } => Look::Secret { is_stored, is_forgotten },
        };
        let longest = match property.kind {
            Kind::Text { longest, .. } => Some(longest),
            _ => None,
        };
        let field = Field::new(property.name, property.label, value).hint(property.description);
        Self {
            field: Field { longest, ..field },
            is_required: property.is_required,
            look,
            kind: property.kind,
            lines_error: None,
        }
    }

    /// What was entered; `None`: what is stored stays.
    fn read(&mut self, fields: &Fields) -> Option<Entered> {
        let name = self.field.name;
        let typed = fields.text(name);
        Some(match self.kind {
            Kind::Boolean => Entered::Boolean(fields.has(name)),
            Kind::Secret { .. } => match (fields.secret(name), &self.look) {
                ("", Look::Secret { is_forgotten: true, .. }) => Entered::Nothing,
                ("", _) => return None,
                (secret, _) => Entered::text(secret),
            },
            _ if typed.is_empty() => Entered::Nothing,
            Kind::Integer { .. } => typed.parse().map_or_else(|_| Entered::text(typed), Entered::Integer),
            Kind::Map => match map(typed) {
                Ok(map) => Entered::Map(map),
                Err(error) => {
                    self.field.error = Some(error.clone());
                    self.lines_error = Some(error);
                    return None;
                }
            },
            Kind::Text { .. } | Kind::Choice(_) => Entered::text(typed),
        })
    }
}

/// A value as it stands in its field.
fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Boolean(yes)) => yes.to_string(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Map(map)) => {
            let lines: Vec<_> = map.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.join("\n")
        }
    }
}

/// `name=value`, one a line.
fn map(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut map = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| format!("The line {line} is not name=value."))?;
        let name = name.trim();
        if map.insert(name.to_owned(), value.trim().to_owned()).is_some() {
            return Err(format!("{name} stands on two lines."));
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use patgate_core::item::MAIL_SERVER;

    use super::*;

    #[test]
    fn a_map_is_read_line_by_line() {
        let read = map(" mail.smtp.auth = true \n\nmail.smtp.from=a=b@c\n").unwrap();
        assert_eq!(read["mail.smtp.auth"], "true");
        assert_eq!(read["mail.smtp.from"], "a=b@c");
        assert_eq!(map("mail.smtp.auth"), Err("The line mail.smtp.auth is not name=value.".to_owned()));
        assert_eq!(map("a=1\na=2"), Err("a stands on two lines.".to_owned()));
    }

    #[test]
    fn an_empty_secret_stays_unless_it_is_to_be_forgotten() {
        let entered = |text: &str| {
            let fields = Fields::read(text.as_bytes());
            let mut form = Form::of_fields(&MAIL_SERVER, &fields, None);
            form.read(&fields).unwrap().remove("password")
        };
        assert!(entered("password=").is_none());
        assert!(matches!(entered("password=&forget=password"), Some(Entered::Nothing)));
        assert!(matches!(entered("password=+x+"), Some(Entered::Text(text)) if text.reveal() == " x "));
    }

    #[test]
    fn a_number_that_is_none_is_judged_like_every_other_value() {
        let fields = Fields::read(b"port=many&host=");
        let mut form = Form::of_fields(&MAIL_SERVER, &fields, None);
        let draft = form.read(&fields).unwrap();
        assert!(matches!(&draft["port"], Entered::Text(text) if text.reveal() == "many"));
        assert!(matches!(draft["host"], Entered::Nothing));
    }
}
