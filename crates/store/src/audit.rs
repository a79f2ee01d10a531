//! The audit log: who did what to whom, one event a mutation.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, Order, Query, SelectStatement, Value};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::change_log::Sequence;
use crate::error::StoreError;
use crate::keyset::NotACursor;
use crate::rows::{AT_ONCE, Page, column, from_json, time, to_json};
use crate::tables::AuditEvents;

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A person or program by a credential, the command line, or Patgate itself.
    pub kind: ActorKind,
    /// The log-in name, the operating system's account, or the name of a job.
    pub name: String,
    /// The user, when it is one.
    pub user: Option<UserId>,
    /// The grant whose token was used, when it was one.
    pub grant: Option<GrantId>,
    /// The client's address, when there is a client.
    pub address: Option<String>,
}

impl Actor {
    /// Patgate itself: a job of this name, which no client asked for.
    #[must_use]
    pub fn system(name: impl Into<String>) -> Self {
        Self { kind: ActorKind::System, name: name.into(), user: None, grant: None, address: None }
    }
}

/// What kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Somebody who signed in or used a token.
    User,
    /// Somebody with a shell on the host.
    CommandLine,
    /// A job of Patgate.
    System,
}

impl ActorKind {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::CommandLine => "command_line",
            Self::System => "system",
        }
    }
}

/// What kind of subject an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// A user.
    User,
    /// A group that a provider keeps here.
    Group,
    /// A role.
    Role,
    /// A grant.
    Grant,
    /// The settings.
    Settings,
    /// A provider of the configuration; its subject is its name.
    Provider,
    /// A session; its subject is the user.
    Session,
    /// A decision about tokens that a stricter rule touches.
    Decision,
    /// An exemption from the maximum lifetime.
    Exemption,
    /// A configuration item.
    Item,
    /// A mail of the outbox.
    Mail,
    /// A run of reminders.
    ReminderRun,
    /// A release or a template.
    Release,
}

impl SubjectKind {
    const ALL: [Self; 13] = [
        Self::User,
        Self::Group,
        Self::Role,
        Self::Grant,
        Self::Settings,
        Self::Provider,
        Self::Session,
        Self::Item,
        Self::Mail,
        Self::ReminderRun,
        Self::Decision,
        Self::Exemption,
        Self::Release,
    ];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Grant => "grant",
            Self::Settings => "settings",
            Self::Provider => "provider",
            Self::Session => "session",
            Self::Decision => "decision",
            Self::Exemption => "exemption",
            Self::Item => "item",
            Self::Mail => "mail",
            Self::ReminderRun => "reminder_run",
            Self::Release => "release",
        }
    }
}

/// One mutation, as it was made. It outlives its subject.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// The change it belongs to. Events sort by this and then by `position`.
    pub sequence: Sequence,
    /// Its place within the change, from 0.
    pub position: i64,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What, as `subject.verb`: `grant.create`, `user.disable`, …
    pub action: String,
    /// To what kind of thing.
    pub subject_kind: SubjectKind,
    /// The identifier of the subject, as in the API; the name of a settings row.
    pub subject_id: String,
    /// What the subject was called then.
    pub subject_name: String,
    /// More about it: an object whose members depend on the action; never a secret.
    pub detail: serde_json::Value,
}

/// Which events to list; `Default` lists all. Newest come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Made by this actor name, exactly.
    pub actor: Option<String>,
    /// This action, exactly.
    pub action: Option<String>,
    /// About this subject.
    pub subject: Option<(SubjectKind, String)>,
    /// About a subject with this identifier, or one that was called exactly this then.
    pub about: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// A place in the audit log: the event that was seen last. Its text is for a query. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditCursor {
    at: i64,
    sequence: i64,
    position: i64,
}

impl AuditCursor {
    /// The place of an event in the log.
    #[must_use]
    pub fn of(event: &AuditEvent) -> Self {
        let (at, sequence) = (event.at.as_millisecond(), event.sequence.as_i64());
        Self { at, sequence, position: event.position }
    }

    pub(crate) fn values(&self) -> [Value; 3] {
        [self.at.into(), self.sequence.into(), self.position.into()]
    }
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.at, self.sequence, self.position)
    }
}

impl FromStr for AuditCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut numbers = text.split('.').map(|number| number.parse::<i64>().map_err(|_| NotACursor));
        let mut next = || numbers.next().unwrap_or(Err(NotACursor));
        let cursor = Self { at: next()?, sequence: next()?, position: next()? };
        if numbers.next().is_some() { Err(NotACursor) } else { Ok(cursor) }
    }
}

