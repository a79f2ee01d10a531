//! Who is in which role, a row each beside the roles: by these rows somebody's roles are found, and the principals of a role
//! counted and looked through. They say the same as the list in the role's own row, which keeps the order and what people read.

use std::collections::{BTreeMap, HashMap, HashSet};

use patgate_core::identifier::RoleId;
use patgate_core::role::PrincipalKey;
use patgate_core::user::{Principal, PrincipalKind};
use sea_orm::sea_query::{
    DeleteStatement, Expr, ExprTrait, InsertStatement, Order, Query, SelectStatement, Value, ValueTuple,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult};

use crate::error::StoreError;
use crate::keyset::beyond;
use crate::rows::{AT_ONCE, column, containing, from_json, of_each};
use crate::tables::{RolePrincipals, Roles};

/// The columns of a row, as [`values`] has them.
const COLUMNS: [RolePrincipals; 4] =
    [RolePrincipals::Role, RolePrincipals::Kind, RolePrincipals::Provider, RolePrincipals::Name];

/// The roles that name one of these principals, by the principal.
pub(super) async fn naming<'k>(
    connection: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &'k PrincipalKey>,
) -> Result<HashMap<PrincipalKey, Vec<RoleId>>, StoreError> {
    let mut names: BTreeMap<(&str, PrincipalKind), Vec<String>> = BTreeMap::new();
    for key in keys {
        names.entry((key.provider.as_str(), key.kind)).or_default().push(key.name.clone());
    }
    let mut found: HashMap<PrincipalKey, Vec<RoleId>> = HashMap::new();
    for ((provider, kind), names) in names {
        let select = naming_selection(provider, kind);
        let read =
            |row: &QueryResult| Ok((column::<String>(row, "name")?, RoleId::from_i64(column(row, "role")?)));
        for (name, role) in of_each(connection, &select, RolePrincipals::Name, names, read).await? {
            let key = PrincipalKey { provider: provider.to_owned(), kind, name };
            found.entry(key).or_default().push(role);
        }
    }
    Ok(found)
}

/// What [`naming`] asks, beside the names.
pub(crate) fn naming_selection(provider: &str, kind: PrincipalKind) -> SelectStatement {
    Query::select()
        .columns([RolePrincipals::Role, RolePrincipals::Name])
        .from(RolePrincipals::Table)
        .and_where(Expr::col(RolePrincipals::Provider).eq(provider))
        .and_where(Expr::col(RolePrincipals::Kind).eq(kind.as_str()))
        .take()
}

/// The roles that name a principal, in no order.
pub(crate) async fn roles_naming(
    connection: &impl ConnectionTrait,
    key: &PrincipalKey,
) -> Result<Vec<RoleId>, StoreError> {
    Ok(naming(connection, [key]).await?.remove(key).unwrap_or_default())
}

/// The roles that name a principal whose name contains this, whatever the case. The names of groups stand as their providers write
/// them, and SQLite knows the case of ASCII alone: those are looked through here.
pub(super) async fn naming_like(
    connection: &impl ConnectionTrait,
    text: &str,
) -> Result<HashSet<RoleId>, StoreError> {
    let text = text.to_lowercase();
    let mut found = HashSet::new();
    for row in connection.query_all(&naming_users_like(&text)).await? {
        found.insert(RoleId::from_i64(column(&row, "id")?));
    }
    let groups = Query::select()
        .columns([RolePrincipals::Role, RolePrincipals::Name])
        .from(RolePrincipals::Table)
        .and_where(Expr::col(RolePrincipals::Kind).eq(PrincipalKind::Group.as_str()))
        .take();
    for row in connection.query_all(&groups).await? {
        if column::<String>(&row, "name")?.to_lowercase().contains(&text) {
            found.insert(RoleId::from_i64(column(&row, "role")?));
        }
    }
    Ok(found)
}

/// The roles that name a user whose name contains this, which is in lower case. Of each role no more is read than up to the first.
fn naming_users_like(text: &str) -> SelectStatement {
    let column = |column: RolePrincipals| Expr::col((RolePrincipals::Table, column));
    let user = Query::select()
        .expr(Expr::val(1))
        .from(RolePrincipals::Table)
        .and_where(column(RolePrincipals::Role).equals((Roles::Table, Roles::Id)))
        .and_where(column(RolePrincipals::Kind).eq(PrincipalKind::User.as_str()))
        .and_where(column(RolePrincipals::Name).like(containing(text)))
        .take();
    Query::select().column(Roles::Id).from(Roles::Table).and_where(Expr::exists(user)).take()
}

