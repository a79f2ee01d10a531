//! Use cases of SCIM: what a provider's client sees and changes of that provider's users and groups.
//!
//! A client is an internal user's token with `scim#provision`, and one provider names that user. What belongs to
//! another provider, or to nobody's, is missing for it.

mod groups;
mod refusal;
mod users;

use patgate_core::permission::names::SCIM_PROVISION;
use patgate_core::provider::ProviderName;
use patgate_core::user::Origin;
use patgate_store::{Change, ScimProvider};

pub use groups::{GroupEdit, SeenGroup, change_group, create_group, delete_group, list_groups, read_group};
pub use refusal::{
    INVALID_FILTER, INVALID_PATH, INVALID_SYNTAX, INVALID_VALUE, MUTABILITY, NO_TARGET, TOO_MANY, UNIQUENESS,
    bad, uniqueness,
};
pub use users::{SeenUser, UserWords, change_user, create_user, delete_user, list_users, read_user};

use super::mandate::Mandate;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Somebody who speaks for a provider.
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
    provider: ProviderName,
}

impl Client {
    /// A caller as a client.
    ///
    /// # Errors
    /// 403 without a token, without `scim#provision`, and for whom no provider names.
    pub fn of(state: &AppState, caller: Caller) -> Result<Self, Problem> {
        if caller.token().is_none() {
            let detail = "Users and groups are changed over SCIM with a personal access token alone";
            return Err(Problem::forbidden(detail).hint("Send it as `Authorization: Bearer`"));
        }
        caller.require(state, SCIM_PROVISION)?;
        let provider = match caller.facts.origin {
            Origin::Internal => state.scim.provider_of(&caller.facts.username_key).cloned(),
            // A provider's own users do not speak for it.
            Origin::Ldap | Origin::Sso => None,
        };
        match provider {
            Some(provider) => Ok(Self { caller, provider }),
            None => Err(Problem::forbidden("No provider has you as its SCIM client").hint(
                "Set `scim_user` to your user name in the `[[oidc]]` of the provider, and start Patgate again",
            )),
        }
    }

    /// Whose users and groups it sees.
    #[must_use]
    pub fn provider(&self) -> ScimProvider<'_> {
        ScimProvider { origin: Origin::Sso, name: &self.provider }
    }

    /// A change in its name, when it still may.
    async fn change(&self, state: &AppState) -> Result<Change, Problem> {
        let change = state.change(&self.caller.actor()).await?;
        Mandate::of_caller(state, &change, &self.caller).await?.require(SCIM_PROVISION)?;
        Ok(change)
    }
}
