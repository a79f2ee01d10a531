//! The TLS that follows from a mail server's properties: an administrator may switch off some of its judgement.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion,
};

use crate::mail::server::{Checks, Versions};
use crate::tls::{self, Authorities};

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
    let mut supported: Vec<&'static SupportedProtocolVersion> = Vec::new();
    supported.extend(versions.tls13.then_some(&rustls::version::TLS13));
    supported.extend(versions.tls12.then_some(&rustls::version::TLS12));
    let usual = authorities.map(Authorities::verifier).transpose()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(tls::client_config(&supported, Arc::new(Verifier { checks, usual, provider, shown }))?)
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
