//! Changes of releases and templates: what people do with them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use patgate_core::identifier::{ReleaseNumber, UserId};
use patgate_core::release::{Release, ReleaseId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::Value;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::items::StoredSecrets;
use crate::releases::{self, StoredRelease, beside, due_at};
use crate::rows::{column, to_json};
use crate::tables::{AuditEvents, ReleaseLogs, Releases};

/// What the audit log calls the making of a template.
pub const TEMPLATE_MADE: &str = "template.create";
/// And a change of one.
pub const TEMPLATE_CHANGED: &str = "template.update";

/// What errors call it.
const RELEASE: &str = "release";

impl Change {
    /// The release or template of this name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn release(&self, id: &ReleaseId) -> Result<Option<StoredRelease>, StoreError> {
        releases::by_id(&self.transaction, id).await
    }

    /// Shows each of these releases and templates that is there, in no order, and has a hundred of them in memory at a time.
    pub async fn each_release(
        &self,
        ids: &[ReleaseId],
        show: impl FnMut(Release) + Send,
    ) -> Result<(), StoreError> {
        releases::each(&self.transaction, ids, show).await
    }

    /// All releases and templates with a sealed password.
    pub async fn releases_with_secrets(&self) -> Result<Vec<StoredRelease>, StoreError> {
        releases::with_secrets(&self.transaction).await
    }

    /// The user who made a template and whom alone the audit log names for its changes; `None` when it names others, or nobody.
    pub async fn sole_writer(&self, template: &ReleaseId) -> Result<Option<UserId>, StoreError> {
        let select = Query::select()
            .distinct()
            .columns([AuditEvents::Action, AuditEvents::ActorUser])
            .from(AuditEvents::Table)
            .and_where(Expr::col(AuditEvents::SubjectId).eq(template.to_string()))
            .and_where(Expr::col(AuditEvents::SubjectKind).eq(SubjectKind::Release.as_str()))
            .and_where(Expr::col(AuditEvents::Action).is_in([TEMPLATE_MADE, TEMPLATE_CHANGED]))
            .take();
        let (mut makers, mut writers) = (BTreeSet::new(), BTreeSet::new());
        for row in self.transaction.query_all(&select).await? {
            let user: Option<i64> = column(&row, "actor_user")?;
            writers.insert(user);
            if column::<String>(&row, "action")? == TEMPLATE_MADE {
                makers.insert(user);
            }
        }
        let sole = writers.first().copied().flatten().filter(|_| writers.len() == 1 && makers == writers);
        Ok(sole.map(UserId::from_i64))
    }

    /// Makes a release or a template. When its first task is next, it is due at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] when the name is taken.
    pub async fn insert_release(
        &mut self,
        new: &StoredRelease,
        action: &'static str,
        detail: Value,
    ) -> Result<(), StoreError> {
        let release = &new.release;
        if self.release(&release.id).await?.is_some() {
            return Err(StoreError::AlreadyThere(RELEASE));
        }
        let insert = Query::insert()
            .into_table(Releases::Table)
            .columns([
                Releases::Number,
                Releases::Id,
                Releases::Status,
                Releases::Title,
                Releases::TitleKey,
                Releases::OwnerId,
                Releases::Version,
                Releases::Document,
                Releases::Summary,
                Releases::Tags,
                Releases::SealedSecrets,
                Releases::CreatedAt,
                Releases::StartedAt,
                Releases::EndedAt,
                Releases::DueAt,
            ])
            .values_panic([
                new.number.as_i64().into(),
                release.id.as_str().into(),
                release.status.as_str().into(),
                release.title.as_str().into(),
                release.title.to_lowercase().into(),
                release.owner.as_i64().into(),
                new.version.into(),
                to_json(release, "document")?.into(),
                beside(release)?.into(),
                releases::tags(release).into(),
                to_json(&new.secrets, "sealed_secrets")?.into(),
                release.created_at.as_millisecond().into(),
                release.started_at.map(Timestamp::as_millisecond).into(),
                release.ended_at.map(Timestamp::as_millisecond).into(),
                due_at(release, self.now).map(Timestamp::as_millisecond).into(),
            ])
            .take();
        self.execute(&insert).await?;
        self.note_release(new.number, release, action, detail);
        Ok(())
    }

    /// Writes a release or template as somebody changed it. Who runs it has lost it then.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] when it is of another version by now.
    pub async fn update_release(
        &mut self,
        changed: &StoredRelease,
        action: &'static str,
        detail: Value,
    ) -> Result<(), StoreError> {
        let release = &changed.release;
        let update = Query::update()
            .table(Releases::Table)
            .value(Releases::Version, changed.version + 1)
            .value(Releases::Status, release.status.as_str())
            .value(Releases::Title, release.title.as_str())
            .value(Releases::TitleKey, release.title.to_lowercase())
            .value(Releases::Document, to_json(release, "document")?)
            .value(Releases::Summary, beside(release)?)
            .value(Releases::Tags, releases::tags(release))
            .value(Releases::SealedSecrets, to_json(&changed.secrets, "sealed_secrets")?)
            .value(Releases::StartedAt, release.started_at.map(Timestamp::as_millisecond))
            .value(Releases::EndedAt, release.ended_at.map(Timestamp::as_millisecond))
            .value(Releases::DueAt, due_at(release, self.now).map(Timestamp::as_millisecond))
            .value(Releases::Lease, None::<i64>)
            .and_where(Expr::col(Releases::Number).eq(changed.number.as_i64()))
            .and_where(Expr::col(Releases::Version).eq(changed.version))
            .take();
        if self.execute(&update).await? == 0 {
            return Err(StoreError::Overtaken(RELEASE));
        }
        self.note_release(changed.number, release, action, detail);
        Ok(())
    }

    /// Puts the same passwords, sealed with another key, in place.
    pub async fn reseal_release(
        &mut self,
        stored: &StoredRelease,
        secrets: &StoredSecrets,
    ) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Releases::Table)
            .value(Releases::SealedSecrets, to_json(secrets, "sealed_secrets")?)
            .and_where(Expr::col(Releases::Number).eq(stored.number.as_i64()))
            .take();
        self.execute(&update).await?;
        self.note_release(
            stored.number,
            &stored.release,
            "release.reseal",
            Value::Object(Default::default()),
        );
        Ok(())
    }

    /// Deletes a release or a template, with all that its tasks said.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] when it is of another version by now.
    pub async fn delete_release(
        &mut self,
        stored: &StoredRelease,
        action: &'static str,
    ) -> Result<(), StoreError> {
        let delete = Query::delete()
            .from_table(Releases::Table)
            .and_where(Expr::col(Releases::Number).eq(stored.number.as_i64()))
            .and_where(Expr::col(Releases::Version).eq(stored.version))
            .take();
        if self.execute(&delete).await? == 0 {
            return Err(StoreError::Overtaken(RELEASE));
        }
        let lines = Query::delete()
            .from_table(ReleaseLogs::Table)
            .and_where(Expr::col(ReleaseLogs::Release).eq(stored.number.as_i64()))
            .take();
        self.execute(&lines).await?;
        self.note_release(stored.number, &stored.release, action, Value::Object(Default::default()));
        Ok(())
    }

    fn note_release(
        &mut self,
        number: ReleaseNumber,
        release: &Release,
        action: &'static str,
        detail: Value,
    ) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Release,
            subject_id: release.id.to_string(),
            subject_name: release.title.clone(),
            detail,
        };
        self.note(ChangedKind::Release, number.as_i64(), event);
    }
}
