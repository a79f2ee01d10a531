//! TLS, and here above all that of the listeners: rustls with *ring*, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
//!
//! The certificate is looked at again every ten seconds and on SIGHUP, and a new pair counts for every connection from then on. A pair that
//! cannot be used changes nothing: the old one stays, and the log says why.

mod authorities;
mod pair;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::Notify;

pub(crate) use authorities::client_config;
pub use authorities::{Authorities, NoAuthorities};
use pair::Stamp;

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_secs(10);

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and the root, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds nothing of what it should.
    #[error("`{path}` holds no {expected} in PEM")]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The two cannot be used together.
    #[error("the certificate `{certificate}` cannot be used with the key `{key}`: {source}")]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// The certificate in force, which follows its files.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
    /// What was looked at last, usable or not: the same fault is not reported every ten seconds.
    stamp: Mutex<Stamp>,
    look: Notify,
}

impl Certificates {
    /// Reads the pair for the first time.
    ///
    /// # Errors
    /// [`TlsFault`] when it cannot be served.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsFault> {
        let stamp = Stamp::of(&files);
        let current = ArcSwap::from_pointee(pair::read(&files)?);
        Ok(Arc::new(Self { files, current, stamp: Mutex::new(stamp), look: Notify::new() }))
    }

    /// Reads the pair again if a file has changed since the last look. `true` when a new pair is in force.
    ///
    /// # Errors
    /// [`TlsFault`] when the changed pair cannot be served; the old one stays in force.
    pub fn reload(&self) -> Result<bool, TlsFault> {
        // Taken before the files are read, so that a change during the reading is seen at the next look.
        let stamp = Stamp::of(&self.files);
        let mut last = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == stamp {
            return Ok(false);
        }
        *last = stamp;
        self.current.store(Arc::new(pair::read(&self.files)?));
        Ok(true)
    }

    /// Looks at once, without waiting for the ten seconds: what SIGHUP asks for.
    pub fn look_now(&self) {
        self.look.notify_one();
    }

    /// Follows the files until it is dropped.
    pub async fn follow(self: Arc<Self>) {
        self.look_every(PAUSE).await;
    }

    async fn look_every(self: Arc<Self>, pause: Duration) {
        loop {
            // The end of the pause and a request to look are the same to us.
            let _ = tokio::time::timeout(pause, self.look.notified()).await;
            let certificates = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || certificates.reload()).await {
                Ok(Ok(true)) => tracing::info!("a new certificate is in force"),
                Ok(Ok(false)) => {}
                Ok(Err(fault)) => tracing::error!(%fault, "the old certificate stays in force"),
                Err(_) => return,
            }
        }
    }

    /// What the listeners serve: this certificate, HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// What rustls says, when *ring* lacks what TLS 1.2 and 1.3 need.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}
