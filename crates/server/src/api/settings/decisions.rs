//! `…/decisions`: what was decided about tokens that stricter rules touch, and taking it back.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::policy::{Decided, Decision, DecisionState};
use patgate_store::{StoredDecision, TimeCursor, UnreadableDecision};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::existing::{OriginClosed, OverMaximum};
use crate::api::page::{self, ASKED};
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::policy;
use crate::state::AppState;

/// From where to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Goes on after this place: the `next` of the page before.
    after: Option<String>,
}

/// Decisions, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Decisions {
    /// At most 100 of them.
    decisions: Vec<DecisionBody>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A decision, and what became of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Decision)]
struct DecisionBody {
    /// Which.
    #[schema(value_type = String)]
    id: DecisionId,
    /// The lower maximum in days, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_lifetime_days: Option<u32>,
    /// What becomes of the tokens that exceed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    over_maximum: Option<OverMaximum>,
    /// The cells of the table that close, when it is about some, such as `release.sso`.
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<String>,
    /// What becomes of the tokens that they touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    origin_closed: Option<OriginClosed>,
    /// When it takes effect.
    #[schema(value_type = String, format = DateTime)]
    effective_at: Timestamp,
    /// The time zone in which that was chosen.
    time_zone: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Who decided.
    made_by: String,
    /// `pending`, `applied`, `undone`, `failed`, or `unreadable`: this version of Patgate does not know its words, because
    /// a newer one made it.
    #[schema(example = "pending")]
    state: &'static str,
    /// When it came there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// Who undid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_by: Option<String>,
    /// How many tokens it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Lists decisions. Needs what reading the rules needs.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens/decisions",
    tag = "settings",
    params(Asked),
    responses((status = 200, description = "The decisions", body = Decisions), Malformed, Unproven)
)]
pub(super) async fn list_decisions(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Decisions>, Problem> {
    let seek = page::place(asked.after.as_deref())?;
    let decisions = policy::list(&state, &caller, &seek, ASKED).await?;
    let (decisions, next) = page::cut(decisions, TimeCursor::of_decision);
    Ok(Json(Decisions { decisions: decisions.into_iter().map(DecisionBody::from).collect(), next }))
}

/// Takes a decision back that has not taken effect. Needs `security#edit`.
#[utoipa::path(
    delete,
    path = "/api/v1/settings/personal-access-tokens/decisions/{id}",
    tag = "settings",
    params(("id" = String, Path, description = "The decision")),
    responses((status = 204, description = "It does not take effect"), Missing, Conflict, Unproven)
)]
pub(super) async fn undo_decision(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<DecisionId>,
) -> Result<Response, Problem> {
    policy::undo(&state, &caller, id).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

impl From<StoredDecision> for DecisionBody {
    fn from(stored: StoredDecision) -> Self {
        match stored {
            StoredDecision::Known(decision) => decision.into(),
            StoredDecision::Unreadable(decision) => decision.into(),
        }
    }
}

impl From<UnreadableDecision> for DecisionBody {
    fn from(decision: UnreadableDecision) -> Self {
        Self {
            id: decision.id,
            maximum_lifetime_days: None,
            over_maximum: None,
            closing: None,
            origin_closed: None,
            effective_at: decision.effective_at,
            time_zone: decision.zone,
            made_at: decision.made_at,
            made_by: decision.made_by,
            state: "unreadable",
            settled_at: None,
            undone_by: None,
            tokens: None,
            reason: None,
        }
    }
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        let state = decision.state.as_str();
        let (settled_at, tokens, undone_by, reason) = match decision.state {
            DecisionState::Pending => (None, None, None, None),
            DecisionState::Applied { at, tokens } => (Some(at), Some(tokens), None, None),
            DecisionState::Undone { at, by } => (Some(at), None, Some(by), None),
            DecisionState::Failed { at, reason } => (Some(at), None, None, Some(reason)),
        };
        let (maximum, closing) = match decision.decided {
            Decided::Maximum { to, choice, .. } => (Some((to, choice)), None),
            Decided::Closing { cells, choice } => (None, Some((cells, choice))),
        };
        Self {
            id: decision.id,
            maximum_lifetime_days: maximum.map(|(days, _)| days.into()),
            over_maximum: maximum.map(|(_, choice)| choice.into()),
            closing: closing.map(|(cells, _)| cells.to_string()),
            origin_closed: closing.map(|(_, choice)| choice.into()),
            effective_at: decision.effective_at,
            time_zone: decision.zone,
            made_at: decision.made_at,
            made_by: decision.made_by,
            state,
            settled_at,
            undone_by,
            tokens,
            reason,
        }
    }
}
