//! Lists of releases and templates, and how many there are.

use jiff::Timestamp;
use patgate_core::identifier::UserId;
use patgate_core::release::{ReleaseId, ReleaseStatus};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};

use super::{StoredRelease, read, selection, status};
use crate::error::StoreError;
use crate::rows::{Page, column, containing};
use crate::store::Store;
use crate::tables::Releases;

/// Which releases; all must be true of one. `Default` is all, templates among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseFilter {
    /// In one of these; empty: wherever they stand.
    pub statuses: Vec<ReleaseStatus>,
    /// With this in the title, whatever the case.
    pub title: Option<String>,
    /// With this title, exactly.
    pub exact_title: Option<String>,
    /// Made by this user, there or deleted.
    pub owner: Option<UserId>,
    /// Whose name begins with these letters and digits, as those of one endpoint's releases do.
    pub id_begins: Option<String>,
    /// With each of these tags.
    pub tags: Vec<String>,
    /// Started at or after.
    pub since: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
}

/// How many releases stand there.
pub type StatusCount = (ReleaseStatus, u64);

impl Store {
    /// A page of releases, the newest first.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn releases(
        &self,
        filter: &ReleaseFilter,
        page: Page,
    ) -> Result<Vec<StoredRelease>, StoreError> {
        let select = page_of(selection(), filter, page);
        self.inner.orm.query_all(&select).await?.iter().map(read).collect()
    }

    /// At most `limit` releases that ended before then, those that were made first.
    pub async fn ended_releases(&self, before: Timestamp, limit: u64) -> Result<Vec<ReleaseId>, StoreError> {
        let before = before.as_millisecond();
        let ended = ReleaseStatus::ALL.iter().filter(|status| status.is_final());
        let select = Query::select()
            .column(Releases::Id)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Status).is_in(ended.map(|status| status.as_str())))
            // What the index is read by: nothing ends before it is made.
            .and_where(Expr::col(Releases::CreatedAt).lt(before))
            .and_where(Expr::col(Releases::EndedAt).lt(before))
            .order_by(Releases::CreatedAt, Order::Asc)
            .order_by(Releases::Number, Order::Asc)
            .limit(limit)
            .take();
        let rows = self.inner.orm.query_all(&select).await?;
        let id = |row| column::<String>(row, "id")?.parse().map_err(|_| StoreError::Unreadable("id"));
        rows.iter().map(id).collect()
    }

    /// How many releases there are, by where they stand.
    pub async fn count_releases(&self, filter: &ReleaseFilter) -> Result<Vec<StatusCount>, StoreError> {
        let select = Query::select()
            .column(Releases::Status)
            .expr_as(Func::count(Expr::col(Releases::Number)), "count")
            .from(Releases::Table)
            .take();
        let select = filtered(select, filter).group_by_col(Releases::Status).take();
        let rows = self.inner.orm.query_all(&select).await?;
        rows.iter()
            .map(|row| {
                let count = column::<i64>(row, "count")?.unsigned_abs();
                Ok((status(&column::<String>(row, "status")?)?, count))
            })
            .collect()
    }
}

/// A page of what is selected, the newest first.
pub(super) fn page_of(select: SelectStatement, filter: &ReleaseFilter, page: Page) -> SelectStatement {
    filtered(select, filter)
        .order_by(Releases::CreatedAt, Order::Desc)
        .order_by(Releases::Number, Order::Desc)
        .limit(page.limit())
        .offset(page.offset())
        .take()
}

fn filtered(mut select: SelectStatement, filter: &ReleaseFilter) -> SelectStatement {
    let words = filter.statuses.iter().map(|status| status.as_str());
    let title = filter.title.as_deref().map(|title| containing(&title.to_lowercase()));
    // Letters and digits: nothing in it is a pattern.
    let named = filter.id_begins.as_deref().map(|beginning| format!("{beginning}%"));
    let column = Expr::col;
    for tag in &filter.tags {
        select.and_where(column(Releases::Tags).like(containing(&format!("\n{tag}\n"))));
    }
    select
        .and_where_option((!filter.statuses.is_empty()).then(|| column(Releases::Status).is_in(words)))
        .and_where_option(title.map(|pattern| column(Releases::TitleKey).like(pattern)))
        .and_where_option(filter.exact_title.as_deref().map(|title| column(Releases::Title).eq(title)))
        .and_where_option(filter.owner.map(|owner| column(Releases::OwnerId).eq(owner.as_i64())))
        .and_where_option(named.map(|pattern| column(Releases::Id).like(pattern)))
        .and_where_option(filter.since.map(|at| column(Releases::StartedAt).gte(at.as_millisecond())))
        .and_where_option(filter.until.map(|at| column(Releases::StartedAt).lt(at.as_millisecond())))
        .take()
}
