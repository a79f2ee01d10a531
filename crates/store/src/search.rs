//! Searches for a page: they look at a bounded number of rows, whatever fits and however many there are, and say how far
//! they came. What an index serves is asked of it; of the rows that it gives, each is looked at for the rest.

use patgate_core::user::User;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::audit::{self, AuditCursor, AuditEvent, AuditFilter};
use crate::error::StoreError;
use crate::keyset::{Seek, beyond, in_list_order};
use crate::rows::count_up_to;
use crate::store::Store;
use crate::tables::{AuditEvents, Users};
use crate::users::{self, UserCursor, UserFilter};

/// The most rows that one search looks at, as one for grants.
const REACH: u64 = crate::grants::REACH;

/// By what the audit log is sorted.
const MOMENT: [AuditEvents; 3] = [AuditEvents::At, AuditEvents::Sequence, AuditEvents::Position];

/// Events that were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundEvents {
    /// Those that fit, newest first.
    pub events: Vec<AuditEvent>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for: go on from there.
    pub reached: Option<AuditCursor>,
}

/// Users who were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundUsers {
    /// Those who fit, by name.
    pub users: Vec<User>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for: go on from there.
    pub reached: Option<UserCursor>,
}

impl Store {
    /// At most `limit` events of the audit log, newest first by time, from a place of the list on, however far they are.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn list_audit_events(
        &self,
        filter: &AuditFilter,
        seek: &Seek<AuditCursor>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        Ok(events(&self.inner.orm, filter, seek, limit, None).await?.events)
    }

    /// As [`Store::list_audit_events`], but looks at 2,000 events at most, where no index serves the whole filter and none tells
    /// that fewer come into question: what it does not reach is sought from there on.
    pub async fn search_audit_events(
        &self,
        filter: &AuditFilter,
        seek: &Seek<AuditCursor>,
        limit: u64,
    ) -> Result<FoundEvents, StoreError> {
        events(&self.inner.orm, filter, seek, limit, Some(REACH)).await
    }

    /// As [`Store::list_users`], but looks at 2,000 users at most, where no index serves the filter.
    pub async fn search_users(
        &self,
        filter: &UserFilter,
        seek: &Seek<UserCursor>,
        limit: u64,
    ) -> Result<FoundUsers, StoreError> {
        find_users(&self.inner.orm, filter, seek, limit, REACH).await
    }
}

