//! The processes that wait, each for more of what it has done before.

use std::collections::VecDeque;
use std::sync::Arc;

/// Processes that wait, and how many there are together with those that work.
pub(super) struct Idle<D, P> {
    /// As many as there may be together.
    most: usize,
    /// Counted once by each process, and once by this.
    counted: Arc<()>,
    /// Who has waited longest is first.
    waiting: VecDeque<Bound<D, P>>,
    /// How often one was given back.
    given_back: u64,
}

/// A process, bound to its duty: it is never given another one.
pub(super) struct Bound<D, P> {
    pub(super) process: P,
    duty: D,
    /// Which one of those that were given back it was last.
    given_back: u64,
    _counted: Arc<()>,
}

/// Room for a process that is to be started.
pub(super) struct Room(Arc<()>);

impl<D: PartialEq, P> Idle<D, P> {
    /// At most so many processes, which is no fewer than work at a time.
    pub(super) fn new(most: usize) -> Self {
        Self { most, counted: Arc::default(), waiting: VecDeque::new(), given_back: 0 }
    }

    /// One that waits for this duty; of several the one that has waited least.
    pub(super) fn take(&mut self, duty: &D) -> Option<Bound<D, P>> {
        let at = self.waiting.iter().rposition(|bound| bound.duty == *duty)?;
        self.waiting.remove(at)
    }

    /// Room for one more. When there are as many as there may be, the one that has waited longest ends for it: who works is not
    /// ended, and nobody waits.
    pub(super) fn make_room(&mut self) -> Room {
        let room = Room(Arc::clone(&self.counted));
        while Arc::strong_count(&self.counted) > self.most + 1 {
            if self.waiting.pop_front().is_none() {
                break;
            }
        }
        room
    }

    /// Lets one wait for more of its duty. Returns what it is [let go](Self::let_go) by.
    pub(super) fn give_back(&mut self, bound: Bound<D, P>) -> u64 {
        self.given_back += 1;
        self.waiting.push_back(Bound { given_back: self.given_back, ..bound });
        self.given_back
    }

    /// Ends the one that waits since it was given back then.
    pub(super) fn let_go(&mut self, given_back: u64) {
        self.waiting.retain(|bound| bound.given_back != given_back);
    }
}

impl Room {
    /// Binds the process that was started.
    pub(super) fn bind<D, P>(self, duty: D, process: P) -> Bound<D, P> {
        Bound { process, duty, given_back: 0, _counted: self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has a process do something for somebody: which process it was.
    struct Trial {
        idle: Idle<&'static str, u32>,
        started: u32,
    }

    impl Trial {
        fn new(most: usize) -> Self {
            Self { idle: Idle::new(most), started: 0 }
        }

        fn take(&mut self, duty: &'static str) -> Bound<&'static str, u32> {
            self.idle.take(&duty).unwrap_or_else(|| {
                self.started += 1;
                self.idle.make_room().bind(duty, self.started)
            })
        }

        fn use_one(&mut self, duty: &'static str) -> u32 {
            let bound = self.take(duty);
            let process = bound.process;
            self.idle.give_back(bound);
            process
        }
    }

    #[test]
    fn a_process_goes_on_with_its_duty_and_takes_no_other() {
        let mut trial = Trial::new(9);
        let used = ["ann", "ann", "bob", "ann", "bob", "cyd", "ann"].map(|duty| trial.use_one(duty));
        assert_eq!(used, [1, 1, 2, 1, 2, 3, 1]);
    }

    #[test]
    fn who_has_waited_longest_ends_for_a_new_one() {
        let mut trial = Trial::new(2);
        let used = ["ann", "bob", "ann", "cyd", "ann", "bob", "cyd"].map(|duty| trial.use_one(duty));
        // Bob's ended for Cyd's, then hers for the second one of Bob, then Ann's for the second one of Cyd.
        assert_eq!(used, [1, 2, 1, 3, 1, 4, 5]);
    }

    #[test]
    fn who_waits_too_long_ends_and_nobody_else() {
        let mut trial = Trial::new(9);
        let given_back = ["ann", "bob", "ann"].map(|duty| {
            let bound = trial.take(duty);
            trial.idle.give_back(bound)
        });
        trial.idle.let_go(given_back[0]);
        assert_eq!(["bob", "ann"].map(|duty| trial.use_one(duty)), [2, 1], "Ann's worked in between");
        trial.idle.let_go(trial.idle.given_back);
        assert_eq!(["bob", "ann"].map(|duty| trial.use_one(duty)), [2, 3]);
    }

    #[test]
    fn there_are_never_more_than_there_may_be_and_who_works_is_not_ended() {
        let mut trial = Trial::new(3);
        let (of_ann, of_bob) = (trial.take("ann"), trial.take("bob"));
        for duty in ["cyd", "dan", "eve", "fay"] {
            trial.use_one(duty);
            assert_eq!((trial.idle.waiting.len(), Arc::strong_count(&trial.idle.counted)), (1, 4), "{duty}");
        }
        let of_gus = trial.take("gus");
        assert!(trial.idle.waiting.is_empty());
        for bound in [of_ann, of_bob, of_gus] {
            trial.idle.give_back(bound);
        }
        assert_eq!(["ann", "bob", "gus"].map(|duty| trial.use_one(duty)), [1, 2, 7]);
        // Those that ended leave their room.
        drop(trial.take("gus"));
        assert_eq!((trial.use_one("hal"), trial.use_one("ann")), (8, 1));
    }
}
