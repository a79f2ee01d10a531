//! A small application that lets Patgate judge each request, as the proxy in front of a real one would.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::APPLICATION;

/// What a proxy passes on of the client's own headers.
const CREDENTIALS: [&str; 2] = ["authorization", "x-shop-personal-token"];

/// Why Patgate could not be asked.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Request(#[from] http::Error),
}

/// Greets a proven user, and passes a refusal on.
pub(super) async fn answer(gate: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let verdict = match ask(gate, &request).await {
        Ok(verdict) => verdict,
        // Closed when it cannot be known, as a proxy must be.
        Err(error) => return text(StatusCode::BAD_GATEWAY, format!("Patgate cannot be asked: {error}\n")),
    };
    if verdict.status() != StatusCode::OK {
        let sentence = format!("Refused: {}\n", cause(verdict.headers()));
        let mut refusal = text(verdict.status(), sentence);
        if let Some(challenge) = verdict.headers().get(WWW_AUTHENTICATE) {
            refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
        }
        return refusal;
    }
    let header = |name| verdict.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let sentence = format!(
        "Hello {}, your token `{}` lets you {} {}\n",
        header("x-patgate-user").unwrap_or_default(),
        header("x-patgate-token-name").unwrap_or_default(),
        request.method(),
        request.uri().path(),
    );
    text(StatusCode::OK, sentence)
}

/// Asks Patgate about a request: its credentials, method and URI, and nothing else of it.
async fn ask<B>(gate: SocketAddr, request: &Request<B>) -> Result<Response<Incoming>, AskError> {
    let stream = TokioIo::new(TcpStream::connect(gate).await?);
    let (mut sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    let mut question = Request::builder()
        .uri(format!("/auth/{APPLICATION}"))
        .header(HOST, gate.to_string())
        .header("x-original-method", request.method().as_str())
        .header("x-original-uri", request.uri().to_string());
    for name in CREDENTIALS {
        for value in request.headers().get_all(name) {
            question = question.header(name, value);
        }
    }
    Ok(sender.send_request(question.body(Empty::<Bytes>::new())?).await?)
}

/// What the challenge says (RFC 6750 §3).
fn cause(headers: &HeaderMap) -> &str {
    let challenge = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let cause = challenge.split_once("error_description=\"").and_then(|(_, rest)| rest.split_once('"'));
    cause.map_or("a token is needed, and the right to do this", |(cause, _)| cause)
}

fn text(status: StatusCode, sentence: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(sentence)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
