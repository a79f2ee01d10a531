//! A secret that a request carries: it can be revealed on purpose, never printed, and our own copies are wiped.

use std::fmt;

use zeroize::Zeroizing;

/// The text of a token, a password or a session.
pub enum Secret<'h> {
    /// It stands in the request as it is.
    Shown(&'h str),
    /// It was decoded from the request.
    Decoded(DecodedSecret),
}

/// The end of a buffer that was decoded; the whole buffer is wiped when dropped.
pub struct DecodedSecret {
    buffer: Zeroizing<Vec<u8>>,
    from: usize,
}

impl Secret<'_> {
    /// The text. Only for what digests or hashes it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match self {
            Self::Shown(text) => text,
            Self::Decoded(decoded) => decoded.reveal(),
        }
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl DecodedSecret {
    /// What stands in `buffer` after `from` bytes.
    pub(super) fn new(buffer: Zeroizing<Vec<u8>>, from: usize) -> Self {
        Self { buffer, from }
    }

    fn reveal(&self) -> &str {
        self.buffer.get(self.from..).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for DecodedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DecodedSecret(…)")
    }
}
