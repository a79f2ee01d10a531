//! A server that speaks LDAP as far as a test wants it to: it answers each request with the bytes that it is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The tag of a request to sign in (RFC 4511 §4.2).
pub const BIND: u8 = 0x60;
/// The tag of a search (§4.5).
pub const SEARCH: u8 = 0x63;
/// The tag of an extended request, such as StartTLS (§4.12).
pub const EXTENDED: u8 = 0x77;

/// How long it takes from one byte to the next of an answer that is dribbled, and from one answer to the next without an end.
const BEAT: Duration = Duration::from_millis(100);

/// An answer, and how it is given.
#[derive(Clone, Debug)]
pub enum Said {
    /// These bytes at once.
    AtOnce(Vec<u8>),
    /// These bytes, one in a tenth of a second.
    Dribbled(Vec<u8>),
    /// These bytes, again and again, each time after a tenth of a second.
    WithoutAnEnd(Vec<u8>),
    /// Nothing.
    Nothing,
}

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// What it is: [`BIND`], [`SEARCH`], [`EXTENDED`].
    pub tag: u8,
    /// Its number, which answers repeat.
    pub id: u8,
    /// The whole message.
    pub bytes: &'r [u8],
}

/// A running server on a port of 127.0.0.1.
#[derive(Debug)]
pub struct FakeDirectory {
    address: SocketAddr,
    searches: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl FakeDirectory {
    /// Starts one that answers each request with these bytes, or, with `None`, is silent.
    #[must_use]
    pub fn start(answer: impl Fn(Request<'_>) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::saying(move |request| answer(request).map_or(Said::Nothing, Said::AtOnce))
    }

    /// Starts one that answers each request in its way.
    #[must_use]
    pub fn saying(answer: impl Fn(Request<'_>) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("no port for the directory: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address for the directory: {error}"));
        let (searches, connections) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let answer = Arc::new(answer);
        let counted = (Arc::clone(&searches), Arc::clone(&connections));
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                counted.1.fetch_add(1, Ordering::SeqCst);
                let (answer, searches) = (Arc::clone(&answer), Arc::clone(&counted.0));
                thread::spawn(move || {
                    serve(connection, |request| {
                        if request.tag == SEARCH {
                            searches.fetch_add(1, Ordering::SeqCst);
                        }
                        answer(request)
                    });
                });
            }
        });
        Self { address, searches, connections }
    }

    /// One that signs everybody in and then says nothing more.
    #[must_use]
    pub fn mute() -> Self {
        Self::start(|request| (request.tag == BIND).then(|| message(request.id, 0x61, &result(0))))
    }

    /// `ldap://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// How many searches arrived.
    #[must_use]
    pub fn searches(&self) -> usize {
        self.searches.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// One element of BER; lengths of two bytes, which is allowed. Panics when the contents are longer.
#[must_use]
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap_or_else(|_| panic!("{} bytes", contents.len()));
    let length = length.to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], contents].concat()
}

/// A message with its number (§4.1.1).
#[must_use]
pub fn message(id: u8, tag: u8, contents: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], element(tag, contents).as_slice()].concat())
}

/// The end of an answer (§4.1.9), with these words.
#[must_use]
pub fn result_with(code: u8, words: &str) -> Vec<u8> {
    [&[0x0a, 1, code], element(4, b"").as_slice(), element(4, words.as_bytes()).as_slice()].concat()
}

/// The same with the word `words`.
#[must_use]
pub fn result(code: u8) -> Vec<u8> {
    result_with(code, "words")
}

/// An entry that a search found (§4.5.2), with attributes of one value each.
#[must_use]
pub fn entry(dn: &str, attributes: &[(&str, &[u8])]) -> Vec<u8> {
    let attribute = |(name, value): &(&str, &[u8])| {
        let set = element(0x31, &element(4, value));
        element(0x30, &[element(4, name.as_bytes()), set].concat())
    };
    let list: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    [element(4, dn.as_bytes()), element(0x30, &list)].concat()
}

fn serve(mut connection: TcpStream, answer: impl Fn(Request<'_>) -> Said) {
    let (mut received, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while let Ok(read @ 1..) = connection.read(&mut buffer) {
        received.extend_from_slice(&buffer[..read]);
        while let Some((start, length)) = measure(&received).filter(|(_, length)| *length <= received.len()) {
            let bytes: Vec<u8> = received.drain(..length).collect();
            // The head of the message, then `INTEGER` with one byte, then the request.
            let (Some(&tag), Some(&id)) = (bytes.get(start + 3), bytes.get(start + 2)) else { return };
            let request = Request { tag, id, bytes: &bytes };
            let said = match answer(request) {
                Said::AtOnce(bytes) => connection.write_all(&bytes).is_ok(),
                Said::Dribbled(bytes) => bytes.iter().all(|byte| slowly(&mut connection, &[*byte])),
                Said::WithoutAnEnd(bytes) => std::iter::repeat(()).all(|()| slowly(&mut connection, &bytes)),
                Said::Nothing => true,
            };
            if !said {
                return;
            }
        }
    }
}

/// Says something, and waits for a beat. Returns whether anybody listens.
fn slowly(connection: &mut TcpStream, bytes: &[u8]) -> bool {
    // Nothing comes meanwhile: this is a beat, or the end of a peer that has gone.
    let is_there = connection.write_all(bytes).is_ok() && connection.set_read_timeout(Some(BEAT)).is_ok();
    let has_gone = is_there && matches!(connection.read(&mut [0]), Ok(0));
    is_there && !has_gone && connection.set_read_timeout(None).is_ok()
}

/// Where the contents of the first message begin, and how long it is.
fn measure(received: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*received.get(1)?);
    if first < 0x80 {
        return Some((2, 2 + first));
    }
    let digits = first & 0x7f;
    let length = received.get(2..2 + digits)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some((2 + digits, 2 + digits + length))
}
