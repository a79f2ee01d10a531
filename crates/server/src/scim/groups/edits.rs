//! What a client says of a group, as changes.

use patgate_core::identifier::UserId;
use patgate_core::scim::{Filter, Literal, Operator, Path};
use serde_json::Value;

use crate::problem::Problem;
use crate::scim::body::member;
use crate::scim::patch::{Operation, OperationKind};
use crate::scim::{GROUP_SCHEMA, MOST_MEMBERS};
use crate::service::scim::{GroupEdit, INVALID_FILTER, INVALID_VALUE, MUTABILITY, TOO_MANY, bad};

/// A group that is sent whole.
pub(in crate::scim) struct NewGroup {
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    /// Each once.
    pub(super) members: Vec<UserId>,
}

impl NewGroup {
    /// From the members of a resource.
    pub(super) fn of_resource(members: Vec<Operation>) -> Result<Self, Problem> {
        let (mut name, mut external_id, mut ids) = (None, None, Vec::new());
        for edit in edits(members)? {
            match edit {
                GroupEdit::Name(said) => name = Some(said),
                GroupEdit::ExternalId(said) => external_id = said,
                GroupEdit::Add(said) | GroupEdit::Replace(said) => ids = said,
                GroupEdit::Remove(_) => {}
            }
        }
        let name = name.ok_or_else(|| bad(INVALID_VALUE, "`displayName` is needed"))?;
        Ok(Self { name, external_id, members: ids })
    }
}

/// The changes that operations are: of several names, and of several whole lists of members, the last counts alone, so that a
/// request makes no more work than its outcome.
pub(super) fn edits(operations: Vec<Operation>) -> Result<Vec<GroupEdit>, Problem> {
    let mut edits = Vec::new();
    let mut named = 0;
    for operation in operations {
        let Some(edit) = edit(operation)? else { continue };
        named += match &edit {
            GroupEdit::Add(ids) | GroupEdit::Remove(ids) | GroupEdit::Replace(ids) => ids.len(),
            GroupEdit::Name(_) | GroupEdit::ExternalId(_) => 0,
        };
        if named > MOST_MEMBERS {
            let detail = format!("One request names {MOST_MEMBERS} members at most: send several");
            return Err(bad(TOO_MANY, detail));
        }
        if let GroupEdit::Add(ids) | GroupEdit::Remove(ids) = &edit
            && ids.is_empty()
        {
            continue;
        }
        if !matches!(edit, GroupEdit::Add(_) | GroupEdit::Remove(_)) {
            edits.retain(|earlier| !overtakes(&edit, earlier));
        }
        edits.push(edit);
    }
    Ok(edits)
}

/// Whether nothing is left of an earlier change after this one.
fn overtakes(edit: &GroupEdit, earlier: &GroupEdit) -> bool {
    use GroupEdit::{Add, ExternalId, Name, Remove, Replace};
    matches!(
        (edit, earlier),
        (Name(_), Name(_)) | (ExternalId(_), ExternalId(_)) | (Replace(_), Add(_) | Remove(_) | Replace(_))
    )
}

/// One change; `None` for what is not kept.
fn edit(operation: Operation) -> Result<Option<GroupEdit>, Problem> {
    let Operation { kind, path, value } = operation;
    let schema = path.attribute.schema.as_deref();
    if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(GROUP_SCHEMA)) {
        return Ok(None);
    }
    let name = path.attribute.name.clone();
    match (name.as_str(), path.attribute.part.is_none()) {
        ("members", _) => members(kind, &path, value),
        ("id" | "meta" | "schemas", _) => Err(bad(MUTABILITY, format!("`{name}` is not changed here"))),
        ("displayname", true) => match (kind, value) {
            (OperationKind::Add | OperationKind::Replace, Some(Value::String(name))) => {
                Ok(Some(GroupEdit::Name(name)))
            }
            _ => Err(bad(INVALID_VALUE, "`displayName` is a text, and is needed")),
        },
        ("externalid", true) => match (kind, value) {
            (OperationKind::Remove, _) => Ok(Some(GroupEdit::ExternalId(None))),
            (_, Some(Value::String(key))) => Ok(Some(GroupEdit::ExternalId(Some(key)))),
            _ => Err(bad(INVALID_VALUE, "`externalId` is a text")),
        },
        _ => Ok(None),
    }
}

