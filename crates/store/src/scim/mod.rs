//! What a provider sees and keeps here over SCIM: its own users, and its groups with their members.

mod condition;
mod places;

use jiff::Timestamp;
use patgate_core::identifier::{GroupId, UserId};
use patgate_core::provider::ProviderName;
use patgate_core::user::{Origin, User, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::{AT_ONCE, column, of_each, parsed, time};
use crate::store::Store;
use crate::tables::{ScimGroups, ScimMembers, Users};
use crate::users;

pub use condition::{GroupCondition, Unanswerable, UserCondition};

/// Whose users and groups are meant: a provider sees its own alone.
#[derive(Clone, Copy, Debug)]
pub struct ScimProvider<'p> {
    /// What kind of provider.
    pub origin: Origin,
    /// Which.
    pub name: &'p ProviderName,
}

/// A group that a provider keeps here. Who is in it stands in the groups of its members as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimGroup {
    /// The row.
    pub id: GroupId,
    /// Whose it is.
    pub provider: ProviderName,
    /// The provider's own key for it.
    pub external_id: Option<String>,
    /// Its name, as it stands in roles. Once at each provider, whatever the case.
    pub display_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or its members last changed.
    pub changed_at: Timestamp,
}

/// That somebody is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimMembership {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// The user.
    pub user: UserId,
    /// Their name.
    pub username: Username,
}

/// A part of a list that is counted off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScimWindow {
    /// How many rows come before it.
    pub skip: u64,
    /// How many rows it has at most.
    pub limit: u64,
}

impl Store {
    /// How many users of a provider fit, and those within the window, by name. Whom the provider took away is not
    /// among them.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn scim_users(
        &self,
        provider: ScimProvider<'_>,
        condition: &UserCondition,
        window: ScimWindow,
    ) -> Result<(u64, Vec<User>), StoreError> {
        let select = users_of(provider).and_where(condition.0.clone()).take();
        let (total, rows) =
            listed(&self.inner.orm, select, (Users::Table, Users::Id), Users::UsernameKey, window).await?;
        Ok((total, rows.iter().map(users::read).collect::<Result<_, _>>()?))
    }

    /// One user of a provider.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_user(
        &self,
        provider: ScimProvider<'_>,
        id: UserId,
    ) -> Result<Option<User>, StoreError> {
        user(&self.inner.orm, provider, id).await
    }

    /// How many groups of a provider fit, and those within the window, by name.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_groups(
        &self,
        provider: &ProviderName,
        condition: &GroupCondition,
        window: ScimWindow,
    ) -> Result<(u64, Vec<ScimGroup>), StoreError> {
        let select = groups_of(provider).and_where(condition.0.clone()).take();
        let id = (ScimGroups::Table, ScimGroups::Id);
        let (total, rows) = listed(&self.inner.orm, select, id, ScimGroups::NameKey, window).await?;
        Ok((total, rows.iter().map(read_group).collect::<Result<_, _>>()?))
    }

    /// One group of a provider.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_group(
        &self,
        provider: &ProviderName,
        id: GroupId,
    ) -> Result<Option<ScimGroup>, StoreError> {
        group(&self.inner.orm, provider, id).await
    }

    /// Who is in these groups, by name.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_members(&self, groups: &[GroupId]) -> Result<Vec<ScimMembership>, StoreError> {
        members(&self.inner.orm, groups).await
    }

    /// In which groups these users are, by name.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_memberships(&self, users: &[UserId]) -> Result<Vec<ScimMembership>, StoreError> {
        memberships(&self.inner.orm, users).await
    }
}

/// One user of a provider, when it did not take them away.
pub(crate) async fn user(
    connection: &impl ConnectionTrait,
    provider: ScimProvider<'_>,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let select = users_of(provider).and_where(Expr::col(Users::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| users::read(&row)).transpose()
}

/// Those of these users who are a provider's.
pub(crate) async fn users_among(
    connection: &impl ConnectionTrait,
    provider: ScimProvider<'_>,
    ids: &[UserId],
) -> Result<Vec<User>, StoreError> {
    let ids = ids.iter().map(|id| id.as_i64()).collect();
    of_each(connection, &users_of(provider), Users::Id, ids, users::read).await
}

