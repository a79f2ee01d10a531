//! Opening: migrations, refusals, and the settings of every connection.

use std::os::unix::fs::PermissionsExt;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use super::*;
use crate::tables::SchemaVersion;
use crate::{DeliveryState, NewWebhookRequest, OpenError, Seek, Sequence, StoreError};

on_both_databases! {
    async fn an_operator_starts_on_an_empty_database_and_again(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        store.close().await;
        let store = fixture.open().await;
        assert_eq!(store.user_by_name(&name("ann")).await.unwrap(), Some(user(1, "ann")));
        assert_eq!(store.last_sequence().await.unwrap(), Sequence::from_i64(1));
        store.close().await;
    }

    async fn the_tables_of_an_older_program_are_brought_up_to_date_with_all_that_is_in_them(fixture: Fixture) {
        let opened = crate::connection::open(&fixture.database).await.unwrap();
        crate::schema::migrate_to(&opened.orm, 1).await.unwrap();
        let user = "INSERT INTO users (id, origin, provider, subject, username, username_key, full_name, full_name_key, \
                    email, email_key, groups, password_version, created_at) \
                    VALUES (1, 'internal', 'internal', '1', 'Ann', 'ann', '', '', '', '', '[]', 0, 1000)";
        opened.orm.execute_unprepared(user).await.unwrap();
        opened.pool.close().await;
        let store = fixture.open().await;
        assert_eq!(version(&store).await, crate::schema::KNOWN);
        assert_eq!(store.user_by_name(&name("ann")).await.unwrap().unwrap().id, UserId::from_i64(1));
        assert_eq!(store.reset_link_of(UserId::from_i64(1)).await.unwrap(), None);
    }

    async fn what_an_older_program_accepted_at_endpoints_goes_on(fixture: Fixture) {
        let opened = crate::connection::open(&fixture.database).await.unwrap();
        crate::schema::migrate_to(&opened.orm, 9).await.unwrap();
        let delivery = "INSERT INTO webhook_deliveries (id, endpoint, request, number, message_id, parameters, content_type, \
                        body, state, attempts, due_at, created_at) \
                        VALUES (1001, 7, 1, 1, 'm', '[[\"\\u0000hops\",\"2\"],[\"a\",\"b\"]]', 'application/json', '{}', \
                        'waiting', 1, 1000, 1000)";
        let counters = "INSERT INTO webhook_counters (endpoint, last_request, waiting) VALUES (7, 1, 1)";
        for sql in [delivery, counters] {
            opened.orm.execute_unprepared(sql).await.unwrap();
        }
        opened.pool.close().await;
        let store = fixture.open().await;
        let claimed = webhooks::claim(&store, now()).await;
        let [delivery] = &claimed[..] else { panic!("{claimed:?}") };
        assert_eq!((delivery.hops, delivery.starts_by, delivery.attempts), (2, None, 2));
        assert_eq!(delivery.parameters, [("a".to_owned(), "b".to_owned())]);
        let change = store.change(&admin(), now()).await.unwrap();
        assert_eq!(change.starts_since(webhooks::ENDPOINT).await.unwrap(), 0, "all its versions count");
        drop(change);
        let waiting = store.deliveries_in(webhooks::ENDPOINT, DeliveryState::Waiting, &Seek::Start, 9).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].paused_at), (1, None));
        // What it keeps is what its requests say, until it is changed.
        let kept = [NewWebhookRequest { keep: 1, ..webhooks::request(2) }, NewWebhookRequest { keep: 1, ..webhooks::request(3) }];
        store.receive_webhooks(&kept).await.unwrap();
        let kept = store.webhook_requests(webhooks::ENDPOINT, &Seek::Start, 9).await.unwrap();
        assert_eq!(kept.iter().map(|request| request.number).collect::<Vec<_>>(), [3], "it goes on counting");
    }

    async fn two_programs_start_at_once(fixture: Fixture) {
        let opening = |_| { let database = fixture.database.clone(); tokio::spawn(async move { Store::open(&database).await }) };
        let both: Vec<_> = (0..4).map(opening).collect();
        for opened in both {
            let store = opened.await.unwrap().unwrap();
            assert_eq!(store.last_sequence().await.unwrap(), Sequence::START);
            assert_eq!(version(&store).await, crate::schema::KNOWN);
        }
    }

    async fn a_program_under_which_a_newer_one_changed_the_tables_writes_nothing_more(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        store.check_schema().await.unwrap();
        let last = store.last_sequence().await.unwrap();
        let newer = Query::update().table(SchemaVersion::Table).value(SchemaVersion::Version, Expr::val(999_i64)).take();
        store.inner.orm.execute(&newer).await.unwrap();
        let known = crate::schema::KNOWN;
        let is_refused = |error: &StoreError| {
            matches!(error, StoreError::NewerSchema { found: 999, known: newest } if *newest == known)
        };
        let changed = store.change(&admin(), now()).await.err().unwrap();
        let received = store.receive_webhooks(&[webhooks::request(1)]).await.unwrap_err();
        let looked = store.check_schema().await.unwrap_err();
        for error in [&changed, &received, &looked] {
            assert!(is_refused(error), "{error:?}");
        }
        assert!(looked.to_string().contains("version 999"), "{looked}");
        assert_eq!(store.last_sequence().await.unwrap(), last);
        assert!(webhooks::ids(&store).await.is_empty());
        assert!(store.user_by_name(&name("ann")).await.unwrap().is_some(), "it reads on until it stops");
    }

    async fn the_tables_of_a_newer_program_are_refused_and_left_alone(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let newer = Query::update().table(SchemaVersion::Table).value(SchemaVersion::Version, Expr::val(999_i64)).take();
        store.inner.orm.execute(&newer).await.unwrap();
        let before = everything(&store.inner.orm).await;
        let file_before = file(&fixture);
        store.clone().close().await;

        let refused = Store::open(&fixture.database).await.err().unwrap();
        assert!(matches!(refused, OpenError::NewerSchema { found: 999, known: 15 }), "{refused:?}");
        assert!(refused.to_string().contains("version 999"), "{refused}");

        let opened = crate::connection::open(&fixture.database).await.unwrap();
        assert_eq!(everything(&opened.orm).await, before);
        assert_eq!(file(&fixture).is_some(), file_before.is_some());
        opened.pool.close().await;
    }
}

