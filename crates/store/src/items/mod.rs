//! Configuration items: the row, and the reads that the store and a change share.

mod list;
mod many;
mod query;
mod read;
mod sealed;
pub(crate) mod written;

use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, Properties, descriptor};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

pub use self::list::{ItemCursor, ItemFilter};
pub(crate) use self::many::{at, folders_in_use, holders, numbered, references_at};
pub(crate) use self::query::is_one_of;
#[cfg(test)]
pub(crate) use self::query::question;
pub use self::query::{ItemQuery, ItemReference};
pub use self::sealed::{BoundGrant, DigestedSecret, SealedSecret, StoredSecret, StoredSecrets};
use crate::error::StoreError;
use crate::rows::{column, json, parsed, time};
use crate::tables::ConfigurationItems;

/// A configuration item, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Names it for as long as it is there, wherever it moves.
    pub number: ItemNumber,
    /// Where it is.
    pub id: ItemId,
    /// The name of its type. This program may not know it.
    pub type_name: String,
    /// From 1, and one more with each change of its properties, secrets or place.
    pub version: i64,
    /// Its values. Never a secret.
    pub properties: Properties,
    /// Its secrets, as they were sealed.
    pub secrets: StoredSecrets,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom: the name of the actor.
    pub created_by: String,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// An item that is to be made.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// One that no item has.
    pub number: ItemNumber,
    /// Where it will be. The folder is there, or is the root.
    pub id: ItemId,
    /// The name of its type.
    pub type_name: String,
    /// Its values.
    pub properties: Properties,
    /// Its secrets.
    pub secrets: StoredSecrets,
}

/// What is to become of an item that stays where it is.
#[derive(Clone, Debug)]
pub struct ItemUpdate {
    /// What it is, as the same [`Change`](crate::Change) has read it: nobody else writes meanwhile.
    pub before: Item,
    /// Its values.
    pub properties: Properties,
    /// Its secrets.
    pub secrets: StoredSecrets,
}

/// Which of several items was refused, and why.
#[derive(Debug)]
pub struct RefusedItem {
    /// From 0, in their order; 0 also when the database failed for all of them.
    pub at: usize,
    /// Why.
    pub error: StoreError,
}

impl From<StoreError> for RefusedItem {
    fn from(error: StoreError) -> Self {
        Self { at: 0, error }
    }
}

/// The columns of an [`Item`].
const COLUMNS: [ConfigurationItems; 10] = [
    ConfigurationItems::Number,
    ConfigurationItems::Id,
    ConfigurationItems::TypeName,
    ConfigurationItems::Version,
    ConfigurationItems::Properties,
    ConfigurationItems::SealedSecrets,
    ConfigurationItems::CreatedAt,
    ConfigurationItems::CreatedBy,
    ConfigurationItems::ChangedAt,
    ConfigurationItems::ChangedBy,
];

/// The item at this place, whatever the case.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: &ItemId,
) -> Result<Option<Item>, StoreError> {
    one(connection, selection().and_where(Expr::col(ConfigurationItems::IdKey).eq(id.key())).take()).await
}

/// The item of this number.
pub(crate) async fn by_number(
    connection: &impl ConnectionTrait,
    number: ItemNumber,
) -> Result<Option<Item>, StoreError> {
    let select = selection().and_where(Expr::col(ConfigurationItems::Number).eq(number.as_i64())).take();
    one(connection, select).await
}

/// Everything somewhere below a folder, in the order of the places.
pub(crate) async fn below(
    connection: &impl ConnectionTrait,
    folder: &ItemId,
) -> Result<Vec<Item>, StoreError> {
    let filter = ItemFilter { below: Some(folder.clone()), ..ItemFilter::default() };
    list::list(connection, &filter, &crate::Seek::Start, i64::MAX as u64).await
}

/// How many items are somewhere below a folder, counted no further than `most`.
pub(crate) async fn count_below(
    connection: &impl ConnectionTrait,
    folder: &ItemId,
    most: u64,
) -> Result<u64, StoreError> {
    let filter = ItemFilter { below: Some(folder.clone()), ..ItemFilter::default() };
    list::count(connection, &filter, most).await
}

/// Everything with a secret.
pub(crate) async fn with_secrets(connection: &impl ConnectionTrait) -> Result<Vec<Item>, StoreError> {
    let select = selection()
        .and_where(Expr::col(ConfigurationItems::SealedSecrets).ne(sealed::NONE))
        .order_by(ConfigurationItems::IdKey, sea_orm::Order::Asc)
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// What no two items may have alike, of an item with these values.
pub(crate) fn unique_key(type_name: &str, properties: &Properties) -> Option<String> {
    descriptor(type_name).and_then(|known| known.unique_key(properties))
}

async fn one(connection: &impl ConnectionTrait, select: SelectStatement) -> Result<Option<Item>, StoreError> {
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

fn selection() -> SelectStatement {
    Query::select().columns(COLUMNS).from(ConfigurationItems::Table).take()
}

fn read(row: &QueryResult) -> Result<Item, StoreError> {
    Ok(Item {
        number: ItemNumber::from_i64(column(row, "number")?),
        id: parsed(row, "id")?,
        type_name: column(row, "type_name")?,
        version: column(row, "version")?,
        properties: json(row, "properties")?,
        secrets: json(row, "sealed_secrets")?,
        created_at: time(row, "created_at")?,
        created_by: column(row, "created_by")?,
        changed_at: time(row, "changed_at")?,
        changed_by: column(row, "changed_by")?,
    })
}
