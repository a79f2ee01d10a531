//! `cargo xtask bench directory`: how long it takes to ask slapd again about the owners of tokens.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use patgate_testkit::child::program;
use patgate_testkit::servers::slapd::{GROUPS, PEOPLE, READER, READER_PASSWORD, Slapd};
use tempfile::TempDir;

use super::serving::{now, seconds_since};
use super::{figure, machine, page, program as own, verdict};
use crate::failure::Failure;
use crate::process::{self, step};
use crate::test::machine as programs;

/// Owners of a whole run.
const PEOPLE_COUNT: usize = 10_000;
/// The most seconds for all of them that are wanted.
const TARGET: f64 = 60.0;
/// How many people are in each group.
const MEMBERS: usize = 100;

/// What `cargo xtask bench directory` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many people there are; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = PEOPLE_COUNT)]
    people: usize,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Seconds.
struct Figures {
    questions: f64,
    whole: f64,
    peer: f64,
}

/// Fills a slapd, asks about everybody, and has the peer ask the same.
///
/// # Errors
/// When something does not build, or somebody is not found.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what slapd needs", programs::prepare)?;
    let recheck = step("build", || own::build_example("patgate-server", "recheck"))?;
    let others = machine::others()?;
    let people = arguments.people;
    let slapd = step(&format!("slapd with {people} people"), || Ok(filled(people)))?;
    let folder = tempfile::Builder::new().prefix("patgate-bench-").tempdir();
    let folder = folder.map_err(Failure::file(std::env::temp_dir()))?;
    let figures = step("ask about all of them", || measure(&recheck, &slapd, &folder, people))?;
    let text = report(people, &figures);
    println!("\n{text}");
    if people == PEOPLE_COUNT {
        page::write("directory", others, arguments.anyway, &text)?;
    }
    Ok(())
}

fn filled(people: usize) -> Slapd {
    let slapd = Slapd::with().quiet().start();
    let person = |number: usize| {
        format!(
            "dn: uid=p{number},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: p{number}\ncn: Person {number}\nsn: Person\n\
             mail: p{number}@example.org\n\n"
        )
    };
    slapd.add(&(0..people).map(person).collect::<String>());
    for (number, start) in (0..people).step_by(MEMBERS).enumerate() {
        let members: Vec<_> =
            (start..people.min(start + MEMBERS)).map(|number| format!("uid=p{number},{PEOPLE}")).collect();
        slapd.add_group(&format!("g{number}"), &members.iter().map(String::as_str).collect::<Vec<_>>());
    }
    slapd
}

fn measure(recheck: &Path, slapd: &Slapd, folder: &TempDir, people: usize) -> Result<Figures, Failure> {
    let file = folder.path().join("patgate.toml");
    let text = format!(
        "data_dir = '{}'\n[[ldap]]\nname = 'corp'\npreset = 'openldap'\nurls = ['{}']\ntrust = '{}'\n\
         manager_dn = '{READER}'\nmanager_password = '{READER_PASSWORD}'\nuser_search_base = '{PEOPLE}'\n\
         group_search_base = '{GROUPS}'\nnested_groups = true\n",
        folder.path().join("data").display(),
        slapd.ldaps_url(),
        slapd.authority().display()
    );
    fs::write(&file, text).map_err(Failure::file(&file))?;
    let told = process::read(Command::new(recheck).arg(&file).arg(people.to_string()))?;
    let seconds = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        line.ok_or_else(|| Failure::Found(format!("`recheck` did not say `{name}`: {told}")))
    };
    Ok(Figures {
        questions: seconds("questions ")?,
        whole: seconds("whole ")?,
        peer: peer(slapd, folder, people)?,
    })
}

/// What a script would do: `ldapsearch` with a list of names, and with a list of members, each over one connection.
fn peer(slapd: &Slapd, folder: &TempDir, people: usize) -> Result<f64, Failure> {
    let list = |name: &str, line: &dyn Fn(usize) -> String| {
        let path = folder.path().join(name);
        let text: String = (0..people).map(|number| format!("{}\n", line(number))).collect();
        fs::write(&path, text).map_err(Failure::file(&path)).map(|()| path)
    };
    let names = list("names", &|number| format!("p{number}"))?;
    let members = list("members", &|number| format!("uid=p{number},{PEOPLE}"))?;
    let start = now();
    for (file, base, filter, attributes) in [
        (names, PEOPLE, "(uid=%s)", ["uid", "cn", "mail", "entryUUID", "pwdAccountLockedTime"].as_slice()),
        (members, GROUPS, "(member=%s)", &["cn"]),
    ] {
        let mut command = Command::new(program("ldapsearch"));
        command.env("LDAPTLS_CACERT", slapd.authority()).env("LDAPSASL_NOCANON", "on");
        command.args([
            "-LLL",
            "-x",
            "-H",
            &slapd.ldaps_url(),
            "-D",
            READER,
            "-w",
            READER_PASSWORD,
            "-b",
            base,
        ]);
        command.arg("-f").arg(file).arg(filter).args(attributes).stdout(Stdio::null());
        process::run(&mut command)?;
    }
    Ok(seconds_since(start))
}

fn report(people: usize, figures: &Figures) -> String {
    format!(
        "{people} owners of tokens, {MEMBERS} in each group, groups of groups followed; slapd over TLS in a process of its \
         own on the same machine. The server asks about 500 people a second unless it is told otherwise.\n\n\
         | what | seconds |\n| --- | ---: |\n| the questions to the directory alone | {} |\n| the whole re-check, until \
         it is in force | {} |\n| peer: `ldapsearch -f`, one question for each person and one for their groups | {} |\n\n\
         {}.\nThe questions ÷ the peer's in time: {} ×.\n",
        figure(figures.questions),
        figure(figures.whole),
        figure(figures.peer),
        verdict("the whole re-check", figures.whole, TARGET, "s"),
        figure(figures.questions / figures.peer),
    )
}
