//! A real mail server: PyPI's aiosmtpd, in every way a mail server can be, and with the faults that mail servers have.

mod kept;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

pub use kept::Kept;

use crate::certificates::Authority;
use crate::child::Process;
use crate::{ports, wait};

/// The variable by which `cargo xtask test` tells which Python has aiosmtpd.
pub const VARIABLE: &str = "PATGATE_TEST_PYTHON";
/// The log-in name that the server knows.
pub const USER: &str = "mailer";
/// Its password.
pub const PASSWORD: &str = "correct horse battery";

/// How long the server may take to listen.
const START: Duration = Duration::from_secs(20);
const PROGRAM: &str = include_str!("server.py");

/// A way of being a mail server, each on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// No TLS, and nobody signs in.
    Plain,
    /// No TLS, and takes passwords all the same.
    Clear,
    /// No TLS, and no addresses outside ASCII.
    Ascii,
    /// STARTTLS; AUTH after it.
    Offered,
    /// Nothing without STARTTLS and AUTH.
    Required,
    /// STARTTLS with a certificate for `other.example`.
    OtherName,
    /// TLS from the first byte, nothing without AUTH.
    Implicit,
    /// The same with AUTH LOGIN alone, which is not needed.
    ImplicitLogin,
    /// The same, and it does not say that it takes AUTH, without which it takes nothing.
    ImplicitUnannounced,
    /// Takes the connection and says nothing.
    Silent,
    /// Closes the connection at once.
    Closes,
    /// Greets without an end.
    Babbles,
    /// A web server, which tires of waiting at once.
    Web,
    /// STARTTLS, with an answer added by somebody on the way.
    Injects,
    /// TLS from the first byte; repeats what it was told, AUTH among it.
    Repeats,
    /// Refuses every recipient, because it does not know us.
    Relay,
    /// Takes every mail as fast as it comes, and keeps its Message-ID alone: [`MailServer::swallowed`].
    Sink,
}

impl Way {
    const ALL: [(Self, &str); 17] = [
        (Self::Plain, "plain"),
        (Self::Clear, "clear"),
        (Self::Ascii, "ascii"),
        (Self::Offered, "offered"),
        (Self::Required, "required"),
        (Self::OtherName, "other_name"),
        (Self::Implicit, "implicit"),
        (Self::ImplicitLogin, "implicit_login"),
        (Self::ImplicitUnannounced, "implicit_unannounced"),
        (Self::Silent, "silent"),
        (Self::Closes, "closes"),
        (Self::Babbles, "babbles"),
        (Self::Web, "web"),
        (Self::Injects, "injects"),
        (Self::Repeats, "repeats"),
        (Self::Relay, "relay"),
        (Self::Sink, "sink"),
    ];
}

/// A running mail server for [`USER`] with [`PASSWORD`]. What the part of a recipient's address before the `@` does:
///
/// | recipient | the server |
/// | --- | --- |
/// | `reject` | answers 550 |
/// | `full` | answers 452 |
/// | `busy` | answers 421 and closes |
/// | `greylist` | answers 451 once, and 250 then |
/// | `hang-up` | cuts the connection at RCPT |
/// | `cut` | cuts it in the middle of the message |
/// | `spam` | answers 554 to the message |
/// | `later` | answers 451 to the message |
/// | `mute` | keeps the message and never answers |
/// | `lost` | keeps the message and cuts the connection before the answer |
///
/// ```no_run
/// use patgate_testkit::servers::mail::{MailServer, Way};
/// let server = MailServer::start();
/// let port = server.port(Way::Plain);
/// // … a mail to ann@example.org through 127.0.0.1 and that port …
/// assert_eq!(server.kept()[0].recipients, ["ann@example.org"]);
/// ```
#[derive(Debug)]
pub struct MailServer {
    // Before the directory, because values are dropped in this order and a running server still writes there.
    process: Process,
    directory: TempDir,
    authority: Authority,
    ports: BTreeMap<Way, u16>,
}

