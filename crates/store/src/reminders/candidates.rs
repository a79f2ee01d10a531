//! The tokens that end soon, with what a plan asks about them.

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::notification::NotificationDays;
use patgate_core::reminder::{Candidate, Mark};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, JoinType, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::MailState;
use crate::error::StoreError;
use crate::grants::expiry;
use crate::keyset::{TimeCursor, beyond};
use crate::rows::{AT_ONCE, column};
use crate::store::Store;
use crate::tables::{Grants, Mails, ReminderMarks, Users};

impl Store {
    /// The tokens that expire after `since` and not after `until`, with what a plan asks about them: by owner, at most
    /// `limit`, from behind one on. A look that writes nothing.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn reminder_candidates(
        &self,
        between: (Timestamp, Timestamp),
        after: Option<(UserId, GrantId)>,
        limit: u64,
    ) -> Result<Vec<Candidate>, StoreError> {
        by_owner(&self.inner.orm, between, after, limit).await
    }

    /// The same, the last to expire first. However many there are, only so many are read.
    pub async fn latest_reminder_candidates(
        &self,
        between: (Timestamp, Timestamp),
        after: Option<TimeCursor>,
        limit: u64,
    ) -> Result<Vec<Candidate>, StoreError> {
        let select = latest(between, after).limit(limit).take();
        read_all(&self.inner.orm, &select).await
    }
}

/// The first of these tokens by owner. All of them are read and sorted for that.
pub(super) async fn by_owner(
    connection: &impl ConnectionTrait,
    between: (Timestamp, Timestamp),
    after: Option<(UserId, GrantId)>,
    limit: u64,
) -> Result<Vec<Candidate>, StoreError> {
    let mut select = expiring(between);
    select
        .order_by((Grants::Table, Grants::Owner), Order::Asc)
        .order_by((Grants::Table, Grants::Id), Order::Asc)
        .limit(limit);
    if let Some((owner, grant)) = after {
        let columns = [(Grants::Table, Grants::Owner), (Grants::Table, Grants::Id)];
        select.and_where(beyond(columns, [owner.as_i64().into(), grant.as_i64().into()], &Order::Asc));
    }
    read_all(connection, &select).await
}

/// What [`Store::latest_reminder_candidates`] asks.
pub(crate) fn latest((since, until): (Timestamp, Timestamp), after: Option<TimeCursor>) -> SelectStatement {
    // The index is entered at the place itself, and not at the end of the time.
    let place_at = after.and_then(|after| Timestamp::from_millisecond(after.at()).ok());
    let until = place_at.map_or(until, |at| at.min(until));
    let place = [(Grants::Table, Grants::ExpiresAt), (Grants::Table, Grants::Id)];
    let mut select = expiring((since, until));
    select.and_where_option(after.map(|after| beyond(place, after.values(), &Order::Desc)));
    for column in place {
        select.order_by(column, Order::Desc);
    }
    select
}

async fn read_all(
    connection: &impl ConnectionTrait,
    select: &SelectStatement,
) -> Result<Vec<Candidate>, StoreError> {
    let mut found =
        connection.query_all(select).await?.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
    for chunk in found.chunks_mut(AT_ONCE) {
        add_marks(connection, chunk).await?;
    }
    Ok(found)
}

/// The marks of these tokens, each beside its token.
async fn add_marks(connection: &impl ConnectionTrait, found: &mut [Candidate]) -> Result<(), StoreError> {
    let select = Query::select()
        .columns([
            (ReminderMarks::Table, ReminderMarks::GrantId),
            (ReminderMarks::Table, ReminderMarks::Days),
        ])
        .columns([(Mails::Table, Mails::State), (Mails::Table, Mails::Address)])
        .from(ReminderMarks::Table)
        .join(
            JoinType::LeftJoin,
            Mails::Table,
            Expr::col((Mails::Table, Mails::Id)).equals((ReminderMarks::Table, ReminderMarks::Mail)),
        )
        .and_where(
            Expr::col((ReminderMarks::Table, ReminderMarks::GrantId))
                .is_in(found.iter().map(|candidate| candidate.grant.as_i64())),
        )
        .take();
    let mut marks = std::collections::HashMap::<i64, Vec<Mark>>::new();
    for row in connection.query_all(&select).await? {
        let days: i64 = column(&row, "days")?;
        let days = u32::try_from(days).ok().and_then(|days| NotificationDays::try_from(days).ok());
        let state: Option<String> = column(&row, "state")?;
        let failed = state.as_deref() == Some(MailState::Failed.stored());
        let address: Option<String> = column(&row, "address")?;
        let mark = Mark {
            days: days.ok_or(StoreError::Unreadable("days"))?,
            lost_to: failed.then_some(address).flatten(),
        };
        marks.entry(column(&row, "grant_id")?).or_default().push(mark);
    }
    for candidate in found {
        candidate.marks = marks.remove(&candidate.grant.as_i64()).unwrap_or_default();
    }
    Ok(())
}

/// The tokens that are there and expire in this time, with their owners; the index by expiry finds them.
fn expiring((since, until): (Timestamp, Timestamp)) -> SelectStatement {
    let expires_at = || Expr::col((Grants::Table, Grants::ExpiresAt));
    Query::select()
        .columns([
            (Grants::Table, Grants::Id),
            (Grants::Table, Grants::Owner),
            (Grants::Table, Grants::ExpiresAt),
        ])
        .columns([(Users::Table, Users::Email), (Users::Table, Users::DisabledAt)])
        .from(Grants::Table)
        .join(
            JoinType::InnerJoin,
            Users::Table,
            Expr::col((Users::Table, Users::Id)).equals((Grants::Table, Grants::Owner)),
        )
        .cond_where(
            Condition::all()
                .add(Expr::col((Grants::Table, Grants::DeletedAt)).is_null())
                .add(expires_at().gt(since.as_millisecond()))
                .add(expires_at().lte(until.as_millisecond())),
        )
        .take()
}

fn read(row: &QueryResult) -> Result<Candidate, StoreError> {
    Ok(Candidate {
        grant: GrantId::from_i64(column(row, "id")?),
        owner: UserId::from_i64(column(row, "owner")?),
        expires_at: expiry(column(row, "expires_at")?)?,
        owner_enabled: column::<Option<i64>>(row, "disabled_at")?.is_none(),
        address: column::<Option<String>>(row, "email")?.unwrap_or_default(),
        marks: Vec::new(),
    })
}
