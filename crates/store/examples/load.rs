//! How long a node takes to read a large store, which is most of its start.
//!
//! `cargo run --release -p patgate-store --example load -- 1000000 [DATABASE]` fills an empty database (a temporary
//! SQLite file when none is named) with that many tokens of a thousand users, and loads it five times.

use std::time::Instant;

use patgate_store::{Actor, ActorKind, Database, Loaded, Store};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let tokens: u32 = arguments.next().ok_or("say how many tokens")?.parse()?;
    let folder = tempfile::tempdir()?;
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:{}/patgate.db", folder.path().display()));
    let database: Database = url.parse()?;
    let store = Store::open(&database).await?;
    fill(&store, &url, tokens).await?;
    for round in 1..=5 {
        let (mut grants, mut secrets, start) = (0, 0, Instant::now());
        store
            .load(|piece| {
                if let Loaded::Grant(grant) = piece {
                    grants += 1;
                    secrets += grant.secrets.len();
                }
            })
            .await?;
        println!("{round}: {grants} grants, {secrets} secrets in {} ms", start.elapsed().as_millis());
    }
    store.close().await;
    Ok(())
}

/// Users through the front door, tokens by one statement each table.
async fn fill(store: &Store, url: &str, tokens: u32) -> Result<(), Failure> {
    use patgate_core::identifier::UserId;
    use patgate_core::user::{INTERNAL_PROVIDER, Origin, User, UserState};
    let now = jiff::Timestamp::UNIX_EPOCH;
    let actor =
        Actor { kind: ActorKind::System, name: "load".into(), user: None, grant: None, address: None };
    let mut change = store.change(&actor, now).await?;
    for id in 0..1_000 {
        let user = User {
            id: UserId::from_i64(id),
            origin: Origin::Internal,
            provider: INTERNAL_PROVIDER.into(),
            subject: id.to_string(),
            username: format!("user{id}").parse()?,
            full_name: "A User".into(),
            email: "user@example.org".into(),
            groups: Vec::new(),
            state: UserState::Enabled,
            created_at: now,
            last_active_at: None,
        };
        change.insert_user(&user, None).await?;
    }
    change.commit().await?;
    let grants = "INSERT INTO grants (id, owner, name, name_key, application, created_at, expires_at) \
                  SELECT ID, i % 1000, 'token ' || i, 'token ' || i, 'release', i, 4000000000000 + 1000 * i FROM n";
    if let Some(path) = url.strip_prefix("sqlite:") {
        use sqlx::Connection;
        let mut connection = sqlx::SqliteConnection::connect(path).await?;
        let numbers = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {tokens}) {}",
            grants.replace("ID", "abs(random())")
        );
        let secrets = "INSERT INTO secrets SELECT randomblob(32), 1, id, created_at FROM grants";
        for sql in [numbers.as_str(), secrets] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        }
        connection.close().await?;
    } else {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(url).await?;
        let numbers = format!(
            "WITH n (i) AS (SELECT generate_series(1, {tokens}::bigint)) {}",
            grants.replace("ID", "(random() * 9e18)::bigint")
        );
        let secrets = "INSERT INTO secrets SELECT sha256(int8send(id)), 1, id, created_at FROM grants";
        for sql in [numbers.as_str(), secrets] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        }
        connection.close().await?;
    }
    Ok(())
}
