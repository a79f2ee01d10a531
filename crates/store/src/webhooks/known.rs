//! What is there already of the requests of a batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use patgate_core::identifier::{ItemNumber, RequestId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

use super::NewWebhookRequest;
use crate::error::StoreError;
use crate::rows::{column, from_milliseconds};
use crate::tables::{WebhookDeliveries, WebhookMessages, WebhookRequests};
use crate::transaction::WriteTransaction;

/// Which of these requests are in the log, or on their way.
pub(super) async fn there(
    transaction: &WriteTransaction,
    requests: &[NewWebhookRequest],
) -> Result<HashSet<RequestId>, StoreError> {
    let ids = || requests.iter().map(|request| request.id.as_i64());
    let logged = Query::select()
        .expr_as(Expr::col(WebhookRequests::Id), "request")
        .from(WebhookRequests::Table)
        .and_where(Expr::col(WebhookRequests::Id).is_in(ids()))
        .take();
    let forwarded = Query::select()
        .column(WebhookDeliveries::Request)
        .from(WebhookDeliveries::Table)
        .and_where(Expr::col(WebhookDeliveries::Request).is_in(ids()))
        .take();
    let mut there = HashSet::new();
    for select in [logged, forwarded] {
        for row in transaction.query_all(&select).await? {
            there.insert(RequestId::from_i64(column(&row, "request")?));
        }
    }
    Ok(there)
}

/// The requests that had the ids of these, and when they came.
pub(super) async fn messages<'r>(
    transaction: &WriteTransaction,
    requests: &'r [NewWebhookRequest],
) -> Result<HashMap<(ItemNumber, &'r str), (RequestId, Timestamp)>, StoreError> {
    let mut ids: BTreeMap<ItemNumber, Vec<&str>> = BTreeMap::new();
    for request in requests {
        if let (Some(id), true) = (request.message_id.as_deref(), request.same_since.is_some()) {
            ids.entry(request.endpoint).or_default().push(id);
        }
    }
    let mut known = HashMap::new();
    for (endpoint, ids) in ids {
        let select: SelectStatement = Query::select()
            .columns([WebhookMessages::MessageId, WebhookMessages::Request, WebhookMessages::At])
            .from(WebhookMessages::Table)
            .and_where(Expr::col(WebhookMessages::Endpoint).eq(endpoint.as_i64()))
            .and_where(Expr::col(WebhookMessages::MessageId).is_in(ids.iter().copied()))
            .take();
        for row in transaction.query_all(&select).await? {
            let id: String = column(&row, "message_id")?;
            let request = RequestId::from_i64(column(&row, "request")?);
            let at = from_milliseconds(column(&row, "at")?, "at")?;
            if let Some(id) = ids.iter().find(|known| **known == id) {
                known.insert((endpoint, *id), (request, at));
            }
        }
    }
    Ok(known)
}
