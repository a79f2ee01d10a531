//! The verdict: **the** function that decides whether a request may pass.
//!
//! Every surface calls [`verify`] (a token) or [`admit`] (somebody who has proven who they are by password or
//! session). Both answer with a [`Permit`], which only this module can make: what needs a `&Permit` cannot be reached
//! without a verdict.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::application::ApplicationSlot;
use crate::expiry::Expiry;
use crate::grant::SuspensionReason;
use crate::identifier::UserId;
use crate::index::{FoundGrant, OwnerFacts, Standing, View};
use crate::permission::{PermissionSet, PermissionSlot};
use crate::token::{Digest, FormatError, TokenText};
use crate::user::Origin;

/// Where a token is shown, which decides whether it is for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A place that takes every token (`/auth`, the token's own page): policy goes by the token's application.
    Every,
    /// An application's API: its own tokens and those for any.
    Application(ApplicationSlot),
}

impl Surface {
    /// The place by whose row of the policy a token for `application` is judged here; `None`: it is not for here.
    #[inline]
    #[must_use]
    pub fn place(self, application: ApplicationSlot) -> Option<ApplicationSlot> {
        match self {
            Self::Every if application != ApplicationSlot::UNKNOWN => Some(application),
            Self::Application(here) if [here, ApplicationSlot::ANY].contains(&application) => Some(here),
            Self::Every | Self::Application(_) => None,
        }
    }
}

/// What a request asks.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Where.
    pub surface: Surface,
    /// What it must be allowed to do; `None`: being somebody is enough.
    pub permission: Option<PermissionSlot>,
}

/// Why a request does not pass. The first cause that holds, in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The text is no token.
    Malformed(FormatError),
    /// No such token. All unknown tokens look alike.
    Unknown,
    /// The token was deleted.
    Deleted,
    /// The token has expired.
    Expired(Expiry),
    /// The token does not pass for now.
    Suspended(SuspensionReason),
    /// Its owner is disabled.
    OwnerDisabled,
    /// The token is for another application.
    OtherApplication,
    /// Policy does not let tokens of this origin pass here.
    OriginClosed(Origin),
    /// The token, or its owner, lacks what is asked. The only one that is "forbidden" and not "unauthorised".
    Lacks(PermissionSlot),
}

/// What the holder of the secret is told. The permission of [`Denied::Lacks`] is named by who has the catalog.
impl fmt::Display for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(formatter, "{error}"),
            Self::Unknown => formatter.write_str("the token is not known"),
            Self::Deleted => formatter.write_str("the token was deleted"),
            Self::Expired(at) => match at.timestamp() {
                Some(at) => write!(formatter, "the token expired on {}", at.strftime("%-d %B %Y")),
                None => formatter.write_str("the token has expired"),
            },
            Self::Suspended(SuspensionReason::OverMaximum) => {
                formatter.write_str("the token is suspended: it lives longer than the maximum")
            }
            Self::Suspended(SuspensionReason::OriginClosed) => {
                formatter.write_str("the token is suspended: tokens of its owner's origin are closed")
            }
            Self::Suspended(SuspensionReason::OwnerUnconfirmed) => {
                formatter.write_str("the token is suspended until its owner signs in again")
            }
            Self::Suspended(SuspensionReason::OwnerWithdrawn) => formatter.write_str(
                "the token is suspended: its owner is no longer known to their provider, or disabled there",
            ),
            Self::OwnerDisabled => formatter.write_str("the owner of the token is disabled"),
            Self::OtherApplication => formatter.write_str("the token is for another application"),
            Self::OriginClosed(origin) => {
                write!(formatter, "tokens are not allowed for {} here", origin.people())
            }
            Self::Lacks(_) => formatter.write_str("a permission is missing"),
        }
    }
}

impl std::error::Error for Denied {}

/// The proof of a verdict: this request may pass, as this owner, with these permissions.
pub struct Permit<'v> {
    owner: UserId,
    facts: &'v Arc<OwnerFacts>,
    permissions: PermissionSet,
    grant: Option<FoundGrant<'v>>,
    is_sample: bool,
}

impl<'v> Permit<'v> {
    /// As whom.
    #[must_use]
    pub fn owner(&self) -> UserId {
        self.owner
    }

