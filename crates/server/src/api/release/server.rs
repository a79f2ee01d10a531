//! `GET /server/info`: what the server is, in XML.

use patgate_core::xml::Element;
use serde_json::{Value, json};

use crate::api::deploy::wire::{Answer, Document, Format};
use crate::api::refusals::Unproven;
use crate::caller::Caller;

/// The version of Release whose conventions are served. A plug-in chooses by it how it speaks: one of before 4.8 would be
/// spoken to in the ways of that time.
const SPOKEN: &str = "22.3.0";

/// What the server is.
pub(super) struct Info;

/// Says what the server is: the version of Release that it speaks like.
#[utoipa::path(
    get,
    path = "/server/info",
    tag = "release",
    responses(
        (status = 200, description = "What it is", content((String = "application/xml"), (Object = "application/json"))),
        Unproven
    )
)]
pub(super) async fn read_release_info(_: Caller, format: Format) -> Answer<Info> {
    Answer(format, Info)
}

impl Document for Info {
    fn json(&self) -> Value {
        json!({ "version": SPOKEN, "product": "Patgate", "productVersion": env!("CARGO_PKG_VERSION") })
    }

    fn xml(&self) -> Element {
        Element::new("server-info").leaf("version", SPOKEN)
    }
}
