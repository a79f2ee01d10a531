//! The mail addresses that a client says, of which one is kept.

use patgate_core::scim::{Filter, Literal, Operator, Path};
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::scim::body::member;
use crate::scim::patch::OperationKind;
use crate::service::scim::{INVALID_VALUE, bad};

/// The type of an address of which nothing is said.
const USUAL: &str = "work";

/// Mail addresses.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Emails(Vec<Email>);

#[derive(Clone, Debug, PartialEq)]
struct Email {
    value: String,
    kind: String,
    is_primary: bool,
}

impl Emails {
    /// The one that is kept.
    pub(super) fn of_address(address: &str) -> Self {
        let email = Email { value: address.to_owned(), kind: USUAL.to_owned(), is_primary: true };
        Self(if address.is_empty() { Vec::new() } else { vec![email] })
    }

    /// The one to keep: the primary one, else that at work, else the first.
    pub(super) fn primary(&self) -> Option<String> {
        let said = || self.0.iter().filter(|email| !email.value.trim().is_empty());
        let primary = said().find(|email| email.is_primary);
        let chosen = primary.or_else(|| said().find(|email| email.kind == USUAL)).or_else(|| said().next());
        chosen.map(|email| email.value.trim().to_owned())
    }

    /// Does one operation. A filter that finds no address names the one that is made: of several only one is kept, so a
    /// client may well mean one that is not there.
    pub(super) fn apply(
        &mut self,
        kind: OperationKind,
        path: Path,
        value: Option<Value>,
    ) -> Result<(), Problem> {
        let part = path.attribute.part;
        match (path.filter, part.as_deref(), kind) {
            (None, None | Some("value"), OperationKind::Remove) => self.0.clear(),
            (Some(filter), None | Some("value"), OperationKind::Remove) => {
                self.0.retain(|email| !email.fits(&filter));
            }
            (None, None, OperationKind::Add) => self.extend(read_all(value)?),
            (None, None, OperationKind::Replace) => {
                self.0.clear();
                self.extend(read_all(value)?);
            }
            (filter, part, OperationKind::Add | OperationKind::Replace) => {
                let value = value.unwrap_or_default();
                if filter.as_ref().is_none_or(|filter| !self.0.iter().any(|email| email.fits(filter))) {
                    let kind = filter.as_ref().and_then(named_kind).unwrap_or(USUAL);
                    let mut email =
                        Email { value: String::new(), kind: kind.to_owned(), is_primary: filter.is_none() };
                    if filter.is_none() {
                        self.0.clear();
                    }
                    email.set(part, value)?;
                    self.extend(vec![email]);
                } else if let Some(filter) = filter {
                    for email in self.0.iter_mut().filter(|email| email.fits(&filter)) {
                        email.set(part, value.clone())?;
                    }
                }
            }
            (_, Some(_), OperationKind::Remove) => {}
        }
        Ok(())
    }

    /// A new primary one takes that from the others (RFC 7643 §2.4).
    fn extend(&mut self, emails: Vec<Email>) {
        if emails.iter().any(|email| email.is_primary) {
            self.0.iter_mut().for_each(|email| email.is_primary = false);
        }
        for email in emails {
            if !self.0.contains(&email) {
                self.0.push(email);
            }
        }
    }
}

impl Email {
    fn set(&mut self, part: Option<&str>, value: Value) -> Result<(), Problem> {
        match (part, value) {
            (None, value) => *self = read(&value, self)?,
            (Some("value"), Value::String(value)) => self.value = value,
            (Some("type"), Value::String(kind)) => self.kind = kind,
            (Some("primary"), Value::Bool(is_primary)) => self.is_primary = is_primary,
            (Some("value" | "type" | "primary"), _) => return Err(unfit()),
            // Its display.
            (Some(_), _) => {}
        }
        Ok(())
    }

    fn fits(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(filters) => filters.iter().all(|filter| self.fits(filter)),
            Filter::Any(filters) => filters.iter().any(|filter| self.fits(filter)),
            Filter::Not(filter) => !self.fits(filter),
            Filter::Within { .. } => false,
            Filter::Present(attribute) => self.part(&attribute.name).is_some_and(|value| !value.is_empty()),
            Filter::Compare { attribute, operator, literal } => {
                let literal = match literal {
                    Literal::Text(text) => text.to_lowercase(),
                    Literal::Truth(truth) => truth.to_string(),
                    Literal::Number(_) | Literal::Null => return false,
                };
                self.part(&attribute.name).is_some_and(|value| match operator {
                    Operator::Equal => value == literal,
                    Operator::NotEqual => value != literal,
                    Operator::Contains => value.contains(&literal),
                    Operator::StartsWith => value.starts_with(&literal),
                    Operator::EndsWith => value.ends_with(&literal),
                    Operator::Greater => value > literal,
                    Operator::GreaterOrEqual => value >= literal,
                    Operator::Less => value < literal,
                    Operator::LessOrEqual => value <= literal,
                })
            }
        }
    }

    fn part(&self, name: &str) -> Option<String> {
        match name {
            "value" => Some(self.value.to_lowercase()),
            "type" => Some(self.kind.to_lowercase()),
            "primary" => Some(self.is_primary.to_string()),
            _ => None,
        }
    }
}