    /// What is true of the owner now.
    #[must_use]
    pub fn facts(&self) -> &'v Arc<OwnerFacts> {
        self.facts
    }

    /// What the request may do: the token's permissions as far as the owner has them now.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.permissions
    }

    /// The token; `None` for a password or a session.
    #[must_use]
    pub fn grant(&self) -> Option<FoundGrant<'v>> {
        self.grant
    }

    /// Whether this is the token's first use in a minute, whose address and user agent are worth a sample.
    #[must_use]
    pub fn is_sample(&self) -> bool {
        self.is_sample
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Permit({:?})", self.owner)
    }
}

/// Judges a token, which may come with the user name that its sender claims.
///
/// With another user's name it is as unknown as a token that never was, and leaves no trace of a use.
///
/// # Errors
/// The first cause in the order of [`Denied`]'s variants: nothing is told about a token before its secret is proven,
/// and what is final comes before what may end.
pub fn verify<'v>(
    view: &'v View<'_>,
    token: &str,
    claimed: Option<&str>,
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    let token = TokenText::parse(token).map_err(Denied::Malformed)?;
    let grant = view.find(token).ok_or(Denied::Unknown)?;
    let facts = grant.facts();
    // An owner who is gone has no name left; the verdict says that they are gone.
    if claimed.zip(facts).is_some_and(|(name, facts)| !facts.is_called(name)) {
        return Err(Denied::Unknown);
    }
    judge(view, grant, demand, now)
}

/// Judges a token that was proven before and is known by its digest alone, for what goes on in its owner's name: the
/// same rules, anew.
///
/// # Errors
/// As [`verify`].
pub fn verify_bound<'v>(
    view: &'v View<'_>,
    digest: &Digest,
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    judge(view, view.find_digest(digest).ok_or(Denied::Unknown)?, demand, now)
}

/// What holds for a token whose secret was proven.
///
/// # Errors
/// As [`verify`], for a token that is known.
#[inline]
pub(crate) fn judge<'v>(
    view: &'v View<'_>,
    grant: FoundGrant<'v>,
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    let facts = grant.facts();
    let expired = grant.expires_at().is_expired(now);
    match grant.standing() {
        Standing::Deleted => return Err(Denied::Deleted),
        _ if expired => return Err(Denied::Expired(grant.expires_at())),
        Standing::Suspended(reason) => return Err(Denied::Suspended(reason)),
        Standing::Active => {}
    }
    let facts = facts.ok_or(Denied::OwnerDisabled)?;
    demand_owner(view, facts, now)?;
    let place = demand.surface.place(grant.application()).ok_or(Denied::OtherApplication)?;
    if !view.origin_policy().passes(facts.origin, place, grant.left_working()) {
        return Err(Denied::OriginClosed(facts.origin));
    }
    let permissions = match grant.permissions() {
        Some(chosen) => chosen.intersection(&facts.permissions),
        None => facts.permissions,
    };
    demand_permission(permissions, demand)?;
    let is_sample = grant.touch(now);
    Ok(Permit { owner: grant.owner(), facts, permissions, grant: Some(grant), is_sample })
}

/// Judges somebody who has proven who they are by password or session: the same rules, without a token.
///
/// # Errors
/// [`Denied::Unknown`] when there is no such user, [`Denied::Suspended`] when their provider no longer vouches for
/// them, [`Denied::OwnerDisabled`], [`Denied::Lacks`].
pub fn admit<'v>(
    view: &'v View<'_>,
    owner: UserId,
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    let facts = view.owner(owner).ok_or(Denied::Unknown)?;
    demand_owner(view, facts, now)?;
    let permissions = facts.permissions;
    demand_permission(permissions, demand)?;
    Ok(Permit { owner, facts, permissions, grant: None, is_sample: false })
}

/// The owner may act: their provider vouches for them, and no administrator disabled them.
fn demand_owner(view: &View<'_>, facts: &OwnerFacts, now: Timestamp) -> Result<(), Denied> {
    match view.suspends(facts, now) {
        Some(reason) => Err(Denied::Suspended(reason)),
        None if !facts.enabled => Err(Denied::OwnerDisabled),
        None => Ok(()),
    }
}

fn demand_permission(held: PermissionSet, demand: Demand) -> Result<(), Denied> {
    match demand.permission {
        Some(needed) if !held.contains(needed) => Err(Denied::Lacks(needed)),
        _ => Ok(()),
    }
}
