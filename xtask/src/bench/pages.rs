//! `cargo xtask bench pages`: how long the server takes for each page, what it weighs, and what Lighthouse says.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::program::Data;
use super::{figure, machine, median, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};
use crate::test::machine as programs;
use crate::tools::LIGHTHOUSE;

/// Tokens of a whole run.
const TOKENS: usize = 1_000_000;
/// How many of them are the visitor's.
const OWN: usize = 9_900;
/// How often each page is asked for.
const ROUNDS: usize = 51;
/// The most milliseconds that are wanted.
const TARGET_MILLISECONDS: f64 = 20.0;
/// The most kilobytes that are wanted.
const TARGET_KILOBYTES: f64 = 60.0;

/// Every kind of list, in orders and with filters that read many rows when read badly.
const PAGES: [&str; 16] = [
    "/login",
    "/account/tokens",
    "/account/tokens?search=ci-deploy-99",
    "/account/tokens?sort=expires",
    "/account/tokens/new",
    "/account/profile",
    "/account/api",
    "/settings",
    "/admin/tokens",
    "/admin/tokens?search=ci-deploy-77",
    "/admin/tokens?unused=30",
    "/admin/tokens?sort=expires",
    "/admin/users",
    "/admin/users?search=owner-9",
    "/admin/roles",
    "/admin/audit",
];
/// The page that Lighthouse judges.
const JUDGED: &str = "/account/tokens";

/// What `cargo xtask bench pages` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many tokens there are; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = TOKENS)]
    tokens: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Fills a store, and asks for every page in an administrator's session.
///
/// # Errors
/// When something does not build, or a page does not come.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what the judge needs", || programs::prepare().and_then(|()| LIGHTHOUSE.find().map(drop)))?;
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    step("the first start of all", || Ok(data.serve(None)?.stop()))?;
    let tokens = arguments.tokens;
    step(&format!("make {tokens} tokens"), || data.make_tokens(tokens))?;
    give_to_admin(&data)?;
    let serving = data.serve(None)?;
    let site = format!("http://127.0.0.1:{}", serving.port);
    let cookie = log_in(&data, &site)?;
    let rows = step("pages", || {
        PAGES
            .iter()
            .map(|path| Ok((*path, measure(&site, path, &cookie)?)))
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let scores = step("Lighthouse", || judge(&format!("{site}{JUDGED}"), &cookie, data.path()))?;
    serving.stop();
    let text = report(tokens, &rows, &scores);
    println!("\n{text}");
    if tokens == TOKENS {
        page::write("pages", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// The visitor is an administrator with nearly as many tokens as one may have.
fn give_to_admin(data: &Data) -> Result<(), Failure> {
    let sql = format!(
        "UPDATE grants SET owner = (SELECT id FROM users WHERE username = 'admin') \
         WHERE id IN (SELECT id FROM grants LIMIT {OWN})"
    );
    process::run(Command::new("sqlite3").arg(data.path().join("data/patgate.db")).arg(sql))
}

/// The cookie of a new session of the first administrator.
fn log_in(data: &Data, site: &str) -> Result<String, Failure> {
    let file = data.path().join("data/initial-admin-password");
    let password = fs::read_to_string(&file).map_err(Failure::file(&file))?;
    let body = serde_json::json!({ "username": "admin", "password": password.trim() }).to_string();
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--include", "-H", "Content-Type: application/json", "-d", &body]);
    let answer = process::read(command.arg(format!("{site}/api/v1/session")))?;
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = line.and_then(|line| line.split(';').next());
    cookie.map(ToOwned::to_owned).ok_or_else(|| Failure::Found("the server gave no session".to_owned()))
}

/// Milliseconds until the first byte, and bytes of the page.
fn measure(site: &str, path: &str, cookie: &str) -> Result<(f64, f64), Failure> {
    let (mut times, mut size) = (Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--output", "/dev/null", "--compressed"]);
        command.args(["--write-out", "%{time_starttransfer} %{size_download}"]);
        let text = process::read(command.arg("--cookie").arg(cookie).arg(format!("{site}{path}")))?;
        let mut words = text.split(' ').filter_map(|word| word.trim().parse::<f64>().ok());
        times.push(words.next().unwrap_or(f64::NAN) * 1_000.0);
        size = words.next().unwrap_or(f64::NAN);
    }
    Ok((median(times), size))
}

/// What Lighthouse gives a page, of 100.
fn judge(url: &str, cookie: &str, folder: &Path) -> Result<Vec<(String, f64)>, Failure> {
    let (headers, report) = (folder.join("headers.json"), folder.join("lighthouse.json"));
    fs::write(&headers, serde_json::json!({ "Cookie": cookie }).to_string())
        .map_err(Failure::file(&headers))?;
    let mut command = Command::new("node");
    command.arg(LIGHTHOUSE.path()).args([url, "--quiet", "--output=json", "--preset=desktop"]);
    command.arg("--only-categories=performance,accessibility,best-practices");
    command.arg("--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking");
    command.arg(format!("--extra-headers={}", headers.display()));
    command.arg(format!("--output-path={}", report.display()));
    process::run(command.env("CHROME_PATH", "/usr/bin/chromium").env("HOME", folder))?;
    let text = fs::read_to_string(&report).map_err(Failure::file(&report))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::Found(format!("Lighthouse wrote no report: {error}")))?;
    let categories = value["categories"].as_object().into_iter().flatten();
    Ok(categories
        .map(|(name, value)| (name.clone(), value["score"].as_f64().unwrap_or(0.0) * 100.0))
        .collect())
}

fn report(tokens: usize, rows: &[(&str, (f64, f64))], scores: &[(String, f64)]) -> String {
    let lines: String = rows
        .iter()
        .map(|(path, (milliseconds, bytes))| {
            format!("| `{path}` | {} | {} |\n", figure(*milliseconds), figure(bytes / 1_000.0))
        })
        .collect();
    let worst = |value: fn(&(f64, f64)) -> f64| rows.iter().map(|(_, row)| value(row)).fold(0.0, f64::max);
    let scores: Vec<String> = scores.iter().map(|(name, score)| format!("{name} {score:.0}")).collect();
    format!(
        "{tokens} tokens in the store, {OWN} of them the visitor's; medians of {ROUNDS}.\n\n\
         | page | ms to the first byte | kB |\n| --- | ---: | ---: |\n{lines}\n{}.\n{}.\nLighthouse on `{JUDGED}`: {}.\n",
        verdict("the slowest page", worst(|row| row.0), TARGET_MILLISECONDS, "ms"),
        verdict(
            "the heaviest page, without style and script",
            worst(|row| row.1) / 1_000.0,
            TARGET_KILOBYTES,
            "kB"
        ),
        scores.join(", ")
    )
}