/// The type that a filter names.
fn named_kind(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Compare { attribute, operator: Operator::Equal, literal: Literal::Text(kind) }
            if attribute.name == "type" =>
        {
            Some(kind)
        }
        Filter::All(filters) => filters.iter().find_map(named_kind),
        _ => None,
    }
}

/// One or several, each an object or a text.
fn read_all(value: Option<Value>) -> Result<Vec<Email>, Problem> {
    let blank = Email { value: String::new(), kind: USUAL.to_owned(), is_primary: false };
    match value.unwrap_or_default() {
        Value::Array(values) => values.iter().map(|value| read(value, &blank)).collect(),
        value => Ok(vec![read(&value, &blank)?]),
    }
}

/// An address with what is said of it, and else as it was.
fn read(value: &Value, before: &Email) -> Result<Email, Problem> {
    let text = |object: &Map<String, Value>, name: &str| match member(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(unfit()),
    };
    match value {
        Value::String(value) => Ok(Email { value: value.clone(), ..before.clone() }),
        Value::Object(object) => Ok(Email {
            value: text(object, "value")?.unwrap_or_else(|| before.value.clone()),
            kind: text(object, "type")?.unwrap_or_else(|| before.kind.clone()),
            is_primary: match member(object, "primary") {
                None | Some(Value::Null) => before.is_primary,
                Some(truth) => super::draft::truth(OperationKind::Add, Some(truth)).map_err(|_| unfit())?,
            },
        }),
        _ => Err(unfit()),
    }
}

fn unfit() -> Problem {
    bad(INVALID_VALUE, "`emails` are objects with `value`, `type` and `primary`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::patch::read_operations;

    fn after(operations: &Value) -> Option<String> {
        let mut emails = Emails::of_address("ann@example.org");
        let body = json!({ "Operations": operations });
        for operation in read_operations(body.as_object().unwrap()).unwrap() {
            emails.apply(operation.kind, operation.path, operation.value).unwrap();
        }
        emails.primary()
    }

    #[test]
    fn the_address_that_is_kept_is_the_primary_one() {
        let new = Some("new@example.org".to_owned());
        let old = Some("ann@example.org".to_owned());
        let value = "new@example.org";
        for (operation, kept) in [
            (json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": value }), &new),
            (json!({ "op": "replace", "path": "emails[primary eq true].value", "value": value }), &new),
            (json!({ "op": "add", "path": "emails[type eq \"home\"].value", "value": value }), &old),
            (json!({ "op": "add", "path": "emails", "value": [{ "value": value }] }), &old),
            (json!({ "op": "add", "path": "emails", "value": [{ "value": value, "primary": true }] }), &new),
            (
                json!({ "op": "replace", "path": "emails", "value": [{ "value": value, "type": "home" }] }),
                &new,
            ),
            (json!({ "op": "replace", "path": "emails", "value": { "value": value } }), &new),
            (json!({ "op": "replace", "path": "emails.value", "value": value }), &new),
            (json!({ "op": "replace", "value": { "emails": [value] } }), &new),
            (
                json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": { "value": value } }),
                &new,
            ),
            (json!({ "op": "remove", "path": "emails" }), &None),
            (json!({ "op": "remove", "path": "emails[type eq \"work\"]" }), &None),
            (json!({ "op": "remove", "path": "emails[type eq \"home\"]" }), &old),
            (json!({ "op": "remove", "path": "emails[type eq \"work\"].display" }), &old),
        ] {
            assert_eq!(after(&json!([operation])), *kept, "{operation}");
        }
        // Without a primary one, that at work; without that, the first that says anything.
        let several = json!([{ "value": " " }, { "value": "h@x", "type": "home" }, { "value": "w@x" }]);
        assert_eq!(
            after(&json!([{ "op": "replace", "path": "emails", "value": several }])),
            Some("w@x".into())
        );
        let homes = json!([{ "value": "h@x", "type": "home" }, { "value": "o@x", "type": "other" }]);
        assert_eq!(
            after(&json!([{ "op": "replace", "path": "emails", "value": homes }])),
            Some("h@x".into())
        );
    }
}
