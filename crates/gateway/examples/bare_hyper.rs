//! The least that a server on hyper can do: it answers every request with 204 and looks at nothing.
//!
//! `cargo xtask bench http` compares Patgate with it, to see what the verdict costs beside HTTP itself. Its connections
//! are set up as Patgate's are. The one argument is the port of 127.0.0.1.

use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The longest head of a request, in bytes, as in the server.
const HEAD: usize = 32 * 1_024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).ok_or("usage: bare_hyper PORT")?.parse()?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(|_| async {
                let mut response = Response::new(Full::new(Bytes::new()));
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok::<_, Infallible>(response)
            });
            // A connection that the client ends is nothing to talk about.
            let _ = http1::Builder::new()
                .header_read_timeout(None)
                .writev(false)
                .max_header_size(HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