/// With SQLite nobody waits inside of a transaction: who gets in sees what was there before them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_while_a_newer_program_changes_the_tables_writes_nothing_after_that() {
    on_postgres(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let last = store.last_sequence().await.unwrap();
        let newer = crate::connection::open(&fixture.database).await.unwrap();
        let migration = newer.orm.begin().await.unwrap();
        crate::schema::keep_writers_out(&migration).await.unwrap();
        let writer = store.clone();
        let waiting = tokio::spawn(async move { writer.change(&admin(), now()).await?.commit().await });
        let waits = "SELECT count(*) AS many FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while !waiting.is_finished() {
            let look = Statement::from_string(DbBackend::Postgres, waits);
            let rows = store.inner.orm.query_all_raw(look).await.unwrap();
            if rows[0].try_get::<i64>("", "many").unwrap() > 0 {
                break;
            }
        }
        let version = Query::update()
            .table(SchemaVersion::Table)
            .value(SchemaVersion::Version, Expr::val(999_i64))
            .take();
        migration.execute(&version).await.unwrap();
        migration.commit().await.unwrap();
        let refused = waiting.await.unwrap().err().unwrap();
        assert!(matches!(refused, StoreError::NewerSchema { found: 999, .. }), "{refused:?}");
        assert_eq!(store.last_sequence().await.unwrap(), last);
        newer.pool.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_newer_file_keeps_every_byte() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let newer = "UPDATE schema_version SET version = 999";
        store.inner.orm.execute_unprepared(newer).await.unwrap();
        store.close().await;
        let before = file(&fixture).unwrap();
        assert!(Store::open(&fixture.database).await.is_err());
        assert!(file(&fixture).unwrap() == before, "the file of a newer program was changed");
    })
    .await;
}

