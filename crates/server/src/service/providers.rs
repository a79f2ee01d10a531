//! Whether providers are who they were: users, roles and tokens are keyed by a provider's name, so another provider under
//! the same name would take them over.

use jiff::Timestamp;
use patgate_core::provider::ProviderName;
use patgate_store::{Actor, Store, StoreError};

use crate::configuration::Configuration;

/// Why providers are not taken for who they were.
#[derive(Debug, thiserror::Error)]
pub enum NotRecognised {
    /// It is another one than when it was first met.
    #[error(
        "the provider `{name}` was `{was}` when this server first met it, and is `{is}` in the configuration now: its people \
         would take over the users, roles and tokens of the other one\n\
         hint: give the new provider another `name`; or, when it has the same people under the same keys, write \
         `moved_from = \"{was}\"` into its table"
    )]
    Another {
        /// What it is called.
        name: ProviderName,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sees that each provider of the configuration is the one that was first met under its name, or said to have moved from
/// there, which is a change in the name of the configuration. What is met for the first time is written down.
///
/// # Errors
/// [`NotRecognised`], at the first that is another one.
pub async fn recognise(
    store: &Store,
    configuration: &Configuration,
    now: Timestamp,
) -> Result<(), NotRecognised> {
    let directories = configuration.directories.iter();
    let directories = directories.map(|it| (&it.name, it.identity(), &it.moved_from));
    let providers = configuration.oidc.iter().map(|it| (&it.name, it.identity(), &it.moved_from));
    for (name, is, moved_from) in directories.chain(providers) {
        let was = store.meet_provider(name, &is).await?;
        if was == is {
            continue;
        }
        if moved_from.as_ref() != Some(&was) {
            return Err(NotRecognised::Another { name: name.clone(), was, is });
        }
        let actor = Actor::system("configuration");
        let mut change = store.change(&actor, now).await?;
        change.move_provider(name, &is).await?;
        change.commit().await?;
        tracing::warn!(provider = %name, was, is, "a provider has moved, as `moved_from` says");
    }
    Ok(())
}