/// At most `limit` principals of a role, of one kind, behind one of them.
pub(crate) async fn some(
    connection: &impl ConnectionTrait,
    role: RoleId,
    kind: PrincipalKind,
    after: Option<&PrincipalKey>,
    limit: u64,
) -> Result<Vec<PrincipalKey>, StoreError> {
    let select = some_selection(role, kind, after).limit(limit).take();
    let read = |row: &QueryResult| {
        Ok(PrincipalKey { provider: column(row, "provider")?, kind, name: column(row, "name")? })
    };
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// What [`some`] asks.
pub(crate) fn some_selection(
    role: RoleId,
    kind: PrincipalKind,
    after: Option<&PrincipalKey>,
) -> SelectStatement {
    let place = [RolePrincipals::Provider, RolePrincipals::Name];
    let is_behind = |after: &PrincipalKey| {
        beyond(place, [after.provider.as_str().into(), after.name.as_str().into()], &Order::Asc)
    };
    Query::select()
        .columns(place)
        .from(RolePrincipals::Table)
        .and_where(Expr::col(RolePrincipals::Role).eq(role.as_i64()))
        .and_where(Expr::col(RolePrincipals::Kind).eq(kind.as_str()))
        .and_where_option(after.map(is_behind))
        .order_by(RolePrincipals::Provider, Order::Asc)
        .order_by(RolePrincipals::Name, Order::Asc)
        .take()
}

/// How many principals of each kind are in these roles; where there are none, nothing.
pub(super) async fn counts(
    connection: &impl ConnectionTrait,
    roles: Vec<i64>,
) -> Result<HashMap<(i64, PrincipalKind), u64>, StoreError> {
    let select = Query::select()
        .columns([RolePrincipals::Role, RolePrincipals::Kind])
        .expr_as(Expr::col(RolePrincipals::Name).count(), "many")
        .from(RolePrincipals::Table)
        .group_by_columns([RolePrincipals::Role, RolePrincipals::Kind])
        .take();
    let read = |row: &QueryResult| {
        let is_group = column::<String>(row, "kind")? == PrincipalKind::Group.as_str();
        let kind = if is_group { PrincipalKind::Group } else { PrincipalKind::User };
        Ok(((column::<i64>(row, "role")?, kind), column::<i64>(row, "many")?.unsigned_abs()))
    };
    Ok(of_each(connection, &select, RolePrincipals::Role, roles, read).await?.into_iter().collect())
}

/// Writes rows.
pub(crate) fn insertions(rows: &[(RoleId, PrincipalKey)]) -> Vec<InsertStatement> {
    let insert = |rows: &[(RoleId, PrincipalKey)]| {
        let mut insert = Query::insert();
        insert.into_table(RolePrincipals::Table).columns(COLUMNS);
        for row in rows {
            insert.values_panic(values(row).map(Expr::from));
        }
        insert
    };
    rows.chunks(AT_ONCE).map(insert).collect()
}

/// Deletes rows.
pub(crate) fn deletions(rows: &[(RoleId, PrincipalKey)]) -> Vec<DeleteStatement> {
    let delete = |rows: &[(RoleId, PrincipalKey)]| {
        // Both databases call the columns of a list of values so.
        let listed = Query::select()
            .columns(["column1", "column2", "column3", "column4"])
            .from_values(rows.iter().map(|row| ValueTuple::Many(values(row).to_vec())), "listed")
            .take();
        let row = Expr::tuple(COLUMNS.map(Expr::col));
        Query::delete().from_table(RolePrincipals::Table).and_where(row.in_subquery(listed)).take()
    };
    rows.chunks(AT_ONCE).map(delete).collect()
}

/// Deletes the rows of a role.
pub(crate) fn deletion_of(role: RoleId) -> DeleteStatement {
    Query::delete()
        .from_table(RolePrincipals::Table)
        .and_where(Expr::col(RolePrincipals::Role).eq(role.as_i64()))
        .take()
}

/// Writes the rows of all roles, of which none is there.
pub(crate) async fn fill(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let select = Query::select().columns([Roles::Id, Roles::Principals]).from(Roles::Table).take();
    for row in &transaction.query_all(&select).await? {
        let (id, principals): (i64, String) = (row.try_get("", "id")?, row.try_get("", "principals")?);
        // Who reads a role that is unreadable is told so; it keeps no program from starting.
        let Ok(principals) = from_json::<Vec<Principal>>(&principals, "principals") else { continue };
        let mut rows: Vec<_> = principals
            .iter()
            .map(|principal| (RoleId::from_i64(id), PrincipalKey::from(principal)))
            .collect();
        rows.sort_unstable();
        rows.dedup();
        for insert in insertions(&rows) {
            transaction.execute(&insert).await?;
        }
    }
    Ok(())
}

/// The values of a row.
fn values((role, key): &(RoleId, PrincipalKey)) -> [Value; 4] {
    [role.as_i64().into(), key.kind.as_str().into(), key.provider.as_str().into(), key.name.as_str().into()]
}
