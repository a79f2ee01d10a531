//! What the logs of an endpoint hold.

use std::collections::HashMap;

use jiff::Timestamp;
use patgate_core::identifier::{ItemNumber, RequestId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{WebhookRefusal, WebhookRequest};
use crate::error::StoreError;
use crate::keyset::{Seek, beyond, in_list_order};
use crate::rows::{column, containing, from_milliseconds, json, time};
use crate::store::Store;
use crate::tables::{ConfigurationItems, WebhookCounters, WebhookRefusals, WebhookRequests};

/// How many requests a search looks through at a time.
const REACH: u64 = 1_000;
/// How many bytes of bodies a search looks through at a time, but for its last request: about a quarter of a second.
const REACH_BYTES: u64 = 32 * 1_024 * 1_024;

const COLUMNS: [WebhookRequests; 9] = [
    WebhookRequests::Id,
    WebhookRequests::Endpoint,
    WebhookRequests::Number,
    WebhookRequests::At,
    WebhookRequests::Sender,
    WebhookRequests::Headers,
    WebhookRequests::Parameters,
    WebhookRequests::Size,
    WebhookRequests::MessageId,
];

/// Requests that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRequests {
    /// In the order of the list.
    pub requests: Vec<WebhookRequest>,
    /// The number of the last one that was looked at, when there may be more beyond it that was not.
    pub looked_until: Option<i64>,
}

