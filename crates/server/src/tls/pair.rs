//! A certificate with its key, as files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::{TlsFault, TlsFiles};

/// What tells that a file is another one than before, without reading it: device, inode, size, and the times of
/// change in nanoseconds. `None` where there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp([Option<[i128; 5]>; 2]);

impl Stamp {
    pub(super) fn of(files: &TlsFiles) -> Self {
        Self([&files.certificate, &files.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            let nanoseconds =
                |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
            Some([
                i128::from(metadata.dev()),
                i128::from(metadata.ino()),
                i128::from(metadata.size()),
                nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
                nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            ])
        }))
    }
}

/// Reads a pair and makes sure that its halves belong together.
pub(super) fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsFault> {
    let text = Zeroizing::new(contents(&files.certificate)?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| nothing(&files.certificate, "certificate"))?;
    if chain.is_empty() {
        return Err(nothing(&files.certificate, "certificate"));
    }
    let text = Zeroizing::new(contents(&files.key)?);
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| nothing(&files.key, "private key"))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|source| TlsFault::Unusable {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    })
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsFault> {
    fs::read(path).map_err(|source| TlsFault::Unreadable { path: path.to_owned(), source })
}

fn nothing(path: &Path, expected: &'static str) -> TlsFault {
    TlsFault::Nothing { path: path.to_owned(), expected }
}
