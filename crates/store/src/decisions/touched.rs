//! Which tokens a decision touches: the core's rules ([`patgate_core::policy::decision`], [`Cells::touch`]) as conditions
//! of a statement, so that a hundred thousand tokens are found and changed at once. The tests hold both against each other.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, SuspensionReason};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::Cells;
use patgate_core::policy::origin::{OriginPolicy, Row, Rows};
use patgate_core::user::Origin;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};

use crate::error::StoreError;
use crate::grants::{
    self, FoundGrants, GrantCursor, GrantFilter, GrantLife, GrantSort, Search, expiry_column,
};
use crate::keyset::{Seek, in_list_order};
use crate::rows::column;
use crate::store::Store;
use crate::tables::{Grants, Users};

/// Some tokens that are not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Those that end after this, but not those of these owners: they exceed a maximum.
    EndsAfter {
        /// The latest expiry that the maximum allows.
        latest: Expiry,
        /// Who is exempt.
        exempt: BTreeSet<UserId>,
    },
    /// Those that pass at fewer places when these cells close, and have not expired.
    Narrowed {
        /// What closes.
        cells: Cells,
        /// When.
        now: Timestamp,
    },
    /// Those of them that pass nowhere then.
    ShutOut {
        /// What closes.
        cells: Cells,
        /// The table when they are closed.
        after: OriginPolicy,
        /// When.
        now: Timestamp,
    },
    /// Those that are suspended for exceeding the maximum and end no later than this.
    Covered {
        /// The latest expiry that the maximum allows; [`Expiry::NEVER`]: there is none.
        latest: Expiry,
    },
    /// Those that are suspended because their owner's origin was closed, and pass somewhere when these cells open.
    LetIn {
        /// What opens.
        cells: Cells,
    },
    /// Those that were left working in one of these cells when it was closed before.
    LeftWorking {
        /// The cells.
        cells: Cells,
    },
    /// Those that are suspended for this reason.
    Suspended(SuspensionReason),
    /// This one.
    One(GrantId),
}

/// What a look at some of these tokens finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedGlance {
    /// How many were found, counted up to what was asked for.
    pub count: u64,
    /// Whether these are all: everything was looked at.
    pub is_whole: bool,
    /// Those from the place on.
    pub found: FoundGrants,
}

/// As many tokens are looked at for a glance, to list them, and once more to count them: a page in a few milliseconds.
const GLANCE: u64 = 2_000;

/// The most owners whose tokens are asked for together.
const FEW_OWNERS: u64 = 100;

