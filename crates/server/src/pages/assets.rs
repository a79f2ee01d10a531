//! The style sheet and the script, put together from their parts when the program is built.
//!
//! Their addresses hold a digest of what they are, so that browsers may keep them for ever and never keep an old one.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, VARY};
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;
use crate::state::AppState;

/// The style sheet: the sheet of tokens, the ground, then one file a component.
const STYLE: &str = concat!(
    include_str!("../../assets/style/tokens.css"),
    include_str!("../../assets/style/ground.css"),
    include_str!("../../assets/style/shell.css"),
    include_str!("../../assets/style/button.css"),
    include_str!("../../assets/style/field.css"),
    include_str!("../../assets/style/table.css"),
    include_str!("../../assets/style/pill.css"),
    include_str!("../../assets/style/banner.css"),
    include_str!("../../assets/style/dialog.css"),
    include_str!("../../assets/style/card.css"),
    include_str!("../../assets/style/call.css"),
    include_str!("../../assets/style/choices.css"),
    include_str!("../../assets/style/choose.css"),
    include_str!("../../assets/style/explorer.css"),
    include_str!("../../assets/style/mail.css"),
    include_str!("../../assets/style/providers.css"),
    include_str!("../../assets/style/releases.css"),
    include_str!("../../assets/style/sample.css"),
);

/// The script: what JavaScript adds to pages that are whole without it.
const SCRIPT: &str = concat!(
    include_str!("../../assets/script/scheme.js"),
    include_str!("../../assets/script/back.js"),
    include_str!("../../assets/script/places.js"),
    include_str!("../../assets/script/copy.js"),
    include_str!("../../assets/script/time.js"),
    include_str!("../../assets/script/dialog.js"),
    include_str!("../../assets/script/form.js"),
    include_str!("../../assets/script/explorer.js"),
    include_str!("../../assets/script/settings.js"),
    include_str!("../../assets/script/generate.js"),
    include_str!("../../assets/script/schedule.js"),
    include_str!("../../assets/script/try.js"),
    include_str!("../../assets/script/preview.js"),
    include_str!("../../assets/script/webhooks.js"),
    include_str!("../../assets/script/releases.js"),
);

const ICON: &str = include_str!("../../assets/icon.svg");

struct Asset {
    path: String,
    kind: HeaderValue,
    plain: Bytes,
    /// Packed once. Pages are not packed: what an attacker can have reflected beside a secret would tell its length (the
    /// BREACH attack). The page of the API reflects nothing, and is.
    packed: Bytes,
}

impl Asset {
    fn new(name: &str, kind: &'static str, text: &'static str) -> Self {
        let digest = blake3::hash(text.as_bytes()).to_hex();
        Self {
            path: format!("/assets/{}/{name}", &digest[..16]),
            kind: HeaderValue::from_static(kind),
            plain: Bytes::from_static(text.as_bytes()),
            packed: pack(text, Compression::best()).into(),
        }
    }
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("patgate.css", "text/css; charset=utf-8", STYLE),
        Asset::new("patgate.js", "text/javascript; charset=utf-8", SCRIPT),
        Asset::new("icon.svg", "image/svg+xml", ICON),
    ]
});

/// Where the style sheet is.
pub(super) fn style_path() -> &'static str {
    &ASSETS[0].path
}

/// Where the script is.
pub(super) fn script_path() -> &'static str {
    &ASSETS[1].path
}

/// The addresses of the assets.
pub fn routes() -> Router<AppState> {
    Router::new().route("/assets/{digest}/{name}", get(asset)).route("/favicon.ico", get(icon))
}

async fn asset(Path((digest, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let path = format!("/assets/{digest}/{name}");
    ASSETS.iter().find(|asset| asset.path == path).map_or_else(
        || Problem::not_found("page").into_response(),
        |asset| answer(asset, &headers, "public, max-age=31536000, immutable"),
    )
}

async fn icon(headers: HeaderMap) -> Response {
    answer(&ASSETS[2], &headers, "public, max-age=86400")
}

fn answer(asset: &Asset, headers: &HeaderMap, lifetime: &'static str) -> Response {
    let takes_packed = takes_packed(headers);
    let mut response =
        (StatusCode::OK, if takes_packed { asset.packed.clone() } else { asset.plain.clone() })
            .into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, asset.kind.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if takes_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A text packed with gzip (RFC 1952).
pub(super) fn pack(text: &str, how: Compression) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), how);
    packer.write_all(text.as_bytes()).and_then(|()| packer.finish()).unwrap_or_default()
}

/// Whether a browser takes what is packed with gzip (RFC 9110 §12.5.3).
pub(super) fn takes_packed(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| coding.trim() == "gzip")
}
