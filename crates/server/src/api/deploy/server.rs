//! `/deployit/server/**`: what the server is, and whether it runs.

use patgate_core::xml::Element;
use serde_json::{Value, json};

use super::wire::{Answer, Document, Format};
use crate::api::refusals::InText;
use crate::caller::Caller;

/// The version of Deploy whose conventions are served. Clients choose by it how they speak: one of before 4 would be
/// spoken to in the ways of that time.
const SPOKEN: &str = "25.3.0";

/// What the server is.
pub(super) struct Info;

/// Whether it runs.
pub(super) struct Running;

/// Says what the server is: the version of Deploy that it speaks like. Clients try their credentials here.
#[utoipa::path(
    get,
    path = "/deployit/server/info",
    tag = "deploy",
    responses(
        (status = 200, description = "What it is", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_deploy_info(_: Caller, format: Format) -> Answer<Info> {
    Answer(format, Info)
}

/// Says that the server runs.
#[utoipa::path(
    get,
    path = "/deployit/server/state",
    tag = "deploy",
    responses(
        (status = 200, description = "It runs", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_deploy_state(_: Caller, format: Format) -> Answer<Running> {
    Answer(format, Running)
}

impl Document for Info {
    fn json(&self) -> Value {
        json!({ "version": SPOKEN, "product": "Patgate", "productVersion": env!("CARGO_PKG_VERSION") })
    }

    fn xml(&self) -> Element {
        Element::new("deployit-server-info")
            .leaf("version", SPOKEN)
            .leaf("product", "Patgate")
            .leaf("product-version", env!("CARGO_PKG_VERSION"))
    }
}

impl Document for Running {
    fn json(&self) -> Value {
        json!({ "current-mode": "RUNNING" })
    }

    fn xml(&self) -> Element {
        Element::new("server-state").leaf("current-mode", "RUNNING")
    }
}
