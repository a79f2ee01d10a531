//! A TCP connection that is read and written by system calls of its own.
//!
//! The C library makes every `recv` and `send` of a program with several threads a place where a thread may be cancelled
//! (POSIX.1-2024 §2.9.5.2), which nothing here ever does: entering and leaving such places took a twentieth of what
//! an answer to a proxy costs.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags, recv, send};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// The most bytes that are read at a time: what hyper first makes room for.
const ROOM: usize = 8_192;

/// The connection.
#[derive(Debug)]
pub(super) struct Socket(TcpStream);

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Answers are written whole; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        Self(stream)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let room = &mut room[..ROOM.min(buffer.remaining())];
        loop {
            ready!(self.0.poll_read_ready(context))?;
            let mut came = false;
            let outcome = self.0.try_io(Interest::READABLE, || {
                let ((bytes, rest), _) = recv(&self.0, &mut *room, RecvFlags::empty())?;
                buffer.put_slice(bytes);
                came = true;
                // Less than there was room for: the next call would have to wait. Said now, that call is saved.
                if bytes.is_empty() || rest.is_empty() {
                    Ok(())
                } else {
                    Err(io::ErrorKind::WouldBlock.into())
                }
            });
            match outcome {
                _ if came => return Poll::Ready(Ok(())),
                Err(error) if is_passing(&error) => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            let sent = self.0.try_io(Interest::WRITABLE, || {
                // A peer that went away is an error here, and no signal to the process.
                Ok(send(&self.0, bytes, SendFlags::NOSIGNAL)?)
            });
            match sent {
                Err(error) if is_passing(&error) => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Whether it is only to be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> [Socket; 2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        [near, listener.accept().await.unwrap().0].map(Socket::new)
    }

    #[tokio::test]
    async fn more_bytes_than_the_kernel_holds_arrive_whole() {
        let [mut near, mut far] = pair().await;
        let sent: Vec<u8> = (0..8_000_003_u32).map(|number| (number % 251) as u8).collect();
        let (outcome, came) = tokio::join!(
            async {
                near.write_all(&sent).await?;
                near.shutdown().await
            },
            async {
                let mut came = Vec::new();
                far.read_to_end(&mut came).await.map(|_| came)
            }
        );
        outcome.unwrap();
        assert!(came.unwrap() == sent);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_each_piece() {
        let [mut near, mut far] = pair().await;
        // Just the room, and one byte less and more: after each, a reader waits again.
        for length in [1, ROOM - 1, ROOM, ROOM + 1, 1] {
            let sent = vec![7; length];
            let mut came = vec![0; length];
            let (written, read) = tokio::join!(near.write_all(&sent), far.read_exact(&mut came));
            written.unwrap();
            assert_eq!(read.unwrap(), length);
            assert!(came == sent);
        }
    }

    #[tokio::test]
    async fn a_peer_that_went_away_is_an_error() {
        let [mut near, far] = pair().await;
        drop(far);
        let refused = loop {
            if let Err(error) = near.write_all(&[0; ROOM]).await {
                break error.kind();
            }
        };
        assert!(matches!(refused, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset), "{refused:?}");
    }
}
