//! The four servers: two nginx, the least that hyper can do, and Patgate.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use patgate_testkit::child::find_program;
use rustix::process::getuid;

use super::CORE;
use crate::bench::program::{self, Data};
use crate::bench::serving::Serving;
use crate::failure::Failure;

/// Whom Patgate is compared with, and Patgate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// nginx that says 204 to everybody: the least that a proxy's check can cost.
    Nginx,
    /// nginx that knows the tokens from its configuration: what people do without a token server.
    NginxMap,
    /// hyper that says 204 to everybody.
    BareHyper,
    /// The whole verdict, and seven headers of identity.
    Patgate,
}

/// All of them, in the order of each round.
pub(super) const KINDS: [Kind; 4] = [Kind::Nginx, Kind::NginxMap, Kind::BareHyper, Kind::Patgate];

impl Kind {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx `return 204`",
            Self::NginxMap => "nginx `map` of the tokens",
            Self::BareHyper => "bare hyper, 204",
            Self::Patgate => "Patgate `/auth`",
        }
    }

    /// Whether it tells a token from another text.
    pub(super) fn knows_tokens(self) -> bool {
        matches!(self, Self::NginxMap | Self::Patgate)
    }
}

/// What the four are started from.
#[derive(Debug)]
pub(super) struct Servers {
    data: Data,
    bare_hyper: PathBuf,
    nginx: PathBuf,
}

impl Servers {
    /// Builds what is to be built, and makes the tokens.
    ///
    /// # Errors
    /// When something does not build, or nginx or wrk is missing.
    pub(super) fn prepare(tokens: usize) -> Result<Self, Failure> {
        let find = |name: &str| {
            let missing = || Failure::Found(format!("`{name}` is missing: `cargo xtask test` installs it"));
            find_program(name).ok_or_else(missing)
        };
        find("wrk")?;
        let nginx = find("nginx")?;
        let bare_hyper = program::build_example("patgate-gateway", "bare_hyper")?;
        let data = Data::new()?;
        // The first start makes the tables and the keys.
        data.serve(None)?.stop();
        data.make_tokens(tokens)?;
        Ok(Self { data, bare_hyper, nginx })
    }

    /// The data folder.
    pub(super) fn data(&self) -> &Data {
        &self.data
    }

    /// Starts one on its core.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn start(&self, kind: Kind) -> Result<Serving, Failure> {
        let (core, folder) = (Some(CORE), self.data.path());
        match kind {
            Kind::Nginx => Serving::start("nginx", core, folder, "/", |port| {
                self.nginx("nginx.conf", port, "", "return 204;")
            }),
            Kind::NginxMap => Serving::start("nginx-map", core, folder, "/health", |port| {
                let tokens = self.data.tokens();
                let tokens = fs::read_to_string(&tokens).map_err(Failure::file(&tokens))?;
                let entries: String =
                    tokens.lines().map(|token| format!("\"Bearer {token}\" 1;\n")).collect();
                let map = format!(
                    "map_hash_max_size 1048576;\nmap_hash_bucket_size 128;\n\
                     map $http_authorization $is_known {{\ndefault 0;\n{entries}}}\n"
                );
                let locations = "location = /health { return 204; }\n\
                                 location / { if ($is_known) { return 204; } return 401; }";
                self.nginx("nginx-map.conf", port, &map, locations)
            }),
            Kind::BareHyper => Serving::start("bare-hyper", core, folder, "/", |port| {
                Ok(vec![self.bare_hyper.clone().into_os_string(), port.to_string().into()])
            }),
            Kind::Patgate => self.data.serve(core),
        }
    }

    /// Writes a configuration with one worker, and returns the words that start nginx with it.
    fn nginx(&self, file: &str, port: u16, http: &str, server: &str) -> Result<Vec<OsString>, Failure> {
        let folder = self.data.path();
        let path = folder.join(file);
        // As root the worker would become another user, who may not enter the folder.
        let user = if getuid().is_root() { "user root;" } else { "" };
        let configuration = format!(
            "daemon off;\n{user}\nworker_processes 1;\npid {file}.pid;\nerror_log stderr;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\naccess_log off;\n{temporary}keepalive_requests 1000000000;\n{http}\
             server {{\nlisten 127.0.0.1:{port};\n{server}\n}}\n}}\n",
            temporary = temporary_paths(folder),
        );
        fs::write(&path, configuration).map_err(Failure::file(&path))?;
        let (nginx, folder) = (self.nginx.clone().into_os_string(), folder.to_owned().into_os_string());
        Ok(vec![nginx, "-e".into(), "stderr".into(), "-p".into(), folder, "-c".into(), path.into_os_string()])
    }
}

fn temporary_paths(folder: &Path) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    kinds.map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display())).concat()
}
