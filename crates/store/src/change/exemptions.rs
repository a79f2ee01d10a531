//! Changes of exemptions.

use std::collections::BTreeSet;

use patgate_core::identifier::{ExemptionId, UserId};
use patgate_core::policy::Exemption;
use patgate_core::user::{PrincipalKind, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::exemptions;
use crate::tables::Exemptions;

impl Change {
    /// The exemptions that have not ended.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn held_exemptions(&self) -> Result<Vec<Exemption>, StoreError> {
        exemptions::held(&self.transaction, self.now).await
    }

    /// Who is exempt.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn exempt_owners(&self) -> Result<BTreeSet<UserId>, StoreError> {
        exemptions::exempt_owners(&self.transaction, self.now).await
    }

    /// Makes an exemption.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] for an identifier that is taken.
    pub async fn insert_exemption(&mut self, exemption: &Exemption) -> Result<(), StoreError> {
        let principal = &exemption.principal;
        let kind = match principal.kind {
            PrincipalKind::User => "user",
            PrincipalKind::Group => "group",
        };
        let insert = Query::insert()
            .into_table(Exemptions::Table)
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
            .values_panic([
                exemption.id.as_i64().into(),
                kind.into(),
                principal.provider.as_str().into(),
                principal.username.as_str().into(),
                principal.fullname.clone().into(),
                exemption.reason.as_str().into(),
                exemption.made_at.as_millisecond().into(),
                exemption.made_by.as_str().into(),
                exemption.ends_at.as_millisecond().into(),
            ])
            .take();
        self.execute(&insert).await?;
        self.note_exemption(exemption, "exemption.create");
        Ok(())
    }

    /// Follows the user of an exemption to a new name.
    pub(super) async fn rename_exemption(
        &mut self,
        id: ExemptionId,
        name: &Username,
    ) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Exemptions::Table)
            .value(Exemptions::Name, name.as_str())
            .and_where(Expr::col(Exemptions::Id).eq(id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.touched.insert((ChangedKind::Exemption, id.as_i64()));
        Ok(())
    }

    /// Ends an exemption now. It stays, to tell which tokens were made under it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, or it has ended.
    pub async fn end_exemption(&mut self, id: ExemptionId) -> Result<Exemption, StoreError> {
        let found = exemptions::by_id(&self.transaction, id).await?;
        let found = found.filter(|exemption| self.now < exemption.ends_at);
        let exemption = found.ok_or(StoreError::NotFound("exemption"))?;
        let update = Query::update()
            .table(Exemptions::Table)
            .value(Exemptions::EndsAt, self.now.as_millisecond())
            .and_where(Expr::col(Exemptions::Id).eq(id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.note_exemption(&exemption, "exemption.end");
        Ok(exemption)
    }

    fn note_exemption(&mut self, exemption: &Exemption, action: &'static str) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Exemption,
            subject_id: exemption.id.to_string(),
            subject_name: exemption.principal.username.to_string(),
            detail: json!({
                "principal": exemption.principal,
                "reason": exemption.reason,
                "endsAt": exemption.ends_at,
            }),
        };
        self.note(ChangedKind::Exemption, exemption.id.as_i64(), event);
    }
}
