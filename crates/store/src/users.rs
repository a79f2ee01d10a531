//! Users: the row, and the reads that the store and a change share.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::user::{Origin, User, UserState, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{NotACursor, Seek, beyond, in_list_order};
use crate::password::{PasswordHashText, StoredPassword};
use crate::rows::{Page, after_prefix, column, containing, json, of_each, optional_time, parsed, time};
use crate::store::Store;
use crate::tables::Users;

/// Which users to list; `Default` lists all that are not deleted. They come in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// One of these, who are 500 at most.
    pub ids: Option<Vec<UserId>>,
    /// The log-in name begins with this, whatever the case. No character has a special meaning.
    pub name_prefix: Option<String>,
    /// The mail address contains this, whatever the case.
    pub email: Option<String>,
    /// The full name contains this, whatever the case.
    pub full_name: Option<String>,
    /// Enabled (`true`) or disabled.
    pub login_allowed: Option<bool>,
    /// From a provider (`true`) or internal.
    pub external: Option<bool>,
    /// Signed in after this.
    pub last_active_after: Option<Timestamp>,
    /// Signed in before this.
    pub last_active_before: Option<Timestamp>,
}

/// Which names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// All.
    Any,
    /// Those with a character beyond ASCII.
    BeyondAscii,
}

/// A place in a list of users: the one that was seen last. Its text is for a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCursor(String);

impl UserCursor {
    /// The place of a user in the list.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self(user.username.key())
    }
}

impl fmt::Display for UserCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for UserCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        text.parse::<Username>().map(|name| Self(name.key())).map_err(|_| NotACursor)
    }
}

impl Store {
    /// These users, but for those who are deleted, in no order.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn users_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        by_ids(&self.inner.orm, ids).await
    }
}

/// The columns of a [`User`].
pub(crate) const COLUMNS: [Users; 14] = [
    Users::Id,
    Users::Origin,
    Users::Provider,
    Users::Subject,
    Users::Username,
    Users::FullName,
    Users::Email,
    Users::Groups,
    Users::DisabledAt,
    Users::CreatedAt,
    Users::LastActiveAt,
    Users::ConfirmedAt,
    Users::WithdrawnAt,
    Users::Withdrawal,
];

