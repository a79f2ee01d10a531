//! A change: one transaction with its rows, its audit events and its change-log rows.
//!
//! Changes happen one after the other, so what is read inside one still holds when it writes. A change that is
//! dropped, fails, or has done nothing leaves no trace.

mod confirmations;
mod decisions;
mod exemptions;
mod grants;
mod items;
mod mails;
mod releases;
mod reset_links;
mod roles;
mod scim;
mod sessions;
mod settings;
mod taken;
mod touched;
mod users;
mod webhooks;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use patgate_core::grant::Grant;
use patgate_core::identifier::{GrantId, RoleId, UserId};
use patgate_core::permission::PermissionId;
use patgate_core::policy::TokenSettings;
use patgate_core::policy::origin::Rows;
use patgate_core::role::{PrincipalKey, Role};
use patgate_core::user::{Origin, PrincipalKind, User, Username};
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, StatementBuilder};
use tokio::sync::OwnedMutexGuard;

use crate::audit::{self, Actor, PendingEvent, SubjectKind};
use crate::change_log::{self, ChangedKind, Sequence};
use crate::error::{Fault, StoreError};
use crate::password::StoredPassword;
use crate::roles::{HeldRoles, RoleSummary};
use crate::rows::AT_ONCE;
use crate::store::Inner;
use crate::tables::ChangeLog;
use crate::transaction::WriteTransaction;
use crate::users::Letters;
use crate::wait;
use crate::webhooks::space::Left;

pub use items::MailTrial;
pub use mails::RetriedMails;
pub use releases::{TEMPLATE_CHANGED, TEMPLATE_MADE};
pub use touched::{Act, Acted};

/// A change under way. Nothing of it is visible before [`Change::commit`]; dropping it takes everything back.
///
/// All methods that write refuse with what their page says and with [`StoreError::Database`]. A refusal before
/// anything was written (a name that is taken, a row that is not there) leaves the change usable.
#[must_use = "a change that is not committed does nothing"]
pub struct Change {
    // Before the turn, so that the transaction ends before the next writer begins.
    transaction: WriteTransaction,
    turn: OwnedMutexGuard<()>,
    inner: Arc<Inner>,
    sequence: Sequence,
    actor: Actor,
    now: Timestamp,
    events: Vec<PendingEvent>,
    /// How many events are written already.
    written: i64,
    touched: BTreeSet<(ChangedKind, i64)>,
    /// Deliveries that wait no longer, and leave their room to others.
    delivered: Vec<Left>,
    failed: bool,
}

impl Change {
    /// A change whose transaction holds the lock of all writers.
    pub(crate) fn new(
        inner: Arc<Inner>,
        turn: OwnedMutexGuard<()>,
        transaction: WriteTransaction,
        sequence: Sequence,
        actor: Actor,
        now: Timestamp,
    ) -> Self {
        Self {
            transaction,
            turn,
            inner,
            sequence,
            actor,
            now,
            events: Vec::new(),
            written: 0,
            touched: BTreeSet::new(),
            delivered: Vec::new(),
            failed: false,
        }
    }

    /// Writes the audit events and the change log, makes everything durable, and wakes those who wait for a change.
    /// Returns the change's number, or that of the last change when nothing was done.
    ///
    /// # Errors
    /// [`StoreError::Abandoned`] when an earlier step failed; [`StoreError::Database`] when the database did. When
    /// the connection breaks during the commit itself or right after, it is unknown whether it happened.
    pub async fn commit(mut self) -> Result<Sequence, StoreError> {
        if self.failed {
            return Err(StoreError::Abandoned);
        }
        if self.events.is_empty() && self.written == 0 && self.touched.is_empty() {
            let last = Sequence::from_i64(self.sequence.as_i64() - 1);
            self.transaction.rollback().await?;
            return Ok(last);
        }
        self.write_events().await?;
        self.write_change_log().await?;
        wait::notify(&self.transaction, self.sequence).await?;
        self.transaction.commit().await?;
        self.delivered.iter().for_each(|left| self.inner.spaces.leave(left));
        drop(self.turn);
        // Seen from outside, so that nothing that only its own connection sees is ever answered. A read, no fsync.
        if change_log::last(&self.inner.orm).await? < self.sequence {
            tracing::error!(sequence = %self.sequence, "a committed change is not there");
            return Err(StoreError::Database(Fault::lost(self.sequence)));
        }
        wait::announce(&self.inner.visible, self.sequence);
        Ok(self.sequence)
    }

