//! Changes by PATCH (RFC 7644 §3.5.2), as they are written: what they do is the resource's matter.

use patgate_core::scim::{NotAPath, Path};
use serde_json::{Map, Value};

use super::body::member;
use crate::problem::Problem;
use crate::service::scim::{INVALID_FILTER, INVALID_PATH, INVALID_SYNTAX, INVALID_VALUE, NO_TARGET, bad};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// One more value, or another one.
    Add,
    /// Another value.
    Replace,
    /// No value.
    Remove,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What is done.
    pub kind: OperationKind,
    /// To what.
    pub path: Path,
    /// With what. Of a removal, what goes; `None`: all.
    pub value: Option<Value>,
}

/// Reads the operations of a change, in their order. Those without a path are as many as their value has members; Okta
/// and Entra ID send them so, names like `name.familyName` among them.
///
/// # Errors
/// 400 with the `scimType` of RFC 7644 §3.12.
pub fn read_operations(body: &Map<String, Value>) -> Result<Vec<Operation>, Problem> {
    let Some(Value::Array(written)) = member(body, "Operations") else {
        return Err(bad(INVALID_SYNTAX, "`Operations` is a list of what to do"));
    };
    let mut operations = Vec::new();
    for written in written {
        let Value::Object(written) = written else {
            return Err(bad(INVALID_SYNTAX, "Each of `Operations` is an object"));
        };
        read(written, &mut operations)?;
    }
    Ok(operations)
}

/// All members of an object, as if each were added by an operation of its own.
pub(super) fn as_operations(
    kind: OperationKind,
    object: &Map<String, Value>,
) -> Result<Vec<Operation>, Problem> {
    let mut operations = Vec::with_capacity(object.len());
    for (name, value) in object {
        let path: Path = name.parse().map_err(refused)?;
        // What the server says itself comes back from clients that send a resource whole (RFC 7644 §3.5.1).
        let is_ours = path.attribute.part.is_none()
            && ["schemas", "id", "meta", "groups"].contains(&path.attribute.name.as_str());
        if !is_ours {
            operations.push(of_value(kind, path, value));
        }
    }
    Ok(operations)
}

fn read(written: &Map<String, Value>, operations: &mut Vec<Operation>) -> Result<(), Problem> {
    let word = member(written, "op").and_then(Value::as_str).unwrap_or_default();
    let kind = match word.to_ascii_lowercase().as_str() {
        "add" => OperationKind::Add,
        "replace" => OperationKind::Replace,
        "remove" => OperationKind::Remove,
        _ => return Err(bad(INVALID_SYNTAX, "`op` is `add`, `replace` or `remove`")),
    };
    let path = match member(written, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.is_empty() => None,
        Some(Value::String(path)) => Some(path.parse::<Path>().map_err(refused)?),
        Some(_) => return Err(bad(INVALID_PATH, "`path` is a text")),
    };
    let value = member(written, "value");
    match (kind, path, value) {
        (OperationKind::Remove, None, _) => Err(bad(NO_TARGET, "`remove` needs a `path`")),
        (OperationKind::Remove, Some(path), value) => {
            let value = value.filter(|value| !value.is_null()).cloned();
            operations.push(Operation { kind, path, value });
            Ok(())
        }
        (_, _, None) => Err(bad(INVALID_VALUE, format!("`{word}` needs a `value`"))),
        (_, Some(path), Some(value)) => {
            operations.push(of_value(kind, path, value));
            Ok(())
        }
        (_, None, Some(Value::Object(members))) => {
            operations.extend(as_operations(kind, members)?);
            Ok(())
        }
        (_, None, Some(_)) => Err(bad(INVALID_VALUE, "Without a `path`, `value` is an object")),
    }
}

/// `null` is no value (RFC 7643 §2.5).
fn of_value(kind: OperationKind, path: Path, value: &Value) -> Operation {
    match value {
        Value::Null => Operation { kind: OperationKind::Remove, path, value: None },
        value => Operation { kind, path, value: Some(value.clone()) },
    }
}

