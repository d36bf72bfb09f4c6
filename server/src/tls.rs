//! The certificate that a server shows, and that changes while it runs: the files are looked at every few seconds, and
//! what does not fit together leaves the former one in use.

use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use metrics::Counter;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use thiserror::Error;
use tokio::{sync::Notify, time::timeout};

use crate::metrics::Metrics;

/// How often are the files looked at?
const LOOK: Duration = Duration::from_secs(2);

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} holds no {what} as PEM")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The two do not fit together, or are of a kind that is not known.
    #[error("{cert} and {key} cannot be used together: {error}")]
    Pair {
        /// The file with the certificates.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
    /// Only one of the two is set.
    #[error("a certificate needs its key: set both {0}_CERT and {0}_KEY, or neither")]
    Half(&'static str),
}

/// A certificate and its key, as the files held them last when they were good.
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    /// A hash of what was read last, good or not.
    seen: AtomicU64,
    hint: Arc<Notify>,
}

impl Certificate {
    /// Loads what the two settings name; nothing when neither is set. `prefix` is what their variables begin with.
    pub fn from_settings(
        (cert, key): (Option<&Path>, Option<&Path>),
        prefix: &'static str,
    ) -> Result<Option<Arc<Certificate>>, TlsError> {
        match (cert, key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Certificate::load(cert, key).map(Some),
            _ => Err(TlsError::Half(prefix)),
        }
    }

    /// Loads a pair of files.
    pub fn load(cert: &Path, key: &Path) -> Result<Arc<Certificate>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let bytes = read(cert, key)?;
        let pair = pair((cert, key), &bytes, &provider)?;
        Ok(Arc::new(Certificate {
            cert: cert.to_owned(),
            key: key.to_owned(),
            provider,
            current: ArcSwap::from_pointee(pair),
            seen: AtomicU64::new(hash(&bytes)),
            hint: Arc::default(),
        }))
    }

    /// What a listener needs to show it; `protocols` in the order of preference.
    pub fn server_config(self: &Arc<Self>, protocols: &[&str]) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut config = builder.with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }

    /// Takes what the files hold now; gives whether that is new. **What cannot be used changes nothing**, and is told
    /// once.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let bytes = read(&self.cert, &self.key);
        let now = bytes.as_ref().map_or(0, hash);
        if self.seen.swap(now, Ordering::Relaxed) == now {
            return Ok(false);
        }
        let pair = pair((&self.cert, &self.key), &bytes?, &self.provider)?;
        self.current.store(Arc::new(pair));
        Ok(true)
    }

    /// Looks at the files until nobody uses the certificate any more.
    pub fn watch(self: &Arc<Self>, metrics: &Metrics) {
        let count = |outcome| {
            let what = "New certificates that were read";
            metrics.counter("fluxgate_tls_reloads_total", what, &[("outcome", outcome)])
        };
        let (good, bad) = (count("used"), count("refused"));
        tokio::spawn(look(Arc::downgrade(self), Arc::clone(&self.hint), (good, bad)));
    }

    /// Has the files looked at now.
    pub fn look(&self) {
        self.hint.notify_one();
    }
}

async fn look(certificate: Weak<Certificate>, hint: Arc<Notify>, (good, bad): (Counter, Counter)) {
    loop {
        let _ = timeout(LOOK, hint.notified()).await;
        let Some(certificate) = certificate.upgrade() else { return };
        // Two small files, but the disk may be a slow one.
        let looked = tokio::task::spawn_blocking(move || {
            let path = certificate.cert.display().to_string();
            (path, certificate.refresh())
        });
        match looked.await {
            Ok((path, Ok(true))) => {
                good.increment(1);
                tracing::info!(certificate = path, "a new certificate is in use");
            }
            Ok((_, Err(error))) => {
                bad.increment(1);
                tracing::error!(%error, "a new certificate cannot be used; the former one stays");
            }
            Ok((_, Ok(false))) | Err(_) => {}
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("cert", &self.cert).finish_non_exhaustive()
    }
}

type Bytes = (Vec<u8>, Vec<u8>);

fn read(cert: &Path, key: &Path) -> Result<Bytes, TlsError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error });
    Ok((read(cert)?, read(key)?))
}

fn hash(bytes: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // Zero says that nothing could be read.
    hasher.finish().max(1)
}

fn pair(
    (cert, key): (&Path, &Path),
    bytes: &Bytes,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let no = |path: &Path, what| TlsError::Pem { path: path.to_owned(), what };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes.0).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| no(cert, "certificate"))?;
    let secret = PrivateKeyDer::from_pem_slice(&bytes.1).map_err(|_| no(key, "private key"))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| TlsError::Pair {
        cert: cert.to_owned(),
        key: key.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, of: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![of.to_owned()]).unwrap();
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (cert, key)
    }

    #[test]
    fn a_broken_pair_leaves_the_former_one() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = write(folder.path(), "one.example");
        let certificate = Certificate::load(&cert, &key).unwrap();
        let shown = || certificate.current.load().cert[0].clone();
        let first = shown();
        assert!(!certificate.refresh().unwrap());
        // A new certificate whose key is not there yet.
        let old_key = std::fs::read(&key).unwrap();
        write(folder.path(), "two.example");
        let new_key = std::fs::read(&key).unwrap();
        std::fs::write(&key, old_key).unwrap();
        assert!(matches!(certificate.refresh(), Err(TlsError::Pair { .. })));
        assert!(!certificate.refresh().unwrap(), "told once");
        assert_eq!(shown(), first);
        std::fs::write(&key, new_key).unwrap();
        assert!(certificate.refresh().unwrap());
        let second = shown();
        assert_ne!(second, first);
        std::fs::remove_file(&cert).unwrap();
        assert!(certificate.refresh().is_err());
        assert_eq!(shown(), second);
    }

    #[test]
    fn what_is_no_pair_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = write(folder.path(), "one.example");
        let refused = |cert: &Path, key: &Path| Certificate::load(cert, key).unwrap_err().to_string();
        assert!(refused(&key, &key).ends_with("key.pem holds no certificate as PEM"));
        assert!(refused(&cert, &cert).ends_with("cert.pem holds no private key as PEM"));
        assert!(refused(Path::new("/nowhere"), &key).starts_with("cannot read /nowhere"));
        let half = Certificate::from_settings((Some(&cert), None), "EDGE_TLS").unwrap_err().to_string();
        assert_eq!(half, "a certificate needs its key: set both EDGE_TLS_CERT and EDGE_TLS_KEY, or neither");
        assert!(Certificate::from_settings((None, None), "EDGE_TLS").unwrap().is_none());
    }
}
