//! The application behind the proxy: a small HTTP/1.1 server that remembers every request and answers what it saw.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::json;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// `GET`, as sent.
    pub method: String,
    /// The request target: path and query, as sent.
    pub uri: String,
    /// Every header line in order; names as sent, values read as ISO 8859-1.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header that came once, or not at all; panics when it came more often.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "the upstream got `{name}` more than once: {:?}", self.headers);
        value
    }
}

/// A running upstream on a port of 127.0.0.1.
///
/// It answers everything with 200 and JSON: `method`, `uri`, `headers` (an object, names in lower case, the values
/// of a repeated name joined with `, `) and `body`.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    requests: Vec<Received>,
    connections: Vec<TcpStream>,
}

impl Upstream {
    /// Starts it; it accepts before this returns.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("no port for the upstream: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address for the upstream: {error}"));
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &for_thread));
        Self { address, shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in the order in which they were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.shared.lock().requests.clone()
    }

    /// Every request since the last call, which then counts as seen.
    #[must_use]
    pub fn take_requests(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.lock().requests)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let connections = {
            let mut state = self.shared.lock();
            state.stopped = true;
            std::mem::take(&mut state.connections)
        };
        for connection in connections {
            // Already closed by the other side, perhaps.
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the accepting thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(handle) = stream.try_clone() {
            state.connections.push(handle);
        }
        drop(state);
        let shared = Arc::clone(shared);
        // An error ends this connection alone: the other side went away, or does not speak HTTP.
        thread::spawn(move || serve(&stream, &shared));
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader, &mut writer)? {
        let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let is_head = request.method == "HEAD";
        let body = describe(&request);
        shared.lock().requests.push(request);
        let ending = if close { "connection: close\r\n" } else { "" };
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{ending}\r\n",
            body.len()
        );
        if !is_head {
            answer.push_str(&body);
        }
        writer.write_all(answer.as_bytes())?;
        if close {
            break;
        }
    }
    stream.shutdown(Shutdown::Both)
}

fn describe(request: &Received) -> String {
    let mut headers = serde_json::Map::new();
    for (name, value) in &request.headers {
        let joined = match headers.get(&name.to_ascii_lowercase()).and_then(serde_json::Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.to_ascii_lowercase(), joined.into());
    }
    let body = String::from_utf8_lossy(&request.body);
    json!({ "method": request.method, "uri": request.uri, "headers": headers, "body": body }).to_string()
}

/// The next request of a connection; `None` when the other side closed it between two.
fn read_request(reader: &mut impl BufRead, writer: &mut impl Write) -> io::Result<Option<Received>> {
    let Some(start) = read_line(reader)? else { return Ok(None) };
    let mut words = start.split(' ').map(str::to_owned);
    let (Some(method), Some(uri), Some(_version)) = (words.next(), words.next(), words.next()) else {
        return Err(io::Error::other("no request line"));
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other("no header line"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Received { method, uri, headers, body: Vec::new() };
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    request.body = if request.header("transfer-encoding").is_some() {
        read_chunks(reader)?
    } else {
        let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        body
    };
    Ok(Some(request))
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        // The line after a chunk's data is empty; after the last chunk trailers may precede the empty one.
        while read_line(reader)?.is_some_and(|line| !line.is_empty()) {}
        if length == 0 {
            return Ok(body);
        }
    }
}

/// A line without its end; bytes above 127 are kept as ISO 8859-1.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.into_iter().map(char::from).collect::<String>().trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curl::{curl, get};

    #[test]
    fn it_remembers_what_it_got() {
        let upstream = Upstream::start();
        let url = format!("{}/one?two=3", upstream.url());
        curl(["-d", "four", &url]);
        let requests = upstream.take_requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            (requests[0].method.as_str(), requests[0].uri.as_str(), requests[0].body.as_slice()),
            ("POST", "/one?two=3", b"four".as_slice())
        );
        assert!(upstream.requests().is_empty());
    }

    #[test]
    fn a_body_in_chunks_is_put_together() {
        let upstream = Upstream::start();
        let body = "x".repeat(100_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &body).unwrap();
        let data = format!("@{}", file.path().display());
        let answer = curl([
            "-H",
            "Transfer-Encoding: chunked",
            "--data-binary",
            &data,
            &format!("{}/", upstream.url()),
        ]);
        assert_eq!(answer.status, 200);
        assert_eq!(upstream.requests()[0].body, body.as_bytes());
    }

    #[test]
    fn one_connection_carries_several_requests() {
        let upstream = Upstream::start();
        let answer = curl([format!("{}/a", upstream.url()), format!("{}/b", upstream.url())]);
        assert_eq!(answer.exit, 0);
        let uris: Vec<String> = upstream.requests().into_iter().map(|request| request.uri).collect();
        assert_eq!(uris, ["/a", "/b"]);
        assert_eq!(upstream.shared.lock().connections.len(), 1);
    }

    #[test]
    fn a_dropped_upstream_does_not_answer() {
        let upstream = Upstream::start();
        let url = upstream.url();
        assert_eq!(get(&url).status, 200);
        drop(upstream);
        assert_eq!(get(&url).status, 0);
    }
}
