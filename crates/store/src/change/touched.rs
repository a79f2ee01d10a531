//! Changes of many tokens at once: those that a decision touches, each with its audit event.

use std::collections::BTreeMap;

use patgate_core::expiry::Expiry;
use patgate_core::grant::SuspensionReason;
use patgate_core::identifier::{DecisionId, GrantId, UserId};
use patgate_core::policy::Cells;
use patgate_core::policy::origin::Rows;
use patgate_core::user::Origin;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement, UpdateStatement};
use serde_json::{Value, json};

use super::Change;
use crate::decisions::{Touched, condition, of_origin, of_row};
use crate::error::StoreError;
use crate::grants::{expiry, expiry_column};
use crate::rows::column;
use crate::tables::{Grants, Users};

/// Tokens that are read, changed and noted together: few enough to stay small, enough that a statement costs little.
const BATCH: u64 = 5_000;

/// What is done to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// They end then.
    Shorten(Expiry),
    /// They do not pass for now; one that is suspended for another reason that may not be replaced stays as it is.
    Suspend(SuspensionReason),
    /// They pass again.
    Resume,
    /// They pass again, although these cells are closed.
    ResumeLeftWorking(Cells),
    /// They are gone for good.
    Delete,
    /// They pass although these cells are closed.
    LeaveWorking(Cells),
    /// They do not any more.
    EndLeftWorking(Cells),
    /// They do not any more, and do not pass for now, because these cells were closed; one that is suspended stays as it is.
    ShutOut(Cells),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acted {
    /// To how many tokens.
    pub tokens: u64,
    /// To which, by their owners.
    pub by_owner: BTreeMap<UserId, Vec<GrantId>>,
}

/// A token, as far as an audit event tells it.
struct Noted {
    id: i64,
    owner_id: i64,
    name: String,
    owner: Option<String>,
    expires_at: Expiry,
}

impl Change {
    /// Does something to all these tokens, as they are at this moment of the change.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn act(
        &mut self,
        touched: &Touched,
        act: Act,
        decision: Option<DecisionId>,
    ) -> Result<Acted, StoreError> {
        let mut acted = Acted::default();
        let mut last = -1;
        loop {
            let batch = self.batch(touched, act, last).await?;
            let Some(end) = batch.last() else { return Ok(acted) };
            last = end.id;
            acted.tokens += batch.len() as u64;
            let ids: Vec<_> = batch.iter().map(|noted| noted.id.to_string()).collect();
            let ids = format!("id IN ({})", ids.join(","));
            for mut update in self.updates(act) {
                update.and_where(Expr::cust(ids.clone()));
                self.execute(&update).await?;
            }
            for noted in &batch {
                let (action, detail) = told(act, noted, decision);
                let (owner, id) = (UserId::from_i64(noted.owner_id), GrantId::from_i64(noted.id));
                acted.by_owner.entry(owner).or_default().push(id);
                self.note_grant(id, &noted.name, action, detail);
            }
            self.write_events().await?;
        }
    }

    /// The next tokens after the one with this identifier.
    async fn batch(&self, touched: &Touched, act: Act, after: i64) -> Result<Vec<Noted>, StoreError> {
        let rows = self.transaction.query_all(&selection(touched, act, after)).await?;
        let read = |row| {
            Ok(Noted {
                id: column(row, "id")?,
                owner_id: column(row, "owner")?,
                name: column(row, "name")?,
                owner: column(row, "owner_name")?,
                expires_at: expiry(column(row, "expires_at")?)?,
            })
        };
        rows.iter().map(read).collect()
    }

    fn updates(&self, act: Act) -> Vec<UpdateStatement> {
        let update = || Query::update().table(Grants::Table).take();
        let now = self.now.as_millisecond();
        let none = || Expr::val(Option::<i64>::None);
        let suspend = |reason: SuspensionReason| {
            update()
                .value(Grants::SuspendedAt, Expr::col(Grants::SuspendedAt).if_null(now))
                .value(Grants::SuspensionReason, reason.as_str())
                .take()
        };
        let end_left_working = |cells: Cells, origin: Origin| {
            let others = Rows::ALL.without(cells.rows(origin)).to_bits();
            update()
                .value(Grants::LeftWorking, Expr::col(Grants::LeftWorking).bit_and(others))
                .and_where(of_origin(origin))
                .take()
        };
        let resume = || {
            update()
                .value(Grants::SuspendedAt, none())
                .value(Grants::SuspensionReason, Option::<String>::None)
                .take()
        };
        let leave_working = |cells: Cells| -> Vec<UpdateStatement> {
            let leave = |(row, origin)| {
                let bit = Rows::NONE.with(row).to_bits();
                let is_for_it = of_row(row).or(Expr::col(Grants::Application).eq("any"));
                update()
                    .value(Grants::LeftWorking, Expr::col(Grants::LeftWorking).bit_or(bit))
                    .and_where(of_origin(origin))
                    .and_where(is_for_it)
                    .take()
            };
            cells.iter().map(leave).collect()
        };
        match act {
            Act::Shorten(to) => vec![update().value(Grants::ExpiresAt, expiry_column(to)).take()],
            Act::Suspend(reason) => vec![suspend(reason)],
            Act::Resume => vec![resume()],
            Act::ResumeLeftWorking(cells) => std::iter::once(resume()).chain(leave_working(cells)).collect(),
            Act::Delete => vec![update().value(Grants::DeletedAt, now).take()],
            Act::LeaveWorking(cells) => leave_working(cells),
            Act::EndLeftWorking(cells) => {
                cells.origins().map(|origin| end_left_working(cells, origin)).collect()
            }
            Act::ShutOut(cells) => {
                let ends = cells.origins().map(|origin| end_left_working(cells, origin));
                std::iter::once(suspend(SuspensionReason::OriginClosed)).chain(ends).collect()
            }
        }
    }
}

