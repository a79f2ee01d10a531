//! Roles: few, but of thousands of principals each. Who asks what somebody holds, or lists roles for people, reads none of these;
//! the vendor's list, in which they stand, reads those of its page.

mod held;
mod principals;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use patgate_core::identifier::RoleId;
use patgate_core::permission::PermissionId;
use patgate_core::role::Role;
use patgate_core::user::{PrincipalKind, User, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{NotACursor, Seek, beyond, in_list_order};
use crate::rows::{Page, after_prefix, column, containing, json, of_each, parsed, to_json};
use crate::store::Store;
use crate::tables::Roles;

pub use held::HeldRoles;
pub(crate) use held::held;
pub(crate) use principals::{
    deletion_of, deletions, fill, insertions, roles_naming, some as some_principals,
};
#[cfg(test)]
pub(crate) use principals::{naming_selection, some_selection};

/// Which roles to list; `Default` lists all. They come in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFilter {
    /// The name contains this, whatever the case.
    pub role_name: Option<String>,
    /// A principal's name contains this, whatever the case.
    pub principal_name: Option<String>,
}

/// A role without its principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSummary {
    /// The row.
    pub id: RoleId,
    /// What it is called.
    pub name: Username,
    /// What it lets those do who are in it.
    pub permissions: BTreeSet<PermissionId>,
}

/// A role as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRole {
    /// The role.
    pub summary: RoleSummary,
    /// How many users are in it.
    pub users: u64,
    /// How many groups are in it.
    pub groups: u64,
}

/// A place in a list of roles: the one that was seen last. Its text is for a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleCursor(String);

impl RoleCursor {
    /// The place of a role in the list.
    #[must_use]
    pub fn of(role: &ListedRole) -> Self {
        Self(role.summary.name.key())
    }
}

impl fmt::Display for RoleCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for RoleCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        text.parse::<Username>().map(|name| Self(name.key())).map_err(|_| NotACursor)
    }
}

impl Store {
    /// At most `limit` roles whose names begin with this, whatever the case, from a place of the list on.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn list_roles(
        &self,
        prefix: &str,
        seek: &Seek<RoleCursor>,
        limit: u64,
    ) -> Result<Vec<ListedRole>, StoreError> {
        let select = list_selection(prefix, seek).limit(Ord::min(limit, i64::MAX as u64)).take();
        let rows = self.inner.orm.query_all(&select).await?;
        let roles = rows.iter().map(read_summary).collect::<Result<_, _>>()?;
        counted(&self.inner.orm, in_list_order(roles, seek.is_backward())).await
    }

    /// The role of this identifier, as a list shows it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn listed_role(&self, id: RoleId) -> Result<Option<ListedRole>, StoreError> {
        let select = summary_selection().and_where(Expr::col(Roles::Id).eq(id.as_i64())).take();
        let role = self.inner.orm.query_one(&select).await?.map(|row| read_summary(&row)).transpose()?;
        Ok(counted(&self.inner.orm, role.into_iter().collect()).await?.pop())
    }

    /// The roles that users hold, by themselves or through a group.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn roles_of(&self, users: &[&User]) -> Result<HeldRoles, StoreError> {
        held(&self.inner.orm, users).await
    }

    /// These roles, in no order. Those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn roles_by_ids(&self, ids: &[RoleId]) -> Result<Vec<Role>, StoreError> {
        by_ids(&self.inner.orm, ids).await
    }
}

/// What [`Store::list_roles`] asks.
pub(crate) fn list_selection(prefix: &str, seek: &Seek<RoleCursor>) -> SelectStatement {
    let order = if seek.is_backward() { Order::Desc } else { Order::Asc };
    let beyond = seek.cursor().map(|cursor| beyond([Roles::NameKey], [cursor.0.as_str().into()], &order));
    let prefix = prefix.to_lowercase();
    let is_asked = !prefix.is_empty();
    summary_selection()
        .and_where_option(
            after_prefix(&prefix).filter(|_| is_asked).map(|end| Expr::col(Roles::NameKey).lt(end)),
        )
        .and_where_option(is_asked.then(|| Expr::col(Roles::NameKey).gte(prefix)))
        .and_where_option(beyond)
        .order_by(Roles::NameKey, order)
        .take()
}

/// The role of this name.
pub(crate) async fn by_name(
    connection: &impl ConnectionTrait,
    name: &Username,
) -> Result<Option<Role>, StoreError> {
    one(connection, selection().and_where(Expr::col(Roles::NameKey).eq(name.key())).take()).await
}

/// The role of this identifier.
pub(crate) async fn by_id(connection: &impl ConnectionTrait, id: RoleId) -> Result<Option<Role>, StoreError> {
    one(connection, selection().and_where(Expr::col(Roles::Id).eq(id.as_i64())).take()).await
}

