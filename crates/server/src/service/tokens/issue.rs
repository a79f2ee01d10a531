//! Making a token inside a change: the rules that hold whoever asks.

use std::collections::BTreeSet;

use jiff::Timestamp;
use patgate_core::application::ApplicationSlot;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantName, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::permission::{Catalog, PermissionId, PermissionSet};
use patgate_core::policy::exemption::maximum_for;
use patgate_core::policy::lifetime::decide_expiry;
use patgate_core::policy::{RequestedLifetime, TokenSettings};
use patgate_core::token::{PlainToken, TokenText};
use patgate_core::user::UserState;
use patgate_core::verify::Denied;
use patgate_store::Change;

use super::OwnedGrant;
use super::refused::{CreationRefused, Ids};
use crate::caller::CallerToken;
use crate::state::AppState;

/// The most tokens an owner can have that are neither deleted nor expired: one script must not fill the store.
pub(super) const MOST_LIVE: u64 = 10_000;

/// What is asked of a new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub name: GrantName,
    /// Where it passes.
    pub application: ApplicationSlot,
    /// How long.
    pub lifetime: RequestedLifetime,
    /// What it carries of its owner's permissions.
    pub permissions: GrantPermissions,
    /// The field of the request that asked for the lifetime, for a refusal.
    pub lifetime_field: &'static str,
}

/// A token that was made: the one moment at which its text can be shown.
pub struct NewTokenMade {
    /// The secret.
    pub token: PlainToken,
    /// What it is.
    pub owned: OwnedGrant,
}

/// For whom a token is made.
pub(super) struct Owner<'o> {
    pub(super) id: UserId,
    pub(super) username: &'o str,
    /// Everything for an administrator.
    pub(super) permissions: PermissionSet,
}

/// Makes a token inside a change. `maker` is the token that asks; `None` for a person. `id` is the grant's, when it is
/// not to be drawn.
pub(super) async fn issue(
    state: &AppState,
    change: &mut Change,
    owner: &Owner<'_>,
    maker: Option<&CallerToken>,
    new: NewToken,
    id: Option<GrantId>,
    now: Timestamp,
) -> Result<NewTokenMade, CreationRefused> {
    let settings = change.token_settings().await?;
    let user = change.user(owner.id).await?.ok_or(CreationRefused::Gone(Denied::Unknown))?;
    if let Some(reason) = user.confirmation.suspends(settings.freshness.of(user.origin), now) {
        return Err(CreationRefused::Gone(Denied::Suspended(reason)));
    }
    if user.state != UserState::Enabled {
        return Err(CreationRefused::Gone(Denied::OwnerDisabled));
    }
    let prefix = state.applications.prefix(new.application).ok_or(CreationRefused::UnknownApplication)?;
    let name = state.applications.name(new.application).ok_or(CreationRefused::UnknownApplication)?;
    let mut ceiling = Expiry::NEVER;
    if let Some(maker) = maker {
        ceiling = end_of_maker(change, maker, now).await?;
        within_maker(&settings, &state.catalog, maker, &new)?;
    }
    within_owner(&state.catalog, owner, &new.permissions)?;
    if !settings.origins.allows(user.origin, new.application) {
        return Err(CreationRefused::OriginClosed(name.as_str().into(), user.origin));
    }
    let exemptions = change.held_exemptions().await?;
    let maximum = maximum_for(settings.maximum_lifetime_days, &user, &exemptions, now);
    let expires_at = decide_expiry(new.lifetime, maximum, ceiling, now).map_err(CreationRefused::Lifetime)?;
    if change.count_live_grants(owner.id).await? >= MOST_LIVE {
        return Err(CreationRefused::TooMany);
    }
    let mut random = state.random.draw();
    let grant = Grant {
        id: id.unwrap_or_else(|| GrantId::generate(&mut random)),
        owner: owner.id,
        name: new.name,
        application: name.clone(),
        permissions: new.permissions,
        // As the database keeps it, so that this answer and every later one agree.
        created_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
        expires_at,
        state: GrantState::Active,
        last_use: None,
    };
    let token = PlainToken::generate(prefix, &mut random);
    let key = state.index.keys().newest();
    // What was just generated is well formed.
    let text = TokenText::parse(token.reveal()).map_err(Denied::Malformed).map_err(CreationRefused::Gone)?;
    change.insert_grant(&grant, key.id(), &key.digest(text)).await?;
    Ok(NewTokenMade {
        token,
        owned: OwnedGrant { grant, owner: owner.username.into(), owner_suspends: None },
    })
}

/// When the token ends that asks, if it still passes: between the verdict and this change it may have been deleted, suspended
/// or shortened, or have expired.
async fn end_of_maker(
    change: &Change,
    maker: &CallerToken,
    now: Timestamp,
) -> Result<Expiry, CreationRefused> {
    let grant = change.grant(maker.id).await?.ok_or(CreationRefused::Gone(Denied::Deleted))?;
    if grant.expires_at.is_expired(now) {
        return Err(CreationRefused::Gone(Denied::Expired(grant.expires_at)));
    }
    match grant.suspended_for(None) {
        Some(reason) => Err(CreationRefused::Gone(Denied::Suspended(reason))),
        None => Ok(grant.expires_at),
    }
}

/// A token never makes one that is wider than itself.
fn within_maker(
    settings: &TokenSettings,
    catalog: &Catalog,
    maker: &CallerToken,
    new: &NewToken,
) -> Result<(), CreationRefused> {
    if !settings.tokens_may_make_tokens {
        return Err(CreationRefused::TokensMayNot);
    }
    if maker.application != ApplicationSlot::ANY && maker.application != new.application {
        return Err(CreationRefused::MakerElsewhere);
    }
    match (maker.permissions, &new.permissions) {
        (None, _) => Ok(()),
        (Some(_), GrantPermissions::All) => Err(CreationRefused::MakerHasList),
        (Some(held), GrantPermissions::Chosen(asked)) => match beyond(catalog, held, asked) {
            Some(ids) => Err(CreationRefused::MakerLacks(ids)),
            None => Ok(()),
        },
    }
}

/// A token carries only what its owner has.
fn within_owner(
    catalog: &Catalog,
    owner: &Owner<'_>,
    permissions: &GrantPermissions,
) -> Result<(), CreationRefused> {
    let GrantPermissions::Chosen(asked) = permissions else { return Ok(()) };
    match beyond(catalog, owner.permissions, asked) {
        Some(ids) => Err(CreationRefused::OwnerLacks(ids)),
        None => Ok(()),
    }
}

/// Those of `asked` that `held` does not have; an id that is not known is not held.
fn beyond(catalog: &Catalog, held: PermissionSet, asked: &BTreeSet<PermissionId>) -> Option<Ids> {
    let is_held = |id: &PermissionId| catalog.slot(id).is_some_and(|slot| held.contains(slot));
    let beyond: Vec<_> = asked.iter().filter(|id| !is_held(id)).map(ToString::to_string).collect();
    if beyond.is_empty() { None } else { Some(Ids(beyond)) }
}