#[tokio::test]
async fn every_pooled_connection_has_the_settings_that_durability_needs() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        let crate::connection::Pool::Sqlite(pool) = &store.inner.pool else { panic!("not SQLite") };
        let mut connections = Vec::new();
        while connections.len() < pool.options().get_max_connections() as usize {
            connections.push(pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            let mut found = Vec::new();
            for pragma in ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"] {
                let sql = format!("SELECT CAST({pragma} AS text) FROM pragma_{pragma}");
                let sql = sql.replace("CAST(busy_timeout", "CAST(timeout");
                let value: String =
                    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut **connection).await.unwrap();
                found.push(value);
            }
            assert_eq!(found, ["wal", "2", "1", "10000"]);
        }
    })
    .await;
}

#[tokio::test]
async fn every_pooled_connection_to_a_lax_server_commits_durably() {
    on_postgres(async |fixture: Fixture| {
        let store = fixture.open().await;
        let lax = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
        store.inner.orm.execute_unprepared(lax).await.unwrap();
        store.close().await;
        let store = fixture.open().await;
        let crate::connection::Pool::Postgres(pool) = &store.inner.pool else { panic!("not PostgreSQL") };
        let mut connections = Vec::new();
        while connections.len() < pool.options().get_max_connections() as usize {
            connections.push(pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            let value: String =
                sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut **connection).await.unwrap();
            assert_eq!(value, "on");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_else_reads_the_file() {
    on_sqlite(async |fixture: Fixture| {
        let Database::Sqlite(path) = &fixture.database else { panic!("not SQLite") };
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let _store = store_with_users(&fixture, &["ann"]).await;
        let mut seen = 0;
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            seen += 1;
        }
        assert_eq!(seen, 3, "the file, its log and its shared memory");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let refused =
        Store::open(&Database::Sqlite(folder.path().join("missing/patgate.db"))).await.err().unwrap();
    assert!(refused.to_string().contains("missing/patgate.db"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear reader, this is no database. ".repeat(50);
    std::fs::write(&path, &letter).unwrap();
    assert!(Store::open(&Database::Sqlite(path.clone())).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let database: Database = "postgres://pat:hunter2@127.0.0.1:1/none".parse().unwrap();
    let error = Store::open(&database).await.err().unwrap();
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_closed_store_answers_with_an_error() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        store.clone().close().await;
        assert!(matches!(store.last_sequence().await, Err(StoreError::Busy | StoreError::Database(_))));
    })
    .await;
}

async fn version(store: &Store) -> i64 {
    let select = Query::select().column(SchemaVersion::Version).from(SchemaVersion::Table).take();
    let rows = store.inner.orm.query_all(&select).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].try_get("", "version").unwrap()
}

fn file(fixture: &Fixture) -> Option<Vec<u8>> {
    match &fixture.database {
        Database::Sqlite(path) => Some(std::fs::read(path).unwrap()),
        Database::Postgres(_) => None,
    }
}

/// Names of all tables and indexes, and the rows of two tables.
async fn everything(connection: &DatabaseConnection) -> Vec<String> {
    let backend = connection.get_database_backend();
    let names = match backend {
        DbBackend::Sqlite => "SELECT name AS word FROM sqlite_master ORDER BY name",
        _ => {
            "SELECT relname::text AS word FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname"
        }
    };
    let mut everything = Vec::new();
    for sql in [
        names,
        "SELECT CAST(version AS text) AS word FROM schema_version",
        "SELECT username AS word FROM users",
    ] {
        for row in connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap() {
            everything.push(row.try_get("", "word").unwrap());
        }
    }
    everything
}
