//! The root of the API's document: what it is, how one proves who one is, and the paths that no router of this crate serves:
//! those of the gateway, and the one of webhook endpoints.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::refusals::{NotTaken, Unreadable};
use crate::problem::ProblemBody;
use crate::webhook::TakenBody;

/// The document without the routes of the API.
pub(super) fn root() -> utoipa::openapi::OpenApi {
    Root::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Patgate",
        description = "Personal access tokens for every API of a company. Refusals are RFC 9457 problems, except where \
                       the vendors' clients need text: all of `/deployit`, and every 403 of `/api/v1`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(auth, auth_application, send_webhook, send_webhook_by_get),
    components(schemas(ProblemBody)),
    modifiers(&Credentials),
    security(("releaseToken" = []), ("deployToken" = []), ("bearer" = []), ("basic" = []), ("session" = [])),
    tags(
        (name = "tokens", description = "Personal access tokens"),
        (name = "deploy", description = "The paths of Deploy"),
        (name = "release", description = "Configurations, lists and probes, with the shapes of Release"),
        (name = "forward authentication", description = "What a proxy asks about each request"),
        (name = "users", description = "Users, with the shapes of Release"),
        (name = "roles", description = "Roles and permissions, with the shapes of Release"),
        (name = "session", description = "Signing in and out of the pages"),
        (name = "settings", description = "What administrators decide for everybody"),
        (name = "configuration items", description = "Typed objects that administrators edit, such as mail servers"),
        (name = "reminders", description = "The mails before tokens expire"),
        (name = "webhooks", description = "Sending to webhook endpoints, and what they took, refused and forwarded"),
        (name = "scim", description = "Users and groups of a provider, changed by itself (SCIM 2.0: RFC 7643, RFC 7644)"),
        (name = "server", description = "The server itself"),
    )
)]
struct Root;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let header = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        let http = |scheme: HttpAuthScheme, description: &str| {
            SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(description)).build())
        };
        let cookie = ApiKeyValue::with_description(
            "patgate_session",
            "The session of the web pages; a change also needs the header `X-CSRF-Token`. The name is \
             `__Host-patgate_session` where `public_url` is https",
        );
        let schemes = [
            ("releaseToken", header("x-release-personal-token", "A token, in the header of Release")),
            ("deployToken", header("x-deploy-personal-token", "A token, in the header of Deploy")),
            ("bearer", http(HttpAuthScheme::Bearer, "A token (RFC 6750)")),
            (
                "basic",
                http(
                    HttpAuthScheme::Basic,
                    "A blank user name or the owner's and a token, or user name and password (RFC 7617)",
                ),
            ),
            ("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
            (
                "webhookToken",
                header(
                    "x-release-webhook-token",
                    "The token of a webhook endpoint; it opens nothing else by this header",
                ),
            ),
        ];
        let components = document.components.get_or_insert_default();
        for (name, scheme) in schemes {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// Judges a request for a proxy. Takes every token. Any method works.
#[utoipa::path(
    get,
    path = "/auth",
    tag = "forward authentication",
    responses(
        (status = 200, description = "It passes; who it is stands in the headers", headers(
            ("X-Patgate-User" = String, description = "The log-in name, percent-encoded"),
            ("X-Patgate-Email" = String, description = "The mail address, percent-encoded"),
            ("X-Patgate-Groups" = String, description = "The groups, each percent-encoded, joined by commas"),
            ("X-Patgate-Permissions" = String, description = "The permissions, each percent-encoded, joined by commas"),
            ("X-Patgate-Token-Id" = String, description = "The token; empty for a password"),
            ("X-Patgate-Token-Name" = String, description = "Its name, percent-encoded; empty for a password"),
            ("X-Patgate-Token-Expires" = String, description = "When it ends, in RFC 3339; empty: never")
        )),
        (status = 401, description = "It does not pass; the cause stands in the challenge",
            body = ProblemBody, content_type = "application/problem+json",
            headers(("WWW-Authenticate" = String, description = "The one challenge (RFC 6750 §3)"))),
        (status = 403, description = "Who it is is known, and it is not enough",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "the gateway answers here; this is its documentation")]
fn auth() {}

/// Judges a request to an application for a proxy: takes the application's tokens and those for any, and asks what its
/// rules ask. Any method works.
#[utoipa::path(
    get,
    path = "/auth/{application}",
    tag = "forward authentication",
    params(("application" = String, Path, description = "The name of an application, such as `release`")),
    responses(
        (status = 200, description = "It passes; the headers are those of `/auth`"),
        (status = 401, description = "It does not pass; the cause stands in the challenge",
            body = ProblemBody, content_type = "application/problem+json",
            headers(("WWW-Authenticate" = String, description = "The one challenge (RFC 6750 §3)"))),
        (status = 403, description = "Who it is is known, and it is not enough; or the proxy is configured wrongly",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "the gateway answers here; this is its documentation")]
fn auth_application() {}

/// Sends an event to a webhook endpoint that takes JSON. The endpoint demands its own token, its own user name and password,
/// a signature, or nothing; a token in another header, a user's password and a session open none.
#[utoipa::path(
    post,
    path = "/webhooks/{path}",
    tag = "webhooks",
    security((), ("webhookToken" = []), ("basic" = [])),
    params(("path" = String, Path, description = "The *Endpoint Path* of the endpoint")),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "The event: any JSON, at most 128 deep"
    ),
    responses(
        (status = 202, description = "It is accepted, and durable", body = TakenBody),
        (status = 200, description = "A request with its id came before, within the window: it is not taken again",
            body = TakenBody),
        NotTaken,
        Unreadable
    )
)]
#[expect(dead_code, reason = "the dispatcher answers here; this is its documentation")]
fn send_webhook() {}

/// Sends an event to a webhook endpoint that takes query parameters: any, at most 100. The endpoint demands its own token,
/// its own user name and password, or nothing; a token in another header, a user's password and a session open none.
#[utoipa::path(
    get,
    path = "/webhooks/{path}",
    tag = "webhooks",
    security((), ("webhookToken" = []), ("basic" = [])),
    params(("path" = String, Path, description = "The *Endpoint Path* of the endpoint")),
    responses(
        (status = 202, description = "It is accepted, and durable", body = TakenBody),
        (status = 200, description = "A request with its id came before, within the window: it is not taken again",
            body = TakenBody),
        NotTaken
    )
)]
#[expect(dead_code, reason = "the dispatcher answers here; this is its documentation")]
fn send_webhook_by_get() {}
