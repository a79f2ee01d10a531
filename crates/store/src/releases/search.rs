//! Lists of releases for pages: they go on from a release that was seen, and a search of titles looks at a bounded number.
//!
//! The index that serves the order has the state first. So each state is asked about by itself and the answers are merged, in
//! one statement: a release that changes its state meanwhile is met once.

use patgate_core::release::ReleaseStatus;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Order, Query, SelectStatement, UnionType};

use super::listed::{self, ListedRelease};
use crate::error::StoreError;
use crate::keyset::{Seek, TimeCursor, beyond, in_list_order, up_to};
use crate::rows::{column, containing, time};
use crate::store::Store;
use crate::tables::Releases;

/// The most releases that one search looks at, each at a place of its own in the file: a page in a few milliseconds.
const REACH: u64 = 3_000;

/// By what the list is sorted.
const PLACE: [Releases; 2] = [Releases::CreatedAt, Releases::Number];

/// What a page lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseSearch {
    /// Those that stand in one of these, each named once; with none there is nothing to find.
    pub statuses: Vec<ReleaseStatus>,
    /// Those with this in the title, whatever the case; empty: all.
    pub title: String,
}

/// Releases that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundReleases {
    /// Those that fit, the newest first.
    pub releases: Vec<ListedRelease>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for: go on from there.
    pub reached: Option<TimeCursor>,
}

impl Store {
    /// At most `limit` releases as lists show them, the newest first, from a place of the list on. A search of titles looks at
    /// 3,000 releases at most: what it does not reach is sought from there on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_releases(
        &self,
        wanted: &ReleaseSearch,
        seek: &Seek<TimeCursor>,
        limit: u64,
    ) -> Result<FoundReleases, StoreError> {
        search(&self.inner.orm, wanted, seek, limit, REACH).await
    }
}

/// What [`Store::search_releases`] finds when a search of titles looks at `reach` releases at most.
pub(crate) async fn search(
    connection: &impl ConnectionTrait,
    wanted: &ReleaseSearch,
    seek: &Seek<TimeCursor>,
    limit: u64,
    reach: u64,
) -> Result<FoundReleases, StoreError> {
    let limit = Ord::min(limit, i64::MAX as u64);
    let edge = match wanted.title.is_empty() {
        true => None,
        false => edge(connection, &wanted.statuses, seek, reach).await?,
    };
    let Some(mut select) = merged(selections(wanted, seek, edge.as_ref()), seek, limit) else {
        return Ok(FoundReleases::default());
    };
    let rows = connection.query_all(select.limit(limit)).await?;
    let releases = rows.iter().map(listed::read).collect::<Result<Vec<_>, _>>()?;
    let reached = edge.filter(|_| (releases.len() as u64) < limit);
    Ok(FoundReleases { releases: in_list_order(releases, seek.is_backward()), reached })
}

/// The last release that is looked at, when there are so many. It is found in the index alone.
async fn edge(
    connection: &impl ConnectionTrait,
    statuses: &[ReleaseStatus],
    seek: &Seek<TimeCursor>,
    reach: u64,
) -> Result<Option<TimeCursor>, StoreError> {
    let Some(mut select) = merged(places(statuses, seek), seek, reach) else { return Ok(None) };
    let Some(row) = connection.query_one(select.offset(reach - 1).limit(1)).await? else { return Ok(None) };
    Ok(Some(TimeCursor::new(time(&row, "created_at")?, column(&row, "number")?)))
}

/// The questions for those that fit, up to the last one that is looked at: one about each state.
pub(crate) fn selections(
    wanted: &ReleaseSearch,
    seek: &Seek<TimeCursor>,
    edge: Option<&TimeCursor>,
) -> Vec<SelectStatement> {
    let within = edge.map(|edge| up_to(PLACE, edge.values(), &order(seek)));
    let title = Some(wanted.title.to_lowercase()).filter(|title| !title.is_empty());
    let title = title.map(|title| Expr::col(Releases::TitleKey).like(containing(&title)));
    of_each(&wanted.statuses, seek, || {
        listed::columns().and_where_option(within.clone()).and_where_option(title.clone()).take()
    })
}

/// The questions for the places of all that stand there.
pub(crate) fn places(statuses: &[ReleaseStatus], seek: &Seek<TimeCursor>) -> Vec<SelectStatement> {
    of_each(statuses, seek, || Query::select().columns(PLACE).from(Releases::Table).take())
}

/// The same question about each state, from a place of the list on. `ask` selects the columns of the place among others.
fn of_each(
    statuses: &[ReleaseStatus],
    seek: &Seek<TimeCursor>,
    ask: impl Fn() -> SelectStatement,
) -> Vec<SelectStatement> {
    let beyond = seek.cursor().map(|cursor| beyond(PLACE, cursor.values(), &order(seek)));
    let of = |status: &ReleaseStatus| {
        let mut select = ask();
        select.and_where(Expr::col(Releases::Status).eq(status.as_str())).and_where_option(beyond.clone());
        in_order(select, seek)
    };
    statuses.iter().map(of).collect()
}

/// The answers to several questions in one order; `limit` is how many of them are of use. Each question has that bound of its
/// own: PostgreSQL reads the parts of a union to their ends otherwise, and does not read them off an index.
fn merged(questions: Vec<SelectStatement>, seek: &Seek<TimeCursor>, limit: u64) -> Option<SelectStatement> {
    let bounded = |mut question: SelectStatement| {
        let question = question.limit(limit).take();
        Query::select().column(Asterisk).from_subquery(question, Alias::new("found")).take()
    };
    let all = questions.into_iter().map(bounded).reduce(|mut all, one| all.union(UnionType::All, one).take());
    all.map(|all| in_order(all, seek))
}

fn in_order(mut select: SelectStatement, seek: &Seek<TimeCursor>) -> SelectStatement {
    for column in PLACE {
        select.order_by(column, order(seek));
    }
    select
}

fn order(seek: &Seek<TimeCursor>) -> Order {
    if seek.is_backward() { Order::Asc } else { Order::Desc }
}
