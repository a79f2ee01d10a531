//! What the operator decides: flags, `PATGATE_*` variables and the file, as one typed [`Configuration`].
//!
//! Every fault is reported at once, with its field, its place and what is expected. The settings themselves are in
//! [`schema`], which also makes the example file and the reference.

#[cfg(test)]
mod any_text;
mod application;
mod document;
mod fault;
mod ldap;
mod names;
mod oidc;
mod public_url;
pub mod schema;
mod secret;
mod section;
mod sources;
#[cfg(test)]
mod tests;
mod value;
mod zone;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use patgate_core::application::Applications;
use patgate_core::permission::Catalog;
use patgate_gateway::application::Gate;
use patgate_gateway::proxies::{NotANetwork, TrustedProxies};
use patgate_store::Database;
use url::Url;

pub use document::{example, reference};
pub use fault::{Fault, Faults};
pub use public_url::{NotAPublicUrl, PublicUrl};
pub use secret::Secret;
pub use sources::{DEFAULT_FILE, Flags, Sources};

use crate::logging::{Format, LogSettings};
use crate::password::{NewPassword, PasswordText};
use crate::provider::ldap::DirectorySettings;
use crate::provider::oidc::OidcSettings;
use crate::secret_file;
use crate::service::first_start::ADMINISTRATOR;
use crate::tls::TlsFiles;
use crate::webhook::forward::AllowedTarget;
use section::Section;
use value::Place;

/// The largest secret that is read from a file of its own, in bytes.
const LONGEST_SECRET: usize = 64 * 1024;

/// How providers are asked about the owners of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recheck {
    /// How long after an answer they are asked again.
    pub interval: SignedDuration,
    /// How many people each node asks a provider about in a second at most.
    pub people_per_second: u32,
}

/// A configuration without faults.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The addresses to listen on: at least one. Port 0 means any free port.
    pub listen: Vec<SocketAddr>,
    /// The folder of the state. It may not exist yet.
    pub data_dir: PathBuf,
    /// Where the rows are.
    pub database: Database,
    /// Where the keys are; see [`crate::keys`].
    pub keys_file: PathBuf,
    /// What `public_url` says; see [`Configuration::public_url_of`].
    pub public_url: Option<PublicUrl>,
    /// The proxies whose word counts.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// The certificate, when TLS is served.
    pub tls: Option<TlsFiles>,
    /// What is logged, and how.
    pub log: LogSettings,
    /// The longest body of a request, in bytes: 1 KiB to 16 MiB.
    pub body_limit: usize,
    /// Where the server is, as far as nights and the times in mails go.
    pub time_zone: TimeZone,
    /// How providers are asked about the owners of tokens.
    pub recheck: Recheck,
    /// The password of `admin` at the very first start.
    pub admin_password: Option<Secret>,
    /// The names and prefixes of all applications.
    pub applications: Arc<Applications>,
    /// All permissions, those of the applications too.
    pub catalog: Arc<Catalog>,
    /// How each application is protected: `release`, `deploy`, then the configured ones in the order of the file.
    pub gates: Vec<Gate>,
    /// What people read for each application, in the order of [`Applications::iter`].
    pub labels: Vec<String>,
    /// Where scripts of releases reach applications, by their names.
    pub application_urls: HashMap<String, Url>,
    /// The LDAP directories, in the order of the file.
    pub directories: Vec<DirectorySettings>,
    /// Where webhook requests may be forwarded to although it is usually forbidden.
    pub forward_to: Vec<AllowedTarget>,
    /// For how long a release is kept after it ended.
    pub release_retention: SignedDuration,
    /// The identity providers, in the order of the file.
    pub oidc: Vec<OidcSettings>,
}

impl Configuration {
    /// Reads flags, the variables of this process and the file.
    ///
    /// # Errors
    /// Every fault of all of them.
    pub fn load(flags: Flags) -> Result<Self, Faults> {
        Self::of_sources(Sources::of_process(flags))
    }

    /// Gives the sources their types. Reads the files that hold secrets, and nothing else.
    ///
    /// # Errors
    /// Every fault.
    pub fn of_sources(sources: Sources) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut settings = Section::of_sources(schema::SETTINGS, sources, &mut faults);
        let configuration = read(&mut settings);
        match configuration {
            Some(configuration) if faults.is_empty() => Ok(configuration),
            _ => Err(Faults(faults)),
        }
    }

    /// Where people reach Patgate: `public_url`, or else the first listener at the address it really has.
    #[must_use]
    pub fn public_url_of(&self, first: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of_listener(first, self.tls.is_some()))
    }
}

/// Reads all settings before it gives up on one. `None` only with a fault.
fn read(settings: &mut Section<'_>) -> Option<Configuration> {
    let listen = listen(settings);
    let data_dir = path(settings, "data_dir");
    let database = database(settings, data_dir.as_deref());
    let keys_file = if settings.is_given("keys_file") {
        path(settings, "keys_file")
    } else {
        data_dir.as_ref().map(|folder| folder.join("keys"))
    };
    let public_url = settings.parsed("public_url");
    let trusted_proxies = trusted_proxies(settings);
    let body_limit = settings.number("body_limit", 1_024..=16_777_216);
    let time_zone = zone::read(settings);
    let interval = settings.number("recheck.interval_minutes", 1..=1_440);
    let people_per_second = settings.number("recheck.people_per_second", 1..=10_000);
    let forward_to = settings.list::<AllowedTarget>("webhooks.forward_to");
    let retention_days = settings.number("releases.retention_days", 1..=3_650);
    let admin_password = admin_password(settings);
    let tls = tls(settings);
    let format = settings.parsed::<Format>("log.format");
    let filter = settings.parsed("log.filter");
    let mut providers = HashSet::new();
    let directories = ldap::read(settings, &mut providers);
    let oidc = oidc::read(settings, &mut providers);
    let protected = application::read(settings)?;
    Some(Configuration {
        listen,
        data_dir: data_dir?,
        database: database?,
        keys_file: keys_file?,
        public_url,
        trusted_proxies: Arc::new(trusted_proxies?),
        tls,
        log: LogSettings { format: format?, filter: filter? },
        body_limit: usize::try_from(body_limit?).ok()?,
        time_zone: time_zone?,
        recheck: Recheck {
            interval: SignedDuration::from_mins(interval?),
            people_per_second: u32::try_from(people_per_second?).ok()?,
        },
        admin_password,
        applications: protected.applications,
        catalog: protected.catalog,
        gates: protected.gates,
        labels: protected.labels,
        application_urls: protected.urls,
        directories,
        forward_to: forward_to.into_iter().map(|(target, _)| target).collect(),
        release_retention: SignedDuration::from_hours(24 * retention_days?),
        oidc,
    })
}

