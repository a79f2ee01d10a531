//! Grants by the thousand: each answer of the database is one row, with one packed text a column.
//!
//! A million rows cost the driver several times what they cost the database, and a node is not ready before it has
//! read them all. So the database packs the values of a column into one text, and they are taken apart here.

use std::fmt::Write;
use std::str::Split;

use patgate_core::application::ApplicationName;
use patgate_core::grant::GrantName;
use patgate_core::hexadecimal;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::origin::Rows;
use patgate_core::token::Digest;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::error::StoreError;
use crate::grants;
use crate::load::IndexedGrant;

/// Grants in one answer: enough that asking costs nothing, few enough that the texts stay small.
const GRANTS: u32 = 4_000;

/// Between two values: the unit separator of ASCII. Names refuse control characters, JSON escapes them.
const SEPARATOR: char = '\u{1f}';

/// The packed columns, in the order in which [`unpack`] takes them apart.
const COLUMNS: [&str; 11] = [
    "CAST(id AS text)",
    "secret",
    "CAST(owner AS text)",
    "name",
    "application",
    "COALESCE(permissions, '-')",
    "COALESCE(CAST(expires_at AS text), '')",
    "COALESCE(CAST(suspended_at AS text), '')",
    "COALESCE(suspension_reason, '')",
    "COALESCE(CAST(deleted_at AS text), '')",
    "CAST(left_working AS text)",
];

/// Some grants, as the database packed them.
pub(crate) struct Packed {
    row: QueryResult,
    /// The identifier of the last of them: the next answer begins after it.
    pub(crate) last: i64,
}

/// The next grants after the one with this identifier; `None` after the last.
pub(crate) async fn after(connection: &impl ConnectionTrait, id: i64) -> Result<Option<Packed>, StoreError> {
    let backend = connection.get_database_backend();
    let which = format!("WHERE id > $1 ORDER BY id LIMIT {GRANTS}");
    one(connection, Statement::from_sql_and_values(backend, selection(backend, &which), [id.into()])).await
}

/// The grants with these identifiers; `None` when there is none of them.
pub(crate) async fn some(
    connection: &impl ConnectionTrait,
    ids: &[GrantId],
) -> Result<Option<Packed>, StoreError> {
    let backend = connection.get_database_backend();
    let ids: Vec<_> = ids.iter().map(|id| id.as_i64().to_string()).collect();
    let which = format!("WHERE id IN ({})", ids.join(","));
    one(connection, Statement::from_string(backend, selection(backend, &which))).await
}

async fn one(connection: &impl ConnectionTrait, select: Statement) -> Result<Option<Packed>, StoreError> {
    let Some(row) = connection.query_one_raw(select).await? else { return Ok(None) };
    Ok(row.try_get_by_index::<Option<i64>>(0)?.map(|last| Packed { row, last }))
}

/// Takes an answer apart: by identifier, each grant once, with all its secrets.
pub(crate) fn unpack(packed: &Packed) -> Result<Vec<IndexedGrant>, StoreError> {
    let count = usize::try_from(packed.row.try_get_by_index::<i64>(1)?).unwrap_or(0);
    let mut texts = Vec::with_capacity(COLUMNS.len());
    for place in 0..COLUMNS.len() {
        texts.push(packed.row.try_get_by_index::<String>(place + 2)?);
    }
    let mut columns: Vec<_> = texts.iter().map(|text| text.split(SEPARATOR)).collect();
    let mut grants = Vec::with_capacity(count);
    for _ in 0..count {
        grants.push(next_grant(&mut columns)?);
    }
    if columns.iter_mut().any(|column| column.next().is_some()) {
        return Err(StoreError::Unreadable("name"));
    }
    // The database promises no order within an answer; in fact it is sorted, and then this costs nothing.
    grants.sort_by_key(|grant| grant.id);
    grants.dedup_by(|again, grant| {
        let same = again.id == grant.id;
        if same {
            grant.secrets.append(&mut again.secrets);
        }
        same
    });
    Ok(grants)
}

/// One row with the greatest identifier, the number of values, and each column packed. The same scan packs all
/// columns, so their values are in the same order.
fn selection(backend: DbBackend, which: &str) -> String {
    let digest = match backend {
        DbBackend::Postgres => "encode(s.digest, 'hex')",
        _ => "hex(s.digest)",
    };
    let mut sql = String::from("SELECT MAX(id), COUNT(*)");
    for column in COLUMNS {
        // Writing to a `String` cannot fail.
        let _ = write!(sql, ", string_agg({column}, '{SEPARATOR}')");
    }
    let _ = write!(
        sql,
        " FROM (SELECT g.*, COALESCE({digest}, '') AS secret FROM (SELECT id, owner, name, application, \
         permissions, expires_at, suspended_at, suspension_reason, deleted_at, left_working FROM grants \
         {which}) g LEFT JOIN secrets s ON s.grant_id = g.id) AS listed"
    );
    sql
}

fn next_grant(columns: &mut [Split<'_, char>]) -> Result<IndexedGrant, StoreError> {
    let mut place = 0;
    let mut next = |name| {
        let value = columns.get_mut(place).and_then(Iterator::next);
        place += 1;
        value.ok_or(StoreError::Unreadable(name))
    };
    let id = GrantId::from_i64(number(next("id")?, "id")?);
    let secrets = secret(next("digest")?)?;
    let owner = UserId::from_i64(number(next("owner")?, "owner")?);
    let name: GrantName = next("name")?.parse().map_err(|_| StoreError::Unreadable("name"))?;
    let application: ApplicationName =
        next("application")?.parse().map_err(|_| StoreError::Unreadable("application"))?;
    let permissions = grants::permissions(Some(next("permissions")?).filter(|text| *text != "-"))?;
    let expires_at = grants::expiry(optional_number(next("expires_at")?, "expires_at")?)?;
    let suspended_at = optional_number(next("suspended_at")?, "suspended_at")?;
    let reason = Some(next("suspension_reason")?).filter(|text| !text.is_empty());
    let deleted_at = optional_number(next("deleted_at")?, "deleted_at")?;
    let state = grants::state(suspended_at, reason, deleted_at)?;
    let left_working = Rows::from_bits(number(next("left_working")?, "left_working")?);
    Ok(IndexedGrant { id, owner, name, application, permissions, expires_at, state, left_working, secrets })
}

fn number(text: &str, name: &'static str) -> Result<i64, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable(name))
}

fn optional_number(text: &str, name: &'static str) -> Result<Option<i64>, StoreError> {
    if text.is_empty() { Ok(None) } else { number(text, name).map(Some) }
}

/// 64 hexadecimal digits, or nothing for a grant without a secret.
fn secret(text: &str) -> Result<Vec<Digest>, StoreError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut bytes = [0_u8; 32];
    hexadecimal::read(text, &mut bytes).ok_or(StoreError::Unreadable("digest"))?;
    Ok(vec![Digest::from_bytes(bytes)])
}
