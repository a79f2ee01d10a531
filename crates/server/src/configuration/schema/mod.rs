//! The settings as people see them: names, what they mean, defaults, variables.
//!
//! This is the one list. The example file, the reference and the reading of files and variables all walk it, so that
//! a setting cannot be missing from one of them. A line `Example:` is the value that the example file shows where
//! there is no default.
#![expect(unused_qualifications, reason = "the derived code names the nested types by their paths")]

mod application;
mod ldap;
mod oidc;

use confique::Config;
use confique::meta::Meta;

pub use application::{Application, Rule};
pub use ldap::Ldap;
pub use oidc::{AccessToken, Oidc};

/// The settings of Patgate.
///
/// A flag of the command line overrides a variable, a variable overrides this file, and what is nowhere has its
/// default. Paths are relative to the folder in which Patgate is started.
#[derive(Config)]
pub struct Schema {
    /// The addresses to listen on: IP addresses with a port. Every address serves everything.
    /// The two defaults are the ports of Release and Deploy.
    #[config(env = "PATGATE_LISTEN", default = ["127.0.0.1:5516", "127.0.0.1:4516"])]
    pub listen: Vec<String>,

    /// The folder of the state: the SQLite database and the key file.
    #[config(env = "PATGATE_DATA_DIR", default = "patgate-data")]
    pub data_dir: String,

    /// The database: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    /// When it is absent it is the file `patgate.db` in the data folder.
    ///
    /// Example: `"sqlite:patgate-data/patgate.db"`
    #[config(env = "PATGATE_DATABASE_URL")]
    pub database_url: Option<String>,

    /// A file that holds the database URL and nothing else, instead of `database_url`.
    ///
    /// Example: `"/run/secrets/patgate-database-url"`
    #[config(env = "PATGATE_DATABASE_URL_FILE")]
    pub database_url_file: Option<String>,

    /// The key file, the same on all nodes. When it is absent it is the file `keys` in the data folder.
    ///
    /// Example: `"patgate-data/keys"`
    #[config(env = "PATGATE_KEYS_FILE")]
    pub keys_file: Option<String>,

    /// Where people reach Patgate, with the path when there is one: every link and redirect starts with it.
    /// `https` here makes cookies secure. When it is absent it is the first address to listen on.
    ///
    /// Example: `"https://tokens.example.com"`
    #[config(env = "PATGATE_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// The proxies whose `X-Forwarded-*` headers and original method and URI are believed: IP addresses or networks,
    /// like `10.0.0.0/8`; not all addresses.
    #[config(env = "PATGATE_TRUSTED_PROXIES", default = [])]
    pub trusted_proxies: Vec<String>,

    /// The longest body of a request, in bytes: 1024 (1 KiB) to 16777216 (16 MiB).
    #[config(env = "PATGATE_BODY_LIMIT", default = 1048576)]
    pub body_limit: u64,

    /// The time zone of the nightly work and of the times in mails, by its name in the time zone database.
    /// When it is absent it is the machine's.
    ///
    /// Example: `"Europe/Berlin"`
    #[config(env = "PATGATE_TIME_ZONE")]
    pub time_zone: Option<String>,

    /// The password of the user `admin`. It counts at the very first start alone; when it is absent one is made and
    /// written to `initial-admin-password` in the data folder.
    ///
    /// Example: `"everybody knows me, replace me"`
    #[config(env = "PATGATE_ADMIN_PASSWORD")]
    pub admin_password: Option<String>,

    /// A file that holds that password and nothing else, instead of `admin_password`.
    ///
    /// Example: `"/run/secrets/patgate-admin-password"`
    #[config(env = "PATGATE_ADMIN_PASSWORD_FILE")]
    pub admin_password_file: Option<String>,

    /// TLS on every address. Set both or none. New files are taken over without a restart.
    #[config(nested)]
    pub tls: Tls,

    /// What is written to the standard error output.
    #[config(nested)]
    pub log: Log,

    /// Asking providers whether the owners of tokens are still there.
    #[config(nested)]
    pub recheck: Recheck,

    /// What comes in at webhook endpoints.
    #[config(nested)]
    pub webhooks: Webhooks,

    /// Releases.
    #[config(nested)]
    pub releases: Releases,

    /// The protected applications besides the built-in `release` and `deploy`; and for those two, what is to differ.
    #[config(env = "PATGATE_APPLICATION", default = [])]
    pub application: Vec<toml::Value>,

    /// The LDAP directories whose people sign in, in the order in which they are asked for a name.
    #[config(env = "PATGATE_LDAP", default = [])]
    pub ldap: Vec<toml::Value>,
    /// The identity providers at which people sign in by OpenID Connect.
    #[config(env = "PATGATE_OIDC", default = [])]
    pub oidc: Vec<toml::Value>,
}

/// TLS on every address.
#[derive(Config)]
pub struct Tls {
    /// The certificate and those between it and the root, a PEM file.
    ///
    /// Example: `"/etc/patgate/tls.pem"`
    #[config(env = "PATGATE_TLS_CERTIFICATE")]
    pub certificate: Option<String>,

    /// The certificate's private key, a PEM file.
    ///
    /// Example: `"/etc/patgate/tls.key"`
    #[config(env = "PATGATE_TLS_KEY")]
    pub key: Option<String>,
}

/// What is written to the standard error output.
#[derive(Config)]
pub struct Log {
    /// `text` for people, `json` for programs: one object a line.
    #[config(env = "PATGATE_LOG_FORMAT", default = "text")]
    pub format: String,

    /// How much: `error`, `warn`, `info`, `debug`, `trace`, or a level for each part, like `info,patgate=debug`.
    #[config(env = "PATGATE_LOG_FILTER", default = "info")]
    pub filter: String,
}

/// Asking providers whether the owners of tokens are still there.
#[derive(Config)]
pub struct Recheck {
    /// How often each owner of a token that lives is asked about, in minutes: 1 to 1440. Moments differ by a tenth, so
    /// that not all are asked about at once.
    #[config(env = "PATGATE_RECHECK_INTERVAL_MINUTES", default = 15)]
    pub interval_minutes: u64,

    /// How many people each node asks a provider about in a second at most: 1 to 10000.
    #[config(env = "PATGATE_RECHECK_PEOPLE_PER_SECOND", default = 500)]
    pub people_per_second: u64,
}

/// What comes in at webhook endpoints.
#[derive(Config)]
pub struct Webhooks {
    /// Where requests may be forwarded to although it is this machine, a link-local address or another where a cloud keeps
    /// its secrets, or the host of `public_url`:
    /// addresses with a port, like `127.0.0.1:9000`, or addresses and networks with all their ports, like `10.0.0.0/8`.
    #[config(env = "PATGATE_WEBHOOKS_FORWARD_TO", default = [])]
    pub forward_to: Vec<String>,
}

/// Releases.
#[derive(Config)]
pub struct Releases {
    /// For how many days a release is kept after it ended, with what its tasks said: 1 to 3650.
    #[config(env = "PATGATE_RELEASES_RETENTION_DAYS", default = 90)]
    pub retention_days: u64,
}

/// What [`Schema`] says.
pub const SETTINGS: &Meta = &<Schema as Config>::META;
/// What [`Application`] says.
pub const APPLICATION: &Meta = &<Application as Config>::META;
/// What [`Rule`] says.
pub const RULE: &Meta = &<Rule as Config>::META;
/// What [`Ldap`] says.
pub const LDAP: &Meta = &<Ldap as Config>::META;
/// What [`Oidc`] says.
pub const OIDC: &Meta = &<Oidc as Config>::META;