/// The user, when not deleted.
pub(crate) async fn by_id(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<User>, StoreError> {
    let select = selection().and_where(Expr::col(Users::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// These users, but for those who are deleted, in no order.
pub(crate) async fn by_ids(
    connection: &impl ConnectionTrait,
    ids: &[UserId],
) -> Result<Vec<User>, StoreError> {
    let ids = ids.iter().map(|id| id.as_i64()).collect();
    of_each(connection, &selection(), Users::Id, ids, read).await
}

/// The user of this name, when not deleted.
pub(crate) async fn by_name(
    connection: &impl ConnectionTrait,
    name: &Username,
) -> Result<Option<User>, StoreError> {
    let select = selection().and_where(Expr::col(Users::UsernameKey).eq(name.key())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// The users of the names of these keys, by the keys; those who are deleted are left out.
pub(crate) async fn by_keys(
    connection: &impl ConnectionTrait,
    keys: Vec<String>,
) -> Result<HashMap<String, User>, StoreError> {
    let users = of_each(connection, &selection(), Users::UsernameKey, keys, read).await?;
    Ok(users.into_iter().map(|user| (user.username.key(), user)).collect())
}

/// At most `limit` of the users of a provider who are enabled and in any group, by its own keys for them, behind one of these.
pub(crate) async fn in_groups(
    connection: &impl ConnectionTrait,
    origin: Origin,
    provider: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<User>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Users::Origin).eq(origin.as_str()))
        .and_where(Expr::col(Users::Provider).eq(provider))
        .and_where_option(after.map(|after| Expr::col(Users::Subject).gt(after)))
        .and_where(Expr::col(Users::DisabledAt).is_null())
        .and_where(Expr::col(Users::Groups).ne("[]"))
        .order_by(Users::Subject, Order::Asc)
        .limit(limit)
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// The names of those who are not deleted.
pub(crate) async fn names(
    connection: &impl ConnectionTrait,
    letters: Letters,
) -> Result<Vec<(UserId, Username)>, StoreError> {
    // A character beyond ASCII has several bytes, in both databases.
    let is_beyond = Expr::cust("octet_length(username) <> length(username)");
    let select = Query::select()
        .columns([Users::Id, Users::Username])
        .from(Users::Table)
        .and_where(Expr::col(Users::DeletedAt).is_null())
        .and_where_option((letters == Letters::BeyondAscii).then_some(is_beyond))
        .take();
    let read = |row: &QueryResult| Ok((UserId::from_i64(column(row, "id")?), parsed(row, "username")?));
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// The user whom a provider knows by this key, when not deleted.
pub(crate) async fn by_subject(
    connection: &impl ConnectionTrait,
    origin: Origin,
    provider: &str,
    subject: &str,
) -> Result<Option<User>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Users::Origin).eq(origin.as_str()))
        .and_where(Expr::col(Users::Provider).eq(provider))
        .and_where(Expr::col(Users::Subject).eq(subject))
        .take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// A page of the users that pass the filter, counted off.
pub(crate) async fn page(
    connection: &impl ConnectionTrait,
    filter: &UserFilter,
    page: Page,
) -> Result<Vec<User>, StoreError> {
    let select = filtered(filter)
        .order_by(Users::UsernameKey, Order::Asc)
        .limit(page.limit())
        .offset(page.offset())
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// At most `limit` users that pass the filter, from a place on, behind the first `skip` of them.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    filter: &UserFilter,
    seek: &Seek<UserCursor>,
    skip: u64,
    limit: u64,
) -> Result<Vec<User>, StoreError> {
    let [skip, limit] = [skip, limit].map(|count| Ord::min(count, i64::MAX as u64));
    let select = list_selection(filter, seek).limit(limit).offset(skip).take();
    let users = connection.query_all(&select).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(in_list_order(users, seek.is_backward()))
}

/// What [`list`] asks.
pub(crate) fn list_selection(filter: &UserFilter, seek: &Seek<UserCursor>) -> SelectStatement {
    having(named_selection(filter, seek), filter)
}

/// The users of the names that are asked for, or those of them who are disabled, whatever else is asked, from a place on: what an
/// index serves.
pub(crate) fn named_selection(filter: &UserFilter, seek: &Seek<UserCursor>) -> SelectStatement {
    let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
    let beyond = seek.cursor().map(|cursor| beyond([Users::UsernameKey], [cursor.0.as_str().into()], &order));
    named(filter).and_where_option(beyond).order_by(Users::UsernameKey, order).take()
}

/// What is asked beside what [`named_selection`] serves.
pub(crate) fn conditions(filter: &UserFilter) -> Vec<Expr> {
    let contains = |column: Users, text: &Option<String>| {
        text.as_ref().map(|text| Expr::col(column).like(containing(&text.to_lowercase())))
    };
    let internal = Origin::Internal.as_str();
    let last_active = || Expr::col(Users::LastActiveAt);
    let ids = filter.ids.as_ref().map(|ids| ids.iter().map(|id| id.as_i64()));
    let asked = [
        ids.map(|ids| Expr::col(Users::Id).is_in(ids)),
        contains(Users::EmailKey, &filter.email),
        contains(Users::FullNameKey, &filter.full_name),
        // An index serves those who are disabled.
        filter.login_allowed.and_then(|allowed| allowed.then(|| Expr::col(Users::DisabledAt).is_null())),
        filter.external.map(|external| match external {
            true => Expr::col(Users::Origin).ne(internal),
            false => Expr::col(Users::Origin).eq(internal),
        }),
        filter.last_active_after.map(|after| last_active().gt(after.as_millisecond())),
        filter.last_active_before.map(|before| last_active().lt(before.as_millisecond())),
    ];
    asked.into_iter().flatten().collect()
}

fn filtered(filter: &UserFilter) -> SelectStatement {
    having(named(filter), filter)
}

fn having(mut select: SelectStatement, filter: &UserFilter) -> SelectStatement {
    for condition in conditions(filter) {
        select.and_where(condition);
    }
    select
}

fn named(filter: &UserFilter) -> SelectStatement {
    let prefix = filter.name_prefix.as_deref().unwrap_or_default().to_lowercase();
    let is_asked = !prefix.is_empty();
    let are_disabled = filter.login_allowed == Some(false);
    selection()
        .and_where_option(
            after_prefix(&prefix).filter(|_| is_asked).map(|end| Expr::col(Users::UsernameKey).lt(end)),
        )
        .and_where_option(is_asked.then(|| Expr::col(Users::UsernameKey).gte(prefix)))
        .and_where_option(are_disabled.then(|| Expr::col(Users::DisabledAt).is_not_null()))
        .take()
}

/// The disabled users who are not deleted, in no order. The tables are named, for a question about a row of another one.
pub(crate) fn disabled() -> SelectStatement {
    let column = |column: Users| Expr::col((Users::Table, column));
    Query::select()
        .column((Users::Table, Users::Id))
        .from(Users::Table)
        .and_where(column(Users::DisabledAt).is_not_null())
        .and_where(column(Users::DeletedAt).is_null())
        .take()
}

/// The stored password of the user of this name, when there is one.
pub(crate) async fn password(
    connection: &impl ConnectionTrait,
    name: &Username,
) -> Result<Option<StoredPassword>, StoreError> {
    let select = Query::select()
        .columns([Users::Id, Users::PasswordHash, Users::PasswordVersion])
        .from(Users::Table)
        .and_where(Expr::col(Users::UsernameKey).eq(name.key()))
        .and_where(Expr::col(Users::DeletedAt).is_null())
        .and_where(Expr::col(Users::PasswordHash).is_not_null())
        .take();
    let Some(row) = connection.query_one(&select).await? else { return Ok(None) };
    Ok(Some(StoredPassword {
        user: UserId::from_i64(column(&row, "id")?),
        hash: PasswordHashText::new(column(&row, "password_hash")?),
        version: column(&row, "password_version")?,
    }))
}

/// Puts another hash of the same password in place, unless the password changed meanwhile: data, not a change.
pub(crate) async fn renew_password_hash(
    connection: &impl ConnectionTrait,
    stored: &StoredPassword,
    renewed: &PasswordHashText,
) -> Result<(), StoreError> {
    let update = Query::update()
        .table(Users::Table)
        .value(Users::PasswordHash, renewed.reveal().to_owned())
        .and_where(Expr::col(Users::Id).eq(stored.user.as_i64()))
        .and_where(Expr::col(Users::PasswordVersion).eq(stored.version))
        .and_where(Expr::col(Users::PasswordHash).is_not_null())
        .take();
    connection.execute(&update).await?;
    Ok(())
}

/// The version of a user's password: 0 when none was ever set. `None` for a user who may not sign in.
pub(crate) async fn password_version(
    connection: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<i64>, StoreError> {
    let select = Query::select()
        .column(Users::PasswordVersion)
        .from(Users::Table)
        .and_where(Expr::col(Users::Id).eq(id.as_i64()))
        .and_where(Expr::col(Users::DeletedAt).is_null())
        .and_where(Expr::col(Users::DisabledAt).is_null())
        .take();
    connection.query_one(&select).await?.map(|row| column(&row, "password_version")).transpose()
}

/// All users that are not deleted, in no order.
pub(crate) fn selection() -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from(Users::Table)
        .and_where(Expr::col(Users::DeletedAt).is_null())
        .take()
}

/// A user from a row of [`selection`].
pub(crate) fn read(row: &QueryResult) -> Result<User, StoreError> {
    let (origin, created_at) = (parsed(row, "origin")?, time(row, "created_at")?);
    Ok(User {
        id: UserId::from_i64(column(row, "id")?),
        origin,
        provider: column(row, "provider")?,
        subject: column(row, "subject")?,
        username: parsed(row, "username")?,
        full_name: column(row, "full_name")?,
        email: column(row, "email")?,
        groups: json(row, "groups")?,
        state: match optional_time(row, "disabled_at")? {
            None => UserState::Enabled,
            Some(at) => UserState::Disabled { at },
        },
        confirmation: match (origin, optional_time(row, "withdrawn_at")?) {
            (Origin::Internal, _) => Confirmation::Own,
            (_, Some(at)) => Confirmation::Withdrawn { at, reason: parsed(row, "withdrawal")? },
            // Whoever was made before there were confirmations was there then.
            (_, None) => Confirmation::At(optional_time(row, "confirmed_at")?.unwrap_or(created_at)),
        },
        created_at,
        last_active_at: optional_time(row, "last_active_at")?,
    })
}
