//! `cargo xtask bench vendor`: how long each call takes that clients of Release and Deploy ask something with, beside ten
//! thousand configuration items and as many users.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::program::Data;
use super::serving::Serving;
use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};

/// Configuration items and users of a whole run, each.
const COUNT: usize = 10_000;
/// Folders, with as many of the items in each.
const FOLDERS: usize = 100;
/// How often each call is made.
const ROUNDS: usize = 51;
/// How often each call is made that answers everything there is.
const ROUNDS_OF_ALL: usize = 9;
/// How many items a call names that takes several.
const SEVERAL: usize = 100;
/// The most milliseconds that are wanted.
const TARGET_MILLISECONDS: f64 = 20.0;

/// The calls, with `{server}` for the place of a mail server in the middle, `{endpoint}` for that of a webhook endpoint,
/// and `{folder}` for that of a folder. Those that begin with `XML` are answered in XML.
const CALLS: [&str; 47] = [
    "GET /api/v1/releases",
    "GET /api/v1/templates",
    "GET /api/v1/users",
    "GET /api/v1/users?page=99",
    "GET /api/v1/users?fullName=rson%209999",
    "GET /api/v1/users?email=nobody&loginAllowed=True",
    "GET /api/v1/users/person-5000",
    "GET /api/v1/roles",
    "GET /api/v1/global-permissions",
    "GET /api/v1/personal-access-tokens",
    "GET /api/v1/settings/instance-information",
    "GET /api/v1/settings/Configuration/settings/general",
    "GET /api/v1/config/byTypeAndTitle?configurationType=notification.PatSmtpServer&title=server-2525",
    "GET /api/v1/config/byTypeAndTitle?title=server-2525",
    "GET /api/v1/config/byTypeAndTitle?configurationType=git.Repository",
    "GET /api/v1/config/{server}",
    "GET /api/v1/config/{endpoint}",
    "POST /api/v1/config/byIds",
    "GET /profile",
    "XML GET /server/info",
    "GET /api/v1/deployit",
    "GET /deployit/server/info",
    "GET /deployit/server/state",
    "GET /deployit/metadata/type",
    "XML GET /deployit/metadata/type",
    "GET /deployit/metadata/type/notification.PatSmtpServer",
    "GET /deployit/tokens/users",
    "GET /deployit/security/user",
    "GET /deployit/security/user?page=99",
    "GET /deployit/security/user?fullName=rson%209999",
    "GET /deployit/security/user/person-5000",
    "GET /deployit/repository/ci/{server}",
    "XML GET /deployit/repository/ci/{server}",
    "GET /deployit/repository/ci/{endpoint}",
    "GET /deployit/repository/exists/{server}",
    "GET /deployit/repository/query?resultsPerPage=100",
    "GET /deployit/repository/query?resultsPerPage=100&page=99",
    "XML GET /deployit/repository/query?type=notification.PatSmtpServer&parent={folder}",
    "GET /deployit/repository/query?ancestor={folder}",
    "GET /deployit/repository/query?namePattern=server-25%25",
    "GET /deployit/repository/v2/query?namePattern=%25nothing%25is%25called%25this%25",
    "GET /deployit/repository/v3/query?idPattern=%25/folder-25/%2525",
    "GET /deployit/repository/query?lastModifiedAfter=2099-01-01",
    "POST /deployit/repository/cis/read",
    "POST /deployit/repository/validate",
    "POST /deployit/repository/candidate-values?propertyName=host",
    "XML GET /deployit/control/prepare/sendTestMail/{server}",
];

/// Those that answer all there is.
const CALLS_OF_ALL: [&str; 4] = [
    "GET /deployit/repository/query",
    "XML GET /deployit/repository/query",
    "GET /deployit/security/user?resultsPerPage=-1",
    "GET /api/v1/config/byTypeAndTitle",
];

/// What `cargo xtask bench vendor` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many configuration items and users there are; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = COUNT)]
    count: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// What a call takes.
struct Row {
    call: &'static str,
    milliseconds: f64,
    bytes: f64,
}

/// Who asks: a token for each product.
struct Tokens {
    release: String,
    deploy: String,
}