fn listen(settings: &mut Section<'_>) -> Vec<SocketAddr> {
    let listen = settings.list::<Address>("listen");
    if listen.is_empty() && settings.faults().is_empty() {
        settings.fault_of("listen", "name at least one address, like `127.0.0.1:5516`");
    }
    let mut seen = HashSet::new();
    for (Address(address), place) in &listen {
        if address.port() != 0 && !seen.insert(*address) {
            settings.fault("listen", place, format_args!("`{address}` stands twice"));
        }
    }
    listen.into_iter().map(|(Address(address), _)| address).collect()
}

fn path(settings: &mut Section<'_>, name: &str) -> Option<PathBuf> {
    let (text, place) = settings.text(name)?;
    if text.is_empty() || text.contains('\0') {
        settings.fault(name, &place, "write a path");
        return None;
    }
    Some(text.into())
}

fn database(settings: &mut Section<'_>, data_dir: Option<&Path>) -> Option<Database> {
    match secret(settings, "database_url", "database_url_file") {
        Some((url, name, place)) => match url.reveal().parse() {
            Ok(database) => Some(database),
            Err(error) => {
                settings.fault(name, &place, error);
                None
            }
        },
        None => data_dir.map(|folder| Database::Sqlite(folder.join("patgate.db"))),
    }
}

fn admin_password(settings: &mut Section<'_>) -> Option<Secret> {
    let (password, name, place) = secret(settings, "admin_password", "admin_password_file")?;
    // The rule for every password; a fixed name that were no name is no fault of the configuration.
    if let Ok(administrator) = ADMINISTRATOR.parse()
        && let Err(unfit) = NewPassword::for_user(&administrator, PasswordText::copy_of(password.reveal()))
    {
        settings.fault(name, &place, unfit);
    }
    Some(password)
}

/// A secret, given itself or as the file that holds it; what ranks higher of the two counts.
fn secret(
    settings: &mut Section<'_>,
    name: &'static str,
    file: &'static str,
) -> Option<(Secret, &'static str, Place)> {
    let rank = |name| settings.value(name).map(|given| given.place.rank());
    let (itself, in_file) = (rank(name), rank(file));
    if itself.is_some() && itself == in_file {
        settings.fault_of(file, format_args!("set `{name}` or `{file}`, not both"));
        return None;
    }
    if itself > in_file {
        let (text, place) = settings.text(name)?;
        return Some((Secret::new(text), name, place));
    }
    let path = path(settings, file)?;
    match read_secret(&path) {
        Ok(secret) => {
            let place = settings.value(file).map_or(Place::Nowhere, |given| given.place);
            Some((secret, file, place))
        }
        Err(expected) => {
            settings.fault_of(file, expected);
            None
        }
    }
}

/// What a file holds, without the end of its line.
fn read_secret(path: &Path) -> Result<Secret, String> {
    let unreadable = |error| format!("the file `{}` cannot be read: {error}", path.display());
    let file = File::open(path).map_err(unreadable)?;
    let text = secret_file::read(file, LONGEST_SECRET).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => format!("the file `{}` is too long for a secret", path.display()),
        _ => unreadable(error),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(format!("the file `{}` is empty", path.display()));
    }
    Ok(Secret::new(line.to_owned()))
}

fn trusted_proxies(settings: &mut Section<'_>) -> Option<TrustedProxies> {
    let networks = settings.list::<Network>("trusted_proxies");
    TrustedProxies::read(networks.iter().map(|(Network(text), _)| text.as_str())).ok()
}

fn tls(settings: &mut Section<'_>) -> Option<TlsFiles> {
    let certificate = path(settings, "tls.certificate");
    let key = path(settings, "tls.key");
    match (settings.is_given("tls.certificate"), settings.is_given("tls.key")) {
        (true, false) => {
            settings.fault_of("tls.key", "is missing beside `tls.certificate`; set both or none");
        }
        (false, true) => {
            settings.fault_of("tls.certificate", "is missing beside `tls.key`; set both or none");
        }
        _ => {}
    }
    Some(TlsFiles { certificate: certificate?, key: key? })
}

struct Address(SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            |_| format!("`{text}` is no IP address with a port, like `127.0.0.1:5516` or `[::1]:5516`");
        text.parse().map(Self).map_err(expected)
    }
}

struct Network(String);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TrustedProxies::read([text]).map_err(|error: NotANetwork| error.to_string())?;
        if text.rsplit_once('/').is_some_and(|(_, bits)| bits.parse() == Ok(0_u8)) {
            return Err(format!(
                "`{text}` lets every client claim any address and URI: name the proxies alone"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
