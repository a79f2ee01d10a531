//! Exemptions from the maximum lifetime: the row, and whom they cover.

use std::collections::BTreeSet;

use jiff::Timestamp;
use patgate_core::identifier::{ExemptionId, UserId};
use patgate_core::policy::exemption::is_exempt;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{Principal, PrincipalKind};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{Seek, TimeCursor, in_list_order, latest_first};
use crate::rows::{column, containing, time, to_json};
use crate::store::Store;
use crate::tables::{Exemptions, Users};
use crate::users;

impl Store {
    /// The exemption of this identifier, ended or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn exemption(&self, id: ExemptionId) -> Result<Option<Exemption>, StoreError> {
        by_id(&self.inner.orm, id).await
    }

    /// All exemptions, ended ones too.
    pub async fn exemptions(&self) -> Result<Vec<Exemption>, StoreError> {
        all(&self.inner.orm).await
    }

    /// At most `limit` exemptions, the one that ends latest first, from a place of the list on.
    pub async fn list_exemptions(
        &self,
        seek: &Seek<TimeCursor>,
        limit: u64,
    ) -> Result<Vec<Exemption>, StoreError> {
        let mut select = selection();
        latest_first(&mut select, [Exemptions::EndsAt, Exemptions::Id], seek, limit);
        let rows = self.inner.orm.query_all(&select).await?;
        let exemptions = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(in_list_order(exemptions, seek.is_backward()))
    }

    /// Who is exempt at `now`.
    pub async fn exempt_owners(&self, now: Timestamp) -> Result<BTreeSet<UserId>, StoreError> {
        exempt_owners(&self.inner.orm, now).await
    }
}

/// The exemption of this identifier, ended or not.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: ExemptionId,
) -> Result<Option<Exemption>, StoreError> {
    let select = selection().and_where(Expr::col(Exemptions::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// All exemptions, ended ones too.
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<Exemption>, StoreError> {
    connection.query_all(&selection()).await?.iter().map(read).collect()
}

/// The exemptions that have not ended at `now`.
pub(crate) async fn held(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<Vec<Exemption>, StoreError> {
    let select = selection().and_where(Expr::col(Exemptions::EndsAt).gt(now.as_millisecond())).take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// Who is exempt at `now`: those whom the database finds for each exemption, judged by the core's rule.
pub(crate) async fn exempt_owners(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<BTreeSet<UserId>, StoreError> {
    let exemptions = held(connection, now).await?;
    let mut owners = BTreeSet::new();
    for exemption in &exemptions {
        let principal = &exemption.principal;
        let is_one = match principal.kind {
            PrincipalKind::User => Expr::col(Users::UsernameKey).eq(principal.username.key()),
            // Groups are a JSON text: the name as it stands in one, which may still be a part of a longer name.
            PrincipalKind::Group => {
                let name = to_json(&principal.username.as_str(), "groups")?;
                Expr::col(Users::Groups).like(containing(&name))
            }
        };
        let select = users::selection()
            .and_where(Expr::col(Users::Provider).eq(principal.provider.as_str()))
            .and_where(is_one)
            .take();
        for row in connection.query_all(&select).await? {
            let user = users::read(&row)?;
            if is_exempt(&user, &exemptions, now) {
                owners.insert(user.id);
            }
        }
    }
    Ok(owners)
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([
            Exemptions::Id,
            Exemptions::Kind,
            Exemptions::Provider,
            Exemptions::Name,
            Exemptions::Fullname,
            Exemptions::Reason,
            Exemptions::MadeAt,
            Exemptions::MadeBy,
            Exemptions::EndsAt,
        ])
        .from(Exemptions::Table)
        .take()
}

fn read(row: &QueryResult) -> Result<Exemption, StoreError> {
    let kind = match column::<String>(row, "kind")?.as_str() {
        "user" => PrincipalKind::User,
        "group" => PrincipalKind::Group,
        _ => return Err(StoreError::Unreadable("kind")),
    };
    Ok(Exemption {
        id: ExemptionId::from_i64(column(row, "id")?),
        principal: Principal {
            username: kind
                .name(&column::<String>(row, "name")?)
                .map_err(|_| StoreError::Unreadable("name"))?,
            fullname: column(row, "fullname")?,
            kind,
            provider: column(row, "provider")?,
        },
        reason: ExemptionReason::try_from(column::<String>(row, "reason")?)
            .map_err(|_| StoreError::Unreadable("reason"))?,
        made_at: time(row, "made_at")?,
        made_by: column(row, "made_by")?,
        ends_at: time(row, "ends_at")?,
    })
}
