//! The nodes that run on this store, and how far each has applied the change log.

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::change_log::Sequence;
use crate::error::StoreError;
use crate::rows::{column, time};
use crate::tables::Nodes;

/// Names a running program: a random number of 63 bits, made anew at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i64);

/// A running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub id: NodeId,
    /// When it announced itself.
    pub started_at: Timestamp,
    /// Its last pulse.
    pub seen_at: Timestamp,
    /// Everything up to this change is in force on it.
    pub applied_sequence: Sequence,
}

/// Enters a node, or renews its entry.
pub(crate) async fn announce(
    connection: &impl ConnectionTrait,
    node: NodeId,
    applied: Sequence,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = now.as_millisecond();
    let insert = Query::insert()
        .into_table(Nodes::Table)
        .columns([Nodes::Id, Nodes::StartedAt, Nodes::SeenAt, Nodes::AppliedSequence])
        .values_panic([node.0.into(), now.into(), now.into(), applied.as_i64().into()])
        .on_conflict(
            OnConflict::column(Nodes::Id).update_columns([Nodes::SeenAt, Nodes::AppliedSequence]).to_owned(),
        )
        .take();
    connection.execute(&insert).await?;
    Ok(())
}

/// Strikes a node out.
pub(crate) async fn withdraw(connection: &impl ConnectionTrait, node: NodeId) -> Result<(), StoreError> {
    let delete = Query::delete().from_table(Nodes::Table).and_where(Expr::col(Nodes::Id).eq(node.0)).take();
    connection.execute(&delete).await?;
    Ok(())
}

/// The nodes with a pulse at or after `since`.
pub(crate) async fn live(
    connection: &impl ConnectionTrait,
    since: Timestamp,
) -> Result<Vec<Node>, StoreError> {
    let select = Query::select()
        .columns([Nodes::Id, Nodes::StartedAt, Nodes::SeenAt, Nodes::AppliedSequence])
        .from(Nodes::Table)
        .and_where(Expr::col(Nodes::SeenAt).gte(since.as_millisecond()))
        .order_by(Nodes::StartedAt, Order::Asc)
        .order_by(Nodes::Id, Order::Asc)
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Node, StoreError> {
    Ok(Node {
        id: NodeId(column(row, "id")?),
        started_at: time(row, "started_at")?,
        seen_at: time(row, "seen_at")?,
        applied_sequence: Sequence::from_i64(column(row, "applied_sequence")?),
    })
}