fn refused(error: NotAPath) -> Problem {
    match error {
        NotAPath::Unfit(_) => bad(INVALID_PATH, error),
        NotAPath::Filter(_) => bad(INVALID_FILTER, error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn operations(written: &Value) -> Result<Vec<String>, &'static str> {
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": written });
        let read = read_operations(body.as_object().unwrap()).map_err(|problem| problem.code())?;
        let shown = |it: Operation| {
            let value = it.value.map_or(String::new(), |value| value.to_string());
            format!("{:?} {} {value}", it.kind, it.path).trim().to_owned()
        };
        Ok(read.into_iter().map(shown).collect())
    }

    #[test]
    fn what_okta_and_entra_id_send_is_understood() {
        for (written, read) in [
            (json!([{ "op": "replace", "value": { "active": false } }]), &["Replace active false"][..]),
            (json!([{ "op": "Replace", "path": "active", "value": "False" }]), &["Replace active \"False\""]),
            (
                json!([{ "op": "Add", "path": "members", "value": [{ "value": "x" }] }]),
                &["Add members [{\"value\":\"x\"}]"],
            ),
            (
                json!([{ "op": "Remove", "path": "members", "value": [{ "value": "x" }] }]),
                &["Remove members [{\"value\":\"x\"}]"],
            ),
            (
                json!([{ "op": "remove", "path": "members[value eq \"x\"]" }]),
                &["Remove members[value eq \"x\"]"],
            ),
            (
                json!([{ "op": "replace", "value": { "id": "1", "displayName": "Ops" } }]),
                &["Replace displayname \"Ops\""],
            ),
            (
                json!([{ "op": "Add", "value": { "name.familyName": "Lee", "title": null } }]),
                &["Add name.familyname \"Lee\"", "Remove title"],
            ),
            (
                json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@example.org" }]),
                &["Replace emails[type eq \"work\"].value \"a@example.org\""],
            ),
            (json!([{ "OP": "ADD", "Path": "", "VALUE": {} }]), &[]),
        ] {
            assert_eq!(operations(&written), Ok(read.iter().map(|&it| it.to_owned()).collect()), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_its_kind() {
        for (written, code) in [
            (json!({}), INVALID_SYNTAX),
            (json!(["add"]), INVALID_SYNTAX),
            (json!([{ "op": "move", "path": "a", "value": 1 }]), INVALID_SYNTAX),
            (json!([{ "path": "a", "value": 1 }]), INVALID_SYNTAX),
            (json!([{ "op": "add", "path": 1, "value": 1 }]), INVALID_PATH),
            (json!([{ "op": "add", "path": "a b", "value": 1 }]), INVALID_PATH),
            (json!([{ "op": "add", "path": "a[b]", "value": 1 }]), INVALID_FILTER),
            (json!([{ "op": "add", "path": "a" }]), INVALID_VALUE),
            (json!([{ "op": "replace", "value": "x" }]), INVALID_VALUE),
            (json!([{ "op": "replace", "value": { "a b": 1 } }]), INVALID_PATH),
            (json!([{ "op": "remove" }]), NO_TARGET),
            (json!([{ "op": "remove", "value": { "a": 1 } }]), NO_TARGET),
        ] {
            assert_eq!(operations(&written), Err(code), "{written}");
        }
        assert!(read_operations(&Map::new()).is_err());
    }

    proptest! {
        #[test]
        fn any_operation_is_read_or_refused(
            op in "(?i)(add|remove|replace|x)", path in ".{0,20}", value in any::<Option<String>>(),
        ) {
            let _ = operations(&json!([{ "op": op, "path": path, "value": value }]));
            let _ = operations(&json!([{ "op": op, "value": { (path): value } }]));
        }
    }
}
