//! Which attributes are answered (RFC 7644 §3.9).

use patgate_core::scim::Attribute;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::service::scim::{INVALID_VALUE, bad};

/// What is always answered (RFC 7643 §7).
const ALWAYS: [&str; 2] = ["schemas", "id"];

/// Which attributes are answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Projection {
    wanted: Option<Vec<Attribute>>,
    unwanted: Vec<Attribute>,
}

impl Projection {
    /// By the lists of two parameters: names, separated by commas. One excludes the other.
    pub(super) fn read(attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, Problem> {
        if attributes.is_some() && excluded.is_some() {
            return Err(bad(INVALID_VALUE, "Name `attributes` or `excludedAttributes`, not both"));
        }
        let names = |text: &str| text.split(',').map(|name| read_name(name.trim())).collect();
        Ok(Self {
            wanted: attributes.map(names).transpose()?,
            unwanted: excluded.map(names).transpose()?.unwrap_or_default(),
        })
    }

    /// Whether an attribute is answered, or a part of it.
    pub(super) fn has(&self, name: &str) -> bool {
        let names = |list: &[Attribute]| list.iter().any(|it| it.name == name);
        let is_left_out = self.unwanted.iter().any(|it| it.name == name && it.part.is_none());
        self.wanted.as_deref().is_none_or(names) && !is_left_out
    }

    /// Whether `attributes` is there: a change is then answered with the resource (RFC 7644 §3.5.2).
    pub(super) fn is_asked_for(&self) -> bool {
        self.wanted.is_some()
    }

    /// A resource with nothing but what is answered of it.
    pub(super) fn of(&self, resource: Value) -> Value {
        let Value::Object(members) = resource else { return resource };
        let mut kept = Map::new();
        for (name, value) in members {
            if let Some(value) = self.kept(&name, value) {
                kept.insert(name, value);
            }
        }
        Value::Object(kept)
    }

    fn kept(&self, name: &str, value: Value) -> Option<Value> {
        let names = |list: &[Attribute]| -> Vec<Option<String>> {
            let meant = list.iter().filter(|it| it.name.eq_ignore_ascii_case(name));
            meant.map(|it| it.part.clone()).collect()
        };
        if ALWAYS.contains(&name) {
            return Some(value);
        }
        let unwanted = names(&self.unwanted);
        if unwanted.contains(&None) {
            return None;
        }
        if let Some(wanted) = self.wanted.as_deref().map(names) {
            if wanted.is_empty() {
                return None;
            }
            if !wanted.contains(&None) {
                return Some(parts(value, &|part| wanted.iter().flatten().any(|it| it == part)));
            }
        }
        Some(parts(value, &|part| !unwanted.iter().flatten().any(|it| it == part)))
    }
}

/// A value, or each of several, with those of its parts that are kept.
fn parts(value: Value, is_kept: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(|value| parts(value, is_kept)).collect(),
        Value::Object(members) => {
            members.into_iter().filter(|(name, _)| is_kept(&name.to_ascii_lowercase())).collect()
        }
        simple => simple,
    }
}

fn read_name(name: &str) -> Result<Attribute, Problem> {
    let path: Result<patgate_core::scim::Path, _> = name.parse();
    match path {
        Ok(path) if path.filter.is_none() => Ok(path.attribute),
        _ => Err(bad(INVALID_VALUE, "`attributes` and `excludedAttributes` are names, separated by commas")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn projected(attributes: Option<&str>, excluded: Option<&str>) -> Value {
        let projection = Projection::read(attributes, excluded).unwrap();
        projection.of(json!({
            "schemas": ["s"], "id": "1", "userName": "ann", "name": { "formatted": "Ann", "familyName": "A" },
            "emails": [{ "value": "a@b", "type": "work" }],
        }))
    }

    #[test]
    fn a_client_is_answered_what_it_asks_for() {
        let whole = json!({
            "schemas": ["s"], "id": "1", "userName": "ann", "name": { "formatted": "Ann", "familyName": "A" },
            "emails": [{ "value": "a@b", "type": "work" }],
        });
        assert_eq!(projected(None, None), whole);
        assert_eq!(projected(None, Some("id,schemas,title")), whole);
        let named = json!({ "schemas": ["s"], "id": "1", "userName": "ann", "emails": [{ "value": "a@b" }] });
        assert_eq!(projected(Some("USERNAME, emails.value"), None), named);
        let core = "urn:ietf:params:scim:schemas:core:2.0:User:userName,emails.value";
        assert_eq!(projected(Some(core), None), named);
        let left = json!({
            "schemas": ["s"], "id": "1", "name": { "formatted": "Ann" },
            "emails": [{ "value": "a@b", "type": "work" }],
        });
        assert_eq!(projected(None, Some("userName,name.familyName")), left);
        assert_eq!(projected(Some("members"), None), json!({ "schemas": ["s"], "id": "1" }));
    }

    #[test]
    fn what_is_no_list_of_names_is_refused() {
        for bad in ["", "a,,b", "a b", "emails[type eq \"work\"]"] {
            assert!(Projection::read(Some(bad), None).is_err(), "{bad:?}");
        }
        assert!(Projection::read(Some("a"), Some("b")).is_err());
        let projection = Projection::read(None, Some("members")).unwrap();
        assert!(!projection.has("members") && projection.has("displayname"));
        assert!(!Projection::read(Some("id"), None).unwrap().has("members"));
    }
}
