//! `GET …/preview` and `…/suspended`: tokens that stricter rules would touch, and those that they suspended; and lifting
//! that.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use patgate_core::grant::SuspensionReason;
use patgate_core::identifier::GrantId;
use patgate_core::policy::Cells;
use patgate_store::{GrantCursor, GrantSort};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::json;
use crate::api::page::{self, ASKED};
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::policy::{self, Extent, Question, TouchedToken, suspended};
use crate::service::settings;
use crate::service::tokens::overview::SeenGrant;
use crate::state::AppState;

/// The most tokens that are named at once.
const MOST: usize = 100;

/// Which tokens to list: one of the first two parameters.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// A lower maximum lifetime in days: 7, 30, 45, 60 or 365.
    #[param(example = 30)]
    maximum_lifetime_days: Option<u32>,
    /// Cells of the table that close, such as `release.sso,deploy.sso`.
    closing: Option<String>,
    /// Goes on after this place: the `next` of the page before.
    after: Option<String>,
}

/// Which tokens to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SuspendedAsked {
    /// Why they are suspended. Absent: `over_maximum`.
    #[param(inline)]
    reason: Option<Reason>,
    /// Goes on after this place: the `next` of the page before.
    after: Option<String>,
}

/// Why a rule suspends a token.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Reason {
    #[default]
    OverMaximum,
    OriginClosed,
}

/// Tokens, the ones that never end first, then those that end latest.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    /// How many all of them are; absent for those that are suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// At most 100 of them; `null` without `token#view_all`.
    tokens: Option<Vec<TokenRow>>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TokenRow {
    /// Which.
    #[schema(value_type = String)]
    id: GrantId,
    /// What it is for.
    token_note: String,
    /// The log-in name of its owner.
    owner: String,
    /// For which application.
    application: String,
    /// When it was used last; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// When it ends; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Its owner was exempt when it was made, and is no more.
    needs_review: bool,
    /// It passes elsewhere still, so it is not suspended.
    passes_elsewhere: bool,
}

/// Which suspensions to lift: `ids`, or all for a `reason`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, expecting = "an object")]
pub(super) struct Lifting {
    /// These tokens, at most 100.
    #[schema(value_type = Option<Vec<String>>)]
    ids: Option<Vec<GrantId>>,
    /// All tokens that are suspended for this reason.
    #[schema(inline)]
    reason: Option<Reason>,
}

/// How many suspensions were lifted.
#[derive(Serialize, ToSchema)]
pub(super) struct Lifted {
    /// How many.
    lifted: u64,
}

/// Lists the tokens that a lower maximum exceeds, or that closing origins touches, if it took effect now. A maximum
/// above the one in force, and cells that are closed already, touch none; that in force lists what exceeds it, such as tokens
/// that were made under an exemption. Needs `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens/preview",
    tag = "settings",
    params(Asked),
    responses((status = 200, description = "The tokens", body = Tokens), Malformed, Unproven)
)]
pub(super) async fn preview_token_settings(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Tokens>, Problem> {
    let stored = settings::read(&state, &caller).await?;
    let question = match (asked.maximum_lifetime_days, asked.closing.as_deref()) {
        (Some(days), None) => settings::maximum_lifetime(Some(days))?.map(Question::Maximum),
        (None, Some(cells)) => {
            let cells: Cells = cells
                .parse()
                .map_err(|why| Problem::field("closing", format!("The query parameter `closing`: {why}")))?;
            Some(Question::Closing(cells))
        }
        _ => None,
    };
    let question = question.ok_or_else(|| {
        Problem::field("maximumLifetimeDays", "Ask about `maximumLifetimeDays` or about `closing`")
    })?;
    let place = page::place(asked.after.as_deref())?;
    let found = match question.beyond(&stored) {
        Some(question) => policy::preview(&state, &caller, question, Extent::Whole, &place, ASKED).await?,
        None => policy::preview_of_nothing(&state, &caller)?,
    };
    let (tokens, next) = match found.tokens {
        None => (None, None),
        Some(tokens) => {
            let (tokens, next) = page::cut(tokens, |token| cursor(&token.seen));
            (Some(tokens.iter().map(TokenRow::of_touched).collect()), next)
        }
    };
    Ok(Json(Tokens { count: Some(found.count), tokens, next }))
}

/// Lists the tokens that a rule suspended. Needs `token#view_all`.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens/suspended",
    tag = "settings",
    params(SuspendedAsked),
    responses((status = 200, description = "The tokens", body = Tokens), Malformed, Unproven)
)]
pub(super) async fn list_suspended(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<SuspendedAsked>,
) -> Result<Json<Tokens>, Problem> {
    let reason = asked.reason.unwrap_or_default().into();
    let seen = suspended::list(&state, &caller, reason, &page::place(asked.after.as_deref())?, ASKED).await?;
    let (seen, next) = page::cut(seen, cursor);
    let tokens = seen.iter().map(|seen| TokenRow::new(seen, false, false)).collect();
    Ok(Json(Tokens { count: None, tokens: Some(tokens), next }))
}

/// Lifts suspensions although the rule stands. Needs `security#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/settings/personal-access-tokens/suspended",
    tag = "settings",
    request_body = Lifting,
    responses((status = 200, description = "They pass again", body = Lifted), BadBody, Unproven)
)]
pub(super) async fn lift_suspensions(
    State(state): State<AppState>,
    caller: Caller,
    json::Json(lifting): json::Json<Lifting>,
) -> Result<Json<Lifted>, Problem> {
    let lifted = match (lifting.ids, lifting.reason) {
        (Some(ids), None) if ids.len() <= MOST => {
            let ids: BTreeSet<_> = ids.into_iter().collect();
            suspended::lift(&state, &caller, &ids).await?
        }
        (Some(_), None) => return Err(Problem::field("ids", format!("`ids` names at most {MOST} tokens"))),
        (None, Some(reason)) => suspended::lift_all(&state, &caller, reason.into()).await?,
        _ => return Err(Problem::field("ids", "Name the tokens in `ids`, or a `reason`")),
    };
    Ok(Json(Lifted { lifted }))
}

impl TokenRow {
    fn new(seen: &SeenGrant, needs_review: bool, passes_elsewhere: bool) -> Self {
        let grant = &seen.grant;
        Self {
            id: grant.id,
            token_note: grant.name.as_str().to_owned(),
            owner: seen.owner.as_deref().map_or_else(String::new, |owner| owner.username.to_string()),
            application: grant.application.to_string(),
            last_used_at: grant.last_use.as_ref().map(|used| used.at),
            expires_at: grant.expires_at.timestamp(),
            needs_review,
            passes_elsewhere,
        }
    }

    fn of_touched(token: &TouchedToken) -> Self {
        Self::new(&token.seen, token.needs_review, token.is_narrowed)
    }
}

impl From<Reason> for SuspensionReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::OverMaximum => Self::OverMaximum,
            Reason::OriginClosed => Self::OriginClosed,
        }
    }
}

fn cursor(seen: &SeenGrant) -> GrantCursor {
    GrantCursor::of(&seen.grant, GrantSort::ExpiresAt)
}
