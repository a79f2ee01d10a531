//! `GET /healthz`: whether the process answers.

/// Says `ok` while the process serves.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "server",
    security(()),
    responses((status = 200, description = "It serves", body = String, content_type = "text/plain", example = "ok"))
)]
pub(super) async fn healthz() -> &'static str {
    "ok"
}
