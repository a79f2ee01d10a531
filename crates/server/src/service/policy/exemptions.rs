//! Exemptions from the maximum lifetime: who has one, making one, ending one.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::ExemptionId;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind};
use patgate_store::{Seek, TimeCursor};

use super::decide::refuse_listed;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, Mandate};
use crate::service::settings::SEES;
use crate::state::AppState;

/// The most exemptions that hold at once.
const MOST: usize = 1_000;
/// How far ahead one ends at most: five years.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * (5 * 365 + 2));

/// Where somebody can come from: Patgate itself, the directories, and the identity providers.
#[must_use]
pub fn providers(state: &AppState) -> Vec<String> {
    let directories = state.directories.iter().map(|directory| directory.name().to_string());
    let identity_providers = state.oidc.iter().map(|provider| provider.name().to_string());
    std::iter::once(INTERNAL_PROVIDER.to_owned()).chain(directories).chain(identity_providers).collect()
}

/// At most `limit` exemptions, the one that ends latest first, ended ones too, from a place on.
///
/// # Errors
/// 403 for who may not see the rules.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    seek: &Seek<TimeCursor>,
    limit: u64,
) -> Result<Vec<Exemption>, Problem> {
    caller.require_any(state, &SEES)?;
    Ok(state.store.list_exemptions(seek, limit).await?)
}

/// An exemption that holds.
///
/// # Errors
/// 403 for who may not see the rules; 404 when there is none, or it has ended.
pub async fn read(state: &AppState, caller: &Caller, id: ExemptionId) -> Result<Exemption, Problem> {
    caller.require_any(state, &SEES)?;
    let found = state.store.exemption(id).await?;
    let held = found.filter(|exemption| exemption.holds(state.clock.now()));
    held.ok_or_else(|| Problem::not_found("exemption"))
}

/// Makes an exemption, in force when this returns.
///
/// # Errors
/// 403 without `security#edit`; 400 when it ends in the past or more than five years ahead, for a user whom nobody knows,
/// and for a group of a provider that this server does not know, or of Patgate itself, which has none; 409 for somebody who has
/// one, and when there are too many.
pub async fn create(
    state: &AppState,
    caller: &Caller,
    principal: Principal,
    reason: ExemptionReason,
    ends_at: Timestamp,
) -> Result<Exemption, Problem> {
    refuse_listed(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    let now = state.clock.now();
    // As the database keeps it.
    let ends_at = Timestamp::from_millisecond(ends_at.as_millisecond()).unwrap_or(ends_at);
    if ends_at <= now {
        return Err(Problem::field("endsAt", "`endsAt`: an exemption ends in the future"));
    }
    if ends_at.duration_since(now) > FURTHEST {
        return Err(Problem::field("endsAt", "`endsAt`: an exemption ends in at most five years"));
    }
    let provider = &principal.provider;
    if principal.kind == PrincipalKind::Group {
        if provider == INTERNAL_PROVIDER {
            let detail =
                "`provider`: internal users are in no groups; name the provider that it is a group of";
            return Err(Problem::field("provider", detail));
        }
        if !providers(state).contains(provider) {
            let detail = format!("`provider`: this server knows no provider “{provider}”");
            return Err(Problem::field("provider", detail));
        }
    } else {
        let user = change.user_by_name(&principal.username).await?;
        if user.is_none_or(|user| user.provider != principal.provider) {
            let detail = format!(
                "`name`: there is no user “{}” of the provider “{}”",
                principal.username, principal.provider
            );
            return Err(Problem::field("name", detail));
        }
    }
    let held = change.held_exemptions().await?;
    let is_same = |other: &Principal| {
        let names = match principal.kind {
            PrincipalKind::User => other.username == principal.username,
            PrincipalKind::Group => other.username.as_str() == principal.username.as_str(),
        };
        names && other.kind == principal.kind && other.provider == principal.provider
    };
    if held.iter().any(|one| is_same(&one.principal)) {
        let detail = format!("“{}” is exempt already", principal.username);
        return Err(Problem::conflict(detail).hint("End that exemption first"));
    }
    if held.len() >= MOST {
        return Err(Problem::conflict(format!("There are {MOST} exemptions; end some of them first")));
    }
    let exemption = Exemption {
        id: ExemptionId::generate(&mut state.random.draw()),
        principal,
        reason,
        made_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
        made_by: caller.facts.username.to_string(),
        ends_at,
    };
    change.insert_exemption(&exemption).await?;
    state.commit(change).await?;
    Ok(exemption)
}

/// Ends an exemption now. Tokens that were made under it stay, and are marked in the next preview.
///
/// # Errors
/// 403 without `security#edit`; 404 when there is none, or it has ended.
pub async fn end(state: &AppState, caller: &Caller, id: ExemptionId) -> Result<Exemption, Problem> {
    refuse_listed(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    let ended = change.end_exemption(id).await?;
    state.commit(change).await?;
    Ok(ended)
}
