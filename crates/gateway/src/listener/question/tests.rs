//! Whether a question is answered here or by hyper, nobody who asks can tell; the tests count those that are answered here.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use http::Response;
use hyper::body::Incoming;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::super::{Answer, Drained, Limits, Listeners};
use super::*;

/// Says what it saw; of questions only when it is told to.
struct Echo {
    takes_questions: bool,
    /// How many questions it has answered.
    answered: Arc<AtomicUsize>,
}

impl Echo {
    fn text(path: &str, headers: &HeaderMap) -> String {
        let mut text = path.to_owned();
        for (name, value) in headers {
            write!(text, "|{name}={value:?}").unwrap();
        }
        text
    }
}

impl Answerer for Echo {
    fn answer(&self, request: Request<Incoming>, _: SocketAddr) -> Answer {
        Answer::Ready(Response::new(Self::text(request.uri().path(), request.headers()).into()))
    }

    fn answer_question(&self, path: &str, headers: &HeaderMap, _: SocketAddr, out: &mut Vec<u8>) -> bool {
        let is_question = self.takes_questions && (path == "/auth" || path.starts_with("/auth/"));
        if is_question {
            self.answered.fetch_add(1, Ordering::SeqCst);
            let text = Self::text(path, headers);
            out.extend_from_slice(
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\ndate: now\r\n\r\n{text}", text.len())
                    .as_bytes(),
            );
        }
        is_question
    }
}

struct Server {
    address: SocketAddr,
    answered: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    end: tokio::task::JoinHandle<Drained>,
}

impl Server {
    /// How many questions were answered before hyper saw them.
    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

async fn start(takes_questions: bool, limits: Limits) -> Server {
    let listeners = Listeners::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let address = listeners.addresses().unwrap()[0];
    let (stop, stopped) = oneshot::channel::<()>();
    let answered = Arc::new(AtomicUsize::new(0));
    let echo = Echo { takes_questions, answered: Arc::clone(&answered) };
    let serving = listeners.serve(Arc::new(echo), None, limits, async {
        let _ = stopped.await;
    });
    Server { address, answered, stop, end: tokio::spawn(serving) }
}

/// Sends these pieces and reads to the end, without dates: they are made in two places.
async fn talk(address: SocketAddr, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        // A server that has refused what came before may be gone.
        let _ = stream.write_all(piece).await;
        tokio::task::yield_now().await;
    }
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n")
}

const QUESTION: &[u8] = b"GET /auth HTTP/1.1\r\nhost: a\r\n\r\n";

fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "host: a",
        "Authorization: Bearer pat_x",
        "authorization:Basic  OnBhdA== ",
        "x-original-uri: /a?b=c",
        "x-empty:",
        "X-Twice: 1",
        "x-twice: 2",
        "x-\u{e9}: a",
        "x-latin: \u{e9}",
        "x-tab: a\tb",
        "x-blank : a",
        " folded",
        "content-length: 0",
        "content-length: 3",
        "transfer-encoding: chunked",
        "connection: Keep-Alive",
        "connection: close",
        "connection: keep-alive, close",
        "expect: 100-continue",
        "upgrade: h2c",
        ": a",
        "no colon",
    ])
}

