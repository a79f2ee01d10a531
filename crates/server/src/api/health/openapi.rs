//! `GET /openapi.json`: this API, described.

use std::sync::LazyLock;

use http::header::CONTENT_TYPE;

/// Describes every path of this server (OpenAPI 3.1).
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    security(()),
    responses((status = 200, description = "The description", body = serde_json::Value))
)]
pub(super) async fn openapi_json() -> ([(http::HeaderName, &'static str); 1], &'static str) {
    static DOCUMENT: LazyLock<String> =
        LazyLock::new(|| serde_json::to_string(&crate::api::openapi()).unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
