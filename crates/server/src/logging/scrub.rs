//! The last guard: what has the shape of a token never reaches the output.

use std::borrow::Cow;
use std::io::{self, Write};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Characters after the `_` of a token: see [`patgate_core::token::text::PATTERN`].
const SECRET: usize = 33;

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

/// Replaces the secret part of everything that holds a token: 33 base62 characters after a `_`. What stands before is
/// not asked for more than its last character, because colours and escapes may be glued to it.
fn scrub(record: &[u8]) -> Cow<'_, [u8]> {
    let mut scrubbed = Vec::new();
    let mut kept = 0;
    for (at, _) in record.iter().enumerate().filter(|(_, byte)| **byte == b'_') {
        let secret = record[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_after_prefix =
            at > 0 && (record[at - 1].is_ascii_lowercase() || record[at - 1].is_ascii_digit());
        if secret == SECRET && is_after_prefix {
            scrubbed.extend_from_slice(&record[kept..=at]);
            scrubbed.extend_from_slice("…".as_bytes());
            kept = at + 1 + secret;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(record);
    }
    scrubbed.extend_from_slice(&record[kept..]);
    Cow::Owned(scrubbed)
}
