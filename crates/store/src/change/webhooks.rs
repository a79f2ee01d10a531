//! Changes around webhook endpoints: what an administrator does by hand, and what goes with an endpoint.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::item::{
    GET_WEBHOOK_ENDPOINT, MASK, POST_WEBHOOK_ENDPOINT, USUAL_RETENTION_SIZE, Value, webhook_property,
};
use patgate_core::webhook::{Action, action, is_enabled};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

use super::Change;
use crate::error::StoreError;
use crate::items::Item;
use crate::rows::{AT_ONCE, column, from_json, json, to_json};
use crate::tables::{WebhookCounters, WebhookDeliveries, WebhookRefusals, WebhookRequests};
use crate::webhooks::marks::{Marks, with_marks, without_marks};
use crate::webhooks::{ClaimedDelivery, DeliveryOutcome, DeliveryState, Pairs, forget, kept, mark, pause};

/// What errors call it.
const DELIVERY: &str = "delivery that is done";
/// The same of one whose body went with the log, or whose secret parameters were kept no longer.
const WHOLE: &str = "delivery whose body and secret parameters are there still";

/// What decides who starts which release: what an endpoint accepted before one of these was changed starts none.
const STEERING: [&str; 5] = [
    webhook_property::ENABLED,
    webhook_property::AUTHENTICATION,
    webhook_property::USERNAME,
    webhook_property::ACTION,
    webhook_property::TEMPLATE,
];
/// The secrets by which callers prove who they are: they belong to it as well.
const PROOFS: [&str; 4] = [
    webhook_property::SECRET_TOKEN,
    webhook_property::PASSWORD,
    webhook_property::SIGNING_SECRET,
    webhook_property::PREVIOUS_SIGNING_SECRET,
];

