//! Everything the index needs, as one snapshot.

use patgate_core::application::ApplicationName;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{GrantName, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::TokenSettings;
use patgate_core::role::Role;
use patgate_core::token::Digest;
use patgate_core::user::User;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, Statement,
    TransactionTrait, TryGetable,
};

use crate::change_log::{self, Sequence};
use crate::error::StoreError;
use crate::store::Store;
use crate::{grants, packed, roles, settings, users};

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
}

/// The grant as the index holds it.
pub(crate) async fn indexed_grant(
    connection: &impl ConnectionTrait,
    id: GrantId,
) -> Result<Option<IndexedGrant>, StoreError> {
    let sql = format!("{SELECTION} WHERE g.id = $1 ORDER BY s.digest");
    let select = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.as_i64().into()]);
    let mut found: Option<IndexedGrant> = None;
    for row in connection.query_all_raw(select).await? {
        match &mut found {
            Some(grant) => grant.secrets.extend(secret(&row)?),
            None => found = Some(read(&row)?),
        }
    }
    Ok(found)
}

/// The order of the columns is that of [`read`].
const SELECTION: &str = "SELECT g.id, s.digest, g.owner, g.name, g.application, g.permissions, g.expires_at, \
     g.suspended_at, g.suspension_reason, g.deleted_at \
     FROM grants g LEFT JOIN secrets s ON s.grant_id = g.id";

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

fn read(row: &QueryResult) -> Result<IndexedGrant, StoreError> {
    let unreadable = |name| move |_| StoreError::Unreadable(name);
    Ok(IndexedGrant {
        id: GrantId::from_i64(value(row, 0)?),
        secrets: secret(row)?.into_iter().collect(),
        owner: UserId::from_i64(value(row, 2)?),
        name: GrantName::try_from(value::<String>(row, 3)?).map_err(|_| StoreError::Unreadable("name"))?,
        application: ApplicationName::try_from(value::<String>(row, 4)?)
            .map_err(unreadable("application"))?,
        permissions: grants::permissions(value::<Option<String>>(row, 5)?.as_deref())?,
        expires_at: grants::expiry(value(row, 6)?)?,
        state: grants::state(value(row, 7)?, value::<Option<String>>(row, 8)?.as_deref(), value(row, 9)?)?,
    })
}

fn secret(row: &QueryResult) -> Result<Option<Digest>, StoreError> {
    let Some(bytes) = value::<Option<Vec<u8>>>(row, 1)? else { return Ok(None) };
    let bytes = bytes.try_into().map_err(|_| StoreError::Unreadable("digest"))?;
    Ok(Some(Digest::from_bytes(bytes)))
}

/// By place: the query joins two tables.
fn value<T: TryGetable>(row: &QueryResult, place: usize) -> Result<T, StoreError> {
    row.try_get_by_index(place).map_err(StoreError::from)
}
