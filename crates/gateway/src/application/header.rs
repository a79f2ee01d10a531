//! Which header names an application may take for itself.

use http::header::HeaderName;

/// Headers that mean something to every proxy and server on the way (hop-by-hop ones: RFC 9110 §7.6.1).
const RESERVED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "www-authenticate",
    "x-csrf-token",
    "x-real-ip",
];

/// Why a text cannot be the name of an application's header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHeader {
    /// It is no header name (RFC 9110 §5.1), or too long.
    #[error("`{0}` is no header name of 1 to 100 characters")]
    NotAName(String),
    /// It has a meaning already.
    #[error(
        "the header `{0}` has a meaning already: choose another, such as `x-<application>-personal-token`"
    )]
    Reserved(String),
}

/// Reads the name of a token header.
///
/// # Errors
/// [`UnusableHeader`] when it is none, or has a meaning already.
pub fn token_header_name(text: &str) -> Result<HeaderName, UnusableHeader> {
    let name = request_header_name(text)?;
    let is_told_by_proxies = ["x-forwarded-", "x-original-"].iter().any(|p| name.as_str().starts_with(p));
    if is_told_by_proxies { Err(UnusableHeader::Reserved(name.to_string())) } else { Ok(name) }
}

/// Reads the name of a header in which a proxy says the original method or URI. `x-forwarded-method` and such are
/// what some proxies send, so they are good names.
///
/// # Errors
/// [`UnusableHeader`] when it is none, or has a meaning already.
pub fn request_header_name(text: &str) -> Result<HeaderName, UnusableHeader> {
    let name = text
        .parse::<HeaderName>()
        .ok()
        .filter(|name| name.as_str().len() <= 100)
        .ok_or_else(|| UnusableHeader::NotAName(text.chars().take(100).collect()))?;
    let is_reserved = RESERVED.contains(&name.as_str())
        || ["x-patgate-", "sec-"].iter().any(|prefix| name.as_str().starts_with(prefix))
        || ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].contains(&name.as_str());
    if is_reserved { Err(UnusableHeader::Reserved(name.to_string())) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_takes_no_header_that_means_something_else() {
        for good in ["x-shop-personal-token", "X-Api-Key", "private-token"] {
            assert_eq!(token_header_name(good).unwrap().as_str(), good.to_ascii_lowercase());
        }
        for bad in ["Authorization", "cookie", "X-Patgate-User", "x-forwarded-for", "x-original-uri", "te"] {
            let name = bad.to_ascii_lowercase();
            assert_eq!(token_header_name(bad), Err(UnusableHeader::Reserved(name)), "{bad}");
        }
        for bad in ["", "a b", "ä", "a:b", &"x".repeat(101)] {
            assert!(matches!(token_header_name(bad), Err(UnusableHeader::NotAName(_))), "{bad}");
        }
        assert!(request_header_name("x-forwarded-uri").is_ok());
        assert!(request_header_name("x-forwarded-for").is_err());
    }
}
