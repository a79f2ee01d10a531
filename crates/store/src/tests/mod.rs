//! The store's cases. Each runs on SQLite and on PostgreSQL, on a database of its own.

mod changes;
mod changes_in_order;
mod confirmations;
mod data;
mod decisions;
mod durability;
mod few;
mod full_disk;
mod items;
mod keyset;
mod lists;
mod loading;
mod many;
mod opening;
mod release_owners;
mod releases;
mod releases_held;
mod releases_paged;
mod reminders;
mod reset_links;
mod roles_held;
mod round_trips;
mod scim;
mod search;
mod touched;
mod users;
mod webhooks;
mod webhooks_bounded;
mod webhooks_changed;
mod webhooks_kept;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use patgate_core::confirmation::Confirmation;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, RoleId, UserId};
use patgate_core::role::Role;
use patgate_core::token::Digest;
use patgate_core::user::{INTERNAL_PROVIDER, Origin, Principal, User, UserState, Username};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{Actor, ActorKind, Database, PasswordHashText, Session, Store};

/// Writes each case once and runs it on both databases.
macro_rules! on_both_databases {
    ($(async fn $name:ident($fixture:ident: Fixture) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn case($fixture: Fixture) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::tests::on_sqlite(case).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::tests::on_postgres(case).await;
            }
        }
    )*};
}
pub(crate) use on_both_databases;

/// An empty database.
pub(crate) struct Fixture {
    pub(crate) database: Database,
}

impl Fixture {
    /// A program that runs on it. Several are several nodes.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(case: impl FnOnce(Fixture) -> F) {
    let folder = TempDir::new().unwrap();
    let database = Database::Sqlite(folder.path().join("patgate.db"));
    case(Fixture { database }).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()>>(case: impl FnOnce(Fixture) -> F) {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let admin = admin_url();
    let name = format!("store_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let run = async |connection: &mut PgConnection, sql: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.unwrap();
    };
    run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    run(&mut connection, format!("CREATE DATABASE {name} STRATEGY wal_log")).await;
    connection.close().await.unwrap();
    let database = format!("{}/{name}", admin.rsplit_once('/').unwrap().0).parse().unwrap();
    // It goes away with the cluster: dropping it would write out, and wait for, all that other tests have under way.
    case(Fixture { database }).await;
}

#[expect(clippy::disallowed_methods, reason = "the test command says where its server is")]
fn admin_url() -> String {
    std::env::var("PATGATE_TEST_POSTGRES")
        .expect("PATGATE_TEST_POSTGRES is not set: run `cargo xtask test`, which starts PostgreSQL")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    time("2026-05-03T12:00:00.123Z")
}

pub(crate) fn name(text: &str) -> Username {
    text.parse().unwrap()
}

pub(crate) fn admin() -> Actor {
    Actor { kind: ActorKind::CommandLine, name: "root".into(), user: None, grant: None, address: None }
}

pub(crate) fn hash(text: &str) -> PasswordHashText {
    PasswordHashText::new(text.to_owned())
}

pub(crate) fn user(id: i64, username: &str) -> User {
    let id = UserId::from_i64(id);
    User {
        id,
        origin: Origin::Internal,
        provider: INTERNAL_PROVIDER.into(),
        subject: id.to_string(),
        username: name(username),
        full_name: String::new(),
        email: String::new(),
        groups: Vec::new(),
        state: UserState::Enabled,
        confirmation: Confirmation::Own,
        created_at: now(),
        last_active_at: None,
    }
}

pub(crate) fn role(id: i64, role: &str, principals: &[&str]) -> Role {
    Role {
        id: RoleId::from_i64(id),
        name: name(role),
        principals: principals.iter().map(|who| Principal::internal(name(who))).collect(),
        permissions: ["login".parse().unwrap()].into(),
    }
}

pub(crate) fn grant(id: i64, owner: i64, note: &str) -> Grant {
    Grant {
        id: GrantId::from_i64(id),
        owner: UserId::from_i64(owner),
        name: note.parse().unwrap(),
        application: "release".parse().unwrap(),
        permissions: GrantPermissions::All,
        created_at: now(),
        expires_at: Expiry::NEVER,
        state: GrantState::Active,
        last_use: None,
    }
}

pub(crate) fn digest(id: i64) -> Digest {
    let mut bytes = [0xd1; 32];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    Digest::from_bytes(bytes)
}

pub(crate) fn session(id: u8, user: i64, password_version: i64) -> Session {
    Session {
        digest: [id; 32],
        user: UserId::from_i64(user),
        created_at: now(),
        seen_at: now(),
        csrf_seed: [0xc5; 32],
        address: Some("192.0.2.7".into()),
        user_agent: None,
        password_version,
        provider: None,
    }
}

/// A store with these users, numbered from 1, each with a password.
pub(crate) async fn store_with_users(fixture: &Fixture, names: &[&str]) -> Store {
    let store = fixture.open().await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    for (at, name) in names.iter().enumerate() {
        change.insert_user(&user(at as i64 + 1, name), Some(&hash("$argon2id$first"))).await.unwrap();
    }
    change.commit().await.unwrap();
    store
}

/// All roles, by name.
pub(crate) async fn all_roles(store: &Store) -> Vec<Role> {
    store.roles(&crate::RoleFilter::default(), crate::Page::WHOLE).await.unwrap()
}

/// Makes grants, each with the digest of its identifier.
pub(crate) async fn insert_grants(store: &Store, grants: &[Grant]) {
    let mut change = store.change(&admin(), now()).await.unwrap();
    for grant in grants {
        change.insert_grant(grant, 1, &digest(grant.id.as_i64())).await.unwrap();
    }
    change.commit().await.unwrap();
}
