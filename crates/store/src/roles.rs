//! Roles: few, and read whole.

use patgate_core::identifier::RoleId;
use patgate_core::role::Role;
use patgate_core::user::Username;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::{Page, column, json, parsed};
use crate::tables::Roles;

/// Which roles to list; `Default` lists all. They come in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFilter {
    /// The name contains this, whatever the case.
    pub role_name: Option<String>,
    /// A principal's name contains this, whatever the case.
    pub principal_name: Option<String>,
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

/// All roles, in the order of their names.
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<Role>, StoreError> {
    let select = selection().order_by(Roles::NameKey, Order::Asc).take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// A page of the roles that pass the filter. Principals are a list in one column, so the filter runs here.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    filter: &RoleFilter,
    page: Page,
) -> Result<Vec<Role>, StoreError> {
    let contains = |name: &Username, wanted: &Option<String>| {
        wanted.as_ref().is_none_or(|wanted| name.key().contains(&wanted.to_lowercase()))
    };
    let passes = |role: &Role| {
        contains(&role.name, &filter.role_name)
            && (filter.principal_name.is_none()
                || role.principals.iter().any(|p| contains(&p.username, &filter.principal_name)))
    };
    let reach = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let all = all(connection).await?;
    Ok(all.into_iter().filter(passes).skip(reach(page.offset())).take(reach(page.limit())).collect())
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

fn read(row: &QueryResult) -> Result<Role, StoreError> {
    Ok(Role {
        id: RoleId::from_i64(column(row, "id")?),
        name: parsed(row, "name")?,
        principals: json(row, "principals")?,
        permissions: json(row, "permissions")?,
    })
}