impl MailServer {
    /// Starts it, in all ways at once.
    #[must_use]
    pub fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("patgate-mail-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for mails: {error}"));
        let folder = directory.path();
        let authority = Authority::create();
        for (name, certificate) in
            [("good", authority.server("good")), ("other", authority.issue("other", "DNS:other.example"))]
        {
            copy(&certificate.certificate, &folder.join(format!("{name}.pem")));
            copy(&certificate.key, &folder.join(format!("{name}.key")));
        }
        let script = folder.join("server.py");
        fs::write(&script, PROGRAM)
            .unwrap_or_else(|error| panic!("cannot write the mail server's program: {error}"));
        let log = File::create(folder.join("output.log"))
            .unwrap_or_else(|error| panic!("cannot write the mail server's log: {error}"));
        let ports: BTreeMap<Way, u16> = Way::ALL.iter().map(|(way, _)| (*way, ports::free())).collect();
        let mut command = Command::new(python());
        command.arg(&script).arg(folder).arg(format!("{USER}:{PASSWORD}"));
        command.args(Way::ALL.iter().map(|(way, name)| format!("{name}={}", ports[way])));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut server = Self { process: Process::start(command), directory, authority, ports };
        let ready = server.directory.path().join("ready");
        let process = &mut server.process;
        let is_ready = wait::until(START, || {
            if process.ended().is_some() { Some(false) } else { ready.exists().then_some(true) }
        });
        assert!(is_ready == Some(true), "the mail server does not start:\n{}", server.log());
        server
    }

    /// The port of 127.0.0.1 on which it is as it is.
    #[must_use]
    pub fn port(&self, way: Way) -> u16 {
        self.ports[&way]
    }

    /// The authority that vouches for it, PEM. The certificate is for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.authority.certificate()
    }

    /// The messages it has taken so far, in their order.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        self.kept_after(0)
    }

    /// The same without the first ones.
    #[must_use]
    pub fn kept_after(&self, first: usize) -> Vec<Kept> {
        kept::read(self.directory.path(), first)
    }

    /// Holds still: it takes connections, and says nothing until it goes on.
    pub fn hold_still(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Goes on after it held still.
    pub fn go_on(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Waits until it has dealt with all that was sent to it so far, also by somebody who is gone: it reads what has come
    /// on every connection before it answers on a new one.
    pub fn settle(&self) {
        let mut answer = String::new();
        let settled = TcpStream::connect(("127.0.0.1", self.port(Way::Plain))).and_then(|mut stream| {
            stream.set_read_timeout(Some(START))?;
            BufReader::new(&stream).read_line(&mut answer)?;
            stream.write_all(b"QUIT\r\n")?;
            stream.read_to_string(&mut answer)
        });
        settled.unwrap_or_else(|error| panic!("the mail server does not answer ({error}): {answer}"));
    }

    /// How many it has taken so far.
    #[must_use]
    pub fn count(&self) -> usize {
        let files = fs::read_dir(self.directory.path()).into_iter().flatten().flatten();
        files.filter(|file| file.path().extension().is_some_and(|ending| ending == "json")).count()
    }

    /// From the message of this number on, counted from 1, it keeps what it takes and does not answer, until
    /// [`MailServer::let_go`]: who sends is then in the middle for as long as a test needs.
    pub fn hold_from(&self, number: usize) {
        let (part, file) = (self.directory.path().join("held.part"), self.held());
        let written = fs::write(&part, number.to_string()).and_then(|()| fs::rename(&part, file));
        written.unwrap_or_else(|error| panic!("the mail server is not told to hold mails: {error}"));
    }

    /// It answers again.
    pub fn let_go(&self) {
        fs::remove_file(self.held())
            .unwrap_or_else(|error| panic!("the mail server is not told to answer again: {error}"));
    }

    fn held(&self) -> PathBuf {
        self.directory.path().join("held-from")
    }

    /// The Message-IDs of the mails that went into its [`Way::Sink`] so far.
    #[must_use]
    pub fn swallowed(&self) -> Vec<String> {
        let list = fs::read_to_string(self.directory.path().join("swallowed")).unwrap_or_default();
        list.lines().map(str::to_owned).collect()
    }

    /// How many times somebody tried to sign in so far, with whatever password.
    #[must_use]
    pub fn sign_ins(&self) -> usize {
        fs::read(self.directory.path().join("sign-ins")).map_or(0, |bytes| bytes.len())
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("output.log")).unwrap_or_default()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap_or_else(|error| panic!("cannot copy a certificate: {error}"));
}

fn python() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
    let given = std::env::var_os(VARIABLE);
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/python");
    let python = given.map_or(ours, PathBuf::from);
    assert!(
        python.exists(),
        "no Python at `{}`; `cargo xtask test` installs what is missing",
        python.display()
    );
    python
}
