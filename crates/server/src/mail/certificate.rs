//! What a certificate says about itself, for the administrator who looks.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::report::TlsFacts;
use super::words::Blanked;

/// Whom a certificate names, who issued it, and when it ends; as far as it can be read.
pub(super) fn describe(certificate: &CertificateDer<'_>) -> TlsFacts {
    let Ok(read) = Certificate::from_der(certificate) else {
        return TlsFacts { subject: "a certificate that cannot be read".to_owned(), ..TlsFacts::default() };
    };
    let of =
        |name: String| if name.is_empty() { "nobody".to_owned() } else { Blanked::nothing().clean(&name) };
    let facts = read.tbs_certificate();
    let ends = facts.validity().not_after.to_unix_duration().as_secs();
    TlsFacts {
        version: None,
        subject: of(facts.subject().to_string()),
        issuer: of(facts.issuer().to_string()),
        expires_at: i64::try_from(ends).ok().and_then(|second| Timestamp::from_second(second).ok()),
    }
}
