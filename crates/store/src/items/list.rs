//! Lists of items, in the order of their places.

use std::fmt;
use std::str::FromStr;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, ItemName};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement};

use super::query::is_one_of;
use super::{Item, read, selection};
use crate::error::StoreError;
use crate::keyset::{NotACursor, Seek, beyond, in_list_order};
use crate::rows::{Page, after_prefix, ending};
use crate::tables::ConfigurationItems;

/// Which items to list; `Default` lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// One of these, which are 500 at most.
    pub numbers: Option<Vec<ItemNumber>>,
    /// In this folder itself.
    pub folder: Option<ItemId>,
    /// Somewhere below this folder.
    pub below: Option<ItemId>,
    /// Of this type, exactly.
    pub type_name: Option<String>,
    /// Of any type but this.
    pub but_type: Option<String>,
    /// Called so, whatever the case.
    pub name: Option<ItemName>,
}

/// A place in a list of items: the one that was seen last. Its text is for a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCursor(String);

impl ItemCursor {
    /// The place of an item in the list.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        Self::at(&item.id)
    }

    /// The place of an item that is here.
    #[must_use]
    pub fn at(id: &ItemId) -> Self {
        Self(id.key())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ItemCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        text.parse::<ItemId>().map(|id| Self(id.key())).map_err(|_| NotACursor)
    }
}

/// A page of the items that pass the filter, counted off.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    filter: &ItemFilter,
    page: Page,
) -> Result<Vec<Item>, StoreError> {
    let select = filtered(filter)
        .order_by(ConfigurationItems::IdKey, Order::Asc)
        .limit(page.limit())
        .offset(page.offset())
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// At most `limit` items that pass the filter, from a place on.
pub(super) async fn list(
    connection: &impl ConnectionTrait,
    filter: &ItemFilter,
    seek: &Seek<ItemCursor>,
    limit: u64,
) -> Result<Vec<Item>, StoreError> {
    let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
    let beyond =
        seek.cursor().map(|cursor| beyond([ConfigurationItems::IdKey], [cursor.0.as_str().into()], &order));
    let select = filtered(filter)
        .and_where_option(beyond)
        .order_by(ConfigurationItems::IdKey, order)
        .limit(Ord::min(limit, i64::MAX as u64))
        .take();
    let items = connection.query_all(&select).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(in_list_order(items, seek.is_backward()))
}

/// How many items pass the filter, counted no further than `most`.
pub(super) async fn count(
    connection: &impl ConnectionTrait,
    filter: &ItemFilter,
    most: u64,
) -> Result<u64, StoreError> {
    let select = filtered(filter).clear_selects().column(ConfigurationItems::Number).limit(most).take();
    Ok(connection.query_all(&select).await?.len() as u64)
}

fn filtered(filter: &ItemFilter) -> SelectStatement {
    let below = filter.below.as_ref().map(|folder| folder.key() + "/");
    let end = below.as_deref().and_then(after_prefix);
    let key = || Expr::col(ConfigurationItems::IdKey);
    selection()
        .and_where_option(filter.numbers.as_deref().map(is_one_of))
        .and_where_option(
            filter.folder.as_ref().map(|folder| Expr::col(ConfigurationItems::FolderKey).eq(folder.key())),
        )
        .and_where_option(below.map(|start| key().gte(start)))
        .and_where_option(end.map(|end| key().lt(end)))
        .and_where_option(
            filter.type_name.as_deref().map(|name| Expr::col(ConfigurationItems::TypeName).eq(name)),
        )
        .and_where_option(
            filter.but_type.as_deref().map(|name| Expr::col(ConfigurationItems::TypeName).ne(name)),
        )
        // No name has a slash in it.
        .and_where_option(
            filter
                .name
                .as_ref()
                .map(|name| key().like(ending(&format!("/{}", name.as_str().to_lowercase())))),
        )
        .take()
}