impl Store {
    /// At most `limit` requests of an endpoint, newest first, from a number on.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn webhook_requests(
        &self,
        endpoint: ItemNumber,
        seek: &Seek<i64>,
        limit: u64,
    ) -> Result<Vec<WebhookRequest>, StoreError> {
        let select = from(endpoint, seek).columns(COLUMNS).limit(limit).take();
        let requests = self.inner.orm.query_all(&select).await?;
        let requests = requests.iter().map(request).collect::<Result<_, _>>()?;
        Ok(in_list_order(requests, seek.is_backward()))
    }

    /// At most `limit` requests of an endpoint that have a text in their id, sender, headers, parameters or body, newest
    /// first. Looks through a thousand from a number on, or 32 MiB; what it does not reach is sought from there.
    pub async fn search_webhook_requests(
        &self,
        endpoint: ItemNumber,
        text: &str,
        seek: &Seek<i64>,
        limit: u64,
    ) -> Result<FoundRequests, StoreError> {
        let Some((last, is_end)) = self.reach(endpoint, seek, REACH_BYTES).await? else {
            return Ok(FoundRequests { requests: Vec::new(), looked_until: None });
        };
        let number = || Expr::col(WebhookRequests::Number);
        let within = if seek.is_backward() { number().lte(last) } else { number().gte(last) };
        let mut has = Condition::any();
        for place in [
            WebhookRequests::Body,
            WebhookRequests::Headers,
            WebhookRequests::Parameters,
            WebhookRequests::Sender,
            WebhookRequests::MessageId,
        ] {
            has = has.add(Expr::col(place).like(containing(text)));
        }
        if let Ok(id) = text.parse::<RequestId>() {
            has = has.add(Expr::col(WebhookRequests::Id).eq(id.as_i64()));
        }
        let select =
            from(endpoint, seek).columns(COLUMNS).and_where(within).cond_where(has).limit(limit).take();
        let found = self.inner.orm.query_all(&select).await?;
        let requests: Vec<_> = found.iter().map(request).collect::<Result<_, _>>()?;
        let is_whole = (requests.len() as u64) < limit && is_end;
        // A full page ends with its last row.
        let looked_until = if (requests.len() as u64) < limit { Some(last) } else { None };
        Ok(FoundRequests {
            looked_until: looked_until.filter(|_| !is_whole),
            requests: in_list_order(requests, seek.is_backward()),
        })
    }

    /// The number of the last request that a search from a number on looks at, and whether it is the last one there is.
    pub(crate) async fn reach(
        &self,
        endpoint: ItemNumber,
        seek: &Seek<i64>,
        most: u64,
    ) -> Result<Option<(i64, bool)>, StoreError> {
        let sizes = [WebhookRequests::Number, WebhookRequests::Size];
        let select = from(endpoint, seek).columns(sizes).limit(REACH).take();
        let rows = self.inner.orm.query_all(&select).await?;
        let (mut last, mut bytes) = (None, 0);
        for (at, row) in rows.iter().enumerate() {
            bytes += column::<i64>(row, "size")?.unsigned_abs();
            let is_end = at + 1 == rows.len() && (rows.len() as u64) < REACH;
            last = Some((column(row, "number")?, is_end));
            if bytes >= most {
                break;
            }
        }
        Ok(last)
    }

    /// The number of the last request that an endpoint took, whether it is kept or not; 0: it took none.
    pub async fn last_webhook_request(&self, endpoint: ItemNumber) -> Result<i64, StoreError> {
        let select = Query::select()
            .column(WebhookCounters::LastRequest)
            .from(WebhookCounters::Table)
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map_or(Ok(0), |row| column(&row, "last_request"))
    }

    /// When the newest kept request of each of these endpoints came, in one question; those that keep none are left out.
    pub async fn newest_webhook_requests(
        &self,
        endpoints: &[ItemNumber],
    ) -> Result<HashMap<ItemNumber, Timestamp>, StoreError> {
        let number = (ConfigurationItems::Table, ConfigurationItems::Number);
        // One look into the index for each, where a group would be read whole.
        let newest = Query::select()
            .column((WebhookRequests::Table, WebhookRequests::At))
            .from(WebhookRequests::Table)
            .and_where(Expr::col((WebhookRequests::Table, WebhookRequests::Endpoint)).equals(number))
            .order_by((WebhookRequests::Table, WebhookRequests::Number), Order::Desc)
            .limit(1)
            .take();
        let select = Query::select()
            .column(number)
            .expr_as(Expr::SubQuery(None, Box::new(newest.into())), "at")
            .from(ConfigurationItems::Table)
            .and_where(Expr::col(number).is_in(endpoints.iter().map(|endpoint| endpoint.as_i64())))
            .take();
        let mut found = HashMap::new();
        for row in self.inner.orm.query_all(&select).await? {
            if let Some(at) = column::<Option<i64>>(&row, "at")? {
                let endpoint = ItemNumber::from_i64(column(&row, "number")?);
                found.insert(endpoint, from_milliseconds(at, "at")?);
            }
        }
        Ok(found)
    }

    /// A request of an endpoint with its body.
    pub async fn webhook_request(
        &self,
        endpoint: ItemNumber,
        id: RequestId,
    ) -> Result<Option<(WebhookRequest, String)>, StoreError> {
        let select = Query::select()
            .columns(COLUMNS)
            .column(WebhookRequests::Body)
            .from(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Id).eq(id.as_i64()))
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64()))
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map(|row| Ok((request(&row)?, column(&row, "body")?))).transpose()
    }

    /// The refused requests of an endpoint that are kept, newest first.
    pub async fn webhook_refusals(&self, endpoint: ItemNumber) -> Result<Vec<WebhookRefusal>, StoreError> {
        let select = Query::select()
            .columns([
                WebhookRefusals::Id,
                WebhookRefusals::At,
                WebhookRefusals::Sender,
                WebhookRefusals::Headers,
                WebhookRefusals::Cause,
            ])
            .from(WebhookRefusals::Table)
            .and_where(Expr::col(WebhookRefusals::Endpoint).eq(endpoint.as_i64()))
            .order_by(WebhookRefusals::Number, Order::Desc)
            .take();
        self.inner.orm.query_all(&select).await?.iter().map(refusal).collect()
    }
}

/// The requests of an endpoint from a number on, in the order in which they are met.
fn from(endpoint: ItemNumber, seek: &Seek<i64>) -> SelectStatement {
    let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
    let beyond = seek.cursor().map(|number| beyond([WebhookRequests::Number], [(*number).into()], &order));
    Query::select()
        .from(WebhookRequests::Table)
        .and_where(Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64()))
        .and_where_option(beyond)
        .order_by(WebhookRequests::Number, order)
        .take()
}

fn request(row: &QueryResult) -> Result<WebhookRequest, StoreError> {
    Ok(WebhookRequest {
        id: RequestId::from_i64(column(row, "id")?),
        endpoint: ItemNumber::from_i64(column(row, "endpoint")?),
        number: column(row, "number")?,
        at: time(row, "at")?,
        sender: column(row, "sender")?,
        headers: json(row, "headers")?,
        parameters: json(row, "parameters")?,
        size: column::<i64>(row, "size")?.unsigned_abs(),
        message_id: column(row, "message_id")?,
    })
}

fn refusal(row: &QueryResult) -> Result<WebhookRefusal, StoreError> {
    Ok(WebhookRefusal {
        id: RequestId::from_i64(column(row, "id")?),
        at: time(row, "at")?,
        sender: column(row, "sender")?,
        headers: json(row, "headers")?,
        cause: column(row, "cause")?,
    })
}