impl Store {
    /// At most `limit` of these tokens, from a place of the list on: those that never end first, then those that end
    /// latest.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn list_touched(
        &self,
        touched: &Touched,
        seek: &Seek<GrantCursor>,
        limit: u64,
    ) -> Result<Vec<Grant>, StoreError> {
        self.list_all(touched, &condition(touched), seek, limit).await
    }

    /// How many these tokens are, counted up to `most`: to count a million takes a second.
    pub async fn count_touched(&self, touched: &Touched, most: u64) -> Result<u64, StoreError> {
        self.count_all(touched, &condition(touched), most).await
    }

    /// Both, of 2,000 tokens at most, where no index tells which they are: what it does not reach is sought from there on.
    pub async fn glance_at_touched(
        &self,
        touched: &Touched,
        most: u64,
        seek: &Seek<GrantCursor>,
        limit: u64,
    ) -> Result<TouchedGlance, StoreError> {
        self.glance(touched, most, seek, limit, GLANCE).await
    }

    /// What [`Store::glance_at_touched`] finds when it looks at about `reach` tokens at most, which is 1 or more.
    pub(crate) async fn glance(
        &self,
        touched: &Touched,
        most: u64,
        seek: &Seek<GrantCursor>,
        limit: u64,
        reach: u64,
    ) -> Result<TouchedGlance, StoreError> {
        if let Some(few) = self.few(touched, reach).await? {
            let condition = condition(touched).add(few);
            let count = self.count_all(touched, &condition, most).await?;
            let grants = self.list_all(touched, &condition, seek, limit).await?;
            let found = FoundGrants { grants, reached: None };
            return Ok(TouchedGlance { count, is_whole: count < most, found });
        }
        let search =
            |seek: &Seek<GrantCursor>| Search::new(&listed(touched), seek, condition(touched), reach);
        let found = search(seek).find(&self.inner.orm, limit).await?;
        let shown = found.grants.len() as u64;
        // Where the first page is not full, all that was looked at is listed: it is not looked at again.
        let (count, is_whole) = if *seek == Seek::Start && shown < limit {
            (Ord::min(shown, most), found.reached.is_none() && shown < most)
        } else {
            search(&Seek::Start).count(&self.inner.orm, most).await?
        };
        Ok(TouchedGlance { count, is_whole, found })
    }

    /// What an index serves and leaves `reach` tokens at most to look at, when there is such a thing.
    async fn few(&self, touched: &Touched, reach: u64) -> Result<Option<Expr>, StoreError> {
        let narrow = match touched {
            Touched::Narrowed { cells, .. } | Touched::ShutOut { cells, .. } => {
                let owners = Query::select()
                    .column(Users::Id)
                    .from(Users::Table)
                    .and_where(Expr::col(Users::Origin).is_in(cells.origins().map(Origin::as_str)))
                    .and_where(Expr::col(Users::DeletedAt).is_null())
                    .limit(FEW_OWNERS + 1)
                    .take();
                let rows = self.inner.orm.query_all(&owners).await?;
                let owners = rows.iter().map(|row| Ok(UserId::from_i64(column(row, "id")?)));
                let owners = owners.collect::<Result<BTreeSet<_>, StoreError>>()?;
                match owners.len() as u64 {
                    0 => return Ok(Some(Expr::cust("1 = 0"))),
                    1..=FEW_OWNERS => Expr::cust(format!("owner IN ({})", numbers(&owners))),
                    _ => return Ok(None),
                }
            }
            Touched::Suspended(reason) => suspended_for(*reason),
            _ => return Ok(None),
        };
        let present = Expr::col(Grants::DeletedAt).is_null();
        let select = Query::select().from(Grants::Table).and_where(present).and_where(narrow.clone()).take();
        Ok((grants::count(&self.inner.orm, &select, reach + 1).await? <= reach).then_some(narrow))
    }

    async fn list_all(
        &self,
        touched: &Touched,
        condition: &Condition,
        seek: &Seek<GrantCursor>,
        limit: u64,
    ) -> Result<Vec<Grant>, StoreError> {
        let mut found = Vec::new();
        for mut select in grants::selections(&listed(touched), seek) {
            let wanted = limit.saturating_sub(found.len() as u64);
            if wanted > 0 {
                select.cond_where(condition.clone()).limit(Ord::min(wanted, i64::MAX as u64));
                for row in self.inner.orm.query_all(&select).await? {
                    found.push(grants::read(&row)?);
                }
            }
        }
        Ok(in_list_order(found, seek.is_backward()))
    }

    async fn count_all(
        &self,
        touched: &Touched,
        condition: &Condition,
        most: u64,
    ) -> Result<u64, StoreError> {
        let mut found = 0;
        for mut select in counted(touched) {
            select.cond_where(condition.clone());
            found += grants::count(&self.inner.orm, &select, most - found).await?;
        }
        Ok(found)
    }
}

/// The list in which these tokens stand.
fn listed(touched: &Touched) -> GrantFilter {
    let life = match touched {
        Touched::EndsAfter { latest, .. } => latest.timestamp().map_or(GrantLife::Any, GrantLife::Live),
        Touched::Narrowed { now, .. } | Touched::ShutOut { now, .. } => GrantLife::Live(*now),
        Touched::Covered { .. }
        | Touched::LetIn { .. }
        | Touched::LeftWorking { .. }
        | Touched::Suspended(_)
        | Touched::One(_) => GrantLife::Any,
    };
    GrantFilter { life, sort: GrantSort::ExpiresAt, descending: true, ..GrantFilter::default() }
}

/// The questions that together give all rows of that list, in no order. No index serves the two of them in one: they would
/// be a look at every token.
pub(crate) fn counted(touched: &Touched) -> Vec<SelectStatement> {
    let selections = grants::selections(&listed(touched), &Seek::Start);
    selections.into_iter().map(|mut select| select.clear_order_by().take()).collect()
}

