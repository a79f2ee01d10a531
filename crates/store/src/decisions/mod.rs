//! Decisions about tokens that a stricter rule touches: the rows, and which tokens that are ([`Touched`]).

mod touched;

use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::policy::{Cells, Decided, Decision, DecisionState};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{Seek, TimeCursor, in_list_order, latest_first};
use crate::rows::{column, json, optional_time, time};
use crate::store::Store;
use crate::tables::Decisions;

#[cfg(test)]
pub(crate) use touched::counted;
pub use touched::{Touched, TouchedGlance};
pub(crate) use touched::{condition, of_origin, of_row};

/// A decision as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredDecision {
    /// One that this version can read.
    Known(Decision),
    /// One that it cannot: a newer version made it, and has words that this one does not know.
    Unreadable(UnreadableDecision),
}

/// What every version can read of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableDecision {
    /// The row.
    pub id: DecisionId,
    /// When it takes effect.
    pub effective_at: Timestamp,
    /// The time zone in which that was chosen.
    pub zone: String,
    /// When it was decided.
    pub made_at: Timestamp,
    /// The log-in name of who decided.
    pub made_by: String,
    /// Whether it waits for its time.
    pub is_pending: bool,
}

impl StoredDecision {
    /// Which.
    #[must_use]
    pub fn id(&self) -> DecisionId {
        match self {
            Self::Known(decision) => decision.id,
            Self::Unreadable(decision) => decision.id,
        }
    }

    /// When it was decided.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        match self {
            Self::Known(decision) => decision.made_at,
            Self::Unreadable(decision) => decision.made_at,
        }
    }

    /// Whether it waits for its time.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        match self {
            Self::Known(decision) => decision.state == DecisionState::Pending,
            Self::Unreadable(decision) => decision.is_pending,
        }
    }

    /// The decision, when this version can read it.
    #[must_use]
    pub fn known(&self) -> Option<&Decision> {
        match self {
            Self::Known(decision) => Some(decision),
            Self::Unreadable(_) => None,
        }
    }
}

impl Store {
    /// The decision of this identifier.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for one that this version cannot read; [`StoreError`] when the database fails, so with all
    /// reads below.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        by_id(&self.inner.orm, id).await
    }

    /// Decisions that wait, the one that takes effect first before the others.
    pub async fn pending_decisions(&self) -> Result<Vec<StoredDecision>, StoreError> {
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
        seek: &Seek<TimeCursor>,
        limit: u64,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let mut select = selection();
        latest_first(&mut select, [Decisions::MadeAt, Decisions::Id], seek, limit);
        let rows = self.inner.orm.query_all(&select).await?;
        let decisions = rows.iter().map(read_listed).collect::<Result<_, _>>()?;
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
pub(crate) async fn pending(connection: &impl ConnectionTrait) -> Result<Vec<StoredDecision>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Decisions::State).eq("pending"))
        .order_by(Decisions::EffectiveAt, Order::Asc)
        .order_by(Decisions::Id, Order::Asc)
        .take();
    connection.query_all(&select).await?.iter().map(read_listed).collect()
}

/// The cells that decisions closed. What this version cannot read it does not know to be closed by one.
pub(crate) async fn closings(connection: &impl ConnectionTrait) -> Result<Cells, StoreError> {
    let select = selection().and_where(Expr::col(Decisions::State).eq("applied")).take();
    let mut cells = Cells::NONE;
    for row in connection.query_all(&select).await? {
        match json(&row, "decided") {
            Ok(Decided::Closing { cells: closed, .. }) => cells = cells.and(closed),
            Ok(Decided::Maximum { .. }) | Err(StoreError::Unreadable(_)) => {}
            Err(error) => return Err(error),
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

fn read_listed(row: &QueryResult) -> Result<StoredDecision, StoreError> {
    match read(row) {
        Ok(decision) => Ok(StoredDecision::Known(decision)),
        Err(StoreError::Unreadable(_)) => Ok(StoredDecision::Unreadable(UnreadableDecision {
            id: DecisionId::from_i64(column(row, "id")?),
            effective_at: time(row, "effective_at")?,
            zone: column(row, "zone")?,
            made_at: time(row, "made_at")?,
            made_by: column(row, "made_by")?,
            is_pending: column::<String>(row, "state")? == "pending",
        })),
        Err(error) => Err(error),
    }
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
