//! What was answered is kept, whatever a full disk or a broken transaction did to the connection before.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

use super::*;
use crate::connection::Pool;

/// At least as many as the pool of either database has connections.
const CONNECTIONS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_after_a_full_disk_is_kept() {
    on_sqlite(async |fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut kept = vec!["ann".to_owned()];
        for round in 0..3 {
            limit_pages(&store, 1).await;
            for at in 0..4 {
                // Without limits of its own, each replacement of a closed connection would find room again.
                limit_pages(&store, 1).await;
                assert!(store_large_user(&store, 1_000 + round * 10 + at).await.is_err(), "the disk is full");
            }
            limit_pages(&store, 1_000_000).await;
            for at in 0..CONNECTIONS as i64 {
                let id = 2 + round * 100 + at;
                let mut refused = store.change(&admin(), now()).await.unwrap();
                let error = refused.insert_user(&user(5_000, "Ann"), None).await.unwrap_err();
                assert!(matches!(error, crate::StoreError::NameTaken(_)), "{error}");
                drop(refused);
                let mut dropped = store.change(&admin(), now()).await.unwrap();
                dropped.insert_user(&user(5_000, "dropped"), None).await.unwrap();
                drop(dropped);
                kept.push(insert(&store, id).await);
            }
        }
        let last = store.last_sequence().await.unwrap();
        store.close().await;
        assert_eq!(last.as_i64(), kept.len() as i64);
        assert_users(&fixture, kept).await;
    })
    .await;
}

on_both_databases! {
    async fn a_change_on_connections_with_forgotten_transactions_is_kept(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut kept = vec!["ann".to_owned()];
        for (round, how) in [Forgotten::CountedByTheDriver, Forgotten::UnknownToTheDriver].into_iter().enumerate() {
            forget_transactions(&store, how).await;
            for at in 0..CONNECTIONS {
                kept.push(insert(&store, (2 + round * 100 + at) as i64).await);
            }
        }
        store.close().await;
        assert_users(&fixture, kept).await;
    }

    async fn a_change_of_which_a_step_failed_writes_nothing_more(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&user(2, "bob"), None).await.unwrap();
        assert!(change.insert_user(&user(1, "cleo"), None).await.is_err(), "the identifier is taken");
        assert!(change.insert_user(&user(3, "dora"), None).await.is_err());
        assert!(change.commit().await.is_err());
        store.close().await;
        assert_users(&fixture, vec!["ann".to_owned()]).await;
    }
}

#[derive(Clone, Copy)]
enum Forgotten {
    CountedByTheDriver,
    UnknownToTheDriver,
}

/// Opens a transaction on each connection, and gives it back so.
async fn forget_transactions(store: &Store, how: Forgotten) {
    match &store.inner.pool {
        Pool::Sqlite(pool) => {
            for mut connection in all_connections(pool).await {
                forget_transaction::<Sqlite>(&mut connection, how).await;
            }
        }
        Pool::Postgres(pool) => {
            for mut connection in all_connections(pool).await {
                forget_transaction::<Postgres>(&mut connection, how).await;
            }
        }
    }
}

async fn forget_transaction<D: sqlx::Database>(connection: &mut PoolConnection<D>, how: Forgotten)
where
    for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
{
    match how {
        Forgotten::CountedByTheDriver => std::mem::forget(connection.begin().await.unwrap()),
        Forgotten::UnknownToTheDriver => {
            sqlx::raw_sql("BEGIN").execute(&mut **connection).await.unwrap();
        }
    }
}

/// As if the disk had no more room than this, or than what is used now.
async fn limit_pages(store: &Store, pages: u32) {
    let Pool::Sqlite(pool) = &store.inner.pool else { panic!("only SQLite has such a limit") };
    for mut connection in all_connections(pool).await {
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::raw_sql(limit).execute(&mut *connection).await.unwrap();
    }
}

/// As many as the pool gives out; they go back when they are dropped.
async fn all_connections<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> Vec<PoolConnection<D>> {
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await.unwrap());
    }
    connections
}

async fn store_large_user(store: &Store, id: i64) -> Result<(), crate::StoreError> {
    let mut change = store.change(&admin(), now()).await?;
    let large = User { full_name: "x".repeat(500_000), ..user(id, &format!("large{id}")) };
    if let Err(full) = change.insert_user(&large, None).await {
        // The database took back what was before, and would keep at once what comes now.
        let more = change.insert_user(&user(id + 100, &format!("small{id}")), None).await;
        assert!(more.is_err(), "a failed change goes on");
        assert!(change.commit().await.is_err());
        return Err(full);
    }
    change.commit().await?;
    Ok(())
}

async fn insert(store: &Store, id: i64) -> String {
    let name = format!("kept{id:04}");
    let mut change = store.change(&admin(), now()).await.unwrap();
    change.insert_user(&user(id, &name), None).await.unwrap();
    change.commit().await.unwrap();
    name
}

/// What a program finds that starts now.
async fn assert_users(fixture: &Fixture, expected: Vec<String>) {
    let store = fixture.open().await;
    let users = store.users(&crate::UserFilter::default(), crate::Page::WHOLE).await.unwrap();
    let found: Vec<_> = users.into_iter().map(|user| user.username.to_string()).collect();
    assert_eq!(found, expected);
    store.close().await;
}
