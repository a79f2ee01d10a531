//! What a client says of a user, attribute by attribute, until it is whole.

use patgate_core::user::User;
use serde_json::Value;

use super::emails::Emails;
use crate::problem::Problem;
use crate::scim::USER_SCHEMA;
use crate::scim::patch::{Operation, OperationKind, as_operations};
use crate::service::scim::{INVALID_PATH, INVALID_VALUE, MUTABILITY, UserWords, bad};

/// The attributes that are kept. All others are taken and dropped (RFC 7644 §3.3).
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::scim) struct UserDraft {
    external_id: Option<String>,
    user_name: Option<String>,
    display_name: Option<String>,
    formatted: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    emails: Emails,
    active: Option<bool>,
}

impl UserDraft {
    /// A resource that is sent whole.
    pub(super) fn of_resource(members: Vec<Operation>) -> Result<Self, Problem> {
        let mut draft = Self::default();
        members.into_iter().try_for_each(|member| draft.apply(member))?;
        Ok(draft)
    }

    /// What was said before.
    pub(super) fn of_user(user: &User) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            external_id: Some(user.subject.clone()),
            user_name: Some(user.username.to_string()),
            display_name: text(&user.full_name),
            formatted: text(&user.full_name),
            given_name: None,
            family_name: None,
            emails: Emails::of_address(&user.email),
            active: None,
        }
    }

    /// With the key of this user, when none is said.
    pub(super) fn with_key_of(mut self, user: &User) -> Self {
        self.external_id.get_or_insert_with(|| user.subject.clone());
        self
    }

    /// Does one operation.
    pub(super) fn apply(&mut self, operation: Operation) -> Result<(), Problem> {
        let Operation { kind, path, value } = operation;
        let schema = path.attribute.schema.as_deref();
        if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(USER_SCHEMA)) {
            return Ok(());
        }
        let (name, part) = (path.attribute.name.clone(), path.attribute.part.clone());
        match (name.as_str(), part.as_deref()) {
            ("emails", _) => self.emails.apply(kind, path, value),
            ("id" | "meta" | "schemas" | "groups", _) => {
                Err(bad(MUTABILITY, format!("`{name}` is not changed here")))
            }
            _ if path.filter.is_some() => self.simple(&name).map_or(Ok(()), |_| {
                Err(bad(INVALID_PATH, format!("`{name}` has one value: there is nothing to choose")))
            }),
            ("active", None) => {
                self.active = Some(truth(kind, value.as_ref())?);
                Ok(())
            }
            ("name", None) => self.name(kind, value),
            ("name", Some(part)) => self.set(part, kind, value),
            (name, None) => self.set(name, kind, value),
            (_, Some(_)) => Ok(()),
        }
    }

    /// What it comes to. `full_name` is what it was before: of the attributes that say it, the one that is new counts.
    pub(super) fn words(self, full_name: Option<&str>) -> Result<UserWords, Problem> {
        let needed = |text: Option<String>, name: &str| {
            text.filter(|text| !text.trim().is_empty())
                .ok_or_else(|| bad(INVALID_VALUE, format!("`{name}` is needed")))
        };
        let joined = [self.given_name, self.family_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let said: Vec<_> = [self.display_name, self.formatted]
            .into_iter()
            .flatten()
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        let new = said.iter().find(|name| Some(name.as_str()) != full_name);
        let full_name = new.or(said.first()).cloned().unwrap_or(joined);
        Ok(UserWords {
            external_id: needed(self.external_id, "externalId")?,
            username: needed(self.user_name, "userName")?.trim().to_owned(),
            full_name,
            email: self.emails.primary().unwrap_or_default(),
            active: self.active,
        })
    }

    /// The parts of `name` at once.
    fn name(&mut self, kind: OperationKind, value: Option<Value>) -> Result<(), Problem> {
        match value {
            Some(Value::Object(parts)) if kind != OperationKind::Remove => {
                for part in as_operations(kind, &parts)? {
                    if part.path.filter.is_none() && part.path.attribute.part.is_none() {
                        self.set(&part.path.attribute.name, part.kind, part.value)?;
                    }
                }
                Ok(())
            }
            _ if kind == OperationKind::Remove => {
                (self.formatted, self.given_name, self.family_name) = (None, None, None);
                Ok(())
            }
            _ => Err(bad(INVALID_VALUE, "`name` is an object")),
        }
    }

    fn set(&mut self, name: &str, kind: OperationKind, value: Option<Value>) -> Result<(), Problem> {
        let Some(place) = self.simple(name) else { return Ok(()) };
        *place = match (kind, value) {
            (OperationKind::Remove, _) => None,
            (_, Some(Value::String(text))) => Some(text),
            _ => return Err(bad(INVALID_VALUE, format!("`{name}` is a text"))),
        };
        Ok(())
    }

    /// Where a text is kept.
    fn simple(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "externalid" => Some(&mut self.external_id),
            "username" => Some(&mut self.user_name),
            "displayname" => Some(&mut self.display_name),
            "formatted" => Some(&mut self.formatted),
            "givenname" => Some(&mut self.given_name),
            "familyname" => Some(&mut self.family_name),
            _ => None,
        }
    }
}

