//! Listening and draining, over real sockets.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server on a free port that answers with the peer's address, or waits for its word at `/slow`.
struct Server {
    address: SocketAddr,
    is_asked: Arc<Notify>,
    may_answer: Arc<Notify>,
    stop: oneshot::Sender<()>,
    end: JoinHandle<Drained>,
}

async fn start(limits: Limits) -> Server {
    let listeners = Listeners::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let address = listeners.addresses().unwrap()[0];
    let (is_asked, may_answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (asked, may) = (Arc::clone(&is_asked), Arc::clone(&may_answer));
    let answerer = Arc::new(move |request: Request<Incoming>, peer: SocketAddr| {
        let response = Response::new(Bytes::from(peer.to_string()));
        if request.uri().path() != "/slow" {
            return Answer::Ready(response);
        }
        let (asked, may) = (Arc::clone(&asked), Arc::clone(&may));
        Answer::later(async move {
            asked.notify_one();
            may.notified().await;
            response.map(Full::new).map(Either::Left)
        })
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let end =
        tokio::spawn(
            async move { listeners.serve(answerer, None, limits, async { drop(stopped.await) }).await },
        );
    Server { address, is_asked, may_answer, stop, end }
}

/// Sends bytes and reads until the other side closes.
async fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses what it has not read to its end may reset the connection after its answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Reads one answer with a body of known length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            if body.len() >= length.parse().unwrap() {
                return text.into_owned();
            }
        }
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "closed after {read:?}");
    }
}

#[tokio::test]
async fn what_answers_learns_who_asks_on_a_connection_that_stays_open() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let me = stream.local_addr().unwrap().to_string();
    for _ in 0..3 {
        stream.write_all(GET).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&me), "{answer}");
    }
}

#[tokio::test]
async fn requests_sent_together_are_all_answered() {
    let server = start(Limits::default()).await;
    let last = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = talk(server.address, &[GET, GET, last].concat()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn a_bind_conflict_names_every_address_and_leaves_none_bound() {
    let taken = Listeners::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let taken = (taken.addresses().unwrap()[0], taken);
    let free = patgate_testkit::ports::free();
    let foreign = SocketAddr::from(([192, 0, 2, 1], 80));
    let wanted = [SocketAddr::from(([127, 0, 0, 1], free)), taken.0, foreign];
    let fault = Listeners::bind(&wanted).await.unwrap_err().to_string();
    assert!(
        fault.contains(&format!("cannot listen on `{}`: another program listens there", taken.0)),
        "{fault}"
    );
    assert!(
        fault.contains("cannot listen on `192.0.2.1:80`: this machine does not have that address"),
        "{fault}"
    );
    assert!(!fault.contains(&wanted[0].to_string()), "{fault}");
    assert!(fault.contains("hint: "), "{fault}");
    assert!(TcpStream::connect(wanted[0]).await.is_err(), "one address stayed bound");
}

#[tokio::test]
async fn a_stop_lets_the_open_request_end_and_closes_what_is_idle() {
    let server = start(Limits::default()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(GET).await.unwrap();
    answer(&mut idle).await;
    let slow = tokio::spawn(talk(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"));
    server.is_asked.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0, "the idle connection is closed at once");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    server.may_answer.notify_one();
    assert!(slow.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(server.end.await.unwrap(), Drained::Finished);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = start(Limits { drain: Duration::from_millis(50), ..Limits::default() }).await;
    let slow = tokio::spawn(talk(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"));
    server.is_asked.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(server.end.await.unwrap(), Drained::Cut(1));
    assert_eq!(slow.await.unwrap(), "");
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_and_a_long_one_refused() {
    let server = start(Limits { head_seconds: 1, idle_seconds: 600, ..Limits::default() }).await;
    assert_eq!(talk(server.address, b"").await, "", "a connection that says nothing");
    assert_eq!(talk(server.address, b"GET / HTTP/1.1\r\nhost").await, "", "half a head");
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(40_000));
    let refusal = talk(server.address, long.as_bytes()).await;
    assert!(refusal.starts_with("HTTP/1.1 431 "), "{refusal}");
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x-a: b\r\n".repeat(120));
    let refusal = talk(server.address, many.as_bytes()).await;
    assert!(refusal.starts_with("HTTP/1.1 431 "), "{refusal}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_working_one_is_not() {
    let server = start(Limits { head_seconds: 1, idle_seconds: 1, ..Limits::default() }).await;
    let slow = tokio::spawn(talk(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"));
    server.is_asked.notified().await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(GET).await.unwrap();
    answer(&mut idle).await;
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    server.may_answer.notify_one();
    assert!(slow.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"), "it was being answered all the time");
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_their_turn() {
    let server = start(Limits { connections: 1, ..Limits::default() }).await;
    let slow =
        tokio::spawn(talk(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    server.is_asked.notified().await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(GET).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.read(&mut [0; 1])).await;
    assert!(early.is_err(), "the second connection was served beside the first");
    server.may_answer.notify_one();
    slow.await.unwrap();
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&[GET, b"GET / HT"].concat()).await.unwrap();
    answer(&mut stream).await;
    stream.write_all(b"TP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    answer(&mut stream).await;
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut() {
    let server = start(Limits { request_seconds: 1, ..Limits::default() }).await;
    assert_eq!(talk(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await, "");
}

#[tokio::test]
async fn a_client_that_is_refused_while_it_still_sends_gets_the_refusal() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let more = [b'x'; 40_000];
    stream.write_all(b"GET / HTTP/1.1\r\nx-long: ").await.unwrap();
    stream.write_all(&more).await.unwrap();
    stream.readable().await.unwrap();
    // A socket that had been closed would answer the first of these with a reset, and fail the second.
    stream.write_all(&more).await.unwrap();
    stream.write_all(&more).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut refusal = String::new();
    stream.read_to_string(&mut refusal).await.unwrap();
    assert!(refusal.starts_with("HTTP/1.1 431 "), "{refusal}");
}

#[tokio::test]
async fn who_says_nothing_makes_room_and_who_has_a_request_does_not() {
    let server = start(Limits { connections: 3, ..Limits::default() }).await;
    let last = "GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let slow = tokio::spawn(talk(server.address, last.as_bytes()));
    server.is_asked.notified().await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    // Each that came too many ended the one that had said nothing for longest.
    for first in &mut silent[..8] {
        assert_eq!(first.read(&mut [0; 1]).await.unwrap(), 0);
    }
    for second in &mut silent[8..] {
        second.write_all(GET).await.unwrap();
        assert!(answer(second).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    server.may_answer.notify_one();
    assert!(slow.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn half_a_head_keeps_nobody_out() {
    let server = start(Limits { connections: 2, ..Limits::default() }).await;
    let mut halves = Vec::new();
    for _ in 0..2 {
        let mut half = TcpStream::connect(server.address).await.unwrap();
        half.write_all(b"GET / HT").await.unwrap();
        halves.push(half);
    }
    assert!(
        talk(server.address, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .contains("200 OK")
    );
}
