//! The one `WWW-Authenticate` line of a refusal (RFC 6750 §3). Some proxies drop the body, so the cause stands here too.

use std::fmt::{self, Write};

use http::HeaderValue;

/// Why a caller is refused, in the words of RFC 6750 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// 401: what they showed does not pass.
    InvalidToken,
    /// 403: who they are is known, and it is not enough.
    InsufficientScope,
}

/// The challenge for somebody who showed nothing: no `error`, because they made none (RFC 6750 §3.1).
pub const ANONYMOUS: HeaderValue = HeaderValue::from_static("Bearer realm=\"patgate\"");

/// The challenge that tells a cause: a [`Denied`](patgate_core::verify::Denied), a
/// [`CredentialFault`](crate::CredentialFault), or any other sentence.
#[must_use]
pub fn challenge(kind: Challenge, cause: &impl fmt::Display) -> HeaderValue {
    let error = match kind {
        Challenge::InvalidToken => "invalid_token",
        Challenge::InsufficientScope => "insufficient_scope",
    };
    let mut line = format!("Bearer realm=\"patgate\", error=\"{error}\", error_description=\"");
    // Writing to a `String` cannot fail.
    let _ = write!(Quoted(&mut line), "{cause}");
    line.push('"');
    HeaderValue::from_str(&line).unwrap_or(ANONYMOUS)
}

/// Writes only what may stand in an `error_description` (RFC 6750 §3): visible ASCII and blanks without `"` and `\`.
struct Quoted<'s>(&'s mut String);

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(text.chars().map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_reads_as_the_rfc_writes_it() {
        assert_eq!(
            challenge(Challenge::InvalidToken, &"the token expired on 3 May 2026"),
            "Bearer realm=\"patgate\", error=\"invalid_token\", \
             error_description=\"the token expired on 3 May 2026\"",
        );
    }

    proptest! {
        #[test]
        fn no_cause_breaks_out_of_its_quotes(cause: String) {
            let line = challenge(Challenge::InsufficientScope, &cause);
            let line = line.to_str().unwrap();
            prop_assert_eq!(line.matches('"').count(), 6);
            prop_assert!(line.ends_with('"') && !line.contains('\\'));
            let description = line.split("error_description=\"").nth(1).unwrap();
            prop_assert_eq!(description.len(), cause.chars().count() + 1);
        }
    }
}
