//! Answers to proxies as the bytes that are sent (RFC 9112 §4): of what is asked most, only these are made.

use std::cell::Cell;
use std::io::Write;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use patgate_core::permission::Catalog;
use patgate_core::verify::Permit;

use crate::identity;

/// How long a date is, in bytes (RFC 9110 §5.6.7).
const DATE: usize = 29;
/// What stands for a date that cannot be written so: its year has no four digits.
const NO_DATE: &[u8; DATE] = b"Thu, 01 Jan 1970 00:00:00 GMT";
/// What stands before each text of an identity.
const LINES: [&str; 7] = [
    "\r\nx-patgate-user: ",
    "\r\nx-patgate-email: ",
    "\r\nx-patgate-groups: ",
    "\r\nx-patgate-permissions: ",
    "\r\nx-patgate-token-id: ",
    "\r\nx-patgate-token-name: ",
    "\r\nx-patgate-token-expires: ",
];

/// Writes the answer that lets a request pass.
pub(super) fn pass(permit: &Permit<'_>, catalog: &Catalog, now: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncache-control: no-store\r\ndate: ");
    out.extend_from_slice(&date(now));
    identity::with_texts(permit, catalog, |texts| {
        for (line, text) in LINES.into_iter().zip(texts) {
            out.extend_from_slice(line.as_bytes());
            // It always is: an answer that could be split would be the end of all trust in the others.
            if text.iter().all(|byte| (b' '..=b'~').contains(byte)) {
                out.extend_from_slice(text);
            }
        }
    });
    out.extend_from_slice(b"\r\n\r\n");
}

/// Writes any other answer.
pub(super) fn whole(answer: &Response<Bytes>, now: Timestamp, out: &mut Vec<u8>) {
    let (status, body) = (answer.status(), answer.body());
    // Memory takes everything that is written.
    let _ = write!(out, "HTTP/1.1 {status}\r\ncontent-length: {}\r\ndate: ", body.len());
    out.extend_from_slice(&date(now));
    for (name, value) in answer.headers() {
        for part in [b"\r\n".as_slice(), name.as_str().as_bytes(), b": ", value.as_bytes()] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// `Sun, 03 May 2026 12:00:00 GMT`. It is made once a second.
fn date(now: Timestamp) -> [u8; DATE] {
    thread_local! {
        static LAST: Cell<(i64, [u8; DATE])> = const { Cell::new((i64::MIN, *NO_DATE)) };
    }
    LAST.with(|last| {
        let (second, text) = last.get();
        if second == now.as_second() {
            return text;
        }
        let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
        let text = text.as_bytes().try_into().unwrap_or(*NO_DATE);
        last.set((now.as_second(), text));
        text
    })
}
