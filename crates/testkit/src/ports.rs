//! Ports that nobody else takes between the choice and the use.
//!
//! Binding port 0 and closing it again gives a port of the system's ephemeral range, which the next outgoing
//! connection, or another test, may get as well. So the choice is made below that range, each chosen port is claimed
//! by a file lock for as long as the test process lives, and it is bound once to see that no stranger has it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

/// Below Linux's default ephemeral range (32768–60999), above what services commonly use.
const FIRST: u16 = 15_000;
/// How many ports there are to choose from.
const COUNT: u16 = 15_000;

/// The locks of this process, kept until it ends.
static CLAIMED: Mutex<BTreeMap<u16, File>> = Mutex::new(BTreeMap::new());

/// A port of 127.0.0.1 on which nothing listens and which no other test of this user gets while this process lives.
#[must_use]
pub fn free() -> u16 {
    let directory =
        std::env::temp_dir().join(format!("patgate-test-ports-{}", rustix::process::getuid().as_raw()));
    fs::create_dir_all(&directory)
        .unwrap_or_else(|error| panic!("cannot make `{}` for the port locks: {error}", directory.display()));
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    // Every test process starts somewhere else, so that they do not walk through each other's locks.
    let start = RandomState::new().hash_one(std::process::id());
    for step in 0..u64::from(COUNT) {
        let port = FIRST + (start.wrapping_add(step) % u64::from(COUNT)) as u16;
        if claimed.contains_key(&port) {
            continue;
        }
        let Ok(lock) = File::create(directory.join(port.to_string())) else { continue };
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            claimed.insert(port, lock);
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_gets_a_port_twice() {
        let threads: Vec<_> =
            (0..4).map(|_| std::thread::spawn(|| (0..50).map(|_| free()).collect::<Vec<_>>())).collect();
        let ports: Vec<u16> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 200);
    }

    #[test]
    fn a_port_in_use_is_not_given() {
        let taken: Vec<TcpListener> =
            (0..20).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free())).unwrap()).collect();
        let again: Vec<TcpListener> =
            (0..20).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free())).unwrap()).collect();
        assert_eq!(taken.len() + again.len(), 40);
    }
}
