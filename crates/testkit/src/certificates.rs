//! A certificate authority of the test's own, by the machine's openssl.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::child::{program, run};

/// Names and addresses that [`Authority::server`] certificates are good for.
const NAMES: &str = "DNS:localhost,DNS:patgate.test,IP:127.0.0.1,IP:::1";

/// A certificate authority; its files go away with it.
#[derive(Debug)]
pub struct Authority {
    directory: TempDir,
}

/// A certificate with its key, both PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The private key's file (PKCS #8), readable by its owner alone.
    pub key: PathBuf,
}

impl Authority {
    /// A new one (EC P-256), good for thirty days.
    #[must_use]
    pub fn create() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("patgate-certificates-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for certificates: {error}"));
        let authority = Self { directory };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout ca.key -out ca.pem \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
            "/CN=Patgate test authority",
        );
        authority
    }

    /// The authority's certificate, for `curl --cacert`.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A certificate for `localhost`, `patgate.test`, 127.0.0.1 and ::1. Another label makes another certificate.
    #[must_use]
    pub fn server(&self, label: &str) -> Certificate {
        self.issue(label, NAMES)
    }

    /// A certificate for other names, as openssl writes them: `DNS:other.example,IP:127.0.0.9`.
    #[must_use]
    pub fn issue(&self, label: &str, names: &str) -> Certificate {
        let extensions = format!(
            "subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n"
        );
        fs::write(self.path().join(format!("{label}.ext")), extensions)
            .unwrap_or_else(|error| panic!("cannot write for openssl: {error}"));
        self.openssl(
            &format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {label}.key -out {label}.csr"
            ),
            &format!("/CN={label}"),
        );
        self.openssl(
            &format!(
                "x509 -req -in {label}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile {label}.ext \
                 -out {label}.pem"
            ),
            "",
        );
        Certificate {
            certificate: self.path().join(format!("{label}.pem")),
            key: self.path().join(format!("{label}.key")),
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs openssl; the words that name one of our files are made paths.
    fn openssl(&self, words: &str, subject: &str) {
        let is_file = |word: &str| {
            [".pem", ".key", ".csr", ".ext"].iter().any(|ending| word.ends_with(ending))
                && !word.contains('=')
        };
        let mut arguments: Vec<String> =
            words
                .split_whitespace()
                .map(|word| {
                    if is_file(word) { self.path().join(word).display().to_string() } else { word.to_owned() }
                })
                .collect();
        if !subject.is_empty() {
            arguments.extend(["-subj".to_owned(), subject.to_owned()]);
        }
        run(program("openssl"), arguments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curl::curl;
    use crate::servers::nginx::Nginx;

    #[test]
    fn curl_trusts_a_server_of_the_authority_and_no_other() {
        let (ours, other) = (Authority::create(), Authority::create());
        let server = ours.server("server");
        let nginx = Nginx::start(|port| {
            format!(
                "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; return 204; }}",
                server.certificate.display(),
                server.key.display()
            )
        });
        let url = format!("https://localhost:{}/", nginx.port());
        let ask = |authority: &Authority| {
            curl(["--cacert".into(), authority.certificate().into_os_string(), url.clone().into()])
        };
        assert_eq!(ask(&ours).status, 204);
        assert_eq!((ask(&other).status, ask(&other).exit), (0, 60));
    }
}
