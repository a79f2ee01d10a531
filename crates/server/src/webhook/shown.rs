//! What the log keeps of a request: no secrets, and no more than a page can show.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use patgate_core::item::MASK;
use patgate_core::webhook::{Header, SECRET_HEADERS, is_secret_parameter, without_query};
use patgate_gateway::credentials::TokenHeaders;
use patgate_store::Pairs;
use zeroize::Zeroizing;

/// How much of the headers of a request is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// The most headers.
    pub(super) many: usize,
    /// The most characters of a value.
    pub(super) longest: usize,
}

impl Kept {
    /// Of an accepted request.
    pub(super) const ACCEPTED: Self = Self { many: 100, longest: 1_000 };
    /// Of a refused one: strangers choose what is in it.
    pub(super) const REFUSED: Self = Self { many: 30, longest: 200 };
}

/// The header that counts how often a request was forwarded.
pub(super) const HOPS: &str = "x-patgate-webhook-hops";
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
pub(super) fn headers(headers: &HeaderMap, tokens: &TokenHeaders, kept: Kept) -> Pairs {
    let shown = headers.iter().take(kept.many).map(|(name, value)| {
        let is_secret = SECRET_HEADERS.contains(&name.as_str())
            || tokens.contains(name)
            || is_secret_parameter(name.as_str());
        let value = match is_secret {
            true => Cow::Borrowed(MASK),
            false => String::from_utf8_lossy(value.as_bytes()),
        };
        // So much is looked at, whatever was sent: a character has four bytes at most.
        let value = cut_bytes(&value, 4 * kept.longest);
        (name.as_str().to_owned(), cut(&without_query(value), kept.longest))
    });
    shown.collect()
}

/// The bytes that the headers and the query of a request take while it waits.
pub(super) fn size(headers: &HeaderMap, query: &str) -> usize {
    let of = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len().min(4 * Kept::ACCEPTED.longest) + 2 * size_of::<String>()
    };
    // Parameters are there twice: for the log, and on their way.
    headers.iter().take(Kept::ACCEPTED.many).map(of).sum::<usize>() + 2 * query.len()
}

/// How often a request was forwarded already; `None` when that cannot be told.
pub(super) fn hops(headers: &HeaderMap) -> Option<u32> {
    match header(headers, HOPS) {
        Header::Absent => Some(0),
        Header::Once(hops) => hops.trim().parse().ok(),
        Header::Unclear => None,
    }
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
        let value = if is_secret_parameter(name) { Cow::Borrowed(MASK) } else { without_query(value) };
        (name.clone(), value.into_owned())
    });
    shown.collect()
}

fn cut_bytes(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
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
        sent.insert("referer", HeaderValue::from_static("https://ci.example/job?ticket=hush"));
        let shown = headers(&sent, &tokens, Kept::ACCEPTED);
        assert!(shown.iter().all(|(_, value)| !value.contains("hush")), "{shown:?}");
        let value = |name: &str| shown.iter().find(|(known, _)| known == name).unwrap().1.as_str();
        assert_eq!((value("authorization"), value("user-agent"), value("x-odd")), (MASK, "curl", "\u{fffd}"));
        assert_eq!(value("x-long").chars().count(), Kept::ACCEPTED.longest + 1);
        assert_eq!(value("referer"), "https://ci.example/job?…");
    }

    #[test]
    fn of_a_refused_request_little_is_kept() {
        let tokens = TokenHeaders::new([]).unwrap();
        let mut sent = HeaderMap::new();
        for number in 0..90 {
            let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
            sent.insert(name, HeaderValue::from_bytes(&[b'x'; 8_000]).unwrap());
        }
        let shown = headers(&sent, &tokens, Kept::REFUSED);
        assert_eq!(shown.len(), 30);
        assert!(shown.iter().all(|(_, value)| value.chars().count() == 201));
        assert!(size(&sent, "a=1") > 90 * 4_000);
    }

    #[test]
    fn hops_are_counted_when_they_are_clear() {
        let of = |values: &[&'static str]| {
            let mut sent = HeaderMap::new();
            values.iter().for_each(|value| {
                sent.append(HOPS, HeaderValue::from_static(value));
            });
            hops(&sent)
        };
        assert_eq!((of(&[]), of(&["3"]), of(&[" 3 "])), (Some(0), Some(3), Some(3)));
        assert_eq!((of(&["-1"]), of(&["x"]), of(&["1", "1"])), (None, None, None));
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
        let pairs = vec![("callback".to_owned(), "https://a.example/?key=hush".to_owned())];
        assert_eq!(without_secrets(&pairs)[0].1, "https://a.example/?…");
    }
}