/// Fills a store, and makes every call over connections that stay open.
///
/// # Errors
/// When something does not build, or a call is not answered.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let count = arguments.count;
    let (tokens, server) = step("the first start of all", || {
        let serving = data.serve(None)?;
        let made = begin(&data, &serving);
        serving.stop();
        made
    })?;
    step(&format!("make {count} items and users"), || fill(&data, count))?;
    let serving = data.serve(None)?;
    let bodies = Bodies::of(count, &server);
    let measure = |calls: &[&'static str], rounds| {
        calls
            .iter()
            .map(|call| measure(&serving, call, &bodies, &tokens, rounds))
            .collect::<Result<Vec<_>, _>>()
    };
    let rows = step("calls", || measure(&CALLS, ROUNDS))?;
    let all = step("calls that answer everything", || measure(&CALLS_OF_ALL, ROUNDS_OF_ALL))?;
    serving.stop();
    let text = report(count, &rows, &all);
    println!("\n{text}");
    if count == COUNT {
        page::write("vendor", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// Makes the tokens, and one item of each kind by the calls that people make them with. Returns the mail server too.
fn begin(data: &Data, serving: &Serving) -> Result<(Tokens, Value), Failure> {
    let file = data.path().join("data/initial-admin-password");
    let password = fs::read_to_string(&file).map_err(Failure::file(&file))?;
    let post = |path: &str, body: &Value| {
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "-H",
            "Content-Type: application/json",
        ]);
        command.args(["-H", "Accept: application/json", "-u", &format!("admin:{}", password.trim())]);
        command.args(["-d", &body.to_string()]);
        process::read(command.arg(format!("http://127.0.0.1:{}{path}", serving.port)))
    };
    let token = |path: &str| {
        let made: Option<Value> = serde_json::from_str(&post(path, &json!({ "tokenNote": "bench" }))?).ok();
        let text = made.as_ref().and_then(|made| made["token"].as_str()).map(ToOwned::to_owned);
        text.ok_or_else(|| Failure::Found(format!("`{path}` made no token")))
    };
    let tokens = Tokens {
        release: token("/api/v1/personal-access-tokens")?,
        deploy: token("/deployit/tokens/users")?,
    };
    let server = json!({
        "type": "notification.PatSmtpServer", "host": "mail.example.org", "port": 465, "username": "patgate",
        "password": "the secret of a benchmark", "fromAddress": "patgate@example.org",
        "testAddress": "ann@example.org", "smtpProperties": { "mail.smtp.timeout": "5000" },
    });
    let endpoint = json!({
        "type": "events.PostWebhookEndpoint", "path": "bench", "secretToken": "the secret of a benchmark",
    });
    for (name, item) in
        [("folder", &json!({ "type": "core.Directory" })), ("server", &server), ("endpoint", &endpoint)]
    {
        post(&format!("/deployit/repository/ci/Configuration/{name}"), item)?;
    }
    Ok((tokens, server))
}

/// Puts many items and users like the first ones into the database: folders, and mail servers and webhook endpoints in them.
fn fill(data: &Data, count: usize) -> Result<(), Failure> {
    let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n";
    let leaves = count.saturating_sub(FOLDERS) / 2;
    let within = format!("'Configuration/folder-' || (i % {FOLDERS})");
    let kind = |name: &str, count: usize, number: usize, folder: &str| {
        format!(
            "CREATE TEMP TABLE new AS SELECT items.*, n.i AS i FROM configuration_items items, ({}) n
               WHERE items.id = 'Configuration/{name}';
             UPDATE new SET number = {number} + i, id = {folder} || '/{name}-' || i, folder_key = lower({folder}),
               unique_key = unique_key || i, properties = replace(properties, '\"bench\"', '\"bench' || i || '\"');
             UPDATE new SET id_key = lower(id);
             ALTER TABLE new DROP COLUMN i;
             INSERT INTO configuration_items SELECT * FROM new;
             DROP TABLE new;",
            numbers.replace("{}", &count.to_string())
        )
    };
    let sql = [
        kind("folder", FOLDERS, 1_000_000, "'Configuration'"),
        format!("UPDATE configuration_items SET id = '{0}', id_key = lower('{0}') WHERE id = 'Configuration/folder-{FOLDERS}';", "Configuration/folder-0"),
        kind("server", leaves, 2_000_000, &within),
        kind("endpoint", leaves, 3_000_000, &within),
        format!(
            "CREATE TEMP TABLE new AS SELECT users.*, n.i AS i FROM users, ({}) n WHERE users.username = 'admin';
             UPDATE new SET id = 4000000 + i, subject = 'person-' || i, username = 'person-' || i,
               username_key = 'person-' || i, full_name = 'Person ' || i, full_name_key = 'person ' || i,
               email = 'person-' || i || '@example.org', email_key = 'person-' || i || '@example.org';
             ALTER TABLE new DROP COLUMN i;
             INSERT INTO users SELECT * FROM new;
             PRAGMA wal_checkpoint(TRUNCATE);",
            numbers.replace("{}", &count.to_string())
        ),
    ];
    process::run(Command::new("sqlite3").arg(data.path().join("data/patgate.db")).arg(sql.concat()))
}

/// The places that calls name, and the bodies of those that have one.
struct Bodies {
    server: String,
    endpoint: String,
    folder: String,
    places: Value,
    cis: Value,
    ci: Value,
}

