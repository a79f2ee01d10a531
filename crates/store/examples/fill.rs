//! Fills a SQLite database with people and tokens, for the benchmarks. Never for a database that somebody uses.
//!
//! ```text
//! fill make DATA-DIR TOKENS FILE   makes them, and writes the plain tokens to FILE (0600), one a line
//! fill used DATA-DIR               prints how many tokens were ever used
//! fill age DATA-DIR USER OWN       gives OWN tokens to USER, makes them as heavy as they come, and a log of a million
//!                                  events; half of the tokens lose their end, some owners come from elsewhere; prints the
//!                                  identifier of a token that much happened to
//! ```
//!
//! `patgate serve` must have run on the folder before: it makes the key file, with which the tokens are digested.
//! People and their role come into being by a change like any other. Tokens are written below the ORM, many in one
//! statement and without audit events, because a million of them must be there in well under a minute.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::Confirmation;
use patgate_core::hexadecimal;
use patgate_core::identifier::{GrantId, RoleId, UserId};
use patgate_core::permission::Catalog;
use patgate_core::role::Role;
use patgate_core::token::{DigestKey, PlainToken, Prefix, TokenText};
use patgate_core::user::{INTERNAL_PROVIDER, Origin, Principal, PrincipalKind, User, UserState};
use patgate_store::{Actor, ActorKind, Database, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, QueryBuilder, Sqlite};

/// Tokens of one person.
const TOKENS_OF_AN_OWNER: usize = 100;
/// People made in one change.
const OWNERS_IN_A_CHANGE: usize = 1_000;
/// Tokens written in one statement: 7 parameters each, below the 32,766 of SQLite.
const TOKENS_IN_A_STATEMENT: usize = 1_000;
/// How long the tokens live.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The group whose members may sign in and see releases.
const GROUP: &str = "developers";

/// Principals of an aged role.
const PRINCIPALS: usize = 10_000;

/// Events of an aged log.
const EVENTS: i64 = 1_000_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", data, tokens, file] => make(Path::new(data), tokens.parse()?, Path::new(file)).await,
        ["used", data] => used(Path::new(data)).await,
        ["age", data, user, own] => age(Path::new(data), user, own.parse()?).await,
        _ => {
            Err("usage: fill make DATA-DIR TOKENS FILE | fill used DATA-DIR | fill age DATA-DIR USER OWN"
                .into())
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this program is the edge: it asks the system what time it is")]
async fn make(data: &Path, tokens: usize, file: &Path) -> Outcome<()> {
    let now = Timestamp::now();
    let mut random = random()?;
    let key = newest_key(&data.join("keys"))?;
    let store = Store::open(&Database::Sqlite(database(data))).await?;
    let owners = make_owners(&store, tokens.div_ceil(TOKENS_OF_AN_OWNER), now, &mut random).await?;
    store.close().await;

    let plain = File::options().write(true).create_new(true).mode(0o600).open(file)?;
    let mut plain = BufWriter::new(plain);
    let mut connection = connect(data).await?;
    // Whoever loses power here starts again.
    for setting in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -1000000"] {
        sqlx::query(setting).execute(&mut connection).await?;
    }
    let mut transaction = connection.begin().await?;
    let numbers: Vec<usize> = (0..tokens).collect();
    for numbers in numbers.chunks(TOKENS_IN_A_STATEMENT) {
        let rows: Vec<Row> = numbers
            .iter()
            .map(|&number| {
                let token = PlainToken::generate(Prefix::ANY, &mut random);
                writeln!(plain, "{}", token.reveal())?;
                Ok(Row {
                    id: GrantId::generate(&mut random).as_i64(),
                    owner: owners[number / TOKENS_OF_AN_OWNER].as_i64(),
                    name: format!("ci-deploy-{number}"),
                    digest: *key.digest(TokenText::parse(token.reveal())?).as_bytes(),
                })
            })
            .collect::<Outcome<_>>()?;
        insert(&mut transaction, &rows, &key, now).await?;
    }
    transaction.commit().await?;
    plain.into_inner()?.sync_all()?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    println!("{tokens} tokens of {} people", owners.len());
    Ok(())
}

async fn used(data: &Path) -> Outcome<()> {
    let mut connection = connect(data).await?;
    let sql = "SELECT count(*) FROM grants WHERE last_used_at IS NOT NULL";
    let used: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    println!("{used}");
    Ok(())
}