prop_compose! {
    fn request()(
        method in prop::sample::select(vec!["GET", "GET", "GET", "GET", "POST", "HEAD", "get"]),
        target in prop::sample::select(vec![
            "/auth", "/auth", "/auth", "/auth", "/auth/", "/auth?a", "/auth#a", "http://a/auth", "*", "auth", "/", "/%61uth",
            "/auth/shop", "/auth/a%20b", "/auth/a<b", "/auth/a>b", "/auth/a`b", "/auth/\u{fc}", "/auth/a{", "/auth/a\"b",
            "/auth/a^\\|", "/auth/a#<", "/auth?x=<", "/auth?x=`",
        ]),
        version in prop::sample::select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"]),
        lines in prop::collection::vec(line(), 0..4),
        end in prop::sample::select(vec!["\r\n", "\r\n", "\r\n", "\n"]),
        before in prop::sample::select(vec!["", "", "", "\r\n"]),
    ) -> Vec<u8> {
        let lines: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        format!("{before}{method} {target} {version}{end}{lines}{end}").into_bytes()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_answered_here_hyper_would_answer_alike(
        requests in prop::collection::vec(request(), 1..4),
        cut in any::<prop::sample::Index>(),
        broken in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = requests.concat();
        if let Some((at, byte)) = broken {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let [here, hyper] = runtime.block_on(async {
            let mut answers = Vec::new();
            for takes_questions in [true, false] {
                let server = start(takes_questions, Limits::default()).await;
                answers.push(talk(server.address, &[first, second]).await);
            }
            <[String; 2]>::try_from(answers).unwrap()
        });
        prop_assert_eq!(here, hyper);
    }
}

#[tokio::test]
async fn questions_and_other_requests_come_over_one_connection() {
    let server = start(true, Limits::default()).await;
    let other = b"POST /auth HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";
    let long = format!("GET /auth HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(2 * ROOM)).into_bytes();
    let answers = talk(server.address, &[QUESTION, QUESTION, other, QUESTION, &long]).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 5, "{answers}");
    assert_eq!(server.answered(), 2, "those that come before the other request");
    let many = QUESTION.repeat(2_000);
    assert_eq!(talk(server.address, &[&many]).await.matches("HTTP/1.1 200 OK").count(), 2_000);
    assert_eq!(server.answered(), 2 + 2_000);
}

#[tokio::test]
async fn a_path_that_hyper_refuses_is_refused_by_it() {
    let (here, hyper) = (start(true, Limits::default()).await, start(false, Limits::default()).await);
    for (target, status, is_answered_here) in [
        ("/auth", 200, true),
        ("/auth/", 200, true),
        ("/auth/shop-1_a.b~c%20d", 200, true),
        ("/auth/a<b", 400, false),
        ("/auth/a>b", 400, false),
        ("/auth/a`b", 400, false),
        ("/auth/\u{fc}", 200, false),
        ("/auth/a{", 200, false),
        ("/auth/a\"b", 200, false),
        ("/auth#x", 200, false),
        ("/auth?x=1", 200, false),
        ("/auth?x=<", 400, false),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n");
        let before = here.answered();
        let answer = talk(here.address, &[request.as_bytes()]).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
        assert_eq!(answer, talk(hyper.address, &[request.as_bytes()]).await, "{target}");
        assert_eq!(here.answered() - before, usize::from(is_answered_here), "{target}");
    }
    assert_eq!(hyper.answered(), 0);
}

#[tokio::test]
async fn a_question_that_never_ends_is_cut_and_so_is_who_asks_no_more() {
    let server = start(true, Limits { head_seconds: 1, idle_seconds: 1, ..Limits::default() }).await;
    for begun in [&b"GET /auth HT"[..], QUESTION] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.is_empty(), begun != QUESTION, "{answer}");
    }
    assert_eq!(server.answered(), 1);
}

#[tokio::test]
async fn a_stop_lets_a_request_that_has_begun_come_to_its_end() {
    for begun in ["GET /auth HT", "POST /x HTTP/1.1\r\nho"] {
        let server = start(true, Limits { drain: Duration::from_secs(5), ..Limits::default() }).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // They come together: whoever has the answer to the first knows that the half is there.
        stream.write_all(&[QUESTION, begun.as_bytes()].concat()).await.unwrap();
        assert_ne!(stream.read(&mut [0; 1_000]).await.unwrap(), 0);
        assert_eq!(server.answered(), 1);
        server.stop.send(()).unwrap();
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0, "all are told to end");
        let last = if begun.starts_with("GET") { "TP/1.1\r\n\r\n" } else { "st: a\r\n\r\n" };
        stream.write_all(last.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{begun}: {answer}");
    }
}

#[tokio::test]
async fn a_stop_closes_who_has_asked_and_lets_who_asks_end() {
    let server = start(true, Limits { drain: Duration::from_secs(5), ..Limits::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(QUESTION).await.unwrap();
        assert_ne!(stream.read(&mut [0; 1_000]).await.unwrap(), 0);
        streams.push(stream);
    }
    assert_eq!(server.answered(), 2);
    server.stop.send(()).unwrap();
    for mut stream in streams {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
    assert_eq!(server.end.await.unwrap(), Drained::Finished);
}