fn members(kind: OperationKind, path: &Path, value: Option<Value>) -> Result<Option<GroupEdit>, Problem> {
    if path.attribute.part.is_some() {
        let detail = "A member is not changed: add and remove `members`";
        return Err(bad(MUTABILITY, detail));
    }
    match (&path.filter, kind) {
        (Some(filter), OperationKind::Remove) => {
            let mut ids = Vec::new();
            ids_in(filter, &mut ids)?;
            Ok(Some(GroupEdit::Remove(ids)))
        }
        (Some(_), _) => Err(bad(MUTABILITY, "A member is not changed: add and remove `members`")),
        (None, OperationKind::Add) => Ok(Some(GroupEdit::Add(ids_of(value, true)?))),
        (None, OperationKind::Replace) => Ok(Some(GroupEdit::Replace(ids_of(value, true)?))),
        // Entra ID names those who leave in the value; without one, all leave (RFC 7644 §3.5.2.2).
        (None, OperationKind::Remove) => Ok(Some(match value {
            None => GroupEdit::Replace(Vec::new()),
            value => GroupEdit::Remove(ids_of(value, false)?),
        })),
    }
}

/// The users whom a filter names: by their `value`, one or several.
fn ids_in(filter: &Filter, ids: &mut Vec<UserId>) -> Result<(), Problem> {
    match filter {
        Filter::Any(filters) => filters.iter().try_for_each(|filter| ids_in(filter, ids)),
        Filter::Compare { attribute, operator: Operator::Equal, literal: Literal::Text(id) }
            if attribute.name == "value" && attribute.part.is_none() =>
        {
            // Who is nobody is no member.
            ids.extend(id.parse::<UserId>().ok());
            Ok(())
        }
        _ => Err(bad(INVALID_FILTER, "Members are named by `value eq \"…\"`")),
    }
}

