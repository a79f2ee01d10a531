//! Who speaks for which provider over SCIM.

use std::collections::HashMap;

use patgate_core::provider::ProviderName;

use super::oidc::OidcSettings;

/// The internal users whose tokens change the users and groups of a provider.
#[derive(Clone, Debug, Default)]
pub struct ScimClients {
    /// By the user's name in the form that is compared.
    providers: HashMap<Box<str>, ProviderName>,
}

impl ScimClients {
    /// Those of the configured providers.
    #[must_use]
    pub fn of(providers: &[OidcSettings]) -> Self {
        let client = |provider: &OidcSettings| {
            Some((provider.scim_user.as_ref()?.key().into(), provider.name.clone()))
        };
        Self { providers: providers.iter().filter_map(client).collect() }
    }

    /// The provider for which the internal user of this name speaks, in the form that is compared.
    #[must_use]
    pub fn provider_of(&self, username_key: &str) -> Option<&ProviderName> {
        self.providers.get(username_key)
    }

    /// Whether somebody speaks for a provider.
    #[must_use]
    pub fn speak_for(&self, provider: &str) -> bool {
        self.providers.values().any(|known| known.as_str() == provider)
    }
}