/// What [`Store::search_audit_events`] finds when it looks at about `reach` events at most; `None`: at all of them.
pub(crate) async fn events(
    connection: &impl ConnectionTrait,
    filter: &AuditFilter,
    seek: &Seek<AuditCursor>,
    limit: u64,
    reach: Option<u64>,
) -> Result<FoundEvents, StoreError> {
    let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
    let first = narrowest(connection, filter, seek, reach).await?;
    let rest = event_conditions(filter, first).1;
    let (mut events, mut edge) = (Vec::new(), None);
    for select in event_selections(filter, seek, first) {
        let within = |looked_at: SelectStatement| {
            let mut within = Query::select()
                .columns(audit::COLUMNS)
                .from_subquery(looked_at, Alias::new("looked_at"))
                .take();
            for column in MOMENT {
                within.order_by(column, order.clone());
            }
            within
        };
        let (rows, last) = look(connection, select, &rest, limit, reach, within).await?;
        for row in rows {
            events.push(audit::read(&row)?);
        }
        let last = last.map(|row| audit::read(&row)).transpose()?.map(|event| AuditCursor::of(&event));
        edge = match (edge, last) {
            // Of two questions, only what both of them reached is known.
            (Some(edge), Some(last)) if seek.is_backward() => Some(Ord::min(edge, last)),
            (Some(edge), Some(last)) => Some(Ord::max(edge, last)),
            (edge, last) => edge.or(last),
        };
    }
    // As they are met; one may answer both questions.
    events.sort_by_key(AuditCursor::of);
    events.dedup_by_key(|event| AuditCursor::of(event));
    if !seek.is_backward() {
        events.reverse();
    }
    if let Some(edge) = edge {
        let is_reached = |at: AuditCursor| if seek.is_backward() { at <= edge } else { at >= edge };
        events.retain(|event| is_reached(AuditCursor::of(event)));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let reached = edge.filter(|_| events.len() < limit);
    events.truncate(limit);
    Ok(FoundEvents { events: in_list_order(events, seek.is_backward()), reached })
}

/// What [`Store::search_users`] finds when it looks at about `reach` users at most.
pub(crate) async fn find_users(
    connection: &impl ConnectionTrait,
    filter: &UserFilter,
    seek: &Seek<UserCursor>,
    limit: u64,
    reach: u64,
) -> Result<FoundUsers, StoreError> {
    let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
    let within = |mut looked_at: SelectStatement| {
        looked_at.columns([Users::UsernameKey, Users::EmailKey, Users::FullNameKey]);
        let mut within = Query::select();
        within.columns(users::COLUMNS).from_subquery(looked_at, Alias::new("looked_at"));
        within.order_by(Users::UsernameKey, order.clone()).take()
    };
    let select = users::named_selection(filter, seek);
    let rest = users::conditions(filter);
    let (rows, last) = look(connection, select, &rest, limit, Some(reach), within).await?;
    let found = rows.iter().map(users::read).collect::<Result<_, _>>()?;
    let reached = last.map(|row| users::read(&row)).transpose()?.map(|user| UserCursor::of(&user));
    Ok(FoundUsers { users: in_list_order(found, seek.is_backward()), reached })
}

/// Of the rows that an index gives, at most `limit` that meet the conditions, as they are met; and the last one that was
/// looked at, if they are fewer and there may be more behind it. `within` asks within the rows of a selection.
async fn look(
    connection: &impl ConnectionTrait,
    mut select: SelectStatement,
    conditions: &[Expr],
    limit: u64,
    reach: Option<u64>,
    within: impl Fn(SelectStatement) -> SelectStatement,
) -> Result<(Vec<QueryResult>, Option<QueryResult>), StoreError> {
    let reach = reach.filter(|_| !conditions.is_empty());
    let mut asked = match reach {
        Some(reach) => within(select.clone().limit(reach).take()),
        None => select.clone(),
    };
    for condition in conditions {
        asked.and_where(condition.clone());
    }
    let rows = connection.query_all(asked.limit(Ord::min(limit, i64::MAX as u64))).await?;
    let last = match reach {
        Some(reach) if (rows.len() as u64) < limit => {
            connection.query_one(select.offset(reach - 1).limit(1)).await?
        }
        _ => None,
    };
    Ok((rows, last))
}

/// Which of several things that are asked of events leaves few of them, by its index alone: fewer than `reach` from the place
/// on. Else the one that usually tells most.
async fn narrowest(
    connection: &impl ConnectionTrait,
    filter: &AuditFilter,
    seek: &Seek<AuditCursor>,
    reach: Option<u64>,
) -> Result<usize, StoreError> {
    let asked = asked_of_events(filter).len();
    let Some(reach) = reach.filter(|_| asked > 1) else { return Ok(0) };
    for first in 0..asked {
        let mut found = 0;
        for select in event_selections(filter, seek, first) {
            found += count_up_to(connection, &select, AuditEvents::Sequence, reach).await?;
        }
        if found < reach {
            return Ok(first);
        }
    }
    Ok(0)
}

/// The questions whose answers together are the events: what an index answers, and no more. There are two of them where
/// an identifier or a name is sought, which stand in different columns. `first` is which of the things that are asked an index
/// is asked about, in the order of [`asked_of_events`].
pub(crate) fn event_selections(
    filter: &AuditFilter,
    seek: &Seek<AuditCursor>,
    first: usize,
) -> Vec<SelectStatement> {
    let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
    let beyond = seek.cursor().map(|cursor| beyond(MOMENT, cursor.values(), &order));
    let at = || Expr::col(AuditEvents::At);
    let ask = |served: Vec<Expr>| {
        let mut select = Query::select().columns(audit::COLUMNS).from(AuditEvents::Table).take();
        for condition in served {
            select.and_where(condition);
        }
        select
            .and_where_option(filter.since.map(|since| at().gte(since.as_millisecond())))
            .and_where_option(filter.until.map(|until| at().lt(until.as_millisecond())))
            .and_where_option(beyond.clone());
        for column in MOMENT {
            select.order_by(column, order.clone());
        }
        select
    };
    event_conditions(filter, first).0.into_iter().map(ask).collect()
}

/// What the filter asks beside the time: of the one that stands first, in each question what its index serves, and the rest.
fn event_conditions(filter: &AuditFilter, first: usize) -> (Vec<Vec<Expr>>, Vec<Expr>) {
    let mut asked = asked_of_events(filter);
    let served = if first < asked.len() { asked.remove(first) } else { vec![Vec::new()] };
    let either = |halves: Vec<Vec<Expr>>| {
        let halves = halves.into_iter().filter_map(|half| half.into_iter().reduce(ExprTrait::and));
        halves.reduce(ExprTrait::or)
    };
    (served, asked.into_iter().filter_map(either).collect())
}

/// What the filter asks beside the time, each thing in the questions that its index answers. What usually tells most stands first.
fn asked_of_events(filter: &AuditFilter) -> Vec<Vec<Vec<Expr>>> {
    let is = |column: AuditEvents, text: &str| Expr::col(column).eq(text);
    let subject = filter.subject.as_ref().map(|(kind, id)| {
        vec![vec![is(AuditEvents::SubjectId, id), is(AuditEvents::SubjectKind, kind.as_str())]]
    });
    let about = filter
        .about
        .as_ref()
        .map(|text| vec![vec![is(AuditEvents::SubjectId, text)], vec![is(AuditEvents::SubjectName, text)]]);
    let actor = filter.actor.as_ref().map(|text| vec![vec![is(AuditEvents::ActorName, text)]]);
    let action = filter.action.as_ref().map(|text| vec![vec![is(AuditEvents::Action, text)]]);
    [subject, about, actor, action].into_iter().flatten().collect()
}