impl Change {
    /// Lets a delivery of an endpoint that is done begin again, now: one that was given up, and one that was delivered, for as
    /// long as its request is in the log. It becomes what the endpoint makes of requests now, also when it was accepted for
    /// something else. Secret parameters are kept no longer than until a receiver took them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such delivery, when it waits anyway, or its body or its parameters are
    /// there no longer.
    pub async fn redeliver(&mut self, endpoint: ItemNumber, id: DeliveryId) -> Result<(), StoreError> {
        let item = self.item_by_number(endpoint).await?.ok_or(StoreError::NotFound("webhook endpoint"))?;
        let logged = |column: WebhookRequests| {
            let select = Query::select()
                .column(column)
                .from(WebhookRequests::Table)
                .and_where(
                    Expr::col((WebhookRequests::Table, WebhookRequests::Id))
                        .equals((WebhookDeliveries::Table, WebhookDeliveries::Request)),
                )
                .take();
            Expr::SubQuery(None, Box::new(select.into()))
        };
        let body = Expr::col(WebhookDeliveries::Body).if_null(logged(WebhookRequests::Body));
        let is_done = || {
            Expr::col(WebhookDeliveries::Id)
                .eq(id.as_i64())
                .and(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
                .and(Expr::col(WebhookDeliveries::State).ne(DeliveryState::Waiting.as_str()))
        };
        let look = Query::select()
            .expr_as(body, "whole")
            .expr_as(logged(WebhookRequests::Parameters), "shown")
            .columns([WebhookDeliveries::MessageId, WebhookDeliveries::Parameters, WebhookDeliveries::State])
            .from(WebhookDeliveries::Table)
            .and_where(is_done())
            .take();
        let row = self.transaction.query_one(&look).await?.ok_or(StoreError::NotFound(DELIVERY))?;
        let whole: Option<String> = column(&row, "whole")?;
        let whole = whole.ok_or(StoreError::NotFound(WHOLE))?;
        let message: String = column(&row, "message_id")?;
        let (own, marks) = without_marks(json(&row, "parameters")?);
        let shown: Option<String> = column(&row, "shown")?;
        let shown: Option<Pairs> = shown.map(|shown| from_json(&shown, "parameters")).transpose()?;
        let is_delivered = column::<String>(&row, "state")? == DeliveryState::Delivered.as_str();
        let starts = action(&item.properties) == Action::Start;
        let parameters = match (starts, is_delivered) {
            // Variables of a release are shown: nothing of them was left out of the log.
            (true, true) => shown.unwrap_or_default(),
            (false, true) if item.type_name != GET_WEBHOOK_ENDPOINT.name => Pairs::new(),
            (false, true) => shown.filter(is_whole).ok_or(StoreError::NotFound(WHOLE))?,
            // It was accepted without its secrets.
            (false, false) if marks.starts_by.is_some() && !is_whole(&own) => {
                return Err(StoreError::NotFound(WHOLE));
            }
            (_, false) => own,
        };
        let marks = Marks { hops: marks.hops, starts_by: starts.then_some(item.version) };
        let update = Query::update()
            .table(WebhookDeliveries::Table)
            .value(WebhookDeliveries::Body, whole)
            .value(WebhookDeliveries::Parameters, to_json(&with_marks(&parameters, marks), "parameters")?)
            .value(WebhookDeliveries::State, DeliveryState::Waiting.as_str())
            .value(WebhookDeliveries::Attempts, 0_i64)
            .value(WebhookDeliveries::DueAt, self.now.as_millisecond())
            .value(WebhookDeliveries::PausedAt, None::<i64>)
            .value(WebhookDeliveries::DoneAt, None::<i64>)
            .and_where(is_done())
            .take();
        self.execute(&update).await?;
        let more = Query::update()
            .table(WebhookCounters::Table)
            .value(WebhookCounters::Waiting, Expr::col(WebhookCounters::Waiting).add(1))
            .value(WebhookCounters::Redelivered, Expr::col(WebhookCounters::Redelivered).add(1))
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
            .take();
        self.execute(&more).await?;
        let detail = json!({ "delivery": id, "message": message });
        self.note_item(&item, "webhook.redeliver", detail);
        Ok(())
    }

    /// Since which of its versions an endpoint starts releases as it does: what it accepted by an older one starts none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn starts_since(&self, endpoint: ItemNumber) -> Result<i64, StoreError> {
        let select = Query::select()
            .column(WebhookCounters::StartsSince)
            .from(WebhookCounters::Table)
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
            .take();
        let row = self.transaction.query_one(&select).await?;
        row.map_or(Ok(0), |row| column(&row, "starts_since"))
    }

    /// Marks a claimed delivery as delivered together with the release that it starts: whatever happens afterwards, and
    /// whatever becomes of the release, it starts no second one.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] when it is not for whoever claimed it to deliver any more.
    pub async fn deliver(&mut self, delivery: &ClaimedDelivery, answer: &str) -> Result<(), StoreError> {
        let outcome = DeliveryOutcome::Delivered { answer: answer.to_owned() };
        if !mark(&self.transaction, delivery, &outcome, self.now).await? {
            return Err(StoreError::Overtaken("delivery"));
        }
        self.delivered.push(delivery.into());
        Ok(())
    }

    /// Notes that somebody sends an endpoint a test request.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such endpoint.
    pub async fn note_webhook_test(&mut self, endpoint: ItemNumber) -> Result<(), StoreError> {
        let item = self.item_by_number(endpoint).await?.ok_or(StoreError::NotFound("webhook endpoint"))?;
        self.note_item(&item, "webhook.test", json!({}));
        Ok(())
    }

