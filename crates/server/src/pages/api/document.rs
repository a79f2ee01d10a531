//! The document of the API, as the page shows it.

use serde_json::Value;

/// The calls of one kind of thing.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) calls: Vec<Call>,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    /// For links to it: the name of the operation.
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Item>,
    /// The fields of its JSON body.
    pub(super) body: Vec<Item>,
    /// A body to begin with; empty when there is none.
    pub(super) example: String,
    /// By status.
    pub(super) answers: Vec<Item>,
}

/// A parameter, a field or a status.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) description: String,
}

/// The methods of a path, in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Reads the document of this very program.
pub(super) fn read() -> Vec<Group> {
    let document = serde_json::to_value(crate::api::openapi()).unwrap_or_default();
    let mut groups: Vec<Group> = list(&document["tags"])
        .map(|tag| Group {
            name: text(&tag["name"]),
            description: text(&tag["description"]),
            calls: Vec::new(),
        })
        .collect();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in METHODS.iter().filter_map(|method| Some((*method, item.get(method)?))) {
            let tag = text(&operation["tags"][0]);
            if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                group.calls.push(call(&document, path, method, operation));
            }
        }
    }
    groups
}

fn call(document: &Value, path: &str, method: &str, operation: &Value) -> Call {
    let schema = resolved(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
    let body: Vec<_> = fields(document, schema);
    Call {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        parameters: list(&operation["parameters"])
            .map(|parameter| self::parameter(document, parameter))
            .collect(),
        example: example(&body),
        body,
        answers: members(&operation["responses"])
            .map(|(status, answer)| item(status, String::new(), false, &answer["description"]))
            .collect(),
    }
}

fn parameter(document: &Value, parameter: &Value) -> Item {
    let kind = kind(resolved(document, &parameter["schema"]));
    item(&text(&parameter["name"]), kind, parameter["required"] == true, &parameter["description"])
}

fn fields(document: &Value, schema: &Value) -> Vec<Item> {
    let required: Vec<_> = list(&schema["required"]).filter_map(Value::as_str).collect();
    members(&schema["properties"])
        .map(|(name, field)| {
            let kind = kind(resolved(document, field));
            item(name, kind, required.contains(&name.as_str()), &field["description"])
        })
        .collect()
}

fn item(name: &str, kind: String, is_required: bool, description: &Value) -> Item {
    Item { name: name.to_owned(), kind, is_required, description: text(description) }
}

/// A body with what must be in it.
fn example(body: &[Item]) -> String {
    let needed = body.iter().filter(|field| field.is_required);
    let members: serde_json::Map<_, _> = needed
        .map(|field| {
            let value = match field.kind.as_str() {
                "boolean" => Value::from(false),
                "integer" => Value::from(0),
                "array" => Value::Array(Vec::new()),
                "object" => Value::Object(serde_json::Map::new()),
                _ => Value::from(""),
            };
            (field.name.clone(), value)
        })
        .collect();
    if body.is_empty() { String::new() } else { serde_json::to_string_pretty(&members).unwrap_or_default() }
}

/// What kind of value; of several, the first that is not `null`.
fn kind(schema: &Value) -> String {
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("").to_owned()
        }
        kind => text(kind),
    }
}

/// What a reference points to.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_document_is_shown_once() {
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        let expected: usize = members(&document["paths"])
            .map(|(_, item)| METHODS.iter().filter(|m| item.get(**m).is_some()).count())
            .sum();
        let groups = read();
        let mut ids: Vec<_> =
            groups.iter().flat_map(|group| &group.calls).map(|call| call.id.as_str()).collect();
        assert_eq!(ids.len(), expected);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), expected, "two calls share a name");
    }

    #[test]
    fn a_call_tells_its_fields_and_what_must_be_sent() {
        let groups = read();
        let call =
            groups.iter().flat_map(|group| &group.calls).find(|call| call.id == "create_token").unwrap();
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/v1/personal-access-tokens"));
        let note = call.body.iter().find(|field| field.name == "tokenNote").unwrap();
        assert_eq!((note.kind.as_str(), note.is_required), ("string", true));
        assert_eq!(call.example, "{\n  \"tokenNote\": \"\"\n}");
        assert!(call.answers.iter().any(|answer| answer.name == "201"));
    }
}
