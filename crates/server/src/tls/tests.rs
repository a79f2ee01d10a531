//! Certificates that change while they are served.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use patgate_testkit::certificates::{Authority, Certificate};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
use tempfile::TempDir;

use super::*;

/// A pair of files that other pairs are copied over.
struct Served {
    _folder: TempDir,
    files: TlsFiles,
}

impl Served {
    fn of(pair: &Certificate) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files =
            TlsFiles { certificate: folder.path().join("tls.pem"), key: folder.path().join("tls.key") };
        let served = Self { _folder: folder, files };
        replace(&pair.certificate, &served.files.certificate);
        replace(&pair.key, &served.files.key);
        served
    }
}

/// As a careful tool replaces a file: whole, by a rename.
fn replace(from: &Path, to: &Path) {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).unwrap();
    fs::rename(beside, to).unwrap();
}

fn first_certificate(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&fs::read(path).unwrap()).unwrap()
}

/// Shakes hands in memory; the certificate that was shown and the protocol that was agreed.
fn handshake(authority: &Authority, certificates: &Arc<Certificates>) -> (CertificateDer<'static>, Vec<u8>) {
    let mut roots = RootCertStore::empty();
    roots.add(first_certificate(&authority.certificate())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(certificates.server_config().unwrap()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() {
            let taken = server.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..taken);
        }
        server.process_new_packets().unwrap();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() {
            let taken = client.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..taken);
        }
        client.process_new_packets().unwrap();
    }
    let shown = client.peer_certificates().unwrap()[0].clone().into_owned();
    (shown, client.alpn_protocol().unwrap().to_vec())
}

#[test]
fn a_new_pair_counts_from_the_next_connection_on() {
    let authority = Authority::create();
    let (old, new) = (authority.server("old"), authority.server("new"));
    let served = Served::of(&old);
    let certificates = Certificates::load(served.files.clone()).unwrap();
    assert_eq!(handshake(&authority, &certificates), (first_certificate(&old.certificate), b"h2".to_vec()));
    assert!(!certificates.reload().unwrap(), "nothing has changed");
    replace(&new.certificate, &served.files.certificate);
    replace(&new.key, &served.files.key);
    assert!(certificates.reload().unwrap());
    assert_eq!(handshake(&authority, &certificates).0, first_certificate(&new.certificate));
}

#[test]
fn a_broken_pair_keeps_the_old_one_and_is_reported_once() {
    let authority = Authority::create();
    let (old, new) = (authority.server("old"), authority.server("new"));
    let served = Served::of(&old);
    let certificates = Certificates::load(served.files.clone()).unwrap();

    replace(&new.certificate, &served.files.certificate);
    let fault = certificates.reload().unwrap_err();
    assert!(matches!(fault, TlsFault::Unusable { .. }), "half of a pair: {fault}");
    assert!(!certificates.reload().unwrap(), "the same fault twice");
    assert_eq!(handshake(&authority, &certificates).0, first_certificate(&old.certificate));

    fs::write(&served.files.certificate, "no certificate").unwrap();
    assert!(matches!(certificates.reload().unwrap_err(), TlsFault::Nothing { .. }));
    fs::remove_file(&served.files.key).unwrap();
    replace(&new.certificate, &served.files.certificate);
    assert!(matches!(certificates.reload().unwrap_err(), TlsFault::Unreadable { .. }));
    assert_eq!(handshake(&authority, &certificates).0, first_certificate(&old.certificate));

    replace(&new.key, &served.files.key);
    assert!(certificates.reload().unwrap());
    assert_eq!(handshake(&authority, &certificates).0, first_certificate(&new.certificate));
}

/// Puts a new pair in place of the one that is served, and waits until it counts, for less than the ten seconds after
/// which a server looks by itself.
async fn is_followed(between_looks: Duration, is_asked: bool) -> bool {
    let authority = Authority::create();
    let (old, new) = (authority.server("old"), authority.server("new"));
    let served = Served::of(&old);
    let certificates = Certificates::load(served.files.clone()).unwrap();
    let following = tokio::spawn(Arc::clone(&certificates).look_every(between_looks));
    replace(&new.certificate, &served.files.certificate);
    replace(&new.key, &served.files.key);
    if is_asked {
        certificates.look_now();
    }
    let is_new = tokio::task::spawn_blocking({
        let (certificates, expected) = (Arc::clone(&certificates), first_certificate(&new.certificate));
        move || {
            patgate_testkit::wait::until(Duration::from_secs(9), || {
                (certificates.current.load().cert[0] == expected).then_some(())
            })
        }
    });
    let is_new = is_new.await.unwrap().is_some();
    following.abort();
    is_new
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_is_asked_for_comes_at_once() {
    assert!(is_followed(PAUSE, true).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_looked_at_again_and_again_though_nobody_asks() {
    assert!(is_followed(Duration::from_millis(50), false).await);
}

#[test]
fn a_key_of_another_certificate_is_refused_at_the_start() {
    let authority = Authority::create();
    let (one, other) = (authority.server("one"), authority.server("other"));
    let files = TlsFiles { certificate: one.certificate, key: other.key };
    assert!(matches!(Certificates::load(files), Err(TlsFault::Unusable { .. })));
    let files = TlsFiles { certificate: one.key.clone(), key: one.key };
    assert!(matches!(Certificates::load(files), Err(TlsFault::Nothing { expected: "certificate", .. })));
}
