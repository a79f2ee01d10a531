//! Whom Patgate believes when it opens a TLS connection itself: to mail servers, directories and identity providers.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// What is spoken where nobody chooses.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

/// The authorities that vouch for servers.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<RootCertStore>);

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    /// The machine has none.
    #[error("this machine knows no certificate authorities; install its package `ca-certificates`")]
    None,
    /// The file holds none.
    #[error("`{0}` holds no certificates in PEM")]
    Unreadable(String),
    /// Nobody reads files any more.
    #[error("the program is ending")]
    Ending,
}

impl Authorities {
    /// Those of a file, or else those of the machine, read beside the runtime. They are read anew for each connection,
    /// so that one that the operator adds counts at once.
    ///
    /// # Errors
    /// [`NoAuthorities`] when there is not a single one.
    pub async fn read(file: Option<&Path>) -> Result<Self, NoAuthorities> {
        let file = file.map(Path::to_owned);
        let read = move || match file {
            Some(path) => Self::from_file(&path),
            None => Self::of_the_machine(),
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(NoAuthorities::Ending))
    }

    /// Those that the machine trusts: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or what its packages installed. It
    /// reads files.
    ///
    /// # Errors
    /// [`NoAuthorities`] when there is not a single one.
    pub fn of_the_machine() -> Result<Self, NoAuthorities> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "an authority of this machine cannot be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() { Err(NoAuthorities::None) } else { Ok(Self(Arc::new(roots))) }
    }

    /// Those of a file, PEM, and no others. It reads the file.
    ///
    /// # Errors
    /// [`NoAuthorities`] when there is not a single one.
    pub fn from_file(path: &Path) -> Result<Self, NoAuthorities> {
        let none = || NoAuthorities::Unreadable(path.display().to_string());
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(
            CertificateDer::pem_file_iter(path).map_err(|_| none())?.filter_map(Result::ok),
        );
        if roots.is_empty() { Err(none()) } else { Ok(Self(Arc::new(roots))) }
    }

    /// The usual judgement: in date, of this name, and vouched for by one of them.
    pub(crate) fn verifier(&self) -> Result<Arc<WebPkiServerVerifier>, VerifierBuilderError> {
        let provider = Arc::new(ring::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.0), provider).build()
    }

    /// The TLS of a connection to a server that is judged in the usual way, without a switch to turn that off.
    pub(crate) fn client_config(
        &self,
    ) -> Result<Arc<ClientConfig>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Arc::new(client_config(&VERSIONS, self.verifier()?)?))
    }
}

/// The TLS of a connection that Patgate opens, in these versions, to a server that `verifier` judges.
///
/// # Errors
/// What rustls says, when there is no version.
pub(crate) fn client_config(
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}
