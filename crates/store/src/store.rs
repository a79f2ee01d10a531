//! The store: opening it, reading it, and starting a change.

use std::sync::Arc;

use jiff::Timestamp;
use patgate_core::grant::Grant;
use patgate_core::identifier::{GrantId, RoleId, UserId};
use patgate_core::policy::TokenSettings;
use patgate_core::role::Role;
use patgate_core::user::{User, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::task::AbortHandle;

use crate::audit::{self, Actor, AuditEvent, AuditFilter};
use crate::change::Change;
use crate::change_log::{self, ChangeRow, Sequence};
use crate::connection::{self, PATIENCE, Pool};
use crate::database::Database;
use crate::error::{OpenError, StoreError};
use crate::grants::{self, FoundGrants, GrantCursor, GrantFilter};
use crate::keyset::Seek;
use crate::nodes::{self, Node, NodeId};
use crate::password::{PasswordHashText, StoredPassword};
use crate::reset_links::{self, ResetLink};
use crate::roles::{self, RoleFilter};
use crate::rows::{Page, column};
use crate::sessions::{self, Session};
use crate::tables::{Grants, Nodes, Sessions, Users};
use crate::transaction::WriteTransaction;
use crate::users::{self, UserCursor, UserFilter};
use crate::webhooks::kept::Logs;
use crate::webhooks::space::Spaces;
use crate::{schema, settings, wait};

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// How much there is, deleted rows included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Grants.
    pub grants: u64,
}

impl Store {
    /// Connects, checks the version of the tables, and brings them up to date. Two programs may do this at once.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        let opened = connection::open(database).await?;
        let migrated = schema::migrate(&opened.orm).await;
        if let Err(error) = migrated {
            opened.pool.close().await;
            return Err(error);
        }
        let visible = watch::Sender::new(Sequence::START);
        let listener = match database {
            Database::Sqlite(_) => None,
            Database::Postgres(url) => {
                let options = connection::postgres_options(url)?;
                Some(tokio::spawn(wait::listen(options, visible.clone())).abort_handle())
            }
        };
        let turn = Arc::new(Mutex::new(()));
        let sending = Arc::new(Mutex::new(()));
        let (orm, pool, spaces) = (opened.orm, opened.pool, Spaces::default());
        let logs = Logs::default();
        let inner = Inner { orm, pool, turn, sending, spaces, logs, visible, listener };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Waits for what is under way and closes; other clones can do nothing afterwards.
    pub async fn close(self) {
        self.inner.stop_listening();
        self.inner.pool.close().await;
    }

    /// Begins a change. Changes happen one after the other, over all nodes; reads inside one see all before it.
    ///
    /// A task that holds a change must not begin another.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others held their changes for ten seconds.
    pub async fn change(&self, actor: &Actor, now: Timestamp) -> Result<Change, StoreError> {
        let (turn, transaction, sequence) = self.inner.begin(1).await?;
        Ok(Change::new(Arc::clone(&self.inner), turn, transaction, sequence, actor.clone(), now))
    }

