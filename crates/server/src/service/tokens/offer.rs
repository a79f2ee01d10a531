//! What the rules let somebody choose for a new token: only that is offered.

use jiff::Timestamp;
use patgate_core::application::ApplicationName;
use patgate_core::permission::PermissionId;
use patgate_core::policy::Days;
use patgate_core::policy::exemption::maximum_for;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::settings::LIFETIMES;
use crate::state::AppState;

/// The lifetime that is proposed, in days, where the rules allow it.
const PROPOSED: u32 = 30;

/// What somebody can choose for a new token.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Where their tokens may pass, `any` first. Empty: an administrator has switched tokens off for people like them.
    pub applications: Vec<ApplicationName>,
    /// Lifetimes in days, the shortest first.
    pub lifetimes: Vec<u32>,
    /// The one of them that is proposed.
    pub proposed: u32,
    /// The maximum; `None`: a token need not end.
    pub maximum: Option<Days>,
    /// What they hold.
    pub permissions: Vec<PermissionId>,
}

impl Offer {
    /// What a caller can choose now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn to(state: &AppState, caller: &Caller) -> Result<Self, Problem> {
        let settings = state.node.settings();
        let maximum = match settings.maximum_lifetime_days {
            Some(maximum) => maximum_of(state, caller, maximum).await?,
            None => None,
        };
        let most = maximum.map_or(u32::MAX, u32::from);
        let allowed = state
            .applications
            .iter()
            .filter(|(slot, _, _)| settings.origins.allows(caller.facts.origin, *slot));
        let lifetimes: Vec<u32> = LIFETIMES.into_iter().filter(|days| *days <= most).collect();
        Ok(Self {
            applications: allowed.map(|(_, name, _)| name.clone()).collect(),
            proposed: lifetimes.iter().copied().rfind(|days| *days <= PROPOSED).unwrap_or(PROPOSED),
            lifetimes,
            maximum,
            permissions: state.catalog.ids_in(caller.facts.permissions).cloned().collect(),
        })
    }

    /// Whether they can make a token at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.applications.is_empty()
    }

    /// When a token that is made now ends, by its lifetime in days.
    pub fn ends(&self, now: Timestamp) -> impl Iterator<Item = (u32, Timestamp)> {
        self.lifetimes.iter().filter_map(move |days| Some((*days, Days::try_from(*days).ok()?.after(now))))
    }

    /// When a token that is made now ends at the latest; `None`: whenever its owner likes.
    #[must_use]
    pub fn latest(&self, now: Timestamp) -> Option<Timestamp> {
        self.maximum.map(|days| days.after(now))
    }
}

/// The maximum for a caller, who may be exempt.
async fn maximum_of(state: &AppState, caller: &Caller, maximum: Days) -> Result<Option<Days>, Problem> {
    let Some(user) = state.store.user(caller.user).await? else { return Ok(Some(maximum)) };
    let exemptions = state.store.exemptions().await?;
    Ok(maximum_for(Some(maximum), &user, &exemptions, state.clock.now()))
}
