//! What the log keeps of a request: no secrets, and no more than a page can show.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use patgate_core::item::MASK;
use patgate_core::webhook::{Header, SECRET_HEADERS, is_secret_parameter};
use patgate_gateway::credentials::TokenHeaders;
use patgate_store::Pairs;
use zeroize::Zeroizing;

/// The most headers that are kept.
const MOST_HEADERS: usize = 100;
/// The most characters of a header's value.
const LONGEST_VALUE: usize = 1_000;
/// The most query parameters.
const MOST_PARAMETERS: usize = 100;
/// The most bytes of a parameter's name and of its value.
const LONGEST_PARAMETER: (usize, usize) = (200, 8_192);

/// What a request has under the name of a header.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Header<'h> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => value.to_str().map_or(Header::Unclear, Header::Once),
        (Some(_), Some(_)) => Header::Unclear,
    }
}

/// User name and password of Basic authentication (RFC 7617), joined by the colon; `None` when there are none.
pub(super) fn basic(headers: &HeaderMap) -> Option<Zeroizing<String>> {
    let Header::Once(value) = header(headers, "authorization") else { return None };
    let (scheme, encoded) = value.trim_matches([' ', '\t']).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = Zeroizing::new(STANDARD.decode(encoded.trim_matches(' ')).ok()?);
    Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned()))
}

/// The headers for the log.
pub(super) fn headers(headers: &HeaderMap, tokens: &TokenHeaders) -> Pairs {
    let shown = headers.iter().take(MOST_HEADERS).map(|(name, value)| {
        let is_secret = SECRET_HEADERS.contains(&name.as_str())
            || tokens.contains(name)
            || is_secret_parameter(name.as_str());
        let value = match is_secret {
            true => Cow::Borrowed(MASK),
            false => String::from_utf8_lossy(value.as_bytes()),
        };
        (name.as_str().to_owned(), cut(&value, LONGEST_VALUE))
    });
    shown.collect()
}

/// Reads the query of a request.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parameters(query: &str) -> Result<Pairs, &'static str> {
    let mut pairs = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if pairs.len() == MOST_PARAMETERS {
            return Err("there are more than 100 parameters");
        }
        if name.len() > LONGEST_PARAMETER.0 || value.len() > LONGEST_PARAMETER.1 {
            return Err("a parameter has a name of more than 200 bytes, or a value of more than 8,192");
        }
        if name.contains('\0') || value.contains('\0') {
            return Err("a parameter has a NUL character in it");
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

/// The parameters for the log.
pub(super) fn without_secrets(parameters: &Pairs) -> Pairs {
    let shown = parameters.iter().map(|(name, value)| {
        let value = if is_secret_parameter(name) { MASK } else { value };
        (name.clone(), value.to_owned())
    });
    shown.collect()
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn secrets_are_masked_and_values_cut() {
        let tokens = TokenHeaders::new(["x-shop-token".parse().unwrap()]).unwrap();
        let mut sent = HeaderMap::new();
        for (name, value) in [
            ("x-release-webhook-token", "hush"),
            ("x-shop-token", "hush"),
            ("authorization", "Basic hush"),
            ("x-api-key", "hush"),
            ("user-agent", "curl"),
        ] {
            sent.insert(
                http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static(value),
            );
        }
        sent.insert("x-long", HeaderValue::from_bytes(&[b'x'; 2_000]).unwrap());
        sent.insert("x-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        let shown = headers(&sent, &tokens);
        assert!(shown.iter().all(|(_, value)| !value.contains("hush")), "{shown:?}");
        let value = |name: &str| shown.iter().find(|(known, _)| known == name).unwrap().1.as_str();
        assert_eq!((value("authorization"), value("user-agent"), value("x-odd")), (MASK, "curl", "\u{fffd}"));
        assert_eq!(value("x-long").chars().count(), LONGEST_VALUE + 1);
    }

    #[test]
    fn parameters_are_few_and_short() {
        assert_eq!(
            parameters("a=1&b=%C3%A9+x&a=2&c").unwrap(),
            [("a", "1"), ("b", "é x"), ("a", "2"), ("c", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        assert!(parameters(&"a&".repeat(101)).is_err() && parameters("a=%00").is_err());
        assert!(parameters(&format!("a={}", "x".repeat(8_193))).is_err());
        let pairs = vec![("api_token".to_owned(), "hush".to_owned()), ("ref".to_owned(), "main".to_owned())];
        assert_eq!(without_secrets(&pairs)[0].1, MASK);
        assert_eq!(without_secrets(&pairs)[1].1, "main");
    }
}