/// An event that waits for its change to be committed.
pub(crate) struct PendingEvent {
    pub(crate) action: &'static str,
    pub(crate) subject_kind: SubjectKind,
    pub(crate) subject_id: String,
    pub(crate) subject_name: String,
    pub(crate) detail: serde_json::Value,
}

/// The events of a change, of which `written` are written already, as insertions of some rows each.
pub(crate) fn insertions(
    events: &[PendingEvent],
    written: i64,
    sequence: Sequence,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<InsertStatement>, StoreError> {
    let mut insertions = Vec::new();
    let mut position = written;
    for chunk in events.chunks(AT_ONCE) {
        let mut insert = Query::insert().into_table(AuditEvents::Table).columns(COLUMNS).take();
        for event in chunk {
            insert.values_panic([
                sequence.as_i64().into(),
                position.into(),
                now.as_millisecond().into(),
                actor.kind.as_str().into(),
                actor.name.as_str().into(),
                actor.user.map(UserId::as_i64).into(),
                actor.grant.map(GrantId::as_i64).into(),
                actor.address.clone().into(),
                event.action.into(),
                event.subject_kind.as_str().into(),
                event.subject_id.as_str().into(),
                event.subject_name.as_str().into(),
                to_json(&event.detail, "detail")?.into(),
            ]);
            position += 1;
        }
        insertions.push(insert);
    }
    Ok(insertions)
}

/// A page of the events that pass the filter, counted off.
pub(crate) async fn page(
    connection: &impl ConnectionTrait,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditEvent>, StoreError> {
    let select = filtered(filter)
        .order_by(AuditEvents::Sequence, Order::Desc)
        .order_by(AuditEvents::Position, Order::Desc)
        .limit(page.limit())
        .offset(page.offset())
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

fn filtered(filter: &AuditFilter) -> SelectStatement {
    let subject = filter.subject.as_ref();
    let equals = |column: AuditEvents, text: Option<&str>| text.map(|text| Expr::col(column).eq(text));
    let about = filter.about.as_deref();
    Query::select()
        .columns(COLUMNS)
        .from(AuditEvents::Table)
        .and_where_option(equals(AuditEvents::ActorName, filter.actor.as_deref()))
        .and_where_option(equals(AuditEvents::Action, filter.action.as_deref()))
        .and_where_option(equals(AuditEvents::SubjectKind, subject.map(|(kind, _)| kind.as_str())))
        .and_where_option(equals(AuditEvents::SubjectId, subject.map(|(_, id)| id.as_str())))
        .and_where_option(about.map(|text| {
            Expr::col(AuditEvents::SubjectId).eq(text).or(Expr::col(AuditEvents::SubjectName).eq(text))
        }))
        .and_where_option(filter.since.map(|since| Expr::col(AuditEvents::At).gte(since.as_millisecond())))
        .and_where_option(filter.until.map(|until| Expr::col(AuditEvents::At).lt(until.as_millisecond())))
        .take()
}

/// The columns of an [`AuditEvent`].
pub(crate) const COLUMNS: [AuditEvents; 13] = [
    AuditEvents::Sequence,
    AuditEvents::Position,
    AuditEvents::At,
    AuditEvents::ActorKind,
    AuditEvents::ActorName,
    AuditEvents::ActorUser,
    AuditEvents::ActorGrant,
    AuditEvents::Address,
    AuditEvents::Action,
    AuditEvents::SubjectKind,
    AuditEvents::SubjectId,
    AuditEvents::SubjectName,
    AuditEvents::Detail,
];

pub(crate) fn read(row: &QueryResult) -> Result<AuditEvent, StoreError> {
    let kind: String = column(row, "actor_kind")?;
    let subject_kind: String = column(row, "subject_kind")?;
    Ok(AuditEvent {
        sequence: Sequence::from_i64(column(row, "sequence")?),
        position: column(row, "position")?,
        at: time(row, "at")?,
        actor: Actor {
            kind: [ActorKind::User, ActorKind::CommandLine, ActorKind::System]
                .into_iter()
                .find(|known| known.as_str() == kind)
                .ok_or(StoreError::Unreadable("actor_kind"))?,
            name: column(row, "actor_name")?,
            user: column::<Option<i64>>(row, "actor_user")?.map(UserId::from_i64),
            grant: column::<Option<i64>>(row, "actor_grant")?.map(GrantId::from_i64),
            address: column(row, "address")?,
        },
        action: column(row, "action")?,
        subject_kind: SubjectKind::ALL
            .into_iter()
            .find(|known| known.as_str() == subject_kind)
            .ok_or(StoreError::Unreadable("subject_kind"))?,
        subject_id: column(row, "subject_id")?,
        subject_name: column(row, "subject_name")?,
        detail: from_json(&column::<String>(row, "detail")?, "detail")?,
    })
}