fn selection(touched: &Touched, act: Act, after: i64) -> SelectStatement {
    let owner = Query::select()
        .column(Users::Username)
        .from(Users::Table)
        .and_where(Expr::col((Users::Table, Users::Id)).equals((Grants::Table, Grants::Owner)))
        .take();
    let mut select = Query::select()
        .columns([Grants::Id, Grants::Owner, Grants::Name, Grants::ExpiresAt])
        .expr_as(Expr::SubQuery(None, Box::new(owner.into())), Alias::new("owner_name"))
        .from(Grants::Table)
        .cond_where(condition(touched))
        .and_where(Expr::col(Grants::Id).gt(after))
        .order_by(Grants::Id, Order::Asc)
        .limit(BATCH)
        .take();
    let suspended_for = match act {
        Act::Suspend(reason) => Some(reason),
        Act::ShutOut(_) => Some(SuspensionReason::OriginClosed),
        _ => None,
    };
    if let Some(reason) = suspended_for {
        // As `GrantState::can_suspend_for` has it.
        let is_free = Expr::col(Grants::SuspendedAt).is_null();
        let closed = SuspensionReason::OriginClosed.as_str();
        select.and_where(match reason {
            SuspensionReason::OverMaximum => is_free.or(Expr::col(Grants::SuspensionReason).eq(closed)),
            SuspensionReason::OriginClosed
            | SuspensionReason::OwnerUnconfirmed
            | SuspensionReason::OwnerWithdrawn => is_free,
        });
    }
    select
}

/// The action and the detail of the event about one token.
fn told(act: Act, noted: &Noted, decision: Option<DecisionId>) -> (&'static str, Value) {
    let owner = &noted.owner;
    let (action, mut detail) = match act {
        Act::Shorten(to) => {
            let change = json!({ "from": noted.expires_at.timestamp(), "to": to.timestamp() });
            ("grant.set_expiry", json!({ "owner": owner, "expiresAt": change }))
        }
        Act::Suspend(reason) => ("grant.suspend", json!({ "owner": owner, "reason": reason })),
        Act::ShutOut(_) => {
            ("grant.suspend", json!({ "owner": owner, "reason": SuspensionReason::OriginClosed }))
        }
        Act::Resume => ("grant.resume", json!({ "owner": owner })),
        Act::ResumeLeftWorking(cells) => {
            ("grant.resume", json!({ "owner": owner, "closed": cells.to_string() }))
        }
        Act::Delete => ("grant.delete", json!({ "owner": owner, "reason": "over_maximum" })),
        Act::LeaveWorking(cells) => {
            ("grant.leave_working", json!({ "owner": owner, "closed": cells.to_string() }))
        }
        Act::EndLeftWorking(cells) => {
            ("grant.end_left_working", json!({ "owner": owner, "closed": cells.to_string() }))
        }
    };
    if let (Some(decision), Some(members)) = (decision, detail.as_object_mut()) {
        members.insert("decision".to_owned(), json!(decision));
    }
    (action, detail)
}