    /// When it is made, for what depends on the time inside it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The user, when not deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        crate::users::by_id(&self.transaction, id).await
    }

    /// The user of this name, when not deleted.
    pub async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError> {
        crate::users::by_name(&self.transaction, name).await
    }

    /// The users of these identifiers, in no order; those who are deleted are left out.
    pub async fn users_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        crate::users::by_ids(&self.transaction, ids).await
    }

    /// The users of these names, by the keys of their names; those who are deleted are left out.
    pub async fn users_by_names(&self, names: &[&Username]) -> Result<HashMap<String, User>, StoreError> {
        self.users_by_keys(names.iter().map(|name| name.key()).collect()).await
    }

    /// As [`Change::users_by_names`], by the keys themselves.
    pub async fn users_by_keys(&self, keys: Vec<String>) -> Result<HashMap<String, User>, StoreError> {
        crate::users::by_keys(&self.transaction, keys).await
    }

    /// At most `limit` of the users of a provider who are enabled and in any group, by its own keys for them, behind one of these.
    pub async fn users_in_groups(
        &self,
        origin: Origin,
        provider: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<User>, StoreError> {
        crate::users::in_groups(&self.transaction, origin, provider, after, limit).await
    }

    /// What the password of the user of this name is checked against; `None` for an unknown user and for one without a
    /// password.
    pub async fn password(&self, name: &Username) -> Result<Option<StoredPassword>, StoreError> {
        crate::users::password(&self.transaction, name).await
    }

    /// All users who are not deleted, by name: for rules over everybody, such as "one administrator stays".
    pub async fn all_users(&self) -> Result<Vec<User>, StoreError> {
        crate::users::page(&self.transaction, &crate::UserFilter::default(), crate::Page::WHOLE).await
    }

    /// The names of all users who are not deleted, or only of those that are not plain ASCII: to compare how they look.
    pub async fn usernames(&self, letters: Letters) -> Result<Vec<(UserId, Username)>, StoreError> {
        crate::users::names(&self.transaction, letters).await
    }

    /// The role of this name.
    pub async fn role(&self, name: &Username) -> Result<Option<Role>, StoreError> {
        crate::roles::by_name(&self.transaction, name).await
    }

    /// The role of this identifier.
    pub async fn role_by_id(&self, id: RoleId) -> Result<Option<Role>, StoreError> {
        crate::roles::by_id(&self.transaction, id).await
    }

    /// The roles of these names, by the keys of their names. Those that are not there are left out.
    pub async fn roles_by_names(&self, names: &[&Username]) -> Result<HashMap<String, Role>, StoreError> {
        crate::roles::by_names(&self.transaction, names).await
    }

    /// The role of this name, without its principals.
    pub async fn role_summary(&self, name: &Username) -> Result<Option<RoleSummary>, StoreError> {
        crate::roles::summary(&self.transaction, name).await
    }

    /// The roles that hold this permission, by name.
    pub async fn roles_with(&self, permission: &PermissionId) -> Result<Vec<RoleSummary>, StoreError> {
        crate::roles::with_permission(&self.transaction, permission).await
    }

    /// The roles that users hold, by themselves or through a group.
    pub async fn roles_of(&self, users: &[&User]) -> Result<HeldRoles, StoreError> {
        crate::roles::held(&self.transaction, users).await
    }

    /// At most `limit` principals of a role, of one kind, behind one of them.
    pub async fn principals_of(
        &self,
        role: RoleId,
        kind: PrincipalKind,
        after: Option<&PrincipalKey>,
        limit: u64,
    ) -> Result<Vec<PrincipalKey>, StoreError> {
        crate::roles::some_principals(&self.transaction, role, kind, after, limit).await
    }

    /// Whether any role names this principal.
    pub async fn is_in_a_role(&self, principal: &PrincipalKey) -> Result<bool, StoreError> {
        Ok(!crate::roles::roles_naming(&self.transaction, principal).await?.is_empty())
    }

    /// The grant, when not deleted.
    pub async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        crate::grants::by_id(&self.transaction, id).await
    }

    /// Where a grant passes although its owner's origin is closed.
    pub async fn left_working(&self, id: GrantId) -> Result<Rows, StoreError> {
        crate::grants::left_working(&self.transaction, id).await
    }

    /// All grants of an owner that are not deleted.
    pub async fn grants_of(&self, owner: UserId) -> Result<Vec<Grant>, StoreError> {
        crate::grants::of_owner(&self.transaction, owner).await
    }

    /// How many grants an owner has that are neither deleted nor expired at the time of this change.
    pub async fn count_live_grants(&self, owner: UserId) -> Result<u64, StoreError> {
        crate::grants::count_live(&self.transaction, owner, self.now).await
    }

    /// The token settings; the defaults when none were stored.
    pub async fn token_settings(&self) -> Result<TokenSettings, StoreError> {
        crate::settings::tokens(&self.transaction).await
    }

    /// For what is written with the change by a type of its own.
    pub(crate) fn transaction(&self) -> &WriteTransaction {
        &self.transaction
    }

    /// Writes, and remembers a failure: a change of which a step failed is never committed. Returns how many rows
    /// it met.
    async fn execute(&mut self, statement: &impl StatementBuilder) -> Result<u64, StoreError> {
        if self.failed {
            return Err(StoreError::Abandoned);
        }
        match self.transaction.execute(statement).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(error) => {
                self.failed = true;
                Err(error.into())
            }
        }
    }

    /// Notes a mutation for the audit log and its subject for the change log.
    fn note(&mut self, kind: ChangedKind, subject: i64, event: PendingEvent) {
        self.touched.insert((kind, subject));
        self.events.push(event);
    }

    /// Notes a mutation of a user.
    fn note_user(&mut self, user: &User, action: &'static str, detail: serde_json::Value) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::User,
            subject_id: user.id.to_string(),
            subject_name: user.username.to_string(),
            detail,
        };
        self.note(ChangedKind::User, user.id.as_i64(), event);
    }

    /// Writes the events that wait: what touches a hundred thousand tokens does not keep them all until the end.
    async fn write_events(&mut self) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        for insert in audit::insertions(&events, self.written, self.sequence, &self.actor, self.now)? {
            self.execute(&insert).await?;
        }
        self.written += events.len() as i64;
        Ok(())
    }

    async fn write_change_log(&mut self) -> Result<(), StoreError> {
        let touched: Vec<_> = std::mem::take(&mut self.touched).into_iter().collect();
        let mut position = 0_i64;
        for chunk in touched.chunks(AT_ONCE) {
            let mut insert = Query::insert()
                .into_table(ChangeLog::Table)
                .columns([
                    ChangeLog::Sequence,
                    ChangeLog::Position,
                    ChangeLog::At,
                    ChangeLog::Kind,
                    ChangeLog::Subject,
                ])
                .take();
            for (kind, subject) in chunk {
                insert.values_panic([
                    self.sequence.as_i64().into(),
                    position.into(),
                    self.now.as_millisecond().into(),
                    kind.as_str().into(),
                    (*subject).into(),
                ]);
                position += 1;
            }
            self.execute(&insert).await?;
        }
        Ok(())
    }
}
