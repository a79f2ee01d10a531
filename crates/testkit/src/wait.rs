//! Waiting for something another process does: the one place that polls.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until `look` gives a value, for at most `limit`; `None` when it never did.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = now() + limit;
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        if now() >= deadline {
            return None;
        }
        pause();
    }
}

/// Whether something listens on this port of 127.0.0.1 now.
#[must_use]
pub fn is_listening(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a deadline for another process can only be read from the clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process tells us nothing; every caller has a deadline"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}
