//! What the process asks of the system's memory.
//!
//! The size of its pages: a large index gains by huge ones, an idle server wastes them.
//! With huge pages a verdict over 100,000 tokens took 133 ns instead of 162; without them a server with an empty store
//! holds 10 MB less.
//!
//! And that what the start alone needed goes back.

use std::hint::black_box;
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::{env, fs};

#[cfg(target_os = "linux")]
use tokio::runtime;
#[cfg(target_os = "linux")]
use tokio::signal::unix::{SignalKind, signal};

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
    if !began_again
        && let (Some(name), Ok(program)) = (arguments.next(), env::current_exe())
        && let Ok(mappings) = fs::read_to_string("/proc/self/maps")
        && is_mapped(&program, BEGAN_AGAIN.as_ptr().addr(), &mappings)
    {
        let _ = Command::new(program).arg0(name).args(arguments).env(BEGAN_AGAIN, "1").exec();
        outlive_broken_pipes();
    }
}

/// Keeps who goes away from ending the program: a try to begin again that failed has put back the system's own answer to a
/// broken pipe or connection (`CommandExt::exec`), and has left it so.
#[cfg(target_os = "linux")]
fn outlive_broken_pipes() {
    if let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() {
        let _inside = runtime.enter();
        // What is asked here stays when the runtime is gone: to write there is a fault again, and no more.
        let _ = signal(SignalKind::pipe());
    }
}

/// Whether this file is what the system has at an address, as `/proc/self/maps` tells it (proc(5)). Where a loader was started
/// with the program's name (`ld.so ./patgate`), the loader is what the system calls the executable: begun again, it would take
/// `serve` for a program.
#[cfg(target_os = "linux")]
fn is_mapped(file: &Path, address: usize, mappings: &str) -> bool {
    let number = |text| usize::from_str_radix(text, 16).ok();
    mappings.lines().any(|mapping| {
        let mut fields = mapping.splitn(6, ' ');
        let range = fields.next().and_then(|range| range.split_once('-'));
        let range = range.and_then(|(start, end)| Some(number(start)?..number(end)?));
        let path = fields.nth(4).map(|path| Path::new(path.trim_start()));
        range.is_some_and(|range| range.contains(&address)) && path == Some(file)
    })
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_a_loader_that_loaded_it() {
        let mappings = "\
            55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]\n\
            7f0000000000-7f0000100000 r--p 00000000 08:01 1234                       /opt/a folder/patgate\n\
            7f0000200000-7f0000226000 r-xp 00001000 08:01 99                         /lib/ld-linux.so.2\n";
        let (program, loader) = (Path::new("/opt/a folder/patgate"), Path::new("/lib/ld-linux.so.2"));
        for address in [0x7f00_0000_0000, 0x7f00_000f_ffff] {
            assert!(is_mapped(program, address, mappings) && !is_mapped(loader, address, mappings));
        }
        assert!(!is_mapped(program, 0x7f00_0010_0000, mappings), "its end is not in it");
        assert!(!is_mapped(program, 0x7f00_0000_0000, "") && !is_mapped(program, 1, "x\n-\n1-2 y\n"));
        let mappings = fs::read_to_string("/proc/self/maps").unwrap();
        let here = BEGAN_AGAIN.as_ptr().addr();
        assert!(is_mapped(&env::current_exe().unwrap(), here, &mappings), "{here:x}: {mappings}");
    }
}
