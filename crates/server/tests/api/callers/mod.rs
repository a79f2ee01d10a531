//! Every endpoint, called as every kind of caller.
//!
//! The endpoints come from the API's own document: one that is missing here, or in the table of requests, fails. The
//! statuses are held against a snapshot; what holds for every answer is asserted for each.

mod cast;
mod requests;

use std::fmt::Write;

use insta::assert_snapshot;
use patgate_server::api;
use patgate_server::caller::surface::below;
use serde_json::Value;

use self::cast::{Cast, Stage};
use crate::common::Answer;

#[tokio::test]
async fn every_endpoint_answers_every_kind_of_caller() {
    let stage = Stage::build().await;
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut table = String::new();
    for (number, caller) in Cast::ALL.iter().enumerate() {
        writeln!(table, "{:>2}  {}", number + 1, caller.name()).unwrap();
    }
    let numbers: Vec<_> = (1..=Cast::ALL.len()).map(|number| format!("{number:>3}")).collect();
    writeln!(table, "\n{:<60}{}", "", numbers.join(" ")).unwrap();
    let mut rows = requests::names();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(rows.remove(&*name), "{name} has no request in the table");
            let statuses = row(&stage, &name, operation).await;
            writeln!(table, "{name:<60}{}", statuses.join(" ")).unwrap();
        }
    }
    assert!(rows.is_empty(), "these are in the table of requests and not in the document: {rows:?}");
    assert_snapshot!(table);
}

/// Calls one endpoint as everybody. The world is a new one after each change, so that no caller meets what another did.
async fn row(stage: &Stage, name: &str, operation: &Value) -> Vec<String> {
    let mut world = stage.world().await;
    let mut statuses = Vec::new();
    for caller in Cast::ALL {
        if caller.needs_directory() {
            world = stage.world_with_directory().await;
        }
        let before = world.state.store.last_sequence().await.unwrap();
        let answer = world.send(caller.enter(stage, requests::request(stage, name))).await;
        let after = world.state.store.last_sequence().await.unwrap();
        let scene = format!("{name} as {}: {}", caller.name(), answer.shown());
        holds_for_every_answer(stage, name, operation, &answer, &scene);
        assert!(answer.status() < 300 || after == before, "refused and changed something: {scene}");
        statuses.push(answer.status().to_string());
        if after != before {
            world = stage.world().await;
        }
    }
    statuses
}

fn holds_for_every_answer(stage: &Stage, name: &str, operation: &Value, answer: &Answer, scene: &str) {
    let status = answer.status();
    assert!(
        (200..300).contains(&status) || (400..500).contains(&status),
        "neither done nor refused: {scene}"
    );
    assert!(operation["responses"][status.to_string()].is_object(), "not in the document: {scene}");
    assert_eq!(answer.count("www-authenticate"), usize::from(status == 401), "{scene}");
    assert_eq!(
        answer.count("location"),
        usize::from(status == 201 && (name.contains("/personal-") || name.contains("/scim/"))),
        "{scene}"
    );
    // A proxy asks at `/auth`, and shows nobody what it is told.
    let nosniff = if name.contains(" /auth") { "" } else { "nosniff" };
    assert_eq!(answer.header("x-content-type-options"), nosniff, "{scene}");
    let content_type = answer.header("content-type");
    assert!(answer.bytes().is_empty() || !content_type.is_empty(), "a body of no type: {scene}");
    let (_, path) = name.split_once(' ').unwrap();
    if status >= 400 {
        let wants_text = below(path, "/deployit") || (below(path, "/api/v1") && status == 403);
        let wanted = match wants_text {
            true => "text/plain; charset=utf-8",
            false if below(path, "/scim") => "application/scim+json",
            false => "application/problem+json",
        };
        assert_eq!(content_type, wanted, "{scene}");
        assert_eq!(answer.header("cache-control"), "no-store", "{scene}");
    }
    for secret in stage.secrets() {
        assert!(!answer.text().contains(secret), "a secret that was sent came back: {scene}");
    }
}
