//! Trials that run: somebody has a mail server spoken to, which may take minutes. They are few at once, so that nobody keeps
//! this server busy with the slowness of another.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use patgate_core::identifier::UserId;

use crate::problem::Problem;
use crate::state::AppState;

/// How many run at once on a node, and how many of them are one user's.
pub const MOST: usize = 50;
/// See [`MOST`].
pub const MOST_OF_ONE: usize = 5;

/// How long somebody waits who is one too many: about as long as a trial takes.
const SECONDS: u64 = 5;

/// How many trials of each user run on this node.
#[derive(Debug, Default)]
pub struct Trials(Mutex<BTreeMap<UserId, usize>>);

/// A trial that runs, until this is dropped.
#[must_use = "the trial counts as ended when this is dropped"]
pub struct RunningTrial {
    state: AppState,
    user: UserId,
}

/// Counts one more trial of a user's.
///
/// # Errors
/// 429 when too many run.
pub fn begin(state: &AppState, user: UserId) -> Result<RunningTrial, Problem> {
    let mut running = state.trials.open();
    let own = running.get(&user).copied().unwrap_or_default();
    let detail = if own >= MOST_OF_ONE {
        format!("{own} trials of yours are running, and no more at once; wait until one has ended")
    } else if running.values().sum::<usize>() >= MOST {
        format!("{MOST} trials are running on this server, and no more at once; wait until one has ended")
    } else {
        running.insert(user, own + 1);
        return Ok(RunningTrial { state: state.clone(), user });
    };
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_trials", detail).after(SECONDS))
}

impl Trials {
    fn open(&self) -> MutexGuard<'_, BTreeMap<UserId, usize>> {
        // Whoever panicked with the lock left whole numbers behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningTrial {
    fn drop(&mut self) {
        let mut running = self.state.trials.open();
        match running.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                running.remove(&self.user);
            }
        }
    }
}