/// What years leave behind, for the pages to show: tokens with long names, permissions of their own and a last use; a
/// disabled user at the end of the list; a long log.
#[expect(clippy::disallowed_methods, reason = "this program is the edge: it asks the system what time it is")]
async fn age(data: &Path, user: &str, own: usize) -> Outcome<()> {
    let now = Timestamp::now().as_millisecond();
    let mut connection = connect(data).await?;
    let id: i64 = sqlx::query_scalar("SELECT id FROM users WHERE username = ?")
        .bind(user)
        .fetch_one(&mut connection)
        .await?;
    // As long as names may be, of letters of two bytes, and begun as they were, so that they are found alike.
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1),
         names(name) AS (SELECT 'ci-deploy-' || i FROM n)
         UPDATE grants SET owner = ?2, name = substr(name || ?3, 1, 100), name_key = substr(name || ?3, 1, 100),
         permissions = ?4, last_used_at = ?5, last_used_address = '203.0.113.117', last_used_user_agent = 'curl/8.9'
         WHERE name_key IN (SELECT name FROM names)",
    )
    .bind(i64::try_from(own)?)
    .bind(id)
    .bind("ü".repeat(100))
    .bind(permissions()?)
    .bind(now)
    .execute(&mut connection)
    .await?;
    // Made one after the other over three years.
    sqlx::query(
        "UPDATE grants SET created_at = created_at - id % 1095 * 86400000 - id % 86399 * 1000,
         expires_at = iif(id % 2, NULL, expires_at)",
    )
    .execute(&mut connection)
    .await?;
    sqlx::query("UPDATE roles SET principals = ? WHERE name = ?")
        .bind(principals()?)
        .bind(GROUP)
        .execute(&mut connection)
        .await?;
    // The group has its row; the names of the others are in lower case.
    sqlx::query(
        "INSERT INTO role_principals (role, kind, provider, name)
         SELECT roles.id, value ->> 'kind', value ->> 'provider', value ->> 'username'
         FROM roles, json_each(roles.principals) WHERE roles.name = ? AND value ->> 'kind' = 'user'",
    )
    .bind(GROUP)
    .execute(&mut connection)
    .await?;
    // Of one origin there are few tokens; of another many, none of which is for any application or for others.
    for sql in [
        "UPDATE users SET origin = 'sso', provider = 'idp' WHERE username = 'owner-6'",
        "UPDATE users SET origin = 'ldap', provider = 'corp' WHERE username LIKE 'owner-5%'",
        "UPDATE grants SET application = 'deploy' WHERE owner IN (SELECT id FROM users WHERE origin = 'ldap')",
    ] {
        sqlx::query(sql).execute(&mut connection).await?;
    }
    sqlx::query(
        "UPDATE users SET disabled_at = ?
         WHERE id = (SELECT id FROM users WHERE deleted_at IS NULL ORDER BY username_key DESC LIMIT 1)",
    )
    .bind(now)
    .execute(&mut connection)
    .await?;
    let token: i64 = sqlx::query_scalar("SELECT min(id) FROM grants WHERE owner = ?")
        .bind(id)
        .fetch_one(&mut connection)
        .await?;
    let token = GrantId::from_i64(token).to_string();
    // Every hundredth event is of the user and about that one token. The latest come last.
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO audit_events (sequence, position, at, actor_kind, actor_name, actor_user, address, action,
         subject_kind, subject_id, subject_name, detail)
         SELECT 1000000 + i, 0, ?2 - 1000 * (?1 - i), 'user', iif(i % 100, 'owner-' || (i % 1000), ?3), NULL,
         '203.0.113.117', iif(i % 3, 'grant.create', 'grant.delete'), 'grant', iif(i % 100, 'gone-' || i, ?4),
         'ci-deploy-' || i, ?5 FROM n",
    )
    .bind(EVENTS)
    .bind(now)
    .bind(user)
    .bind(&token)
    .bind(r#"{"owner":"ann","application":"any","expiresAt":"2027-12-21T23:59:59Z","permissions":null}"#)
    .execute(&mut connection)
    .await?;
    // The questions are planned as on a database that was analysed when it was empty: nothing is said to the planner.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    println!("{token}");
    Ok(())
}

/// What an aged token carries: every permission, chosen one by one.
fn permissions() -> Outcome<String> {
    let ids: Vec<_> = Catalog::new([])?.ids().iter().map(|id| format!("\"{id}\"")).collect();
    Ok(format!("[{}]", ids.join(",")))
}

/// The group, and as many users as a role may have beside it, with names as long as they may be.
fn principals() -> Outcome<String> {
    let mut principals = vec![group()?];
    for number in 1..PRINCIPALS {
        let username = format!("{number:05}{}", "ö".repeat(95)).parse()?;
        principals.push(Principal { provider: "corp".to_owned(), ..Principal::internal(username) });
    }
    Ok(serde_json::to_string(&principals)?)
}

