//! `/api/v1/personal-access-tokens`: the tokens of the caller, and of others for those who may see them.

pub(super) mod create;
mod current;
pub(super) mod delete;
pub(super) mod list;
mod read;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use patgate_core::application::ApplicationName;
use patgate_core::grant::{GrantPermissions, GrantStatus, SuspensionReason};
use patgate_core::identifier::GrantId;
use patgate_core::permission::PermissionId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::api::endpoints::Endpoints;
use crate::problem::Problem;
use crate::service::tokens::OwnedGrant;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(create::create_token, list::list_tokens))
        .routes(routes!(current::read_current_token, current::delete_current_token))
        .routes(routes!(read::read_token, delete::delete_token))
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
pub(super) struct TokenBody {
    /// Names the token in other calls.
    #[schema(value_type = String, example = "4fQ0kZ3mB1x")]
    id: GrantId,
    /// What it is for.
    #[schema(example = "nightly build")]
    token_note: String,
    /// For whom it speaks.
    #[schema(value_type = String, example = "ann")]
    owner: Box<str>,
    /// Where it passes; `any`: everywhere.
    #[schema(value_type = String, example = "release")]
    application: ApplicationName,
    /// When it was made.
    created_at: Timestamp,
    /// When it ends; `null`: never.
    expires_at: Option<Timestamp>,
    /// What it carries of its owner's permissions; `null`: all of them.
    #[schema(value_type = Option<Vec<String>>)]
    global_permissions: Option<Vec<PermissionId>>,
    /// Where it stands.
    state: TokenState,
    /// Why it does not pass for now: `over_maximum`, `origin_closed`, `owner_unconfirmed` or `owner_withdrawn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    suspension_reason: Option<SuspensionReason>,
    /// When it last passed; `null`: never.
    last_used_at: Option<Timestamp>,
    /// From which address, when that was noted (once a minute at most).
    last_used_address: Option<String>,
    /// With which user agent, when that was noted.
    last_used_user_agent: Option<String>,
}

/// Where a token stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum TokenState {
    /// It passes, if all else allows.
    Active,
    /// It does not pass, for a reason that may end.
    Suspended,
    /// Its time is over.
    Expired,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = NewToken)]
pub(super) struct NewTokenBody<'t> {
    /// The secret. It is shown here and never again.
    #[schema(value_type = String, example = "rpa_…")]
    token: &'t str,
    #[serde(flatten)]
    about: TokenBody,
}

impl TokenBody {
    pub(super) fn new(OwnedGrant { grant, owner, owner_suspends }: OwnedGrant, now: Timestamp) -> Self {
        let suspension_reason = grant.suspended_for(owner_suspends);
        let state = match grant.status(owner_suspends, now) {
            GrantStatus::Active => TokenState::Active,
            GrantStatus::Expired => TokenState::Expired,
            // A deleted token is found nowhere, so nobody is shown one.
            GrantStatus::Suspended | GrantStatus::Deleted => TokenState::Suspended,
        };
        let (last_used_at, last_used_address, last_used_user_agent) = match grant.last_use {
            None => (None, None, None),
            Some(last_use) => (Some(last_use.at), last_use.address, last_use.user_agent),
        };
        Self {
            id: grant.id,
            token_note: grant.name.into(),
            owner,
            application: grant.application,
            created_at: grant.created_at,
            expires_at: grant.expires_at.timestamp(),
            global_permissions: match grant.permissions {
                GrantPermissions::All => None,
                GrantPermissions::Chosen(ids) => Some(ids.into_iter().collect()),
            },
            state,
            suspension_reason,
            last_used_at,
            last_used_address,
            last_used_user_agent,
        }
    }
}

/// An answer about tokens. No cache keeps it, and its buffer is wiped when it has been sent: it may show a secret.
pub(super) fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    // Large enough for the answer that shows a secret, so that no smaller copy of it is left behind.
    let mut json = Zeroizing::new(Vec::with_capacity(4_096));
    if let Err(error) = serde_json::to_writer(&mut *json, body) {
        return Problem::internal(error).into_response();
    }
    let mut response = Response::new(Body::from(Bytes::from_owner(json)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer that a token is deleted.
pub(super) fn deleted() -> Response {
    (StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response()
}
