//! Searches of grants for a page: they look at a bounded number of rows, whatever fits and however many there are, and say
//! how far they came.

use patgate_core::grant::Grant;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Condition, Order, Query, SelectStatement};

use super::few::few;
use super::list::{Served, conditions, list_of, order, selections};
use super::{COLUMNS, GrantCursor, GrantFilter, GrantSort, read, selection};
use crate::error::StoreError;
use crate::keyset::{Seek, in_list_order};
use crate::rows::count_up_to;
use crate::tables::Grants;

/// The most rows that one search looks at, each at a place of its own in the file: a page in a few milliseconds, whatever fits
/// and however many there are.
pub(crate) const REACH: u64 = 2_000;

/// Grants that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundGrants {
    /// Those that fit.
    pub grants: Vec<Grant>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for: go on from there.
    pub reached: Option<GrantCursor>,
}

/// A search: the rows that are met, in the order of a list, and what is asked of each.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    selections: Vec<SelectStatement>,
    condition: Condition,
    sort: GrantSort,
    order: Order,
    is_backward: bool,
    /// How many rows are looked at, in all selections together.
    reach: u64,
}

/// As [`super::list`], but looks at about `reach` grants at most, which is 1 or more. Where what is asked beside the order leaves
/// few of them by an index, these are all that is looked at.
pub(crate) async fn search(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
    reach: u64,
) -> Result<FoundGrants, StoreError> {
    let Some(search) = Search::of(filter, seek, reach) else {
        let grants = list_of(connection, &selection(), filter, seek, limit).await?;
        return Ok(FoundGrants { grants, reached: None });
    };
    if let Some(few) = few(connection, filter, reach).await? {
        let grants = list_of(connection, &few, filter, seek, limit).await?;
        return Ok(FoundGrants { grants, reached: None });
    }
    search.find(connection, limit).await
}

impl Search {
    /// One for all that the filter asks; `None`: the index of the order serves it.
    pub(crate) fn of(filter: &GrantFilter, seek: &Seek<GrantCursor>, reach: u64) -> Option<Self> {
        let conditions = conditions(filter, Served::Not);
        let is_served = conditions.is_empty();
        let condition = conditions.into_iter().fold(Condition::all(), Condition::add);
        (!is_served).then(|| Self::new(filter, seek, condition, reach))
    }

    /// One through the rows that an index gives for the filter, from a place on.
    pub(crate) fn new(
        filter: &GrantFilter,
        seek: &Seek<GrantCursor>,
        condition: Condition,
        reach: u64,
    ) -> Self {
        Self {
            selections: selections(filter, seek),
            condition,
            sort: filter.sort,
            order: order(filter, seek),
            is_backward: seek.is_backward(),
            reach,
        }
    }

    /// At most `limit` of those that fit.
    pub(crate) async fn find(
        &self,
        connection: &impl ConnectionTrait,
        limit: u64,
    ) -> Result<FoundGrants, StoreError> {
        let (mut grants, mut left, mut reached) = (Vec::new(), self.reach, None);
        for select in &self.selections {
            let wanted = limit.saturating_sub(grants.len() as u64);
            let mut rows = self.rows(select, left);
            for row in connection.query_all(rows.limit(Ord::min(wanted, i64::MAX as u64))).await? {
                grants.push(read(&row)?);
            }
            if grants.len() as u64 >= limit {
                break;
            }
            let looked_at = count(connection, select, left).await?;
            if looked_at >= left {
                // The last one that was looked at: there may be more behind it.
                let last = connection.query_one(select.clone().offset(left - 1).limit(1)).await?;
                let last = last.map(|row| read(&row)).transpose()?;
                reached = last.map(|last| GrantCursor::of(&last, self.sort));
                break;
            }
            left -= looked_at;
        }
        Ok(FoundGrants { grants: in_list_order(grants, self.is_backward), reached })
    }

    /// How many fit, counted up to `most`, and whether that is all: everything was looked at.
    pub(crate) async fn count(
        &self,
        connection: &impl ConnectionTrait,
        most: u64,
    ) -> Result<(u64, bool), StoreError> {
        let (mut found, mut left) = (0, self.reach);
        for select in &self.selections {
            found += count(connection, &self.within(select, left), most - found).await?;
            if found >= most {
                return Ok((found, false));
            }
            let looked_at = count(connection, select, left).await?;
            if looked_at >= left {
                return Ok((found, false));
            }
            left -= looked_at;
        }
        Ok((found, true))
    }

    /// Of the first rows of a selection those that fit, in their order.
    pub(crate) fn rows(&self, select: &SelectStatement, reach: u64) -> SelectStatement {
        let mut rows = self.within(select, reach);
        rows.columns(COLUMNS).order_by(self.sort.column(), self.order.clone());
        rows.order_by(Grants::Id, self.order.clone()).take()
    }

    /// Of the first rows of a selection those that fit, without columns.
    fn within(&self, select: &SelectStatement, reach: u64) -> SelectStatement {
        let mut looked_at = select.clone();
        looked_at.columns([Grants::NameKey, Grants::LeftWorking]).limit(reach);
        Query::select()
            .from_subquery(looked_at, Alias::new("looked_at"))
            .cond_where(self.condition.clone())
            .take()
    }
}

/// How many grants a selection has, counted up to `most`.
pub(crate) async fn count(
    connection: &impl ConnectionTrait,
    select: &SelectStatement,
    most: u64,
) -> Result<u64, StoreError> {
    count_up_to(connection, select, Grants::Id, most).await
}
