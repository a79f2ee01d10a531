//! The description of the API: it is the committed one, and it leaves nothing out.

use std::collections::BTreeSet;
use std::path::Path;

use http::Method;
use patgate_server::api;
use serde_json::Value;

use crate::common::{Call, World, get};

/// The methods that a path can have.
const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = api::openapi_text();
    assert!(
        committed == current,
        "run `cargo xtask generate`: docs/reference/openapi.json is not what the code says"
    );
}

#[tokio::test]
async fn anybody_reads_the_document() {
    let world = World::new().await;
    let answer = world.send(get("/openapi.json")).await;
    assert_eq!((answer.status(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json(), document());
}

#[test]
fn every_route_is_in_the_document() {
    // The router shows its paths in its `Debug` form alone.
    let router = api::routes();
    let shown = format!("{router:?}");
    let is_path = |text: &&str| text.starts_with('/') && !text.contains(' ');
    let mut routed: BTreeSet<&str> = shown.split('"').filter(is_path).collect();
    // The two of axum's own fallback.
    assert!(routed.remove("/") && routed.remove("/{*__private__axum_fallback}"));
    let document = document();
    let documented: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    // The gateway answers two, and the dispatcher one.
    let elsewhere = BTreeSet::from(["/auth", "/auth/{application}", "/webhooks/{path}"]);
    assert_eq!(routed, documented.difference(&elsewhere).copied().collect());
}

#[tokio::test]
async fn the_root_is_no_call_and_leads_to_the_pages() {
    let world = World::new().await;
    let answer = world.send(get("/")).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens"));
}

#[tokio::test]
async fn a_method_that_is_not_in_the_document_is_405() {
    let world = World::new().await;
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        // A proxy asks with any method, and of a webhook endpoint its kind says which one it takes.
        if path.starts_with("/auth") || path.starts_with("/webhooks/") {
            continue;
        }
        for method in METHODS {
            let is_documented = methods.get(method.as_str().to_lowercase()).is_some();
            let answer = world.send(Call::new(method.clone(), path.replace(['{', '}'], ""))).await;
            assert_eq!(answer.status() == 405, !is_documented, "{method} {path}: {}", answer.status());
            if !is_documented {
                assert!(!answer.header("allow").is_empty(), "{method} {path}");
            }
        }
    }
}

#[test]
fn every_operation_says_what_it_is_and_which_refusals_it_has() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let named = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{named} has no summary");
            assert!(operation["tags"][0].is_string(), "{named} has no tag");
            let statuses: BTreeSet<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            assert!(statuses.iter().any(|status| status.starts_with('2')), "{named} never succeeds");
            let is_public = operation["security"] == serde_json::json!([{}]);
            let is_gateway = path.starts_with("/auth");
            // What a webhook endpoint does not let in has not shown who it is.
            let refusals: &[&str] = if path.starts_with("/webhooks/") { &["401"] } else { &["401", "403"] };
            for refusal in refusals {
                assert!(is_public || statuses.contains(*refusal), "{named} does not say {refusal}");
            }
            assert!(is_public || is_gateway || statuses.contains("503"), "{named} does not say 503");
            if operation["requestBody"].is_object() {
                assert!(statuses.contains("400") && statuses.contains("413"), "{named} takes a body");
            }
            if path.contains('{') && !is_gateway && ["get", "delete"].contains(&method.as_str()) {
                assert!(statuses.contains("404"), "{named} can be missing");
            }
            assert!(!statuses.iter().any(|status| status.starts_with('3')), "{named} redirects");
        }
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn walk<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    assert!(references.contains("#/components/schemas/Problem"));
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
