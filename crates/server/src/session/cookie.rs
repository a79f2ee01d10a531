//! The cookie: its secret, its digest, and the `Set-Cookie` lines (RFC 6265 §4.1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use patgate_gateway::credentials::SessionCookie;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::SessionDigest;

/// Keeps digests of cookies apart from all other digests (BLAKE3's key derivation takes one such text a use).
const CONTEXT: &str = "patgate 2026-11-21 session cookie";

/// The secret of a new session, which the browser alone gets. Wiped when dropped, never printed.
pub struct SessionSecret(Zeroizing<String>);

impl SessionSecret {
    /// 256 random bits, as text that a cookie may hold.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bits = Zeroizing::new([0_u8; 32]);
        random.fill_bytes(bits.as_mut());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bits)))
    }

    /// How the database will know it.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        digest(&self.0)
    }

    /// The `Set-Cookie` line that hands it to the browser. Sensitive: it is not to be logged.
    #[must_use]
    pub fn set_cookie(&self, cookie: SessionCookie) -> HeaderValue {
        line(cookie, &self.0, "")
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionSecret(…)")
    }
}

/// The digest of a cookie's value. With 256 random bits no slow hash and no key is needed.
#[must_use]
pub fn digest(value: &str) -> SessionDigest {
    SessionDigest(blake3::derive_key(CONTEXT, value.as_bytes()))
}

/// The `Set-Cookie` line that makes the browser forget the session.
#[must_use]
pub fn forget(cookie: SessionCookie) -> HeaderValue {
    line(cookie, "", "; Max-Age=0")
}

/// The browser keeps the cookie until it is closed, from scripts and from other sites' requests. `Path=/` and
/// `Secure` are what the prefix `__Host-` demands (RFC 6265bis §4.1.3.2).
fn line(cookie: SessionCookie, value: &str, end: &str) -> HeaderValue {
    let secure = match cookie {
        SessionCookie::Secure => "; Secure",
        SessionCookie::Plain => "",
    };
    let text =
        Zeroizing::new(format!("{}={value}{secure}; HttpOnly; SameSite=Lax; Path=/{end}", cookie.name()));
    // Base64 and the names are visible ASCII, so this is always a header value.
    let mut line = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    line.set_sensitive(true);
    line
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_browser_gets_the_cookie_that_goes_with_the_scheme() {
        let secret = SessionSecret::generate(&mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(secret.0.len(), 43);
        let value = secret.0.as_str();
        assert_eq!(
            secret.set_cookie(SessionCookie::Secure).to_str().unwrap(),
            format!("__Host-patgate_session={value}; Secure; HttpOnly; SameSite=Lax; Path=/")
        );
        assert_eq!(
            secret.set_cookie(SessionCookie::Plain).to_str().unwrap(),
            format!("patgate_session={value}; HttpOnly; SameSite=Lax; Path=/")
        );
        assert_eq!(
            forget(SessionCookie::Plain).to_str().unwrap(),
            "patgate_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = SessionSecret::generate(&mut ChaCha20Rng::seed_from_u64(1));
        let line = secret.set_cookie(SessionCookie::Plain);
        let printed = format!("{secret:?} {line:?} {:?}", secret.digest());
        assert_eq!(printed, "SessionSecret(…) Sensitive SessionDigest(…)");
    }
}
