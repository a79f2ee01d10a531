//! `cargo xtask bench vendor`: how long each call of the clients of Release and Deploy takes, beside ten thousand
//! configuration items and as many users.

mod calls;
mod fill;
mod sent;

use std::process::Command;

use patgate_testkit::child::find_program;

use self::calls::{AGAIN, BY_PASSWORD, CALLS, CALLS_OF_ALL, SETS_A_PASSWORD, TRIES, WRITES};
use self::fill::{begin, fill};
use self::sent::Sent;
use super::administrator::Administrator;
use super::program::Data;
use super::serving::Serving;
use super::{figure, machine, median, outcome, page, verdict};
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
/// How often each change is made, and each call with a password.
const ROUNDS_OF_CHANGES: usize = 21;
/// How many items a call names that takes several.
const SEVERAL: usize = 100;
/// The most milliseconds that are wanted.
const TARGET_MILLISECONDS: f64 = 20.0;

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
    /// Right after a change of what it lists, where that was tried.
    after_a_change: Option<f64>,
    bytes: f64,
}

/// Calls of one kind.
struct Group {
    what: &'static str,
    rows: Vec<Row>,
}

/// Fills a store, and makes every call over connections that stay open.
///
/// # Errors
/// When something does not build, or a call is not answered.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if find_program("argon2").is_none() {
        return Err(Failure::Found("`argon2` is missing: `apt-get install argon2`".to_owned()));
    }
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let count = arguments.count;
    let begun = step("the first start of all", || {
        let serving = data.serve(None)?;
        let begun = begin(&data, &serving);
        serving.stop();
        begun
    })?;
    step(&format!("make {count} items and users"), || fill(&data, count))?;
    let serving = data.serve(None)?;
    let mut sent = Sent::of(count, begun);
    let each = |sent: &Sent, calls: &[&'static str], rounds: usize| {
        calls.iter().map(|call| measure(&serving, call, sent, rounds, None)).collect::<Result<Vec<_>, _>>()
    };
    let asked = Group { what: "Calls", rows: step("calls", || each(&sent, &CALLS, ROUNDS))? };
    let all = step("calls that answer everything", || {
        CALLS_OF_ALL.iter().map(|call| of_all(&serving, call, &sent)).collect::<Result<Vec<_>, _>>()
    })?;
    let all = Group { what: "Calls that answer everything there is", rows: all };
    step("make what each round of a change has for itself", || {
        sent.prepare(&Administrator::of(&data, &serving)?)
    })?;
    let changes = step("changes", || each(&sent, &WRITES, ROUNDS_OF_CHANGES))?;
    let changes = Group { what: "Changes, each durable before it is answered", rows: changes };
    let tries = step("tries of mail servers", || each(&sent, &TRIES, ROUNDS_OF_CHANGES))?;
    let tries = Group { what: "Control tasks, and a try of a mail server that refuses at once", rows: tries };
    let by_password = step("calls with a password", || each(&sent, &BY_PASSWORD, ROUNDS_OF_CHANGES))?;
    let hash = step("peer", hash)?;
    let by_password = Group { what: "With a user name and its password", rows: by_password };
    let again = step("failed releases", || each(&sent, &AGAIN, ROUNDS_OF_CHANGES))?;
    let again = Group {
        what: "Releases that failed go on, each with a script that runs beside the next call",
        rows: again,
    };
    serving.stop();
    let text = report(count, &[asked, all, changes, tries, by_password, again], hash);
    println!("\n{text}");
    if count == COUNT {
        page::write("vendor", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// Measures a call that answers everything: when it was asked before, and right after a change.
fn of_all(serving: &Serving, call: &'static str, sent: &Sent) -> Result<Row, Failure> {
    let change = match call.contains("/security/user") {
        true => "PUT /deployit/security/user/person-1",
        false => "PUT /deployit/repository/ci/{server}",
    };
    let after = measure(serving, call, sent, ROUNDS_OF_ALL, Some(change))?;
    let again = measure(serving, call, sent, ROUNDS_OF_ALL, None)?;
    Ok(Row { after_a_change: Some(after.milliseconds), ..again })
}

/// Makes a call so many times, one after the other over one connection; each time after a change, when there is one.
fn measure(
    serving: &Serving,
    call: &'static str,
    sent: &Sent,
    rounds: usize,
    change: Option<&'static str>,
) -> Result<Row, Failure> {
    let mut command = Command::new("curl");
    let address = format!("http://127.0.0.1:{}", serving.port);
    for round in 0..rounds {
        for (call, mark) in change.into_iter().map(|change| (change, "-")).chain([(call, "+")]) {
            if command.get_args().len() > 0 {
                command.arg("--next");
            }
            sent.add(&mut command, &address, call, round);
            command.args([
                "--silent",
                "--show-error",
                "--fail-with-body",
                "--globoff",
                "--output",
                "/dev/null",
            ]);
            command.arg("--write-out");
            command.arg(format!(
                "{mark} %{{http_code}} %{{time_total}} %{{size_download}} %{{num_connects}}\\n"
            ));
        }
    }
    let text = process::read(&mut command)?;
    let answers: Vec<(bool, [f64; 4])> = text.lines().filter_map(numbers).collect();
    let connections: f64 = answers.iter().map(|(_, answer)| answer[3]).sum();
    let wanted = rounds * if change.is_some() { 2 } else { 1 };
    let is_good = |answer: &[f64; 4]| (200.0..300.0).contains(&answer[0]);
    let is_right = answers.len() == wanted && answers.iter().all(|(_, answer)| is_good(answer));
    if !is_right || connections != 1.0 {
        return Err(Failure::Found(format!("`{call}` is answered so:\n{text}")));
    }
    let counted: Vec<_> = answers.into_iter().filter(|(is_counted, _)| *is_counted).collect();
    let bytes = counted.last().map_or(f64::NAN, |(_, answer)| answer[2]);
    let times = || counted.iter().map(|(_, answer)| answer[1] * 1_000.0);
    Ok(Row { call, milliseconds: median(times()), after_a_change: None, bytes })
}

/// How many milliseconds Debian's `argon2` (the reference implementation of RFC 9106) takes for one hash as new passwords get it.
fn hash() -> Result<f64, Failure> {
    let line = "printf password | argon2 a-salt-of-16-byt -id -t 5 -k 7168 -p 2";
    let mut times = Vec::with_capacity(ROUNDS_OF_ALL);
    for _ in 0..ROUNDS_OF_ALL {
        let text = process::read(Command::new("sh").args(["-c", line]))?;
        let seconds = text.lines().find_map(|line| line.strip_suffix(" seconds")?.parse::<f64>().ok());
        let missing = || Failure::Found(format!("`argon2` does not say how long it takes:\n{text}"));
        times.push(seconds.ok_or_else(missing)? * 1_000.0);
    }
    Ok(median(times))
}

/// The figures of a call, and whether it is what is measured.
fn numbers(line: &str) -> Option<(bool, [f64; 4])> {
    let (mark, line) = line.split_once(' ')?;
    let words: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    Some((mark == "+", words.try_into().ok()?))
}

fn report(count: usize, groups: &[Group], hash: f64) -> String {
    let mut text = format!(
        "{count} configuration items in {FOLDERS} folders, half of them mail servers and half webhook endpoints; {count} users; \
         SQLite. Medians of {ROUNDS} ({ROUNDS_OF_ALL} of what answers everything, {ROUNDS_OF_CHANGES} of changes and with \
         passwords) over a connection that stays open, until the last byte is there; calls that name or send several \
         things have {SEVERAL} of them. The target of every call is {TARGET_MILLISECONDS} ms.\n"
    );
    for Group { what, rows } in groups {
        let changes = rows.iter().any(|row| row.after_a_change.is_some());
        let (heads, lines) = if changes { (" after a change, ms |", " ---: |") } else { ("", "") };
        text +=
            &format!("\n{what}:\n\n| call | ms |{heads} kB | target |\n| --- | ---: |{lines} ---: | --- |\n");
        for row in rows {
            let after = row.after_a_change.map(|after| format!(" {} |", figure(after))).unwrap_or_default();
            text += &format!(
                "| `{}` | {} |{after} {} | {} |\n",
                row.call,
                figure(row.milliseconds),
                figure(row.bytes / 1_000.0),
                outcome(row.milliseconds.max(row.after_a_change.unwrap_or_default()) <= TARGET_MILLISECONDS),
            );
        }
    }
    text += "\n";
    for Group { what, rows } in groups {
        let slowest = |value: fn(&Row) -> f64| rows.iter().map(value).fold(0.0, f64::max);
        let line = verdict("the slowest", slowest(|row| row.milliseconds), TARGET_MILLISECONDS, "ms");
        text += &format!("{what}: {line}.\n");
        let after = slowest(|row| row.after_a_change.unwrap_or_default());
        if after > 0.0 {
            let line = verdict("the slowest after a change", after, TARGET_MILLISECONDS, "ms");
            text += &format!("{what}: {line}.\n");
        }
    }
    let set = groups.iter().flat_map(|group| &group.rows).find(|row| row.call == SETS_A_PASSWORD);
    let set = set.map_or(f64::NAN, |row| row.milliseconds);
    text += &format!(
        "`{SETS_A_PASSWORD}` hashes a new password, slowly on purpose; all others know theirs again for ten minutes. Peer: the same \
         hash by Debian's `argon2` alone takes {} ms, so the call is {:.2} ×.\n",
        figure(hash),
        set / hash
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_curl_is_four_numbers() {
        assert_eq!(numbers("+ 200 0.000512 1234 1"), Some((true, [200.0, 0.000_512, 1_234.0, 1.0])));
        assert_eq!(numbers("- 204 0.1 0 0"), Some((false, [204.0, 0.1, 0.0, 0.0])));
        assert_eq!(numbers("000"), None);
    }

    #[test]
    fn every_kind_of_call_has_its_own_verdict() {
        let row =
            |call, milliseconds, after_a_change| Row { call, milliseconds, after_a_change, bytes: 1_000.0 };
        let asked = Group { what: "Calls", rows: vec![row("GET /a", 1.0, None), row("GET /b", 21.0, None)] };
        let all = Group { what: "All", rows: vec![row("GET /c", 4.0, Some(40.0))] };
        let password = Group { what: "Password", rows: vec![row(SETS_A_PASSWORD, 30.0, None)] };
        let text = report(10, &[asked, all, password], 10.0);
        for line in [
            "| `GET /a` | 1.00 | 1.00 | reached |\n| `GET /b` | 21.0 | 1.00 | MISSED |",
            "| `GET /c` | 4.00 | 40.0 | 1.00 | MISSED |",
            "Calls: the slowest: 21.0 ms, target at most 20 ms: MISSED.\n",
            "All: the slowest: 4.00 ms, target at most 20 ms: reached.\n",
            "All: the slowest after a change: 40.0 ms, target at most 20 ms: MISSED.\n",
            "alone takes 10.0 ms, so the call is 3.00 ×.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
