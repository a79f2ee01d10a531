//! Waiting for something another process does: the one place that polls.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Between two looks at first.
const SHORTEST: Duration = Duration::from_millis(10);
/// Between two looks at most.
const LONGEST: Duration = Duration::from_millis(100);
/// The next look comes after this part of the time that was waited: many looks start a program, and one who waits long would
/// keep a processor from everybody else.
const PART: u32 = 50;

/// Looks until `look` gives a value, for at most `limit`; `None` when it never did.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = now();
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        let waited = now() - start;
        if waited >= limit {
            return None;
        }
        pause((waited / PART).clamp(SHORTEST, LONGEST));
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
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
