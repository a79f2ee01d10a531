//! The encryption of connections to directories: the usual judgement of certificates, without a switch to turn it off.

use std::path::Path;

use tokio_rustls::TlsConnector;

use super::fault::{LdapFault, Step};
use crate::tls::Authorities;

/// What makes connections that believe the authorities of a file, or else those of the machine.
pub(super) async fn connector(trust: Option<&Path>) -> Result<TlsConnector, LdapFault> {
    let authorities = Authorities::read(trust).await;
    let authorities = authorities.map_err(|none| LdapFault::new(Step::Trust, none.to_string()))?;
    let config = authorities.client_config();
    let config = config.map_err(|error| LdapFault::new(Step::Tls, format!("TLS cannot be used: {error}")))?;
    Ok(TlsConnector::from(config))
}

/// What to do about a handshake that failed.
pub(super) fn failed(url: &super::ServerUrl, error: &std::io::Error) -> LdapFault {
    let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let detail = match reason {
        None => format!("`{url}` broke off the handshake ({error}); does it speak TLS on this port?"),
        Some(reason @ rustls::Error::InvalidCertificate(_)) => format!(
            "the certificate of `{url}` is not trusted ({reason}); name its authority in `trust`, and the server by a \
             name that is in the certificate"
        ),
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("what answers at `{url}` does not speak TLS; check the port and `start_tls`")
        }
        Some(reason) => format!("no encryption could be agreed with `{url}` ({reason})"),
    };
    LdapFault::new(Step::Tls, detail)
}
