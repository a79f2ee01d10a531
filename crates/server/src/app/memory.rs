//! What the process asks of the system's memory.
//!
//! The size of its pages: a large index gains by huge ones, an idle server wastes them.
//! With huge pages a verdict over 100,000 tokens took 133 ns instead of 162; without them a server with an empty store
//! holds 10 MB less.
//!
//! And that what the start needed goes back: the description of the API alone takes 10 MB while the routes are made.

use std::hint::black_box;
use std::time::Duration;

/// Longer than the allocator keeps freed pages in case they are wanted again (a second).
const KEPT: Duration = Duration::from_millis(1_500);

/// More than the allocator has at hand: it asks for new pages, and looks which of the old ones can go.
const NEW_PAGES: usize = 1 << 20;

/// The grants from which on the index no longer fits a processor's nearer caches, and huge pages pay.
const LARGE: u64 = 20_000;

/// Asks for small pages until it is known how many grants there are: the first thing that a program does, because the
/// allocator keeps what it has.
pub fn begin_small() {
    suit(0);
}

/// Asks the system for the pages that suit so many grants. Where it cannot be asked, they are as they are.
pub(super) fn suit(grants: u64) {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(grants < LARGE);
    #[cfg(not(target_os = "linux"))]
    let _ = grants < LARGE;
}

/// Gives back what the start no longer needs. The allocator would do so by itself when it next takes pages, which an idle
/// server never does.
pub(super) async fn give_back() {
    tokio::time::sleep(KEPT).await;
    drop(black_box(Vec::<u8>::with_capacity(NEW_PAGES)));
}
