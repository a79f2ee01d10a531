//! Any body is a change by PATCH or refused, and the operations that are read, written again, are read as the same.
#![no_main]

use patgate_fuzz::scim::{Operation, OperationKind, read_operations};
use serde_json::{Map, Value, json};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let Ok(read) = read_operations(&body) else { return };
    let written: Vec<Value> = read.iter().map(write).collect();
    let Value::Object(body) = json!({ "Operations": written }) else { return };
    // A path that is written in full may be too long or too deep.
    if let Ok(again) = read_operations(&body) {
        assert_eq!(again, read);
    }
});

fn write(operation: &Operation) -> Value {
    let op = match operation.kind {
        OperationKind::Add => "add",
        OperationKind::Replace => "replace",
        OperationKind::Remove => "remove",
    };
    let mut written = json!({ "op": op, "path": operation.path.to_string() });
    if let Some(value) = &operation.value {
        assert!(!value.is_null(), "null is no value");
        written["value"] = value.clone();
    }
    written
}
