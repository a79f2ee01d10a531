//! The bytes on the connection: answers in, commands out, each with a limit of time, length and number.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::reply::{NotAReply, Reply};

/// The longest line of an answer, in bytes. RFC 5321 §4.5.3.1.5 allows 512.
const LONGEST_LINE: usize = 2048;
/// The most lines of an answer.
const MOST_LINES: usize = 100;

/// A connection, encrypted or not.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: BufReader<S>,
}

/// Why nothing comes or goes.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireFault {
    /// Nothing came in time.
    #[error("the server said nothing for {}", shown(*.0))]
    Silent(Duration),
    /// Nothing was taken in time.
    #[error("the server took nothing for {}", shown(*.0))]
    Stuck(Duration),
    /// The server ended the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The network did, or TLS.
    #[error("the connection broke ({0})")]
    Broken(io::Error),
    /// What came is no answer of SMTP.
    #[error("what answers there is no mail server: {0}")]
    NotSmtp(#[from] NotAReply),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// The stream below, unless the server has already sent more than it was asked for: what came before a handshake
    /// was not protected by it (CVE-2011-0411).
    pub(super) fn into_inner(self) -> Option<S> {
        self.stream.buffer().is_empty().then(|| self.stream.into_inner())
    }

    pub(super) fn get_ref(&self) -> &S {
        self.stream.get_ref()
    }

    /// Sends bytes and waits until they are taken.
    pub(super) async fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), WireFault> {
        let stream = &mut self.stream;
        let sent = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        within(limit, sent).await.ok_or(WireFault::Stuck(limit))?.map_err(broken)
    }

    /// A whole answer (RFC 5321 §4.2).
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, WireFault> {
        within(limit, self.read_reply()).await.ok_or(WireFault::Silent(limit))?
    }

    async fn read_reply(&mut self) -> Result<Reply, WireFault> {
        let mut reply = Reply::default();
        loop {
            if reply.push(&self.line().await?)? {
                return Ok(reply);
            }
            if reply.lines.len() >= MOST_LINES {
                return Err(NotAReply::TooLong.into());
            }
        }
    }

    /// A line, without its end.
    async fn line(&mut self) -> Result<Vec<u8>, WireFault> {
        let mut line = Vec::new();
        loop {
            let available = self.stream.fill_buf().await.map_err(broken)?;
            if available.is_empty() {
                return Err(WireFault::Closed);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            line.extend_from_slice(&available[..taken]);
            self.stream.consume(taken);
            if line.len() > LONGEST_LINE {
                return Err(NotAReply::TooLong.into());
            }
            if end.is_some() {
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
        }
    }
}

/// The outcome of something that must not take longer.
pub(super) async fn within<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    tokio::time::timeout(limit, work).await.ok()
}

/// A duration for a sentence.
pub(super) fn shown(limit: Duration) -> String {
    match limit.as_secs() {
        0 => format!("{} ms", limit.as_millis()),
        seconds => format!("{seconds} s"),
    }
}

fn broken(error: io::Error) -> WireFault {
    match error.kind() {
        // Of the end of a stream of TLS without its farewell: the same as a closed one to us.
        io::ErrorKind::UnexpectedEof => WireFault::Closed,
        _ => WireFault::Broken(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::duplex;

    use super::*;

    /// What is made of bytes that come in pieces, before the connection ends.
    fn replies(pieces: &[Vec<u8>]) -> (Vec<Reply>, Option<WireFault>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (ours, mut theirs) = duplex(64);
            let speaking = async {
                for piece in pieces {
                    if theirs.write_all(piece).await.is_err() {
                        break;
                    }
                }
                drop(theirs);
            };
            let listening = async {
                let (mut wire, mut replies) = (Wire::new(ours), Vec::new());
                loop {
                    match wire.reply(Duration::from_secs(30)).await {
                        Ok(reply) => replies.push(reply),
                        Err(fault) => return (replies, Some(fault)),
                    }
                }
            };
            tokio::join!(speaking, listening).1
        })
    }

    fn said(pieces: &[&[u8]]) -> (Vec<String>, String) {
        let pieces: Vec<_> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let (replies, fault) = replies(&pieces);
        (replies.iter().map(Reply::text).collect(), fault.unwrap().to_string())
    }

    #[test]
    fn an_answer_is_whole_however_it_is_cut() {
        let whole = b"250-one\r\n250 two\r\n354 go\n";
        let bytes: Vec<_> = whole.chunks(1).collect();
        let expected = (
            vec!["250 one two".to_owned(), "354 go".to_owned()],
            "the server closed the connection".to_owned(),
        );
        assert_eq!(said(&bytes), expected);
        assert_eq!(said(&[whole]), expected);
        assert_eq!(said(&[b"250 half"]).0, [""; 0]);
    }

    #[test]
    fn an_answer_without_an_end_is_given_up() {
        let endless = "what answers there is no mail server: its answer does not end";
        assert_eq!(said(&[&[b'2'; 4_000]]).1, endless);
        assert_eq!(said(&[b"250-and more\r\n".repeat(200).as_slice()]).1, endless);
        assert_eq!(said(&[b"250-and more\r\n".repeat(99).as_slice(), b"250 .\r\n"]).0.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_answers_and_a_fault(
            pieces in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "[2-5][0-9]{2}[ -][a-zA-Z ]{0,20}\r?\n".prop_map(String::into_bytes),
            ], 0..20)
        ) {
            let (replies, fault) = replies(&pieces);
            prop_assert!(fault.is_some());
            for reply in replies {
                prop_assert!((200..600).contains(&reply.code) && (1..=MOST_LINES).contains(&reply.lines.len()));
                prop_assert!(reply.lines.iter().all(|line| line.len() <= 3 * LONGEST_LINE && !line.contains('\n')));
            }
        }
    }
}
