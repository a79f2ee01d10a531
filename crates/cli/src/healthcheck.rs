//! `patgate healthcheck`: for containers and supervisors, without a second program.

use std::fmt;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::arguments::Listening;
use crate::failure::Failure;

/// How long the server may take for each step.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than the first line of any answer, in bytes.
const ENOUGH: usize = 64;

/// Asks the first configured address for `/healthz`.
pub(crate) fn run(arguments: Listening) -> Result<(), Failure> {
    let configuration = arguments.load()?;
    let address = configuration
        .listen
        .into_iter()
        .find(|address| address.port() != 0)
        .map(reachable)
        .ok_or_else(|| Failure::Unusable("`listen` names no port that can be asked".to_owned()))?;
    let silent =
        |error: &dyn fmt::Display| Failure::failed(format_args!("`{address}` does not answer: {error}"));
    let stream = connect(address).map_err(|error| silent(&error))?;
    let line = if configuration.tls.is_some() {
        let tls = tls(address).map_err(|error| silent(&error))?;
        ask(StreamOwned::new(tls, stream), address)
    } else {
        ask(stream, address)
    };
    let line = line.map_err(|error| silent(&error))?;
    if line.starts_with("HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(Failure::failed(format_args!("`{address}` answers `{}` to `/healthz`", line.trim_end())))
    }
}

/// A listener on all addresses is asked on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The first line of the answer.
fn ask(mut stream: impl Read + Write, address: SocketAddr) -> std::io::Result<String> {
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = Vec::with_capacity(ENOUGH);
    stream.take(ENOUGH as u64).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

fn tls(address: SocketAddr) -> Result<ClientConnection, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OwnAddress))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::from(address.ip()))
}

/// Takes any certificate. The address is one that this machine listens on, the question holds no secret, and the name
/// in the certificate is the public one, which need not lead here.
#[derive(Debug)]
struct OwnAddress;

impl ServerCertVerifier for OwnAddress {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
