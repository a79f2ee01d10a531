//! `cargo xtask bench pages`: how long the server takes for each page, what it weighs, and what Lighthouse says.
//!
//! The rows are as heavy as they come: names of a hundred characters of two bytes, every permission chosen, a last use. The
//! weight is what the first visit transfers: the page, which goes out plain, with style and script, which are packed.

mod addresses;
mod forms;
mod much;
mod things;

use std::fs;
use std::path::Path;
use std::process::Command;

use patgate_testkit::child::find_program;

use self::addresses::PAGES;
use self::forms::FORMS;
use self::things::Things;
use super::administrator::Administrator;
use super::program::Data;
use super::{figure, machine, median, outcome, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};
use crate::test::machine as programs;
use crate::tools::LIGHTHOUSE;

/// Tokens of a whole run.
const TOKENS: usize = 1_000_000;
/// How many of them are the visitor's: as many as one may have.
const OWN: usize = 10_000;
/// How often each page is asked for.
const ROUNDS: usize = 51;
/// The most milliseconds that are wanted.
const TARGET_MILLISECONDS: f64 = 20.0;
/// The most kilobytes that are wanted.
const TARGET_KILOBYTES: f64 = 60.0;
/// What each of Lighthouse's scores is wanted to be, and of what they are.
const TARGET_SCORE: f64 = 100.0;
const JUDGED_FOR: [&str; 3] = ["performance", "accessibility", "best-practices"];

