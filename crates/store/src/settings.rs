//! Settings: one JSON text a name. And what is written down once a database, and is no change.

use std::collections::BTreeMap;

use patgate_core::policy::TokenSettings;
use patgate_core::provider::ProviderName;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::{json, to_json};
use crate::store::Store;
use crate::tables::Settings;

/// The row of [`TokenSettings`].
pub(crate) const TOKENS: &str = "personal_access_tokens";

/// The row of the fingerprints of digest keys.
const DIGEST_KEYS: &str = "digest_keys";

impl Store {
    /// The fingerprints of the digest keys with which tokens of this database were made, by the keys' numbers.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn digest_key_fingerprints(&self) -> Result<BTreeMap<u32, String>, StoreError> {
        let found = value(&self.inner.orm, DIGEST_KEYS).await?;
        found.map_or_else(|| Ok(BTreeMap::new()), |row| json(&row, "value"))
    }

    /// Writes them down, in place of those before.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and [`StoreError::Database`].
    pub async fn put_digest_key_fingerprints(
        &self,
        fingerprints: &BTreeMap<u32, String>,
    ) -> Result<(), StoreError> {
        let insert = Query::insert()
            .into_table(Settings::Table)
            .columns([Settings::Name, Settings::Value])
            .values_panic([DIGEST_KEYS.into(), to_json(fingerprints, "value")?.into()])
            .on_conflict(OnConflict::column(Settings::Name).update_column(Settings::Value).to_owned())
            .take();
        let (_turn, transaction) = self.inner.begin_data().await?;
        transaction.execute(&insert).await?;
        transaction.commit().await
    }

    /// What the provider of this name is, apart from its name, as it was written down when it was first met: now, with
    /// this, when it was never met before.
    ///
    /// # Errors
    /// As above.
    pub async fn meet_provider(&self, name: &ProviderName, identity: &str) -> Result<String, StoreError> {
        if let Some(known) = provider(&self.inner.orm, name).await? {
            return Ok(known);
        }
        // Another node may have met it meanwhile: the first word counts.
        let insert = Query::insert()
            .into_table(Settings::Table)
            .columns([Settings::Name, Settings::Value])
            .values_panic([provider_row(name).into(), to_json(&identity, "value")?.into()])
            .on_conflict(OnConflict::column(Settings::Name).do_nothing().to_owned())
            .take();
        let (_turn, transaction) = self.inner.begin_data().await?;
        transaction.execute(&insert).await?;
        transaction.commit().await?;
        Ok(provider(&self.inner.orm, name).await?.unwrap_or_else(|| identity.to_owned()))
    }
}

/// The row of what a provider is, apart from its name.
pub(crate) fn provider_row(name: &ProviderName) -> String {
    format!("provider {}", name.as_str())
}

/// What a provider is, as it was written down.
pub(crate) async fn provider(
    connection: &impl ConnectionTrait,
    name: &ProviderName,
) -> Result<Option<String>, StoreError> {
    let found = value(connection, &provider_row(name)).await?;
    found.map(|row| json(&row, "value")).transpose()
}

/// The stored token settings, or the defaults when none were ever stored.
pub(crate) async fn tokens(connection: &impl ConnectionTrait) -> Result<TokenSettings, StoreError> {
    let found = value(connection, TOKENS).await?;
    found.map_or_else(|| Ok(TokenSettings::default()), |row| json(&row, "value"))
}

async fn value(connection: &impl ConnectionTrait, name: &str) -> Result<Option<QueryResult>, StoreError> {
    let select = Query::select()
        .column(Settings::Value)
        .from(Settings::Table)
        .and_where(Expr::col(Settings::Name).eq(name))
        .take();
    Ok(connection.query_one(&select).await?)
}
