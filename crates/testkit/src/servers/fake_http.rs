//! An HTTP server that answers as a test wants it to, such as an identity provider in bad hours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What it answers.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    body: String,
    is_dribbled: bool,
}

impl Reply {
    /// A status and a text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), is_dribbled: false }
    }

    /// 200 with JSON.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::text(200, value.to_string())
    }

    /// The same, a byte a second.
    #[must_use]
    pub fn dribbled(self) -> Self {
        Self { is_dribbled: true, ..self }
    }
}

/// A running server on a port of 127.0.0.1.
#[derive(Debug)]
pub struct FakeHttp {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

impl FakeHttp {
    /// Starts one that answers in this way: it is told its own URL, and the path that is asked for.
    #[must_use]
    pub fn start(answer: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("no port for the server: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address for the server: {error}"));
        let requests = Arc::<Mutex<Vec<(String, String)>>>::default();
        let own_url = format!("http://{address}");
        let answer = move |path: &str| answer(&own_url, path);
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(&connection, &seen, answer.as_ref()));
            }
        });
        Self { address, requests }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for so far, each with the body that was sent.
    #[must_use]
    pub fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(connection: &TcpStream, seen: &Mutex<Vec<(String, String)>>, answer: &impl Fn(&str) -> Reply) {
    let Some((path, body)) = read(connection) else { return };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push((path.clone(), body));
    let Reply { status, body, is_dribbled } = answer(&path);
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut writer = connection;
    if !is_dribbled {
        let _ = writer.write_all(format!("{head}{body}").as_bytes());
        return;
    }
    let _ = writer.write_all(head.as_bytes());
    let _ = connection.set_read_timeout(Some(Duration::from_secs(1)));
    for byte in body.bytes() {
        // Nothing comes any more: this is a second, or the end of a peer that has gone.
        if writer.write_all(&[byte]).is_err() || matches!((&mut &*connection).read(&mut [0]), Ok(0)) {
            return;
        }
    }
}

/// Reads a request, and returns its path without the query, and its body.
fn read(connection: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(connection);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = first.split(' ').nth(1)?;
    Some((target.split('?').next()?.to_owned(), String::from_utf8_lossy(&body).into_owned()))
}