impl Bodies {
    fn of(count: usize, server: &Value) -> Self {
        let place = |name: &str, i: usize| format!("Configuration/folder-{}/{name}-{i}", i % FOLDERS);
        let middle = count.saturating_sub(FOLDERS) / 4;
        let ci = |i: usize| {
            let mut ci = server.clone();
            ci["id"] = json!(place("server", i));
            ci
        };
        Self {
            server: place("server", middle),
            endpoint: place("endpoint", middle),
            folder: format!("Configuration/folder-{}", FOLDERS / 2),
            places: (1..=SEVERAL).map(|i| place("server", i)).collect(),
            cis: (1..=SEVERAL).map(ci).collect(),
            ci: ci(middle),
        }
    }

    /// What a call sends.
    fn sent(&self, path: &str) -> Option<&Value> {
        match path.split('?').next()?.rsplit('/').next()? {
            "byIds" | "read" => Some(&self.places),
            "validate" => Some(&self.cis),
            "candidate-values" => Some(&self.ci),
            _ => None,
        }
    }
}

/// Makes a call so many times, one after the other over one connection.
fn measure(
    serving: &Serving,
    call: &'static str,
    bodies: &Bodies,
    tokens: &Tokens,
    rounds: usize,
) -> Result<Row, Failure> {
    let (format, asked) = match call.strip_prefix("XML ") {
        Some(asked) => ("application/xml", asked),
        None => ("application/json", call),
    };
    let (_, path) = asked.split_once(' ').unwrap_or_default();
    let places =
        [("{server}", &bodies.server), ("{endpoint}", &bodies.endpoint), ("{folder}", &bodies.folder)];
    let path = places.iter().fold(path.to_owned(), |path, (name, place)| path.replace(name, place));
    let is_deploy = path.starts_with("/deployit") || path == "/api/v1/deployit";
    let (header, token) = match is_deploy {
        true => ("x-deploy-personal-token", &tokens.deploy),
        false => ("x-release-personal-token", &tokens.release),
    };
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--globoff", "-H", &format!("Accept: {format}")]);
    command.args(["-H", &format!("{header}: {token}"), "--write-out"]);
    command.arg("%{http_code} %{time_total} %{size_download} %{num_connects}\\n");
    if let Some(body) = bodies.sent(&path).filter(|_| asked.starts_with("POST")) {
        command.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
    }
    for _ in 0..rounds {
        command.args(["--output", "/dev/null"]).arg(format!("http://127.0.0.1:{}{path}", serving.port));
    }
    let text = process::read(&mut command)?;
    let answers: Vec<[f64; 4]> = text.lines().filter_map(numbers).collect();
    let connections: f64 = answers.iter().map(|answer| answer[3]).sum();
    let is_right =
        answers.len() == rounds && answers.iter().all(|answer| answer[0] == 200.0) && connections == 1.0;
    if !is_right {
        return Err(Failure::Found(format!("`{call}` is answered so:\n{text}")));
    }
    let bytes = answers.last().map_or(f64::NAN, |answer| answer[2]);
    Ok(Row { call, milliseconds: median(answers.iter().map(|answer| answer[1] * 1_000.0)), bytes })
}

fn numbers(line: &str) -> Option<[f64; 4]> {
    let words: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    words.try_into().ok()
}

fn report(count: usize, rows: &[Row], all: &[Row]) -> String {
    let table = |rows: &[Row]| -> String {
        let line = |row: &Row| {
            format!("| `{}` | {} | {} |\n", row.call, figure(row.milliseconds), figure(row.bytes / 1_000.0))
        };
        rows.iter().map(line).collect()
    };
    let slowest = rows.iter().map(|row| row.milliseconds).fold(0.0, f64::max);
    format!(
        "{count} configuration items in {FOLDERS} folders, half of them mail servers and half webhook endpoints; {count} users; \
         SQLite. Medians of {ROUNDS} over a connection that stays open, until the last byte is there; `POST` calls name \
         {SEVERAL} items.\n\n\
         | call | ms | kB |\n| --- | ---: | ---: |\n{}\n\
         What answers everything there is, apart (medians of {ROUNDS_OF_ALL}):\n\n\
         | call | ms | kB |\n| --- | ---: | ---: |\n{}\n\
         {}.\n",
        table(rows),
        table(all),
        verdict("the slowest call", slowest, TARGET_MILLISECONDS, "ms"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_curl_is_four_numbers() {
        assert_eq!(numbers("200 0.000512 1234 1"), Some([200.0, 0.000_512, 1_234.0, 1.0]));
        assert_eq!(numbers("000"), None);
    }

    #[test]
    fn a_missed_target_names_no_call_that_answers_everything() {
        let row = |call, milliseconds| Row { call, milliseconds, bytes: 1_000.0 };
        let text = report(10, &[row("GET /a", 1.0), row("GET /b", 21.0)], &[row("GET /c", 400.0)]);
        assert!(text.ends_with("the slowest call: 21.0 ms, target at most 20 ms: MISSED.\n"), "{text}");
        assert!(text.contains("| `GET /c` | 400 | 1.00 |"), "{text}");
    }
}
