//! A real LDAP server: the machine's slapd, with a small company in it.

mod table;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::certificates::Authority;
use crate::child::{Process, program, run_with_input};
use crate::{ports, wait};

/// The base of everything.
pub const BASE: &str = "dc=example,dc=test";
/// Where people are.
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// Where groups are.
pub const GROUPS: &str = "ou=groups,dc=example,dc=test";
/// Who may read everything but passwords.
pub const READER: &str = "cn=reader,dc=example,dc=test";
/// Who may sign in, and sees nothing at all.
pub const BLIND: &str = "cn=blind,dc=example,dc=test";
/// Who sees the base of the people, and none of them.
pub const HALF_BLIND: &str = "cn=half,dc=example,dc=test";
/// The password of the three.
pub const READER_PASSWORD: &str = "reader password";

/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);
const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=test";
const ADMINISTRATOR_PASSWORD: &str = "admin password";
const AD_SCHEMA: &str = include_str!("ad.schema");
const COMPANY: &str = include_str!("company.ldif");

/// How it is to be started. Made by [`Slapd::with`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    takes_clear_text: bool,
    is_quiet: bool,
}

/// A running slapd with `memberOf`, password policy (locked after five wrong passwords) and a few attributes of Active
/// Directory. Its people, whose passwords are `NAME password`:
///
/// | name | who |
/// | --- | --- |
/// | `alice` | in the groups `users` and `Ops, all` |
/// | `bob` | in `users`; a full name with `(*)'` in it |
/// | `carol` | in `users`; Active Directory would call the account disabled |
///
/// ```no_run
/// use patgate_testkit::servers::slapd::Slapd;
/// let slapd = Slapd::start();
/// slapd.modify("dn: uid=alice,ou=people,dc=example,dc=test\nchangetype: delete\n");
/// ```
#[derive(Debug)]
pub struct Slapd {
    // Before the directory, because values are dropped in this order and a running server still writes there.
    process: Process,
    directory: TempDir,
    authority: Authority,
    ports: Ports,
    start: Start,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    ldap: u16,
    ldaps: u16,
}

impl Start {
    /// Passwords over connections that are not encrypted are taken; otherwise they are refused.
    #[must_use]
    pub fn taking_clear_text(self) -> Self {
        Self { takes_clear_text: true, ..self }
    }

    /// What it is asked is not logged, which makes it faster.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// Starts it, and fills it.
    #[must_use]
    pub fn start(self) -> Slapd {
        let directory = tempfile::Builder::new()
            .prefix("patgate-slapd-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for slapd: {error}"));
        let authority = Authority::create();
        let folder = directory.path();
        fs::create_dir(folder.join("database"))
            .unwrap_or_else(|error| panic!("no folder for slapd's database: {error}"));
        write(&folder.join("ad.schema"), AD_SCHEMA);
        write(&folder.join("slapd.conf"), &configuration(folder, &authority, self));
        let ports = Ports { ldap: ports::free(), ldaps: ports::free() };
        let process = serve(folder, ports, self);
        let mut slapd = Slapd { process, directory, authority, ports, start: self };
        slapd.wait();
        slapd.add(COMPANY);
        slapd
    }
}

impl Slapd {
    /// Starts one that refuses passwords in the clear, as it should.
    #[must_use]
    pub fn start() -> Self {
        Self::with().start()
    }

    /// Starts it otherwise.
    #[must_use]
    pub fn with() -> Start {
        Start::default()
    }

