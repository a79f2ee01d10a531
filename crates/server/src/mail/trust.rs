//! Whose certificates are believed, and the TLS that follows from a server's properties.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

use super::server::{Checks, Versions};

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
}

impl Authorities {
    /// Those that the machine trusts: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or what its packages installed. They
    /// are read anew each time, so that one that the operator adds counts at once. It reads files.
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

    /// Those of a file, PEM, and no others.
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

    /// As rustls takes them.
    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
    }
}

/// The certificate that a server showed, whether it was believed or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Arc<Mutex<Option<CertificateDer<'static>>>>);

impl Shown {
    /// It, if there was one.
    pub(super) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The TLS for one connection.
///
/// # Errors
/// What rustls says, when a version or the authorities cannot be used.
pub(super) fn client_config(
    checks: Checks,
    versions: Versions,
    authorities: Option<&Authorities>,
    shown: Shown,
) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut supported: Vec<&'static SupportedProtocolVersion> = Vec::new();
    supported.extend(versions.tls13.then_some(&rustls::version::TLS13));
    supported.extend(versions.tls12.then_some(&rustls::version::TLS12));
    let usual = match authorities {
        Some(Authorities(roots)) => Some(
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider)).build()?,
        ),
        None => None,
    };
    let verifier = Verifier { checks, usual, provider: Arc::clone(&provider), shown };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&supported)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// rustls's own judgement, less what the administrator has switched off, and with a memory of what was judged.
struct Verifier {
    checks: Checks,
    /// Without it nothing is believed, unless nothing is checked.
    usual: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    shown: Shown,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").field("checks", &self.checks).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.shown.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        let usual = match (self.checks, &self.usual) {
            (Checks::Nothing, _) => return Ok(ServerCertVerified::assertion()),
            (Checks::All | Checks::AnyName, None) => return Err(CertificateError::UnknownIssuer.into()),
            (Checks::All | Checks::AnyName, Some(usual)) => usual,
        };
        // The chain is judged before the name.
        match usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.checks == Checks::AnyName => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
