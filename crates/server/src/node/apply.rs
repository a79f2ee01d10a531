//! Applying: from rows of the change log to entries of the index.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::Ordering;

use patgate_core::application::ApplicationSlot;
use patgate_core::authority::Authority;
use patgate_core::grant::GrantPermissions;
use patgate_core::identifier::{GrantId, ItemNumber, ReleaseNumber, RoleId, UserId};
use patgate_core::index::{GrantRecord, OwnerFacts, Standing};
use patgate_core::policy::TokenSettings;
use patgate_core::release::ReleaseStatus;
use patgate_core::user::User;
use patgate_store::{ChangeRow, ChangedKind, IndexedGrant, Loaded, Sequence, StoreError};

use super::{Node, Progress};
use crate::service::items::kind::WEBHOOK_ENDPOINTS;

/// Rows of the change log read at once.
const BATCH: u64 = 1_000;

/// Subjects of which one change may touch many.
#[derive(Default)]
struct Many {
    users: Vec<UserId>,
    roles: Vec<RoleId>,
    items: Vec<ItemNumber>,
    grants: Vec<GrantId>,
}

impl Node {
    /// Loads everything: what a node does first, and again when the change log no longer reaches back to it.
    ///
    /// # Errors
    /// When the database does not answer or holds what this version cannot read.
    pub async fn load(&self) -> Result<(), StoreError> {
        let mut progress = self.progress.lock().await;
        self.load_into(&mut progress).await
    }

    async fn load_into(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let mut authority = Authority::default();
        let applied = self
            .store
            .load(|loaded| match loaded {
                Loaded::Settings(settings) => self.put_settings(settings),
                Loaded::Roles(roles) => roles.into_iter().for_each(|role| {
                    authority.put_role(role);
                }),
                Loaded::User(user) => self.put_user(&mut authority, user),
                Loaded::Grant(grant) => self.put_grant(&grant),
            })
            .await?;
        for id in progress.authority.user_ids() {
            if authority.user(id).is_none() {
                self.index.remove_owner(id);
            }
        }
        self.webhooks.load(&self.store).await?;
        // Passwords were perhaps changed in what this node did not follow.
        self.passwords.forgive_all_names();
        *progress = Progress { applied, authority };
        self.catch_up(progress, None).await?;
        self.is_ready.store(true, Ordering::Release);
        Ok(())
    }

    /// Applies what the change log has after the last applied change; with a change of this node's own, no further than the rows
    /// that were read with it.
    pub(super) async fn catch_up(
        &self,
        progress: &mut Progress,
        own: Option<Sequence>,
    ) -> Result<(), StoreError> {
        loop {
            let rows = match self.store.changes_after(progress.applied, BATCH).await {
                Err(StoreError::LogPruned(_)) => return Box::pin(self.load_into(progress)).await,
                rows => rows?,
            };
            let Some(last) = rows.last().map(|row| row.sequence) else { return Ok(()) };
            let mut done = BTreeSet::new();
            let mut many = Many::default();
            for row in &rows {
                match row.kind {
                    _ if !done.insert((row.kind, row.subject)) => {}
                    ChangedKind::User => many.users.push(UserId::from_i64(row.subject)),
                    ChangedKind::Role => many.roles.push(RoleId::from_i64(row.subject)),
                    ChangedKind::Item => many.items.push(ItemNumber::from_i64(row.subject)),
                    ChangedKind::Grant => many.grants.push(GrantId::from_i64(row.subject)),
                    _ => self.apply(row).await?,
                }
            }
            self.apply_many(&mut progress.authority, &many).await?;
            if rows.iter().any(|row| Some(row.sequence) != own) {
                self.has_news.store(true, Ordering::Relaxed);
            }
            progress.applied = last;
            // What came meanwhile is for the next look, which comes by itself.
            if own.is_some_and(|own| own <= last) {
                return Ok(());
            }
        }
    }

