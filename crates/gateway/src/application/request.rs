//! The method and path of the original request, as a proxy tells them.
//!
//! A rule must never match a path that the application behind reads as another one. So what two programs could read
//! in two ways (RFC 3986 §6.2.2: dot segments, encoded separators) is refused instead of repaired.

use std::borrow::Cow;

use patgate_core::hexadecimal;
use percent_encoding::percent_decode_str;

/// The longest URI that is looked at, in bytes.
const LONGEST: usize = 8192;

/// A path that can be read in one way alone: decoded, without query, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'h>(Cow<'h, str>);

/// Why a path cannot be matched. Each text goes on after "the path of the request".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It does not start with `/`, and is no absolute URI of http or https either.
    #[error("is no path")]
    NotAPath,
    /// Above 8,192 bytes.
    #[error("is longer than 8,192 bytes")]
    TooLong,
    /// A character that must not stand in a URI as it is.
    #[error("has a character that must be percent-encoded")]
    Character,
    /// A `%` without two hexadecimal digits.
    #[error("has a broken percent-encoding")]
    Encoding,
    /// What is decoded is no UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// A control character, encoded.
    #[error("has a control character")]
    ControlCharacter,
    /// `.`, `/`, `\`, `;`, `?` or `#`, encoded.
    #[error("has an encoded dot, slash, backslash, `;`, `?` or `#`, which not every server reads alike")]
    EncodedSeparator,
    /// Encoded twice.
    #[error("is encoded twice")]
    TwiceEncoded,
    /// `\` or `;`.
    #[error("has a backslash or a `;`, which not every server reads alike")]
    Separator,
    /// `//`.
    #[error("has an empty segment")]
    EmptySegment,
    /// `.` or `..` as a segment, or a segment that ends in a dot or a blank, which some servers drop.
    #[error("has a segment that is or ends in a dot or a blank")]
    DotSegment,
}

impl<'h> RequestPath<'h> {
    /// Reads a URI: a path with or without a query, or an absolute URI (RFC 9112 §3.2.2), of which the path counts.
    ///
    /// # Errors
    /// The first thing that makes it ambiguous.
    pub fn read(uri: &'h [u8]) -> Result<Self, PathFault> {
        if uri.len() > LONGEST {
            return Err(PathFault::TooLong);
        }
        let uri = std::str::from_utf8(uri).map_err(|_| PathFault::Character)?;
        let (uri, _query) = uri.split_once('?').unwrap_or((uri, ""));
        let path = path_of(uri)?;
        scan(path)?;
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| PathFault::NotUtf8)?;
        if decoded.contains(char::is_control) {
            return Err(PathFault::ControlCharacter);
        }
        if matches!(decoded, Cow::Owned(_)) && has_encoding(decoded.as_bytes()) {
            return Err(PathFault::TwiceEncoded);
        }
        if decoded.contains("//") {
            return Err(PathFault::EmptySegment);
        }
        if decoded.split('/').any(|segment| segment.ends_with(['.', ' '])) {
            return Err(PathFault::DotSegment);
        }
        Ok(Self(match decoded {
            Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('/').unwrap_or(text)),
            Cow::Owned(mut text) => {
                if text.ends_with('/') {
                    text.pop();
                }
                Cow::Owned(text)
            }
        }))
    }

    /// Its segments, decoded. The path `/` has none.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }
}

/// The method of the original request: capitals, digits, `-` and `_`. Methods are compared with case (RFC 9110 §9.1),
/// but some servers do not, so one in small letters is refused.
pub(super) fn read_method(method: &[u8]) -> Option<&str> {
    let is_method = (1..=32).contains(&method.len())
        && method.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(b));
    if is_method { std::str::from_utf8(method).ok() } else { None }
}

fn path_of(uri: &str) -> Result<&str, PathFault> {
    if uri.starts_with('/') {
        return Ok(uri);
    }
    let (scheme, rest) = uri.split_once("://").ok_or(PathFault::NotAPath)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(PathFault::NotAPath);
    }
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_authority = !authority.is_empty()
        && authority.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:[]".contains(&b));
    match (is_authority, path) {
        (false, _) => Err(PathFault::NotAPath),
        (true, "") => Ok("/"),
        (true, path) => Ok(path),
    }
}

/// Looks at every byte before anything is decoded.
fn scan(path: &str) -> Result<(), PathFault> {
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\\' | b';' => return Err(PathFault::Separator),
            b'%' => match encoded(&bytes[at..]).ok_or(PathFault::Encoding)? {
                b'.' | b'/' | b'\\' | b';' | b'?' | b'#' => return Err(PathFault::EncodedSeparator),
                0..=0x1f | 0x7f => return Err(PathFault::ControlCharacter),
                _ => {}
            },
            0x21..=0x7e if *byte != b'#' => {}
            _ => return Err(PathFault::Character),
        }
    }
    Ok(())
}

fn has_encoding(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|at| encoded(&bytes[at..]).is_some())
}

/// The byte that a percent-encoding at the start of `bytes` stands for (RFC 3986 §2.1).
fn encoded(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'%', high, low, ..] => hexadecimal::byte(*high, *low),
        _ => None,
    }
}