/// One group of a provider.
pub(crate) async fn group(
    connection: &impl ConnectionTrait,
    provider: &ProviderName,
    id: GroupId,
) -> Result<Option<ScimGroup>, StoreError> {
    let select = groups_of(provider).and_where(Expr::col(ScimGroups::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| read_group(&row)).transpose()
}

/// Whether a provider has another group of this name.
pub(crate) async fn is_name_taken(
    connection: &impl ConnectionTrait,
    group: &ScimGroup,
) -> Result<bool, StoreError> {
    let select = groups_of(&group.provider)
        .and_where(Expr::col(ScimGroups::NameKey).eq(group.display_name.to_lowercase()))
        .and_where(Expr::col(ScimGroups::Id).ne(group.id.as_i64()))
        .take();
    Ok(connection.query_one(&select).await?.is_some())
}

/// Who is in these groups, by name.
pub(crate) async fn members(
    connection: &impl ConnectionTrait,
    groups: &[GroupId],
) -> Result<Vec<ScimMembership>, StoreError> {
    let ids = groups.iter().map(|id| id.as_i64()).collect();
    of_memberships(connection, (ScimMembers::Table, ScimMembers::GroupId), ids).await
}

/// In which groups these users are, by name.
pub(crate) async fn memberships(
    connection: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<Vec<ScimMembership>, StoreError> {
    let ids = users.iter().map(|id| id.as_i64()).collect();
    of_memberships(connection, (ScimMembers::Table, ScimMembers::UserId), ids).await
}

/// What makes a row of users one that SCIM knows: neither deleted here nor taken away by the provider.
pub(crate) fn is_known() -> Expr {
    let withdrawal = || Expr::col((Users::Table, Users::Withdrawal));
    let is_there = withdrawal().is_null().or(withdrawal().ne("gone"));
    Expr::col((Users::Table, Users::DeletedAt)).is_null().and(is_there)
}

async fn of_memberships(
    connection: &impl ConnectionTrait,
    key: (ScimMembers, ScimMembers),
    ids: Vec<i64>,
) -> Result<Vec<ScimMembership>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let select = Query::select()
            .columns([(ScimMembers::Table, ScimMembers::GroupId), (ScimMembers::Table, ScimMembers::UserId)])
            .column((ScimGroups::Table, ScimGroups::DisplayName))
            .column((Users::Table, Users::Username))
            .from(ScimMembers::Table)
            .inner_join(
                ScimGroups::Table,
                Expr::col((ScimGroups::Table, ScimGroups::Id))
                    .equals((ScimMembers::Table, ScimMembers::GroupId)),
            )
            .inner_join(
                Users::Table,
                Expr::col((Users::Table, Users::Id)).equals((ScimMembers::Table, ScimMembers::UserId)),
            )
            .and_where(Expr::col(key).is_in(ids.iter().copied()))
            .and_where(is_known())
            .order_by((ScimGroups::Table, ScimGroups::NameKey), Order::Asc)
            .order_by((Users::Table, Users::UsernameKey), Order::Asc)
            .take();
        for row in &connection.query_all(&select).await? {
            found.push(ScimMembership {
                group: GroupId::from_i64(column(row, "group_id")?),
                group_name: column(row, "display_name")?,
                user: UserId::from_i64(column(row, "user_id")?),
                username: parsed(row, "username")?,
            });
        }
    }
    Ok(found)
}

/// How many rows a selection finds, and those within the window, in order of a key.
async fn listed<T: IntoColumnRef, K: IntoColumnRef>(
    connection: &impl ConnectionTrait,
    select: SelectStatement,
    id: T,
    key: K,
    window: ScimWindow,
) -> Result<(u64, Vec<QueryResult>), StoreError> {
    let count = select.clone().clear_selects().expr_as(Func::count(Expr::col(id)), "count").take();
    let row = connection.query_one(&count).await?.ok_or(StoreError::Unreadable("count"))?;
    let total = column::<i64>(&row, "count")?.unsigned_abs();
    if window.limit == 0 || window.skip >= total {
        return Ok((total, Vec::new()));
    }
    let bounded = |number: u64| Ord::min(number, i64::MAX as u64);
    let mut select = select;
    select.order_by(key, Order::Asc).limit(bounded(window.limit)).offset(bounded(window.skip));
    Ok((total, connection.query_all(&select).await?))
}

fn users_of(provider: ScimProvider<'_>) -> SelectStatement {
    users::selection()
        .and_where(Expr::col(Users::Origin).eq(provider.origin.as_str()))
        .and_where(Expr::col(Users::Provider).eq(provider.name.as_str()))
        .and_where(is_known())
        .take()
}

fn groups_of(provider: &ProviderName) -> SelectStatement {
    Query::select()
        .columns([
            ScimGroups::Id,
            ScimGroups::Provider,
            ScimGroups::ExternalId,
            ScimGroups::DisplayName,
            ScimGroups::CreatedAt,
            ScimGroups::ChangedAt,
        ])
        .from(ScimGroups::Table)
        .and_where(Expr::col((ScimGroups::Table, ScimGroups::Provider)).eq(provider.as_str()))
        .take()
}

fn read_group(row: &QueryResult) -> Result<ScimGroup, StoreError> {
    Ok(ScimGroup {
        id: GroupId::from_i64(column(row, "id")?),
        provider: parsed(row, "provider")?,
        external_id: column(row, "external_id")?,
        display_name: column(row, "display_name")?,
        created_at: time(row, "created_at")?,
        changed_at: time(row, "changed_at")?,
    })
}