    /// The user, when not deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        users::by_id(&self.inner.orm, id).await
    }

    /// The user of this name, when not deleted: one namespace over all origins, whatever the case.
    pub async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError> {
        users::by_name(&self.inner.orm, name).await
    }

    /// What the password of the user of this name is checked against; `None` for an unknown user and for one
    /// without a password. A disabled user has one.
    pub async fn password(&self, name: &Username) -> Result<Option<StoredPassword>, StoreError> {
        users::password(&self.inner.orm, name).await
    }

    /// Puts another hash of the same password in place of the stored one, unless the password changed meanwhile.
    /// Sessions stay: nothing changed for anybody.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn renew_password_hash(
        &self,
        stored: &StoredPassword,
        renewed: &PasswordHashText,
    ) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        users::renew_password_hash(&transaction, stored, renewed).await?;
        transaction.commit().await
    }

    /// A page of users.
    pub async fn users(&self, filter: &UserFilter, page: Page) -> Result<Vec<User>, StoreError> {
        users::page(&self.inner.orm, filter, page).await
    }

    /// At most `limit` users, from a place of the list on.
    pub async fn list_users(
        &self,
        filter: &UserFilter,
        seek: &Seek<UserCursor>,
        limit: u64,
    ) -> Result<Vec<User>, StoreError> {
        users::list(&self.inner.orm, filter, seek, 0, limit).await
    }

    /// As [`Store::list_users`], without the first `skip` from there.
    pub async fn users_behind(
        &self,
        filter: &UserFilter,
        seek: &Seek<UserCursor>,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<User>, StoreError> {
        users::list(&self.inner.orm, filter, seek, skip, limit).await
    }

    /// The role of this name, whatever the case.
    pub async fn role(&self, name: &Username) -> Result<Option<Role>, StoreError> {
        roles::by_name(&self.inner.orm, name).await
    }

    /// The role of this identifier.
    pub async fn role_by_id(&self, id: RoleId) -> Result<Option<Role>, StoreError> {
        roles::by_id(&self.inner.orm, id).await
    }

    /// A page of roles.
    pub async fn roles(&self, filter: &RoleFilter, page: Page) -> Result<Vec<Role>, StoreError> {
        roles::list(&self.inner.orm, filter, page).await
    }

    /// The grant, when not deleted.
    pub async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        grants::by_id(&self.inner.orm, id).await
    }

    /// The grant, deleted or not.
    pub async fn grant_with_history(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        grants::with_history(&self.inner.orm, id).await
    }

    /// These grants, deleted or not, in no order. Those that were never there are left out.
    pub async fn grants_with_history(&self, ids: &[GrantId]) -> Result<Vec<Grant>, StoreError> {
        grants::all_with_history(&self.inner.orm, ids).await
    }

    /// A page of the grants that are not deleted.
    pub async fn grants(&self, filter: &GrantFilter, page: Page) -> Result<Vec<Grant>, StoreError> {
        grants::page(&self.inner.orm, filter, page).await
    }

    /// At most `limit` of the grants that are not deleted, from a place of the list on: reads few rows, whatever the
    /// number of grants, where an index serves the order and the filter.
    pub async fn list_grants(
        &self,
        filter: &GrantFilter,
        seek: &Seek<GrantCursor>,
        limit: u64,
    ) -> Result<Vec<Grant>, StoreError> {
        grants::list(&self.inner.orm, filter, seek, limit).await
    }

    /// As [`Store::list_grants`], but looks at 2,000 grants at most, where no index serves the filter and none tells that few
    /// come into question: what it does not reach is sought from there on.
    pub async fn search_grants(
        &self,
        filter: &GrantFilter,
        seek: &Seek<GrantCursor>,
        limit: u64,
    ) -> Result<FoundGrants, StoreError> {
        grants::search(&self.inner.orm, filter, seek, limit, grants::REACH).await
    }

    /// The token settings; the defaults when none were stored.
    pub async fn token_settings(&self) -> Result<TokenSettings, StoreError> {
        settings::tokens(&self.inner.orm).await
    }

    /// A page of the audit log, newest first.
    pub async fn audit_events(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        audit::page(&self.inner.orm, filter, page).await
    }

    /// The session of this digest, as it was stored; whether it is too old, and whether its user is enabled, is for
    /// the server to say. (Disabling a user, and a new password, end the user's sessions.)
    pub async fn session(&self, digest: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        sessions::by_digest(&self.inner.orm, digest).await
    }

    /// The password reset link of this digest, as it was stored; whether it is too old is for the server to say.
    pub async fn reset_link(&self, digest: &[u8; 32]) -> Result<Option<ResetLink>, StoreError> {
        reset_links::by_digest(&self.inner.orm, digest).await
    }

    /// The password reset link of a user, when there is one.
    pub async fn reset_link_of(&self, user: UserId) -> Result<Option<ResetLink>, StoreError> {
        reset_links::of_user(&self.inner.orm, user).await
    }

    /// How many grants an owner has that are neither deleted nor expired.
    pub async fn count_live_grants(&self, owner: UserId, now: Timestamp) -> Result<u64, StoreError> {
        grants::count_live(&self.inner.orm, owner, now).await
    }

    /// How many rows there are, deleted ones included.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let users =
            Query::select().expr_as(Func::count(Expr::col(Users::Id)), "count").from(Users::Table).take();
        let grants =
            Query::select().expr_as(Func::count(Expr::col(Grants::Id)), "count").from(Grants::Table).take();
        let mut counts = [0, 0];
        for (count, select) in counts.iter_mut().zip([users, grants]) {
            if let Some(row) = self.inner.orm.query_one(&select).await? {
                *count = column::<i64>(&row, "count")?.unsigned_abs();
            }
        }
        Ok(Counts { users: counts[0], grants: counts[1] })
    }

    /// Whole changes after `after`, oldest first: about `limit` rows, more when one change alone has more. Empty:
    /// there are none yet.
    ///
    /// # Errors
    /// [`StoreError::LogPruned`] when some of them are no longer in the log.
    pub async fn changes_after(&self, after: Sequence, limit: u64) -> Result<Vec<ChangeRow>, StoreError> {
        change_log::after(&self.inner.orm, after, limit).await
    }

    /// The number of the last visible change.
    pub async fn last_sequence(&self) -> Result<Sequence, StoreError> {
        change_log::last(&self.inner.orm).await
    }

    /// The number of the oldest change in the log; `None` before the first change.
    pub async fn oldest_sequence(&self) -> Result<Option<Sequence>, StoreError> {
        change_log::oldest(&self.inner.orm).await
    }

    /// Enters this node among those that run.
    pub async fn announce_node(
        &self,
        node: NodeId,
        applied: Sequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        nodes::announce(&self.inner.orm, node, applied, now).await
    }

    /// The node's pulse: everything up to `applied` is in force on it. Enters it again when it was pruned.
    pub async fn node_applied(
        &self,
        node: NodeId,
        applied: Sequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        nodes::announce(&self.inner.orm, node, applied, now).await
    }

    /// Strikes out a node that stops.
    pub async fn withdraw_node(&self, node: NodeId) -> Result<(), StoreError> {
        nodes::withdraw(&self.inner.orm, node).await
    }

    /// The nodes with a pulse at or after `since`, oldest first.
    pub async fn live_nodes(&self, since: Timestamp) -> Result<Vec<Node>, StoreError> {
        nodes::live(&self.inner.orm, since).await
    }

    /// Forgets sessions and nodes that were last seen before this.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was forgotten then.
    pub async fn prune(&self, before: Timestamp) -> Result<(), StoreError> {
        let before = before.as_millisecond();
        let (_turn, transaction) = self.inner.begin_data().await?;
        let sessions = Query::delete()
            .from_table(Sessions::Table)
            .and_where(Expr::col(Sessions::SeenAt).lt(before))
            .take();
        let nodes =
            Query::delete().from_table(Nodes::Table).and_where(Expr::col(Nodes::SeenAt).lt(before)).take();
        for delete in [sessions, nodes] {
            transaction.execute(&delete).await?;
        }
        transaction.commit().await
    }
}