/// The users whom a value names, each once.
fn ids_of(value: Option<Value>, must_be_users: bool) -> Result<Vec<UserId>, Problem> {
    let values = match value.unwrap_or_default() {
        Value::Array(values) => values,
        value => vec![value],
    };
    let mut ids = Vec::with_capacity(values.len());
    for value in &values {
        let id = match value {
            Value::String(id) => Some(id.as_str()),
            Value::Object(object) => {
                let kind = member(object, "type").and_then(Value::as_str).unwrap_or("User");
                if !kind.eq_ignore_ascii_case("user") {
                    return Err(bad(INVALID_VALUE, "Members are users: groups in groups are not kept"));
                }
                member(object, "value").and_then(Value::as_str)
            }
            _ => None,
        };
        let id = id.ok_or_else(|| bad(INVALID_VALUE, "`members` are objects with the `value` of a user"))?;
        match id.parse() {
            Ok(id) => ids.push(id),
            Err(_) if must_be_users => {
                return Err(bad(INVALID_VALUE, format!("members: there is no such user as `{id}`")));
            }
            Err(_) => {}
        }
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::patch::{as_operations, read_operations};

    fn id(number: i64) -> UserId {
        UserId::from_i64(number)
    }

    fn patched(operations: &Value) -> Result<Vec<GroupEdit>, &'static str> {
        let body = json!({ "Operations": operations });
        let operations = read_operations(body.as_object().unwrap()).map_err(|problem| problem.code())?;
        edits(operations).map_err(|problem| problem.code())
    }

    #[test]
    fn members_come_and_go_in_the_ways_that_clients_write() {
        let (one, two) = (id(1).to_string(), id(2).to_string());
        for (operation, edit) in [
            (
                json!({ "op": "add", "path": "members", "value": [{ "value": one }] }),
                GroupEdit::Add(vec![id(1)]),
            ),
            (
                json!({ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": two }, { "value": one }] }),
                GroupEdit::Add(vec![id(1), id(2)]),
            ),
            (
                json!({ "op": "add", "value": { "members": [{ "value": one }, one] } }),
                GroupEdit::Add(vec![id(1)]),
            ),
            (
                json!({ "op": "remove", "path": format!("members[value eq \"{one}\"]") }),
                GroupEdit::Remove(vec![id(1)]),
            ),
            (
                json!({ "op": "remove", "path": format!("members[value eq \"{two}\" or value eq \"{one}\"]") }),
                GroupEdit::Remove(vec![id(2), id(1)]),
            ),
            (
                json!({ "op": "Remove", "path": "members", "value": [{ "value": one }, { "value": "nobody" }] }),
                GroupEdit::Remove(vec![id(1)]),
            ),
            (json!({ "op": "remove", "path": "members" }), GroupEdit::Replace(vec![])),
            (json!({ "op": "replace", "path": "members", "value": [] }), GroupEdit::Replace(vec![])),
            (json!({ "op": "replace", "value": { "displayName": "Ops" } }), GroupEdit::Name("Ops".into())),
            (
                json!({ "op": "replace", "path": "externalId", "value": "x" }),
                GroupEdit::ExternalId(Some("x".into())),
            ),
            (json!({ "op": "remove", "path": "externalId" }), GroupEdit::ExternalId(None)),
        ] {
            assert_eq!(patched(&json!([operation])), Ok(vec![edit]), "{operation}");
        }
        for nothing in [
            json!({ "op": "add", "path": "urn:x:Group:owner", "value": "x" }),
            json!({ "op": "remove", "path": "members[value eq \"nobody\"]" }),
        ] {
            assert_eq!(patched(&json!([nothing])), Ok(vec![]), "{nothing}");
        }
    }

    #[test]
    fn of_many_names_and_lists_the_last_is_the_work() {
        let one = id(1).to_string();
        let mut operations = Vec::new();
        for number in 0..1_000 {
            operations.push(json!({ "op": "replace", "path": "displayName", "value": format!("n{number}") }));
            operations.push(json!({ "op": "add", "path": "members", "value": [{ "value": one }] }));
            operations.push(json!({ "op": "remove", "path": "members" }));
        }
        let edits = [GroupEdit::Name("n999".into()), GroupEdit::Replace(vec![])];
        assert_eq!(patched(&json!(operations)), Ok(edits.to_vec()));
    }

    #[test]
    fn what_no_group_can_be_is_refused() {
        let one = id(1).to_string();
        for (operation, code) in [
            (json!({ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }), INVALID_VALUE),
            (json!({ "op": "add", "path": "members", "value": [{ "display": "x" }] }), INVALID_VALUE),
            (
                json!({ "op": "add", "path": "members", "value": [{ "value": one, "type": "Group" }] }),
                INVALID_VALUE,
            ),
            (json!({ "op": "add", "path": "members", "value": 7 }), INVALID_VALUE),
            (json!({ "op": "remove", "path": "members[display eq \"ann\"]" }), INVALID_FILTER),
            (
                json!({ "op": "remove", "path": format!("members[value eq \"{one}\" and type pr]") }),
                INVALID_FILTER,
            ),
            (json!({ "op": "replace", "path": "members[value pr].display", "value": "x" }), MUTABILITY),
            (json!({ "op": "add", "path": format!("members[value eq \"{one}\"]"), "value": {} }), MUTABILITY),
            (json!({ "op": "replace", "path": "id", "value": "x" }), MUTABILITY),
            (json!({ "op": "remove", "path": "displayName" }), INVALID_VALUE),
            (json!({ "op": "replace", "path": "displayName", "value": 1 }), INVALID_VALUE),
            (json!({ "op": "replace", "path": "externalId", "value": 1 }), INVALID_VALUE),
        ] {
            assert_eq!(patched(&json!([operation])), Err(code), "{operation}");
        }
        let many: Vec<_> = (0..=MOST_MEMBERS as i64).map(|number| id(number).to_string()).collect();
        assert_eq!(patched(&json!([{ "op": "add", "path": "members", "value": many }])), Err(TOO_MANY));
        let halves = [&many[..MOST_MEMBERS / 2 + 1], &many[MOST_MEMBERS / 2..]]
            .map(|half| json!({ "op": "add", "path": "members", "value": half }));
        assert_eq!(patched(&json!(halves)), Err(TOO_MANY));
    }

    #[test]
    fn a_group_that_is_sent_whole_needs_a_name() {
        let whole = |resource: &Value| {
            NewGroup::of_resource(as_operations(OperationKind::Add, resource.as_object().unwrap()).unwrap())
        };
        let group =
            whole(&json!({ "id": "x", "displayName": "Ops", "members": [id(3)], "externalId": null }))
                .unwrap();
        assert_eq!((group.name.as_str(), group.external_id, group.members), ("Ops", None, vec![id(3)]));
        assert!(whole(&json!({ "externalId": "x" })).is_err());
    }
}