/// These roles, in no order. Those that are not there are left out.
pub(crate) async fn by_ids(
    connection: &impl ConnectionTrait,
    ids: &[RoleId],
) -> Result<Vec<Role>, StoreError> {
    let ids = ids.iter().map(|id| id.as_i64()).collect();
    of_each(connection, &selection(), Roles::Id, ids, read).await
}

/// The role of this name, without its principals.
pub(crate) async fn summary(
    connection: &impl ConnectionTrait,
    name: &Username,
) -> Result<Option<RoleSummary>, StoreError> {
    let select = summary_selection().and_where(Expr::col(Roles::NameKey).eq(name.key())).take();
    connection.query_one(&select).await?.map(|row| read_summary(&row)).transpose()
}

/// The roles of these names, by the keys of their names. Those that are not there are left out.
pub(crate) async fn by_names(
    connection: &impl ConnectionTrait,
    names: &[&Username],
) -> Result<HashMap<String, Role>, StoreError> {
    let keys = names.iter().map(|name| name.key()).collect();
    let roles = of_each(connection, &selection(), Roles::NameKey, keys, read).await?;
    Ok(roles.into_iter().map(|role| (role.name.key(), role)).collect())
}

/// The roles that hold this permission, in the order of their names. The database looks through the texts, so that the others,
/// of which there may be thousands, are not taken apart here.
pub(crate) async fn with_permission(
    connection: &impl ConnectionTrait,
    permission: &PermissionId,
) -> Result<Vec<RoleSummary>, StoreError> {
    let written = to_json(permission, "permissions")?;
    let select = summary_selection()
        .and_where(Expr::col(Roles::Permissions).like(containing(&written)))
        .order_by(Roles::NameKey, Order::Asc)
        .take();
    let rows = connection.query_all(&select).await?;
    let roles: Vec<_> = rows.iter().map(read_summary).collect::<Result<_, _>>()?;
    Ok(roles.into_iter().filter(|role| role.permissions.contains(permission)).collect())
}

/// All roles, in the order of their names.
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<Role>, StoreError> {
    let select = selection().order_by(Roles::NameKey, Order::Asc).take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// A page of the roles that pass the filter, in the order of their names. Which they are is found without their principals' lists.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    filter: &RoleFilter,
    page: Page,
) -> Result<Vec<Role>, StoreError> {
    let is_called = |name: &str| Expr::col(Roles::NameKey).like(containing(&name.to_lowercase()));
    let mut select = Query::select()
        .column(Roles::Id)
        .from(Roles::Table)
        .and_where_option(filter.role_name.as_deref().map(is_called))
        .order_by(Roles::NameKey, Order::Asc)
        .take();
    let ids = match &filter.principal_name {
        None => ids(connection, select.limit(page.limit()).offset(page.offset())).await?,
        Some(name) => {
            let naming = principals::naming_like(connection, name).await?;
            let reach = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
            let passing = ids(connection, &select).await?.into_iter().filter(|id| naming.contains(id));
            passing.skip(reach(page.offset())).take(reach(page.limit())).collect()
        }
    };
    let mut roles = by_ids(connection, &ids).await?;
    roles.sort_by_cached_key(|role| role.name.key());
    Ok(roles)
}

/// The identifiers that a selection has.
async fn ids(connection: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<RoleId>, StoreError> {
    let read = |row: &QueryResult| Ok(RoleId::from_i64(column(row, "id")?));
    connection.query_all(select).await?.iter().map(read).collect()
}

async fn one(connection: &impl ConnectionTrait, select: SelectStatement) -> Result<Option<Role>, StoreError> {
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([Roles::Id, Roles::Name, Roles::Principals, Roles::Permissions])
        .from(Roles::Table)
        .take()
}

/// All but the principals.
fn summary_selection() -> SelectStatement {
    Query::select().columns([Roles::Id, Roles::Name, Roles::Permissions]).from(Roles::Table).take()
}

fn read_summary(row: &QueryResult) -> Result<RoleSummary, StoreError> {
    Ok(RoleSummary {
        id: RoleId::from_i64(column(row, "id")?),
        name: parsed(row, "name")?,
        permissions: json(row, "permissions")?,
    })
}

/// These roles, each with how many are in it.
async fn counted(
    connection: &impl ConnectionTrait,
    roles: Vec<RoleSummary>,
) -> Result<Vec<ListedRole>, StoreError> {
    let ids = roles.iter().map(|role| role.id.as_i64()).collect();
    let counts = principals::counts(connection, ids).await?;
    let listed = |summary: RoleSummary| {
        let count = |kind| counts.get(&(summary.id.as_i64(), kind)).copied().unwrap_or_default();
        let (users, groups) = (count(PrincipalKind::User), count(PrincipalKind::Group));
        ListedRole { summary, users, groups }
    };
    Ok(roles.into_iter().map(listed).collect())
}

fn read(row: &QueryResult) -> Result<Role, StoreError> {
    Ok(Role {
        id: RoleId::from_i64(column(row, "id")?),
        name: parsed(row, "name")?,
        principals: json(row, "principals")?,
        permissions: json(row, "permissions")?,
    })
}
