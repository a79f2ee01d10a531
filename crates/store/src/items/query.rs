//! Finding items by patterns, as Deploy's repository is asked: places and types alone, whatever else is in the rows.

use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::ItemId;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};

use super::list::ItemCursor;
use crate::error::StoreError;
use crate::keyset::{Seek, beyond, in_list_order};
use crate::rows::{after_prefix, column, parsed};
use crate::tables::ConfigurationItems;

/// Which items to find; all must be true of one. `Default` finds all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemQuery {
    /// One of these, which are 500 at most.
    pub numbers: Option<Vec<ItemNumber>>,
    /// Of this type, exactly.
    pub type_name: Option<String>,
    /// In this folder itself.
    pub folder: Option<ItemId>,
    /// Somewhere below this folder.
    pub below: Option<ItemId>,
    /// The last name is like this, whatever the case; `%` stands for any text.
    pub name: Option<String>,
    /// The whole place is like this, whatever the case; `%` stands for any text.
    pub place: Option<String>,
    /// Changed last before this.
    pub changed_before: Option<Timestamp>,
    /// Changed last after this.
    pub changed_after: Option<Timestamp>,
}

/// Where an item is, and of which type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemReference {
    /// Names it, wherever it is.
    pub number: ItemNumber,
    /// Where it is.
    pub id: ItemId,
    /// The name of its type.
    pub type_name: String,
}

/// What is found from a place on, in the order of the places: at most `limit` behind the first `skip`.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    query: &ItemQuery,
    seek: &Seek<ItemCursor>,
    skip: u64,
    limit: u64,
) -> Result<Vec<ItemReference>, StoreError> {
    let [skip, limit] = [skip, limit].map(|count| Ord::min(count, i64::MAX as u64));
    let rows = connection.query_all(&question(query, seek).limit(limit).offset(skip).take()).await?;
    let found = rows.iter().map(reference).collect::<Result<_, StoreError>>()?;
    Ok(in_list_order(found, seek.is_backward()))
}

/// What [`find`] asks.
pub(crate) fn question(query: &ItemQuery, seek: &Seek<ItemCursor>) -> SelectStatement {
    let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
    let beyond =
        seek.cursor().map(|cursor| beyond([ConfigurationItems::IdKey], [cursor.as_str().into()], &order));
    let key = || Expr::col(ConfigurationItems::IdKey);
    let below = query.below.as_ref().map(|folder| folder.key() + "/");
    let end = below.as_deref().and_then(after_prefix);
    // What a pattern begins with is found by the index.
    let start = query.place.as_deref().and_then(|place| place.split('%').next()).map(str::to_lowercase);
    let start = start.filter(|start| !start.is_empty());
    let start_end = start.as_deref().and_then(after_prefix);
    let of_many = query.name.as_deref().filter(|name| name.contains('%') || name.contains('/'));
    // A folder tells more than a type; by this the database looks there.
    let type_name = || -> Expr {
        match query.folder {
            Some(_) => Func::coalesce([Expr::col(ConfigurationItems::TypeName), Expr::val("")]).into(),
            None => Expr::col(ConfigurationItems::TypeName),
        }
    };
    references()
        .and_where_option(query.numbers.as_deref().map(is_one_of))
        .and_where_option(query.type_name.as_deref().map(|name| type_name().eq(name)))
        .and_where_option(
            query.folder.as_ref().map(|folder| Expr::col(ConfigurationItems::FolderKey).eq(folder.key())),
        )
        .and_where_option(below.map(|start| key().gte(start)))
        .and_where_option(end.map(|end| key().lt(end)))
        .and_where_option(start.map(|start| key().gte(start)))
        .and_where_option(start_end.map(|end| key().lt(end)))
        .and_where_option(query.place.as_deref().map(|place| key().like(pattern(place))))
        // What stands behind a slash of the place: asked first, because the index alone tells. It is all there is to ask
        // when the name has no `%`, which may stand for a slash too.
        .and_where_option(query.name.as_deref().map(|name| key().like(pattern(&format!("%/{name}")))))
        .and_where_option(of_many.map(|name| last_name().like(pattern(name))))
        .and_where_option(
            query.changed_before.map(|at| Expr::col(ConfigurationItems::ChangedAt).lt(at.as_millisecond())),
        )
        .and_where_option(
            query.changed_after.map(|at| Expr::col(ConfigurationItems::ChangedAt).gt(at.as_millisecond())),
        )
        .and_where_option(beyond)
        .order_by(ConfigurationItems::IdKey, order)
        .take()
}

/// Whether an item has one of these numbers.
pub(crate) fn is_one_of(numbers: &[ItemNumber]) -> Expr {
    Expr::col(ConfigurationItems::Number).is_in(numbers.iter().map(|number| number.as_i64()))
}

/// All places and types.
pub(super) fn references() -> SelectStatement {
    Query::select()
        .columns([ConfigurationItems::Number, ConfigurationItems::Id, ConfigurationItems::TypeName])
        .from(ConfigurationItems::Table)
        .take()
}

/// Reads one of [`references`].
pub(super) fn reference(row: &QueryResult) -> Result<ItemReference, StoreError> {
    let number = ItemNumber::from_i64(column(row, "number")?);
    Ok(ItemReference { number, id: parsed(row, "id")?, type_name: column(row, "type_name")? })
}

/// The last name of a place: what stands behind its folder and a slash.
fn last_name() -> SimpleExpr {
    let folder = Expr::expr(Func::char_length(Expr::col(ConfigurationItems::FolderKey)));
    Func::cust("SUBSTR").arg(Expr::col(ConfigurationItems::IdKey)).arg(folder.add(2)).into()
}

/// A pattern in which `%` alone stands for any text.
fn pattern(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len());
    for character in text.to_lowercase().chars() {
        if matches!(character, '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    LikeExpr::new(pattern).escape('\\')
}