fn group() -> Outcome<Principal> {
    Ok(Principal { kind: PrincipalKind::Group, ..Principal::internal(GROUP.parse()?) })
}

/// A token as its two rows need it.
struct Row {
    id: i64,
    owner: i64,
    name: String,
    digest: [u8; 32],
}

async fn insert(
    connection: &mut SqliteConnection,
    rows: &[Row],
    key: &DigestKey,
    now: Timestamp,
) -> Outcome<()> {
    let now_column = now.as_millisecond();
    let expires_at = now.checked_add(LIFETIME)?.as_second() * 1_000;
    let mut grants = QueryBuilder::<Sqlite>::new(
        "INSERT INTO grants (id, owner, name, name_key, application, created_at, expires_at) ",
    );
    grants.push_values(rows, |mut values, row| {
        values.push_bind(row.id).push_bind(row.owner).push_bind(&row.name).push_bind(&row.name);
        values.push_bind("any").push_bind(now_column).push_bind(expires_at);
    });
    grants.build().execute(&mut *connection).await?;
    let mut secrets =
        QueryBuilder::<Sqlite>::new("INSERT INTO secrets (digest, key_id, grant_id, created_at) ");
    secrets.push_values(rows, |mut values, row| {
        values.push_bind(&row.digest[..]).push_bind(i64::from(key.id()));
        values.push_bind(row.id).push_bind(now_column);
    });
    secrets.build().execute(connection).await?;
    Ok(())
}

/// People in one group, and the role that lets the group sign in and see releases.
async fn make_owners(
    store: &Store,
    count: usize,
    now: Timestamp,
    random: &mut ChaCha20Rng,
) -> Outcome<Vec<UserId>> {
    let actor = Actor {
        kind: ActorKind::CommandLine,
        name: "fill".to_owned(),
        user: None,
        grant: None,
        address: None,
    };
    let role = Role {
        id: RoleId::generate(random),
        name: GROUP.parse()?,
        principals: vec![group()?],
        permissions: ["login".parse()?, "release#view".parse()?].into(),
    };
    let mut change = store.change(&actor, now).await?;
    change.insert_role(&role).await?;
    change.commit().await?;
    let numbers: Vec<usize> = (0..count).collect();
    let mut ids = Vec::with_capacity(count);
    for numbers in numbers.chunks(OWNERS_IN_A_CHANGE) {
        let mut change = store.change(&actor, now).await?;
        for number in numbers {
            let id = UserId::generate(random);
            let user = User {
                id,
                origin: Origin::Internal,
                provider: INTERNAL_PROVIDER.to_owned(),
                subject: id.to_string(),
                username: format!("owner-{number}").parse()?,
                full_name: format!("Owner {number}"),
                email: format!("owner-{number}@example.org"),
                groups: vec![GROUP.to_owned()],
                state: UserState::Enabled,
                confirmation: Confirmation::Own,
                created_at: now,
                last_active_at: None,
            };
            change.insert_user(&user, None).await?;
            ids.push(id);
        }
        change.commit().await?;
    }
    Ok(ids)
}

/// The key with which the server makes new digests: the `digest` line of the highest number.
fn newest_key(path: &Path) -> Outcome<DigestKey> {
    let text = fs::read_to_string(path).map_err(|error| {
        format!(
            "cannot read the key file `{}` ({error}): start `patgate serve` on the folder once",
            path.display()
        )
    })?;
    let mut newest = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["digest", id, digits] = words[..] else { continue };
        let id: u32 = id.parse()?;
        let mut key = [0; 32];
        hexadecimal::read(digits, &mut key).ok_or("a digest key has 64 hexadecimal digits")?;
        if newest.as_ref().is_none_or(|(other, _)| *other < id) {
            newest = Some((id, key));
        }
    }
    let (id, key) = newest.ok_or("the key file has no `digest` line")?;
    Ok(DigestKey::new(id, key))
}

/// Seeded by the operating system, so that nobody can make the same tokens again.
#[expect(clippy::disallowed_methods, reason = "this program is the edge: it draws from the system")]
fn random() -> Outcome<ChaCha20Rng> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

async fn connect(data: &Path) -> Outcome<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(database(data)).foreign_keys(false);
    Ok(SqliteConnection::connect_with(&options).await?)
}

fn database(data: &Path) -> PathBuf {
    data.join("patgate.db")
}