    /// `ldap://127.0.0.1:PORT`, for StartTLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.ports.ldap)
    }

    /// `ldaps://127.0.0.1:PORT`.
    #[must_use]
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.ports.ldaps)
    }

    /// The URL of the socket on which the administrator is believed without TLS.
    #[must_use]
    pub fn socket_url(&self) -> String {
        socket_url(self.directory.path())
    }

    /// The authority that vouches for it, PEM. The certificate is for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.authority.certificate()
    }

    /// Adds entries, in LDIF.
    pub fn add(&self, ldif: &str) {
        self.change("ldapadd", ldif);
    }

    /// Makes changes, in LDIF.
    pub fn modify(&self, ldif: &str) {
        self.change("ldapmodify", ldif);
    }

    /// Adds somebody to the people, with this password.
    pub fn add_person(&self, name: &str, password: &str) {
        self.add(&format!(
            "dn: uid={name},{PEOPLE}\nobjectClass: inetOrgPerson\nobjectClass: adLike\nuid: {name}\nsAMAccountName: {name}\n\
             cn: {name}\nsn: {name}\nmail: {name}@example.org\nuserPassword: {password}\n"
        ));
    }

    /// Removes somebody from the people, and thereby from their groups.
    pub fn remove_person(&self, name: &str) {
        self.modify(&format!("dn: uid={name},{PEOPLE}\nchangetype: delete\n"));
    }

    /// Replaces one attribute of somebody.
    pub fn set(&self, name: &str, attribute: &str, value: &str) {
        self.modify(&format!(
            "dn: uid={name},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        ));
    }

    /// Removes one attribute of somebody.
    pub fn unset(&self, name: &str, attribute: &str) {
        self.modify(&format!("dn: uid={name},{PEOPLE}\nchangetype: modify\ndelete: {attribute}\n"));
    }

    /// Adds a group with these members, by their distinguished names.
    pub fn add_group(&self, name: &str, members: &[&str]) {
        let members: String = members.iter().map(|member| format!("member: {member}\n")).collect();
        self.add(&format!("dn: cn={name},{GROUPS}\nobjectClass: groupOfNames\ncn: {name}\n{members}"));
    }

    /// Adds a member to a group, by its distinguished name.
    pub fn add_member(&self, group: &str, member: &str) {
        self.modify(&format!("dn: cn={group},{GROUPS}\nchangetype: modify\nadd: member\nmember: {member}\n"));
    }

    /// What it was asked so far, and what it complained about.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(log_file(self.directory.path()))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it; its entries stay.
    pub fn stop(&mut self) {
        let _ = self.process.stop();
    }

    /// Starts it again on the same ports, with the entries that it had.
    pub fn start_again(&mut self) {
        self.process = serve(self.directory.path(), self.ports, self.start);
        self.wait();
    }

    fn wait(&mut self) {
        let (process, ports) = (&mut self.process, self.ports);
        let listening = wait::until(START, || {
            let listens =
                || (wait::is_listening(ports.ldap) && wait::is_listening(ports.ldaps)).then_some(true);
            if process.ended().is_some() { Some(false) } else { listens() }
        });
        assert!(listening == Some(true), "slapd does not start:\n{}", self.log());
    }

    fn change(&self, tool: &str, ldif: &str) {
        let mut command = Command::new(program(tool));
        command.args(["-x", "-D", ADMINISTRATOR, "-w", ADMINISTRATOR_PASSWORD, "-H", &self.socket_url()]);
        let output = run_with_input(command, ldif);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{tool}` failed: {complaint}\n{ldif}");
    }
}

fn serve(folder: &Path, ports: Ports, start: Start) -> Process {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log_file(folder))
        .unwrap_or_else(|error| panic!("cannot write the log of slapd: {error}"));
    let mut command = Command::new(program("slapd"));
    command.arg("-f").arg(folder.join("slapd.conf")).arg("-d").arg(if start.is_quiet {
        "0"
    } else {
        "stats"
    });
    let Ports { ldap, ldaps } = ports;
    command
        .arg("-h")
        .arg(format!("ldap://127.0.0.1:{ldap}/ ldaps://127.0.0.1:{ldaps}/ {}/", socket_url(folder)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Process::start(command)
}

fn configuration(folder: &Path, authority: &Authority, start: Start) -> String {
    let certificate = authority.server("slapd");
    let folder = folder.display();
    // A stranger to TLS may look around, and not sign in.
    let security = if start.takes_clear_text { "" } else { "security simple_bind=128" };
    let loglevel = if start.is_quiet { "none" } else { "stats" };
    format!(
        r#"include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload ppolicy
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {folder}/ad.schema
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
loglevel {loglevel}
sizelimit 500
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient never
localSSF 256
{security}
database mdb
maxsize 268435456
suffix "{BASE}"
rootdn "{ADMINISTRATOR}"
rootpw "{ADMINISTRATOR_PASSWORD}"
directory {folder}/database
dbnosync
index objectClass,uid,sAMAccountName,objectGUID,mail,member,memberOf,entryUUID eq
overlay memberof
memberof-refint true
overlay refint
refint_attributes member memberOf
overlay ppolicy
ppolicy_default "cn=lock-out,{BASE}"
ppolicy_use_lockout
access to attrs=userPassword by anonymous auth by self write by * none
access to dn.children="{PEOPLE}" by dn.exact="{HALF_BLIND}" none by * break
access to * by dn.exact="{BLIND}" none by self read by users read by anonymous auth
"#,
        authority = authority.certificate().display(),
        certificate = certificate.certificate.display(),
        key = certificate.key.display(),
    )
}

fn socket_url(folder: &Path) -> String {
    format!("ldapi://{}", folder.join("socket").display().to_string().replace('/', "%2F"))
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("output.log")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("cannot write `{}`: {error}", path.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who the server says that somebody is, by the machine's own client.
    fn who_am_i(
        slapd: &Slapd,
        url: &str,
        options: &[&str],
        name: &str,
        password: &str,
    ) -> Result<String, String> {
        let mut command = Command::new(program("ldapwhoami"));
        command.env("LDAPTLS_CACERT", slapd.authority()).env("LDAPSASL_NOCANON", "on");
        command.args(["-x", "-H", url, "-D", &format!("uid={name},{PEOPLE}"), "-w", password]).args(options);
        let output = run_with_input(command, "");
        let (told, complaint) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(told.trim().to_owned()) } else { Err(complaint.into_owned()) }
    }

    #[test]
    fn people_sign_in_over_encrypted_connections_alone() {
        let mut slapd = Slapd::start();
        let alice = Ok(format!("dn:uid=alice,{PEOPLE}"));
        assert_eq!(who_am_i(&slapd, &slapd.ldaps_url(), &[], "alice", "alice password"), alice);
        assert_eq!(who_am_i(&slapd, &slapd.url(), &["-ZZ"], "alice", "alice password"), alice);
        let refused = who_am_i(&slapd, &slapd.url(), &[], "alice", "alice password").unwrap_err();
        assert!(refused.contains("(13)"), "{refused}");
        let refused = who_am_i(&slapd, &slapd.ldaps_url(), &[], "alice", "wrong").unwrap_err();
        assert!(refused.contains("(49)"), "{refused}");
        slapd.stop();
        slapd.start_again();
        assert_eq!(who_am_i(&slapd, &slapd.ldaps_url(), &[], "alice", "alice password"), alice);
    }
}
