//! `GET /api/v1/personal-access-tokens`: a list of tokens, without their secrets.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use patgate_core::user::Username;
use patgate_store::GrantSort;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{TokenBody, answer};
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens::{self, Asked, OwnerAsked};
use crate::state::AppState;

/// Which tokens to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OwnerParameter {
    /// Whose, instead of the caller's own; `*`: everybody's. Needs `token#view_all`.
    owner: Option<String>,
}

/// How to look for tokens.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct TokenFilter {
    /// The name begins with this, whatever the case.
    search: Option<String>,
    /// In which order; `-` before it: the other way round. Absent: the newest first.
    #[param(inline)]
    sort: Option<Order>,
}

/// In which order tokens are listed.
#[derive(Clone, Copy, Deserialize, ToSchema)]
enum Order {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDescending,
    #[serde(rename = "createdAt")]
    CreatedAt,
    #[serde(rename = "-createdAt")]
    CreatedAtDescending,
    #[serde(rename = "expiresAt")]
    ExpiresAt,
    #[serde(rename = "-expiresAt")]
    ExpiresAtDescending,
    #[serde(rename = "lastUsedAt")]
    LastUsedAt,
    #[serde(rename = "-lastUsedAt")]
    LastUsedAtDescending,
}

/// Lists the caller's tokens, or those of others.
#[utoipa::path(
    get,
    path = "/api/v1/personal-access-tokens",
    tag = "tokens",
    params(OwnerParameter, TokenFilter, Paging),
    responses((status = 200, description = "The tokens", body = Vec<TokenBody>), Malformed, Unproven)
)]
pub(super) async fn list_tokens(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(owner): Parameters<OwnerParameter>,
    Parameters(filter): Parameters<TokenFilter>,
    paging: Paging,
) -> Result<Response, Problem> {
    let owner = match owner.owner.as_deref() {
        None => OwnerAsked::Oneself,
        Some("*") => OwnerAsked::Everybody,
        Some(name) => OwnerAsked::Named(
            name.parse::<Username>()
                .map_err(|error| Problem::field("owner", format!("The query parameter `owner`: {error}")))?,
        ),
    };
    list(&state, &caller, owner, filter, paging).await
}

/// Lists tokens of these owners.
pub(in crate::api) async fn list(
    state: &AppState,
    caller: &Caller,
    owner: OwnerAsked,
    filter: TokenFilter,
    paging: Paging,
) -> Result<Response, Problem> {
    let (sort, descending) = filter.sort.unwrap_or(Order::CreatedAtDescending).parts();
    let asked = Asked { owner, search: filter.search, sort, descending };
    let listed = tokens::list(state, caller, asked, paging.page()).await?;
    let now = state.clock.now();
    let body: Vec<_> = listed.into_iter().map(|owned| TokenBody::new(owned, now)).collect();
    Ok(answer(StatusCode::OK, &body))
}

impl Order {
    /// By what, and whether the other way round.
    fn parts(self) -> (GrantSort, bool) {
        match self {
            Self::Name => (GrantSort::Name, false),
            Self::NameDescending => (GrantSort::Name, true),
            Self::CreatedAt => (GrantSort::CreatedAt, false),
            Self::CreatedAtDescending => (GrantSort::CreatedAt, true),
            Self::ExpiresAt => (GrantSort::ExpiresAt, false),
            Self::ExpiresAtDescending => (GrantSort::ExpiresAt, true),
            Self::LastUsedAt => (GrantSort::LastUsedAt, false),
            Self::LastUsedAtDescending => (GrantSort::LastUsedAt, true),
        }
    }
}