    /// Reads subjects as they are now, each kind at once, of items those that a node holds, and puts them in force. Reading twice
    /// does no harm, and a subject that changed again meanwhile is only newer.
    async fn apply_many(&self, authority: &mut Authority, many: &Many) -> Result<(), StoreError> {
        let users = self.store.users_by_ids(&many.users).await?;
        let roles = self.store.roles_by_ids(&many.roles).await?;
        // Nothing is waited for until all of them are in force: a user who got the name of another one never holds what that
        // one held, nor that one what the new one was given.
        let there: HashSet<_> = users.iter().map(|user| user.id).collect();
        for &id in many.users.iter().filter(|id| !there.contains(*id)) {
            if let Some(user) = authority.user(id) {
                self.passwords.forgive(&user.username);
            }
            self.passwords.forget_user(id);
            authority.remove_user(id);
            self.index.remove_owner(id);
        }
        let names: Vec<_> = users.iter().map(|user| user.username.clone()).collect();
        for id in authority.put_together(users, &many.roles, roles) {
            self.put_owner(authority, id);
        }
        for name in &names {
            self.passwords.forgive_old(name).await?;
        }
        let endpoints = self.store.items_numbered_of(&many.items, &WEBHOOK_ENDPOINTS).await?;
        let endpoints: HashMap<_, _> = endpoints.into_iter().map(|item| (item.number, item)).collect();
        for &number in &many.items {
            self.webhooks.apply(number, endpoints.get(&number)).await;
        }
        // One change can touch all tokens: they are read by the thousand.
        for ids in many.grants.chunks(BATCH as usize) {
            self.store.indexed_grants(ids).await?.iter().for_each(|grant| self.put_grant(grant));
        }
        Ok(())
    }

    /// Reads the subject of a row as it is now and puts it in force.
    async fn apply(&self, row: &ChangeRow) -> Result<(), StoreError> {
        match row.kind {
            // Read together, by `apply_many`.
            ChangedKind::User | ChangedKind::Role | ChangedKind::Item | ChangedKind::Grant => {}
            ChangedKind::Settings => self.put_settings(self.store.token_settings().await?),
            ChangedKind::Release => {
                let number = ReleaseNumber::from_i64(row.subject);
                match self.store.release_status(number).await? {
                    Some(ReleaseStatus::InProgress) => self.releases.wake(),
                    _ => self.releases.stop(number),
                }
            }
            // Sessions are read from the database each time.
            ChangedKind::Session => {}
            // Who is in a group is told by the users.
            ChangedKind::Group => {}
            // So are decisions and exemptions, and mails with their runs.
            ChangedKind::Decision | ChangedKind::Exemption => {}
            ChangedKind::Mail | ChangedKind::ReminderRun => {}
        }
        Ok(())
    }

    fn put_user(&self, authority: &mut Authority, user: User) {
        let id = user.id;
        authority.put_user(user);
        self.put_owner(authority, id);
    }

    fn put_owner(&self, authority: &Authority, id: UserId) {
        if let Some(user) = authority.user(id) {
            let held = self.catalog.set(&authority.permissions_of(user));
            self.index.put_owner(id, OwnerFacts::new(user, held, &self.catalog));
        }
    }

    fn put_settings(&self, settings: TokenSettings) {
        self.index.put_origin_policy(&settings.origins);
        self.index.put_freshness(settings.freshness);
        self.settings.store(settings.into());
    }

    fn put_grant(&self, grant: &IndexedGrant) {
        let application = self.applications.slot(grant.application.as_str());
        let record = GrantRecord {
            id: grant.id,
            owner: grant.owner,
            name: grant.name.as_str().into(),
            application: application.unwrap_or(ApplicationSlot::UNKNOWN),
            permissions: match &grant.permissions {
                GrantPermissions::All => None,
                GrantPermissions::Chosen(ids) => Some(self.catalog.effective(self.catalog.set(ids))),
            },
            expires_at: grant.expires_at,
            standing: Standing::from(grant.state),
            left_working: grant.left_working,
        };
        self.index.put_grant(&grant.secrets, &record);
    }
}
