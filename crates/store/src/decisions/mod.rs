//! Decisions about tokens that a stricter rule touches: the rows, and which tokens that are ([`Touched`]).

mod touched;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::policy::{Cells, Decided, Decision, DecisionState};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{NotACursor, Seek, beyond, in_list_order};
use crate::rows::{column, json, optional_time, time};
use crate::store::Store;
use crate::tables::Decisions;

pub use touched::Touched;
pub(crate) use touched::{condition, of_origin, of_row};

/// A place in the list of decisions: the one that was seen last. Its text is for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionCursor {
    made_at: i64,
    id: DecisionId,
}

impl DecisionCursor {
    /// The place of a decision.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self { made_at: decision.made_at.as_millisecond(), id: decision.id }
    }
}

impl fmt::Display for DecisionCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.made_at, self.id)
    }
}

impl FromStr for DecisionCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (made_at, id) = text.split_once('.').ok_or(NotACursor)?;
        let made_at = made_at.parse().map_err(|_| NotACursor)?;
        Ok(Self { made_at, id: id.parse().map_err(|_| NotACursor)? })
    }
}

impl Store {
    /// The decision of this identifier.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        by_id(&self.inner.orm, id).await
    }

    /// Decisions that wait, the one that takes effect first before the others.
    pub async fn pending_decisions(&self) -> Result<Vec<Decision>, StoreError> {
        pending(&self.inner.orm).await
    }

    /// The identifiers of decisions that wait and whose time has come, the earliest first.
    pub async fn due_decisions(&self, now: Timestamp) -> Result<Vec<DecisionId>, StoreError> {
        let select = Query::select()
            .column(Decisions::Id)
            .from(Decisions::Table)
            .and_where(Expr::col(Decisions::State).eq("pending"))
            .and_where(Expr::col(Decisions::EffectiveAt).lte(now.as_millisecond()))
            .order_by(Decisions::EffectiveAt, Order::Asc)
            .order_by(Decisions::Id, Order::Asc)
            .take();
        let rows = self.inner.orm.query_all(&select).await?;
        rows.iter().map(|row| column(row, "id").map(DecisionId::from_i64)).collect()
    }

    /// At most `limit` decisions, the newest first, from a place of the list on.
    pub async fn list_decisions(
        &self,
        seek: &Seek<DecisionCursor>,
        limit: u64,
    ) -> Result<Vec<Decision>, StoreError> {
        let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
        let place = [Decisions::MadeAt, Decisions::Id];
        let beyond = seek
            .cursor()
            .map(|cursor| beyond(place, [cursor.made_at.into(), cursor.id.as_i64().into()], &order));
        let mut select = selection();
        select.and_where_option(beyond);
        for column in place {
            select.order_by(column, order.clone());
        }
        select.limit(Ord::min(limit, i64::MAX as u64));
        let rows = self.inner.orm.query_all(&select).await?;
        let decisions = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(in_list_order(decisions, seek.is_backward()))
    }
}

/// The decision of this identifier.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: DecisionId,
) -> Result<Option<Decision>, StoreError> {
    let select = selection().and_where(Expr::col(Decisions::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// Decisions that wait, the one that takes effect first before the others.
pub(crate) async fn pending(connection: &impl ConnectionTrait) -> Result<Vec<Decision>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Decisions::State).eq("pending"))
        .order_by(Decisions::EffectiveAt, Order::Asc)
        .order_by(Decisions::Id, Order::Asc)
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// The cells that decisions closed.
pub(crate) async fn closings(connection: &impl ConnectionTrait) -> Result<Cells, StoreError> {
    let select = selection().and_where(Expr::col(Decisions::State).eq("applied")).take();
    let mut cells = Cells::NONE;
    for row in connection.query_all(&select).await? {
        if let Decided::Closing { cells: closed, .. } = json(&row, "decided")? {
            cells = cells.and(closed);
        }
    }
    Ok(cells)
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([
            Decisions::Id,
            Decisions::Decided,
            Decisions::EffectiveAt,
            Decisions::Zone,
            Decisions::MadeAt,
            Decisions::MadeBy,
            Decisions::State,
            Decisions::SettledAt,
            Decisions::SettledBy,
            Decisions::Tokens,
            Decisions::Reason,
        ])
        .from(Decisions::Table)
        .take()
}

fn read(row: &QueryResult) -> Result<Decision, StoreError> {
    let unreadable = || StoreError::Unreadable("state");
    let state: String = column(row, "state")?;
    let at = optional_time(row, "settled_at")?;
    let text = |name| column::<Option<String>>(row, name);
    let state = match (state.as_str(), at) {
        ("pending", None) => DecisionState::Pending,
        ("applied", Some(at)) => {
            let tokens = column::<Option<i64>>(row, "tokens")?.unwrap_or(0).unsigned_abs();
            DecisionState::Applied { at, tokens }
        }
        ("undone", Some(at)) => DecisionState::Undone { at, by: text("settled_by")?.unwrap_or_default() },
        ("failed", Some(at)) => DecisionState::Failed { at, reason: text("reason")?.unwrap_or_default() },
        _ => return Err(unreadable()),
    };
    Ok(Decision {
        id: DecisionId::from_i64(column(row, "id")?),
        decided: json(row, "decided")?,
        effective_at: time(row, "effective_at")?,
        zone: column(row, "zone")?,
        made_at: time(row, "made_at")?,
        made_by: column(row, "made_by")?,
        state,
    })
}
