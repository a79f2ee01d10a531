//! An HTTP proxy that leads wherever it is asked to, and counts.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A running proxy on a port of 127.0.0.1. It takes `CONNECT` alone (RFC 9110 §9.3.6).
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    tunnels: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one that leads everywhere.
    #[must_use]
    pub fn start() -> Self {
        Self::answering(None)
    }

    /// Starts one that answers every request with these bytes instead.
    #[must_use]
    pub fn refusing(answer: &'static str) -> Self {
        Self::answering(Some(answer))
    }

    fn answering(answer: Option<&'static str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("no port for the proxy: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address for the proxy: {error}"));
        let tunnels = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&tunnels);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&seen);
                thread::spawn(move || lead(client, &seen, answer));
            }
        });
        Self { address, tunnels }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it was asked to lead so far, as `HOST:PORT`.
    #[must_use]
    pub fn tunnels(&self) -> Vec<String> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn lead(mut client: TcpStream, seen: &Mutex<Vec<String>>, answer: Option<&str>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut line = first.clone();
    while !line.trim_end().is_empty() {
        line.clear();
        reader.read_line(&mut line).ok()?;
    }
    let target = first.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
    if let Some(answer) = answer {
        return client.write_all(answer.as_bytes()).ok();
    }
    let mut server = TcpStream::connect(target).ok()?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\nvia: 1.1 test\r\n\r\n").ok()?;
    let mut to_server = server.try_clone().ok()?;
    thread::spawn(move || {
        let _ = io::copy(&mut reader, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Write).ok()
}
