//! Everything the index needs, as one snapshot.

use patgate_core::application::ApplicationName;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{GrantName, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::TokenSettings;
use patgate_core::policy::origin::Rows;
use patgate_core::role::Role;
use patgate_core::token::Digest;
use patgate_core::user::User;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, TransactionTrait};

use crate::change_log::{self, Sequence};
use crate::error::StoreError;
use crate::store::Store;
use crate::{packed, roles, settings, users};

/// A grant with its secrets, as the index holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedGrant {
    /// Which grant.
    pub id: GrantId,
    /// For whom it speaks. The owner of a deleted grant may be deleted too.
    pub owner: UserId,
    /// Its name.
    pub name: GrantName,
    /// For which application it is made.
    pub application: ApplicationName,
    /// What it carries of its owner's permissions.
    pub permissions: GrantPermissions,
    /// When it ends.
    pub expires_at: Expiry,
    /// Where it stands.
    pub state: GrantState,
    /// Where it passes although its owner's origin is closed.
    pub left_working: Rows,
    /// The digests of its tokens; usually one.
    pub secrets: Vec<Digest>,
}

/// A piece of the snapshot that [`Store::load`] hands over.
#[derive(Clone, Debug)]
pub enum Loaded {
    /// The token settings: once, first.
    Settings(TokenSettings),
    /// All roles: once, second.
    Roles(Vec<Role>),
    /// A user who is not deleted; all of them, before the grants.
    User(User),
    /// A grant, deleted or not: the holder of a deleted one is told so.
    Grant(IndexedGrant),
}

impl Store {
    /// Hands over everything the index needs, and returns the number of the last change that is in it: what follows
    /// is in [`Store::changes_after`].
    ///
    /// # Errors
    /// [`StoreError`]; what was handed over is incomplete then.
    pub async fn load(&self, mut receive: impl FnMut(Loaded) + Send) -> Result<Sequence, StoreError> {
        // On SQLite every transaction is a snapshot, and asking for a level only makes a warning.
        let postgres = self.inner.orm.get_database_backend() == DbBackend::Postgres;
        let level = postgres.then_some(IsolationLevel::RepeatableRead);
        let snapshot = self.inner.orm.begin_with_config(level, None).await?;
        let sequence = change_log::last(&snapshot).await?;
        receive(Loaded::Settings(settings::tokens(&snapshot).await?));
        receive(Loaded::Roles(roles::all(&snapshot).await?));
        for row in snapshot.query_all(&users::selection()).await? {
            receive(Loaded::User(users::read(&row)?));
        }
        load_grants(&snapshot, &mut receive).await?;
        snapshot.rollback().await?;
        Ok(sequence)
    }

    /// The grant as the index holds it, deleted or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn indexed_grant(&self, id: GrantId) -> Result<Option<IndexedGrant>, StoreError> {
        Ok(self.indexed_grants(&[id]).await?.pop())
    }

    /// Grants as the index holds them, deleted or not; unknown ones are left out. At most some thousands at once.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn indexed_grants(&self, ids: &[GrantId]) -> Result<Vec<IndexedGrant>, StoreError> {
        match packed::some(&self.inner.orm, ids).await? {
            Some(packed) => packed::unpack(&packed),
            None => Ok(Vec::new()),
        }
    }
}

/// While the grants of one answer are taken apart here, the database packs the next ones.
async fn load_grants(
    snapshot: &DatabaseTransaction,
    receive: &mut (impl FnMut(Loaded) + Send),
) -> Result<(), StoreError> {
    let mut packed = packed::after(snapshot, -1).await?;
    while let Some(current) = packed {
        let unpack = async {
            packed::unpack(&current)
                .map(|grants| grants.into_iter().for_each(|grant| receive(Loaded::Grant(grant))))
        };
        let (next, unpacked) = tokio::join!(packed::after(snapshot, current.last), unpack);
        unpacked?;
        packed = next?;
    }
    Ok(())
}