/// What the clones of a store share.
pub(crate) struct Inner {
    pub(crate) orm: DatabaseConnection,
    pub(crate) pool: Pool,
    /// Writers of this process queue here, in order, instead of each holding a connection in the database's queue.
    turn: Arc<Mutex<()>>,
    /// Held by who sends mails.
    pub(crate) sending: Arc<Mutex<()>>,
    /// How much room the deliveries of webhook endpoints take.
    pub(crate) spaces: Spaces,
    /// What the logs of webhook endpoints take, as far as this node knows.
    pub(crate) logs: Logs,
    /// The last change this process heard of.
    pub(crate) visible: watch::Sender<Sequence>,
    listener: Option<AbortHandle>,
}

impl Inner {
    /// A transaction for data: it takes its turn among the changes, so that neither can deadlock with the other,
    /// and leaves the sequence as it is.
    pub(crate) async fn begin_data(&self) -> Result<(OwnedMutexGuard<()>, WriteTransaction), StoreError> {
        let (turn, transaction, _) = self.begin(0).await?;
        Ok((turn, transaction))
    }

    /// Takes the lock that all writers take first, the row of the sequence, and advances it.
    async fn begin(
        &self,
        step: i64,
    ) -> Result<(OwnedMutexGuard<()>, WriteTransaction, Sequence), StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned();
        let turn = tokio::time::timeout(PATIENCE, turn).await.map_err(|_| StoreError::Busy)?;
        let transaction = WriteTransaction::begin(&self.pool).await?;
        let sequence = change_log::advance(&transaction, step).await?;
        Ok((turn, transaction, sequence))
    }

    fn stop_listening(&self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop_listening();
    }
}
