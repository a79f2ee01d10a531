//! `…/exemptions`: to whom the maximum lifetime does not apply.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use jiff::Timestamp;
use patgate_core::identifier::ExemptionId;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind};
use patgate_store::TimeCursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::json::Json;
use crate::api::page::{self, ASKED};
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::policy::exemptions;
use crate::state::AppState;

/// Where they are.
const PATH: &str = "/api/v1/settings/personal-access-tokens/exemptions";

/// From where to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Goes on after this place: the `next` of the page before.
    after: Option<String>,
}

/// Exemptions, the one that ends latest first; ended ones too.
#[derive(Serialize, ToSchema)]
pub(super) struct Exemptions {
    /// At most 100 of them.
    exemptions: Vec<ExemptionBody>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// User or group.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    User,
    Group,
}

/// Somebody to whom the maximum does not apply while it holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Exemption)]
pub(super) struct ExemptionBody {
    /// Which.
    #[schema(value_type = String)]
    id: ExemptionId,
    /// The log-in name of the user, or the name of the group.
    name: String,
    /// Which of both.
    #[schema(inline)]
    kind: Kind,
    /// `internal`, or the name of the provider.
    provider: String,
    /// Why.
    reason: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Who made it.
    made_by: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// A new exemption.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
pub(super) struct NewExemption {
    /// The log-in name of the user, or the name of the group.
    #[schema(example = "ann")]
    name: String,
    /// Which of both. Absent: a user.
    #[serde(default)]
    #[schema(inline)]
    kind: Kind,
    /// `internal`, or the name of the provider. Absent: `internal`.
    provider: Option<String>,
    /// Why: one line of 1 to 500 characters.
    #[schema(example = "Runs the nightly audit until the new one is ready")]
    reason: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// Lists exemptions, ended ones too. Needs what reading the rules needs.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens/exemptions",
    tag = "settings",
    params(Asked),
    responses((status = 200, description = "The exemptions", body = Exemptions), Malformed, Unproven)
)]
pub(super) async fn list_exemptions(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<axum::Json<Exemptions>, Problem> {
    let seek = page::place(asked.after.as_deref())?;
    let listed = exemptions::list(&state, &caller, &seek, ASKED).await?;
    let (listed, next) = page::cut(listed, TimeCursor::of_exemption);
    Ok(axum::Json(Exemptions { exemptions: listed.into_iter().map(ExemptionBody::from).collect(), next }))
}

/// Reads an exemption that holds. Needs what reading the rules needs.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens/exemptions/{id}",
    tag = "settings",
    params(("id" = String, Path, description = "The exemption")),
    responses((status = 200, description = "The exemption", body = ExemptionBody), Missing, Unproven)
)]
pub(super) async fn read_exemption(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<ExemptionId>,
) -> Result<axum::Json<ExemptionBody>, Problem> {
    Ok(axum::Json(exemptions::read(&state, &caller, id).await?.into()))
}

/// Makes an exemption. Needs `security#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/settings/personal-access-tokens/exemptions",
    tag = "settings",
    request_body = NewExemption,
    responses(
        (status = 201, description = "It holds", body = ExemptionBody,
            headers(("Location" = String, description = "Where it is found from now on"))),
        BadBody,
        Conflict,
        Unproven,
    )
)]
pub(super) async fn create_exemption(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewExemption>,
) -> Result<Response, Problem> {
    let wrong = |field: &str, why: &dyn std::fmt::Display| {
        Problem::field(field, format!("The field `{field}`: {why}"))
    };
    let kind = match new.kind {
        Kind::User => PrincipalKind::User,
        Kind::Group => PrincipalKind::Group,
    };
    let principal = Principal {
        username: kind.name(&new.name).map_err(|why| wrong("name", &why))?,
        fullname: None,
        kind,
        provider: new.provider.unwrap_or_else(|| INTERNAL_PROVIDER.to_owned()),
    };
    let reason = ExemptionReason::try_from(new.reason).map_err(|why| wrong("reason", &why))?;
    let made = exemptions::create(&state, &caller, principal, reason, new.ends_at).await?;
    let location = state.public_url.join(&format!("{PATH}/{}", made.id));
    let body = axum::Json(ExemptionBody::from(made));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Ends an exemption now. Needs `security#edit`. Tokens that were made under it stay.
#[utoipa::path(
    delete,
    path = "/api/v1/settings/personal-access-tokens/exemptions/{id}",
    tag = "settings",
    params(("id" = String, Path, description = "The exemption")),
    responses((status = 204, description = "It has ended"), Missing, Unproven)
)]
pub(super) async fn end_exemption(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<ExemptionId>,
) -> Result<Response, Problem> {
    exemptions::end(&state, &caller, id).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

impl From<Exemption> for ExemptionBody {
    fn from(exemption: Exemption) -> Self {
        Self {
            id: exemption.id,
            name: exemption.principal.username.to_string(),
            kind: match exemption.principal.kind {
                PrincipalKind::User => Kind::User,
                PrincipalKind::Group => Kind::Group,
            },
            provider: exemption.principal.provider,
            reason: exemption.reason.into(),
            made_at: exemption.made_at,
            made_by: exemption.made_by,
            ends_at: exemption.ends_at,
        }
    }
}
