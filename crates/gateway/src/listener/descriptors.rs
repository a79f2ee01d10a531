//! How many file descriptors the process may have, and how many of them are for connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File descriptors for everything else: the database, the listeners, the certificate, the standard streams.
const RESERVE: u64 = 64;
/// Connections that are served however few descriptors there are.
const LEAST: u32 = 16;

/// Raises the soft limit to the hard one, and says how many connections fit under it.
pub(super) fn for_connections() -> u32 {
    let limit = getrlimit(Resource::Nofile);
    // A system that refuses leaves the soft limit, which is read again.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    fitting(getrlimit(Resource::Nofile).current)
}

/// How many connections fit under a limit; `None` is no limit.
fn fitting(limit: Option<u64>) -> u32 {
    let rest = limit.map_or(u64::MAX, |limit| limit.saturating_sub(RESERVE));
    u32::try_from(rest).unwrap_or(u32::MAX).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_left_for_everything_else() {
        for (limit, expected) in
            [(Some(1_024), 960), (Some(256), 192), (Some(70), LEAST), (Some(0), LEAST), (None, u32::MAX)]
        {
            assert_eq!(fitting(limit), expected, "{limit:?}");
        }
    }

    #[test]
    fn a_soft_limit_is_raised_to_the_hard_one() {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(200), ..before }).unwrap();
        let fitting_now = for_connections();
        assert_eq!(getrlimit(Resource::Nofile).current, before.maximum);
        assert_eq!(fitting_now, fitting(before.maximum));
    }
}