    /// Notes what an endpoint keeps from now on, where the next request is written: one that was accepted before, and waits
    /// for its turn, keeps no more than that. Forgets what is more.
    pub(super) async fn trim_webhooks_of(&mut self, item: &Item) -> Result<(), StoreError> {
        let integer = |name: &str| item.properties.get(name).and_then(Value::as_integer);
        let keep = integer(webhook_property::REQUEST_RETENTION);
        let Some(keep) = keep.filter(|_| is_endpoint(item)) else { return Ok(()) };
        // Where nothing is entered, the usual size counts.
        let mebibytes = integer(webhook_property::RETENTION_SIZE).unwrap_or(i64::from(USUAL_RETENTION_SIZE));
        let note = Query::insert()
            .into_table(WebhookCounters::Table)
            .columns([
                WebhookCounters::Endpoint,
                WebhookCounters::RequestRetention,
                WebhookCounters::RetentionSize,
            ])
            .values_panic([item.number.as_i64().into(), keep.into(), mebibytes.into()])
            .on_conflict(
                OnConflict::column(WebhookCounters::Endpoint)
                    .update_columns([WebhookCounters::RequestRetention, WebhookCounters::RetentionSize])
                    .to_owned(),
            )
            .returning_col(WebhookCounters::LastRequest)
            .take();
        let row = self.transaction.query_one(&note).await?;
        let last: i64 = column(&row.ok_or(StoreError::Unreadable("webhook_counters"))?, "last_request")?;
        let number = Expr::col(WebhookRequests::Number).lte(last - keep);
        let days = integer(webhook_property::RETENTION_DAYS);
        let before = days.and_then(|days| {
            let hours = i32::try_from(days).ok()?.checked_mul(24)?;
            self.now.checked_sub(SignedDuration::from_hours(hours.into())).ok()
        });
        let is_old = |before: Timestamp| Expr::col(WebhookRequests::At).lt(before.as_millisecond());
        let delete = Query::delete()
            .from_table(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(item.number.as_i64()))
            .and_where(match before {
                Some(before) => number.or(is_old(before)),
                None => number,
            })
            .take();
        self.execute(&delete).await?;
        if let Some(before) = before {
            let refusals = Query::delete()
                .from_table(WebhookRefusals::Table)
                .and_where(forget::was_refused_before(item.number, before.as_millisecond()))
                .take();
            self.execute(&refusals).await?;
        }
        kept::cut(&self.transaction, item.number, mebibytes.unsigned_abs() << 20).await?;
        Ok(())
    }

    /// Lets what waited for an endpoint to be enabled go on, when it is enabled now.
    pub(super) async fn resume_webhooks_of(&mut self, before: &Item, item: &Item) -> Result<(), StoreError> {
        if is_endpoint(item) && is_enabled(&item.properties) && !is_enabled(&before.properties) {
            pause::resume(&self.transaction, item.number, self.now).await?;
        }
        Ok(())
    }

    /// Notes since which version an endpoint starts releases as it does, when that was changed.
    pub(super) async fn steer_webhooks_of(&mut self, before: &Item, item: &Item) -> Result<(), StoreError> {
        let is_same = STEERING.iter().all(|name| before.properties.get(*name) == item.properties.get(*name))
            && PROOFS.iter().all(|name| before.secrets.get(*name) == item.secrets.get(*name));
        if is_same || !is_endpoint(item) {
            return Ok(());
        }
        let note = Query::insert()
            .into_table(WebhookCounters::Table)
            .columns([WebhookCounters::Endpoint, WebhookCounters::StartsSince])
            .values_panic([item.number.as_i64().into(), item.version.into()])
            .on_conflict(
                OnConflict::column(WebhookCounters::Endpoint)
                    .update_column(WebhookCounters::StartsSince)
                    .to_owned(),
            )
            .take();
        self.execute(&note).await?;
        Ok(())
    }

    /// Forgets all that came in at endpoints which are deleted.
    pub(super) async fn forget_webhooks_of(&mut self, endpoints: &[ItemNumber]) -> Result<(), StoreError> {
        for some in endpoints.chunks(AT_ONCE) {
            for (table, column) in forget::tables() {
                let is_theirs = Expr::col(column).is_in(some.iter().map(|endpoint| endpoint.as_i64()));
                let delete = Query::delete().from_table(table).and_where(is_theirs).take();
                self.execute(&delete).await?;
            }
        }
        Ok(())
    }
}

fn is_endpoint(item: &Item) -> bool {
    [POST_WEBHOOK_ENDPOINT.name, GET_WEBHOOK_ENDPOINT.name].contains(&item.type_name.as_str())
}

/// Whether no parameter is without its secret.
fn is_whole(parameters: &Pairs) -> bool {
    parameters.iter().all(|(_, value)| value != MASK)
}