/// What a statement over the grants asks to meet these.
pub(crate) fn condition(touched: &Touched) -> Condition {
    let ends = || Expr::col(Grants::ExpiresAt);
    let present = Condition::all().add(Expr::col(Grants::DeletedAt).is_null());
    let live = |now: &Timestamp| ends().is_null().or(ends().gt(now.as_millisecond()));
    match touched {
        Touched::EndsAfter { latest, exempt } => {
            let longer = match expiry_column(*latest) {
                Some(latest) => ends().is_null().or(ends().gt(latest)),
                None => Expr::cust("1 = 0"),
            };
            let exempt =
                (!exempt.is_empty()).then(|| Expr::cust(format!("owner NOT IN ({})", numbers(exempt))));
            present.add(longer).add_option(exempt)
        }
        Touched::Narrowed { cells, now } => present.add(live(now)).add(of_cells(*cells)),
        Touched::ShutOut { cells, after, now } => present.add(live(now)).add(shut_out(*cells, after)),
        Touched::Covered { latest } => {
            let is_covered = expiry_column(*latest).map(|latest| ends().lte(latest));
            present.add(suspended_for(SuspensionReason::OverMaximum)).add_option(is_covered)
        }
        Touched::LetIn { cells } => {
            present.add(suspended_for(SuspensionReason::OriginClosed)).add(of_cells(*cells))
        }
        Touched::LeftWorking { cells } => {
            present.add(cells.origins().fold(Condition::any(), |any, origin| {
                let left = Expr::col(Grants::LeftWorking).bit_and(cells.rows(origin).to_bits());
                any.add(of_origin(origin).and(left.ne(0)))
            }))
        }
        Touched::Suspended(reason) => present.add(suspended_for(*reason)),
        Touched::One(id) => present.add(Expr::col(Grants::Id).eq(id.as_i64())),
    }
}

/// Grants for an application of this row.
pub(crate) fn of_row(row: Row) -> Expr {
    let application = Expr::col(Grants::Application);
    match row {
        Row::Release | Row::Deploy => application.eq(row.as_str()),
        Row::Others => application.is_not_in(["any", "release", "deploy"]),
    }
}

/// Grants of users of this origin. Each is asked about its owner: what goes through grants in an order, and ends early, need
/// not gather all users first.
pub(crate) fn of_origin(origin: Origin) -> Expr {
    let owner = Query::select()
        .column(Users::Id)
        .from(Users::Table)
        .and_where(Expr::col((Users::Table, Users::Id)).eq(Expr::col(Grants::Owner)))
        .and_where(Expr::col(Users::Origin).eq(origin.as_str()))
        .and_where(Expr::col((Users::Table, Users::DeletedAt)).is_null())
        .take();
    Expr::exists(owner)
}

fn suspended_for(reason: SuspensionReason) -> Expr {
    let is_suspended = Expr::col(Grants::SuspendedAt).is_not_null();
    is_suspended.and(Expr::col(Grants::SuspensionReason).eq(reason.as_str()))
}

fn for_any() -> Expr {
    Expr::col(Grants::Application).eq("any")
}

/// Grants for the application of one of these cells, or for any, of users of its origin.
fn of_cells(cells: Cells) -> Condition {
    cells.origins().fold(Condition::any(), |any, origin| {
        let places = rows_of(cells.rows(origin))
            .fold(Condition::any().add(for_any()), |places, row| places.add(of_row(row)));
        any.add(Condition::all().add(of_origin(origin)).add(places))
    })
}

/// Grants that pass nowhere when these cells close. One for any application must find all rows closed, and not be left
/// working in any of the others.
fn shut_out(cells: Cells, after: &OriginPolicy) -> Condition {
    cells.origins().fold(Condition::any(), |any, origin| {
        let closing = cells.rows(origin);
        let mut places = rows_of(closing).fold(Condition::any(), |places, row| places.add(of_row(row)));
        if Row::ALL.iter().all(|row| !after.has(*row, origin)) {
            let others = Rows::ALL.without(closing).to_bits();
            let left_elsewhere = Expr::col(Grants::LeftWorking).bit_and(others);
            places = places.add(for_any().and(left_elsewhere.eq(0)));
        }
        any.add(Condition::all().add(of_origin(origin)).add(places))
    })
}

fn rows_of(rows: Rows) -> impl Iterator<Item = Row> {
    Row::ALL.into_iter().filter(move |row| rows.contains(*row))
}

/// Numbers for an `IN`, written out: a statement takes some ten thousand parameters at most.
fn numbers(ids: &BTreeSet<UserId>) -> String {
    let mut text = String::with_capacity(ids.len() * 20);
    for id in ids {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{comma}{}", id.as_i64());
    }
    text
}
