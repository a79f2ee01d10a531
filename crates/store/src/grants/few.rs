//! Few grants: of what is asked, a part may leave few of them, and an index other than that of the order say which. Then these are
//! read and sorted, however far apart they stand in the order.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, UnionType};

use super::list::selections;
use super::{COLUMNS, GrantFilter, GrantLife, GrantSort, count, selection};
use crate::error::StoreError;
use crate::keyset::Seek;
use crate::rows::column;
use crate::tables::{Grants, Users};
use crate::users;

/// The most disabled users whose tokens are asked for together.
const FEW_DISABLED: u64 = 500;

/// The only grants that can pass the filter, when an index tells that they are at most half of `reach`: they may be read twice,
/// those with a date and those without.
pub(super) async fn few(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
    reach: u64,
) -> Result<Option<SelectStatement>, StoreError> {
    let mut all = questions(filter);
    all.extend(of_disabled(connection, filter).await?);
    for parts in all {
        let (mut found, most) = (0, reach / 2);
        for part in &parts {
            found += count(connection, part, most + 1 - found).await?;
            if found > most {
                break;
            }
        }
        if found <= most {
            return Ok(Some(together(parts, reach)));
        }
    }
    Ok(None)
}

/// What is asked beside the order, as the index of another order answers it: each has its rows in parts.
pub(crate) fn questions(filter: &GrantFilter) -> Vec<Vec<SelectStatement>> {
    let asks_for_name = filter.name_prefix.as_ref().is_some_and(|prefix| !prefix.is_empty());
    let asks_for_end =
        filter.life != GrantLife::Any || filter.expires_before.is_some() || filter.never_expires;
    let asked = [(GrantSort::Name, asks_for_name), (GrantSort::ExpiresAt, asks_for_end)];
    let others = asked.into_iter().filter(|(sort, is_asked)| *is_asked && *sort != filter.sort);
    let by = |sort| selections(&GrantFilter { sort, descending: false, ..filter.clone() }, &Seek::Start);
    others.map(|(sort, _)| by(sort)).collect()
}

/// The grants of disabled users, when these are asked for and few.
async fn of_disabled(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
) -> Result<Option<Vec<SelectStatement>>, StoreError> {
    if !filter.owner_disabled {
        return Ok(None);
    }
    let owner = filter.owner.map(|owner| Expr::col((Users::Table, Users::Id)).eq(owner.as_i64()));
    let disabled = users::disabled().and_where_option(owner).limit(FEW_DISABLED + 1).take();
    let rows = connection.query_all(&disabled).await?;
    if rows.len() as u64 > FEW_DISABLED {
        return Ok(None);
    }
    let owners = rows.iter().map(|row| column::<i64>(row, "id")).collect::<Result<Vec<_>, _>>()?;
    let theirs = selection()
        .and_where(Expr::col(Grants::DeletedAt).is_null())
        .and_where(Expr::col(Grants::Owner).is_in(owners))
        .take();
    Ok(Some(vec![theirs]))
}

/// The rows of several questions, as a table to ask. The bound of each keeps the databases from reading them in another order,
/// off an index that has all the others between them.
pub(crate) fn together(parts: Vec<SelectStatement>, bound: u64) -> SelectStatement {
    let bounded = |mut part: SelectStatement| {
        let part = part.column(Grants::NameKey).limit(bound).take();
        Query::select().column(Asterisk).from_subquery(part, Alias::new("found")).take()
    };
    let all = parts.into_iter().map(bounded).reduce(|mut all, part| all.union(UnionType::All, part).take());
    // Nothing can end before a time and never.
    let all = all.unwrap_or_else(|| bounded(selection().and_where(Expr::cust("1 = 0")).take()));
    Query::select().columns(COLUMNS).from_subquery(all, Alias::new("few")).take()
}
