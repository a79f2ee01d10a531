//! How messages stand on the pipes between the server and a worker: four bytes that say how long it is, highest first, and JSON.

use std::io::{self, Read, Write};

/// The longest message of a worker, in bytes: what a script may print, with every byte of it escaped.
pub(super) const FROM_WORKER: usize = 2 * 1_024 * 1_024;
/// The longest message to a worker, in bytes: an answer, with every byte of it escaped.
pub(super) const TO_WORKER: usize = 8 * 1_024 * 1_024;

/// A message whose length says that it is longer than any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes")]
pub(super) struct TooLong(pub(super) usize);

/// The length that four bytes say.
///
/// # Errors
/// When it is more than the longest.
pub(super) fn length(head: [u8; 4], longest: usize) -> Result<usize, TooLong> {
    let length = u32::from_be_bytes(head) as usize;
    if length > longest { Err(TooLong(length)) } else { Ok(length) }
}

/// The four bytes before a message.
///
/// # Errors
/// When it is longer than the longest.
pub(super) fn head(message: &[u8], longest: usize) -> Result<[u8; 4], TooLong> {
    match u32::try_from(message.len()) {
        Ok(length) if message.len() <= longest => Ok(length.to_be_bytes()),
        _ => Err(TooLong(message.len())),
    }
}

/// Reads a message, in a worker. `None` when the server closed the pipe.
///
/// # Errors
/// When the pipe fails, or ends inside a message.
pub(super) fn receive(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0; 4];
    let mut read = 0;
    while read < first.len() {
        match input.read(first.get_mut(read..).unwrap_or_default()) {
            Ok(0) if read == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut message = vec![0; length(first, TO_WORKER).map_err(io::Error::other)?];
    input.read_exact(&mut message)?;
    Ok(Some(message))
}

/// Writes a message, in a worker.
///
/// # Errors
/// When the pipe fails, or the message is too long.
pub(super) fn send(output: &mut impl Write, message: &[u8]) -> io::Result<()> {
    output.write_all(&head(message, FROM_WORKER).map_err(io::Error::other)?)?;
    output.write_all(message)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let mut pipe = Vec::new();
        send(&mut pipe, b"{}").unwrap();
        send(&mut pipe, b"").unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(receive(&mut pipe).unwrap().as_deref(), Some(b"{}".as_slice()));
        assert_eq!(receive(&mut pipe).unwrap().as_deref(), Some(b"".as_slice()));
        assert_eq!(receive(&mut pipe).unwrap(), None);
    }

    #[test]
    fn a_length_that_no_message_has_takes_no_memory() {
        assert_eq!(length([0xff; 4], FROM_WORKER), Err(TooLong(0xffff_ffff)));
        assert_eq!(length([0, 32, 0, 0], FROM_WORKER), Ok(FROM_WORKER));
        assert!(receive(&mut [0xff_u8; 8].as_slice()).is_err());
    }

    #[test]
    fn a_pipe_that_ends_inside_a_message_is_a_fault() {
        assert!(receive(&mut [0_u8, 0, 0].as_slice()).is_err());
        assert!(receive(&mut [0_u8, 0, 0, 2, b'{'].as_slice()).is_err());
    }
}