/// The page that Lighthouse judges.
const JUDGED: &str = "/account/tokens";
/// As what: its own name for it, which is given to it but for a telephone, and ours.
const JUDGED_AS: [(Option<&str>, &str); 2] = [(Some("desktop"), "on a desk"), (None, "on a telephone")];

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
    step("what the judge needs", || {
        programs::prepare()?;
        // The whole browser, which the tests do without.
        if find_program("chromium").is_none() {
            programs::install(&["chromium"])?;
        }
        LIGHTHOUSE.find().map(drop)
    })?;
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    step("the first start of all", || Ok(data.serve(None)?.stop()))?;
    let tokens = arguments.tokens;
    step(&format!("make {tokens} tokens"), || data.make_tokens(tokens))?;
    let token = step("let years pass", || data.age("admin", OWN))?;
    let serving = data.serve(None)?;
    let site = format!("http://127.0.0.1:{}", serving.port);
    let cookie = log_in(&site, &data.password()?)?;
    let administrator = Administrator::of(&data, &serving)?;
    let things =
        step("make one of everything", || Things::make(&data, &administrator, &site, &cookie, token))?;
    let assets = weigh_assets(&site)?;
    let rows = step("pages", || {
        let measure = |path: &&'static str| {
            let address = find(&site, &things.filled(path), &cookie)?;
            let (milliseconds, bytes) = median_of(|| timed(&site, &address, &cookie, &[]))?;
            Ok((*path, (milliseconds, bytes + assets)))
        };
        let mut rows = PAGES.iter().map(measure).collect::<Result<Vec<_>, Failure>>()?;
        for form in FORMS {
            let (milliseconds, bytes) = median_of(|| form.send(&site, &things, &cookie))?;
            rows.push((form.name, (milliseconds, bytes + assets)));
        }
        Ok(rows)
    })?;
    let scores = step("Lighthouse", || {
        let judge =
            |(preset, name)| Ok((name, judge(&format!("{site}{JUDGED}"), &cookie, data.path(), preset)?));
        JUDGED_AS.into_iter().map(judge).collect::<Result<Vec<_>, Failure>>()
    })?;
    serving.stop();
    let text = report(tokens, &rows, &scores);
    println!("\n{text}");
    if tokens == TOKENS {
        page::write("pages", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// The cookie of a new session of the first administrator.
fn log_in(site: &str, password: &str) -> Result<String, Failure> {
    let body = serde_json::json!({ "username": "admin", "password": password }).to_string();
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--include", "-H", "Content-Type: application/json", "-d", &body]);
    let answer = process::read(command.arg(format!("{site}/api/v1/session")))?;
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = line.and_then(|line| line.split(';').next());
    cookie.map(ToOwned::to_owned).ok_or_else(|| Failure::Found("the server gave no session".to_owned()))
}

/// The text at an address.
fn read(url: &str, cookie: &str) -> Result<String, Failure> {
    process::read(Command::new("curl").args(["--silent", "--fail", "--cookie", cookie]).arg(url))
}

/// What stands in a page between two texts, as the browser reads it.
fn within(text: &str, from: &str, to: &str) -> Option<String> {
    let (_, rest) = text.split_once(from)?;
    Some(rest.split_once(to)?.0.replace("&#38;", "&"))
}

/// The address to which the arrows behind a path lead.
fn find(site: &str, path: &str, cookie: &str) -> Result<String, Failure> {
    let mut words = path.split(' ');
    let mut address = words.next().unwrap_or_default().to_owned();
    for arrow in words {
        let rel = if arrow == "›" { "next" } else { "prev" };
        let text = read(&format!("{site}{address}"), cookie)?;
        let link = within(&text, &format!("rel=\"{rel}\" href=\""), "\"");
        address = link.ok_or_else(|| Failure::Found(format!("`{address}` leads to no other page")))?;
    }
    Ok(address)
}

/// Bytes of style and script, as they are transferred.
fn weigh_assets(site: &str) -> Result<f64, Failure> {
    let page = read(&format!("{site}/login"), "")?;
    let assets = [("rel=\"stylesheet\" href=\"", "style sheet"), ("<script src=\"", "script")];
    assets.into_iter().try_fold(0.0, |sum, (mark, what)| {
        let path = within(&page, mark, "\"");
        let path = path.ok_or_else(|| Failure::Found(format!("the pages have no {what}")))?;
        Ok(sum + timed(site, &path, "", &[])?.1)
    })
}

/// Milliseconds until the first byte, and bytes as they are transferred.
type Answer = (f64, f64);

/// The median of the milliseconds, and the bytes.
fn median_of(ask: impl Fn() -> Result<Answer, Failure>) -> Result<Answer, Failure> {
    let answers = (0..ROUNDS).map(|_| ask()).collect::<Result<Vec<_>, Failure>>()?;
    let size = answers.last().map_or(f64::NAN, |answer| answer.1);
    Ok((median(answers.into_iter().map(|answer| answer.0)), size))
}

/// One question, or with fields one form.
fn timed(site: &str, path: &str, cookie: &str, fields: &[(&str, String)]) -> Result<Answer, Failure> {
    let mut command = Command::new("curl");
    for (name, value) in fields {
        command.args(["--data-urlencode", &format!("{name}={value}")]);
    }
    command.args(["--silent", "--fail", "--output", "/dev/null", "--compressed", "--cookie", cookie]);
    command.args(["--write-out", "%{http_code} %{time_starttransfer} %{size_download}"]);
    let text = process::read(command.arg(format!("{site}{path}")))?;
    let words: Vec<f64> = text.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
    match words[..] {
        [200.0, seconds, bytes] => Ok((seconds * 1_000.0, bytes)),
        _ => Err(Failure::Found(format!("`{path}` answers `{}`", text.trim()))),
    }
}

/// What Lighthouse gives a page, of 100.
fn judge(
    url: &str,
    cookie: &str,
    folder: &Path,
    preset: Option<&str>,
) -> Result<Vec<(String, f64)>, Failure> {
    let (headers, report) = (folder.join("headers.json"), folder.join("lighthouse.json"));
    fs::write(&headers, serde_json::json!({ "Cookie": cookie }).to_string())
        .map_err(Failure::file(&headers))?;
    let mut command = Command::new("node");
    command.arg(LIGHTHOUSE.path()).args([url, "--quiet", "--output=json"]);
    command.args(preset.map(|preset| format!("--preset={preset}")));
    command.arg(format!("--only-categories={}", JUDGED_FOR.join(",")));
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

/// What Lighthouse gave, and as what.
type Scores<'s> = (&'s str, Vec<(String, f64)>);

fn report(tokens: usize, rows: &[(&str, (f64, f64))], scores: &[Scores<'_>]) -> String {
    let lines: String = rows
        .iter()
        .map(|(path, (milliseconds, bytes))| {
            format!("| `{path}` | {} | {} |\n", figure(*milliseconds), figure(bytes / 1_000.0))
        })
        .collect();
    let worst = |value: fn(&(f64, f64)) -> f64| rows.iter().map(|(_, row)| value(row)).fold(0.0, f64::max);
    format!(
        "{tokens} tokens in the store, made over three years, half of them without an end, {OWN} of them the visitor's, \
         with names of 100 characters of two bytes, every permission chosen and a last use; a million events in the log, \
         10,000 principals in a role, 2,000 groups of a user, 10,000 releases and as many templates, 30,000 tokens that end soon \
         and of which nobody was told, folders as deep as they may be. Medians of {ROUNDS}. `›` is \
         the page after, `‹` the one before that.\n\n\
         | page | ms to the first byte | kB with style and script |\n| --- | ---: | ---: |\n{lines}\n{}.\n{}.\n\
         {}.\n",
        verdict("the slowest page", worst(|row| row.0), TARGET_MILLISECONDS, "ms"),
        verdict("the heaviest page", worst(|row| row.1) / 1_000.0, TARGET_KILOBYTES, "kB"),
        judgement(scores)
    )
}

/// What Lighthouse gave, and whether that is what is wanted. A score that it did not give is missed.
fn judgement(scores: &[Scores<'_>]) -> String {
    let given = |scores: &[(String, f64)]| {
        let scores = scores.iter().map(|(name, score)| format!("{name} {score:.0}"));
        scores.collect::<Vec<_>>().join(", ")
    };
    let is_reached = |name: &str, scores: &[(String, f64)]| {
        scores.iter().any(|(given, score)| given == name && *score >= TARGET_SCORE)
    };
    let is_all = scores.iter().all(|(_, scores)| JUDGED_FOR.iter().all(|name| is_reached(name, scores)));
    let scores: Vec<_> = scores.iter().map(|(name, scores)| format!("{name}: {}", given(scores))).collect();
    format!(
        "Lighthouse on `{JUDGED}`, {}; target {TARGET_SCORE:.0} each: {}",
        scores.join("; "),
        outcome(is_all)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_the_browser_reads_it() {
        let page = r#"<a rel="prev" href="/a?x=1&#38;before=2">‹</a><a rel="next" href="/a?after=3">›</a>"#;
        let link = |rel: &str| within(page, &format!("rel=\"{rel}\" href=\""), "\"");
        assert_eq!(link("prev").as_deref(), Some("/a?x=1&before=2"));
        assert_eq!(link("next").as_deref(), Some("/a?after=3"));
        assert_eq!(link("last"), None);
    }

    #[test]
    fn each_score_is_judged() {
        let scores = |last: f64| {
            let scores = [("performance", 100.0), ("accessibility", 100.0), ("best-practices", last)];
            scores.map(|(name, score)| (name.to_owned(), score)).to_vec()
        };
        let of = "Lighthouse on `/account/tokens`, on a desk: performance 100, accessibility 100";
        let both = judgement(&[("on a desk", scores(100.0)), ("on a telephone", scores(100.0))]);
        assert!(both.starts_with(of) && both.ends_with("; target 100 each: reached"), "{both}");
        let one = judgement(&[("on a desk", scores(99.0)), ("on a telephone", scores(100.0))]);
        assert_eq!(
            one,
            format!(
                "{of}, best-practices 99; on a telephone: performance 100, accessibility 100, best-practices 100; target 100 \
                 each: MISSED"
            )
        );
        let few = judgement(&[("on a desk", scores(100.0)[..2].to_vec())]);
        assert_eq!(few, format!("{of}; target 100 each: MISSED"));
    }
}
