//! The last guard: what has the shape of a token never reaches the output.

use std::borrow::Cow;
use std::io::{self, Write};

use patgate_core::hexadecimal;
use patgate_core::token::text::SECRET;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Writers that replace tokens. The subscriber writes each record in one piece, so a token is never cut in two.
#[derive(Clone, Debug)]
pub struct Scrubbed<W>(W);

impl<W> Scrubbed<W> {
    /// In front of these writers.
    #[must_use]
    pub fn new(output: W) -> Self {
        Self(output)
    }
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Scrubbed<W> {
    type Writer = Scrubber<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Scrubber(self.0.make_writer())
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Self::Writer {
        Scrubber(self.0.make_writer_for(metadata))
    }
}

/// One writer that replaces tokens.
#[derive(Debug)]
pub struct Scrubber<W>(W);

impl<W: Write> Write for Scrubber<W> {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        self.0.write_all(&scrub(record))?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Replaces the secret part of everything that holds a token: 33 or more base62 characters after a prefix and a `_`,
/// percent-encoded or not. What stands before is not asked for more than its last character, because colours and escapes
/// may be glued to it.
pub(super) fn scrub(record: &[u8]) -> Cow<'_, [u8]> {
    let mut scrubbed = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while let Some((byte, length)) = decoded(&record[at..]) {
        let is_after_prefix = at > 0 && record[at - 1].is_ascii_alphanumeric();
        at += length;
        if byte != b'_' || !is_after_prefix {
            continue;
        }
        let (secret, end) = secret(record, at);
        if secret >= SECRET {
            scrubbed.extend_from_slice(&record[kept..at]);
            scrubbed.extend_from_slice("…".as_bytes());
            (kept, at) = (end, end);
        }
    }
    if kept == 0 {
        return Cow::Borrowed(record);
    }
    scrubbed.extend_from_slice(&record[kept..]);
    Cow::Owned(scrubbed)
}

/// How many base62 characters stand from `at` on, and where they end.
fn secret(record: &[u8], mut at: usize) -> (usize, usize) {
    let mut count = 0;
    while let Some((_, length)) = decoded(&record[at..]).filter(|(byte, _)| byte.is_ascii_alphanumeric()) {
        count += 1;
        at += length;
    }
    (count, at)
}

/// The first character, percent-encoded (RFC 3986 §2.1) or not, and how many bytes spell it.
fn decoded(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [b'%', high, low, ..] => Some(hexadecimal::byte(*high, *low).map_or((b'%', 1), |byte| (byte, 3))),
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}