/// A boolean; Entra ID writes it as a text, with a capital letter.
pub(super) fn truth(kind: OperationKind, value: Option<&Value>) -> Result<bool, Problem> {
    let truth = match value {
        _ if kind == OperationKind::Remove => None,
        Some(Value::Bool(truth)) => Some(*truth),
        Some(Value::String(text)) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    };
    truth.ok_or_else(|| bad(INVALID_VALUE, "`active` is `true` or `false`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::patch::read_operations;

    fn made(resource: &Value) -> Result<UserWords, Problem> {
        UserDraft::of_resource(as_operations(OperationKind::Add, resource.as_object().unwrap())?)?.words(None)
    }

    /// Ann Lee, whom these operations change.
    fn changed(operations: &Value) -> Result<UserWords, Problem> {
        let before = json!({
            "userName": "ann", "externalId": "a1", "displayName": "Ann Lee", "name": { "formatted": "Ann Lee" },
            "emails": [{ "value": "ann@example.org", "type": "work", "primary": true }],
        });
        let members = as_operations(OperationKind::Add, before.as_object().unwrap())?;
        let mut draft = UserDraft::of_resource(members)?;
        let body = json!({ "Operations": operations });
        for operation in read_operations(body.as_object().unwrap())? {
            draft.apply(operation)?;
        }
        draft.words(Some("Ann Lee"))
    }

    #[test]
    fn what_is_needed_is_kept_and_all_else_dropped() {
        let words = made(&json!({
            "schemas": [USER_SCHEMA, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "id": "theirs", "meta": { "x": 1 }, "groups": [{ "value": "admins" }], "password": "secret",
            "USERNAME": " ann ", "externalId": "a1", "name": { "givenName": "Ann", "familyName": "Lee", "formatted": null },
            "emails": [{ "value": "home@example.org", "type": "home" }, { "value": "ann@example.org", "primary": true }],
            "active": "True", "title": "x", "addresses": [{ "type": "work" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "x", "userName": "root" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName": "root",
        }));
        let expected = UserWords {
            external_id: "a1".into(),
            username: "ann".into(),
            full_name: "Ann Lee".into(),
            email: "ann@example.org".into(),
            active: Some(true),
        };
        assert_eq!(words.unwrap(), expected);
        for (missing, named) in
            [(json!({ "userName": "ann" }), "externalId"), (json!({ "externalId": "a" }), "userName")]
        {
            let problem = made(&missing).unwrap_err();
            assert_eq!(
                (problem.code(), problem.to_string()),
                (INVALID_VALUE, format!("`{named}` is needed"))
            );
        }
    }

    #[test]
    fn the_name_that_is_new_counts() {
        for (operations, full_name) in [
            (json!([]), "Ann Lee"),
            (json!([{ "op": "replace", "path": "displayName", "value": "Ann Kim" }]), "Ann Kim"),
            (json!([{ "op": "replace", "path": "name.formatted", "value": "Ann Kim" }]), "Ann Kim"),
            (json!([{ "op": "replace", "value": { "name": { "formatted": "Ann Kim" } } }]), "Ann Kim"),
            (json!([{ "op": "replace", "path": "name.familyName", "value": "Kim" }]), "Ann Lee"),
            (json!([{ "op": "remove", "path": "name" }]), "Ann Lee"),
            (json!([{ "op": "remove", "path": "name" }, { "op": "remove", "path": "displayName" }]), ""),
        ] {
            assert_eq!(changed(&operations).unwrap().full_name, full_name, "{operations}");
        }
    }

    #[test]
    fn whether_somebody_is_active_is_said_in_many_ways() {
        for (value, truth) in [
            (json!(true), Some(true)),
            (json!("False"), Some(false)),
            (json!(" true"), Some(true)),
            (json!("no"), None),
            (json!(0), None),
            (json!(null), None),
            (json!([true]), None),
        ] {
            let told = changed(&json!([{ "op": "replace", "path": "active", "value": value }]));
            assert_eq!(told.ok().and_then(|words| words.active), truth, "{value}");
        }
        assert!(changed(&json!([{ "op": "remove", "path": "active" }])).is_err());
    }

    #[test]
    fn what_cannot_be_changed_is_refused() {
        for (operation, code) in [
            (json!({ "op": "replace", "path": "id", "value": "x" }), MUTABILITY),
            (json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }), MUTABILITY),
            (json!({ "op": "remove", "path": "userName" }), INVALID_VALUE),
            (json!({ "op": "replace", "path": "userName", "value": 1 }), INVALID_VALUE),
            (json!({ "op": "replace", "path": "name", "value": "Ann" }), INVALID_VALUE),
            (json!({ "op": "replace", "path": "userName[a pr]", "value": "x" }), INVALID_PATH),
        ] {
            assert_eq!(changed(&json!([operation])).unwrap_err().code(), code, "{operation}");
        }
        for dropped in [
            json!({ "op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1" }),
            json!({ "op": "remove", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager" }),
            json!({ "op": "add", "path": "title", "value": 7 }),
        ] {
            assert_eq!(changed(&json!([dropped])).unwrap(), changed(&json!([])).unwrap(), "{dropped}");
        }
    }
}
