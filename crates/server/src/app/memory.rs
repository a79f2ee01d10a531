//! What the process asks of the system's memory.
//!
//! The size of its pages: a large index gains by huge ones, an idle server wastes them.
//! With huge pages a verdict over 100,000 tokens took 133 ns instead of 162; without them a server with an empty store
//! holds 10 MB less.
//!
//! And that what the start alone needed goes back.

#[cfg(target_os = "linux")]
use std::env;
use std::hint::black_box;
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::Duration;

/// Longer than the allocator keeps freed pages in case they are wanted again (a second).
const KEPT: Duration = Duration::from_millis(1_500);

/// More than the allocator has at hand: it asks for new pages, and looks which of the old ones can go.
const NEW_PAGES: usize = 1 << 20;

/// The grants from which on the index no longer fits a processor's nearer caches, and huge pages pay.
const LARGE: u64 = 20_000;

/// Tells a program that it has begun again.
#[cfg(target_os = "linux")]
const BEGAN_AGAIN: &str = "BEGAN_WITH_SMALL_PAGES";

/// Has the program begin with small pages, which are right until it is known how many grants there are.
///
/// The allocator takes its first pages before `main`, and keeps them: two huge ones, of which an idle server needs a
/// tenth. So a program that began with huge pages begins again: what it asked of the system stays with it (prctl(2),
/// `PR_SET_THP_DISABLE`). Where that cannot be, it goes on as it is.
pub fn begin_small() {
    #[cfg(target_os = "linux")]
    if rustix::thread::transparent_huge_pages_are_disabled() == Ok(false) {
        suit(0);
        begin_again();
    }
}

/// Returns only when the program cannot begin again, or did so before.
#[cfg(target_os = "linux")]
fn begin_again() {
    #[expect(clippy::disallowed_methods, reason = "this is no setting: the program leaves it to itself")]
    let began_again = env::var_os(BEGAN_AGAIN).is_some();
    let mut arguments = env::args_os();
    if !began_again && let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) {
        let _ = Command::new(program).arg0(name).args(arguments).env(BEGAN_AGAIN, "1").exec();
    }
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
