//! HTTP/1.1 by hand: what curl cannot say, and what must be said often and fast.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::curl::Answer;

/// How long the other side may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any answer of ours has.
const LONGEST_HEAD: usize = 256 * 1024;

/// A connection to a port of 127.0.0.1. Bytes go out as they are given.
///
/// ```
/// use patgate_testkit::{upstream::Upstream, wire::Wire};
/// let upstream = Upstream::start();
/// let mut wire = Wire::connect(upstream.address().port());
/// wire.send("GET /odd HTTP/1.1\r\nhost: a\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n").unwrap();
/// assert_eq!(wire.answer().unwrap().unwrap().json()["headers"]["x-twice"], "1, 2");
/// ```
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    /// What has come and belongs to the next answer.
    rest: Vec<u8>,
}

impl Wire {
    /// Connects; panics when nobody listens.
    #[must_use]
    pub fn connect(port: u16) -> Self {
        Self::try_connect(port).unwrap_or_else(|error| panic!("cannot connect to port {port}: {error}"))
    }

    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn try_connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, rest: Vec::new() })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the other side has closed, or takes nothing for half a minute.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Says that nothing more will come; answers are still read.
    ///
    /// # Errors
    /// When the other side has closed.
    pub fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// The next answer; `None` when the other side closed instead of beginning one.
    ///
    /// # Errors
    /// When the connection breaks, ends in the middle, or half a minute passes in silence
    /// ([`io::ErrorKind::WouldBlock`]); and when what comes is not HTTP/1.
    pub fn answer(&mut self) -> io::Result<Option<Answer>> {
        let Some(head) = self.head()? else { return Ok(None) };
        let (start, lines) = head.split_once("\r\n").unwrap_or((&head, ""));
        let mut words = start.split(' ');
        let status = match (words.next(), words.next().map(str::parse)) {
            (Some("HTTP/1.1" | "HTTP/1.0"), Some(Ok(status))) => status,
            _ => return Err(not_http(start)),
        };
        let headers: Vec<(String, String)> = lines
            .lines()
            .map(|line| line.split_once(':').ok_or_else(|| not_http(line)))
            .map(|line| line.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())))
            .collect::<Result<_, _>>()?;
        let body = self.body(status, &headers)?;
        Ok(Some(Answer { status, headers, body, exit: 0, complaint: String::new() }))
    }

    /// A whole request with the length of its body, and its answer.
    ///
    /// # Errors
    /// As [`Wire::answer`]; the end of the connection is an error too.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request
                .push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        self.send(format!("{request}\r\n{body}"))?;
        self.answer()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The lines before the empty one; bytes above 127 are read as ISO 8859-1.
    fn head(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.rest.drain(..end + 4).take(end).map(char::from).collect();
                return Ok(Some(head));
            }
            if self.rest.len() > LONGEST_HEAD {
                return Err(not_http("an endless head"));
            }
            if !self.read_more()? {
                return if self.rest.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    fn body(&mut self, status: u16, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
        let header = |name| headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        if status < 200 || matches!(status, 204 | 304) {
            return Ok(Vec::new());
        }
        if let Some(length) = header("content-length") {
            return self.take(length.parse().map_err(|_| not_http(length))?);
        }
        if header("transfer-encoding").is_some() {
            return self.chunks();
        }
        while self.read_more()? {}
        Ok(std::mem::take(&mut self.rest))
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(|_| not_http(&line))?;
            body.extend(self.take(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|two| two == b"\r\n") {
                return Ok(self.rest.drain(..end + 2).take(end).map(char::from).collect());
            }
            self.must_read_more()?;
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.rest.len() < length {
            self.must_read_more()?;
        }
        Ok(self.rest.drain(..length).collect())
    }

    fn must_read_more(&mut self) -> io::Result<()> {
        if self.read_more()? { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Whether anything came before the end.
    fn read_more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer)?;
        self.rest.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }
}

fn not_http(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP/1: {text:.200}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that says this to whoever comes, and closes.
    fn says(text: &'static str) -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || listener.accept().unwrap().0.write_all(text.as_bytes()).unwrap());
        Wire::connect(port)
    }

    #[test]
    fn answers_of_every_framing_are_told_apart() {
        let mut wire = says(
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\
             transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the end",
        );
        let mut next = || wire.answer().unwrap().map(|answer| (answer.status, answer.text()));
        assert_eq!(next(), Some((204, String::new())));
        assert_eq!(next(), Some((400, "ab".to_owned())));
        assert_eq!(next(), Some((200, "abcd".to_owned())));
        assert_eq!(next(), Some((200, "to the end".to_owned())));
        assert_eq!(next(), None);
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        for text in
            ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 200 OK\r\n", "SSH-2.0-a\r\n\r\n"]
        {
            assert!(says(text).answer().is_err(), "{text}");
        }
    }
}
