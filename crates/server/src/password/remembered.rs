//! Passwords that were right a few minutes ago: a script that sends its password with every request pays for the slow hash
//! once in a while.
//!
//! What is remembered fits one password and one stored hash, so that a password that is set anew ends it. It is slow to
//! guess from, too: who reads the memory of the program finds no password in it. A wrong password pays for both.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_store::StoredPassword;

use super::PasswordText;
use super::hash::{Mark, Verdict, verify};
use super::memory::Memory;

/// How long a password is known again after it was right.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// The most of them; whoever was proven the longest ago makes room.
const MOST: usize = 1_000;

/// The passwords that were right, and when.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Mark, Proof>>);

/// That a password was right.
struct Proof {
    at: Timestamp,
    user: UserId,
}

impl Remembered {
    /// Compares a password with a stored hash: quickly when it was right a few minutes ago, otherwise as [`verify`] does.
    pub(super) fn judge(
        &self,
        stored: Option<&StoredPassword>,
        password: &PasswordText,
        now: Timestamp,
        memory: &mut Memory,
    ) -> Verdict {
        let hash = stored.map(|stored| &stored.hash);
        let mark = Mark::of(hash, password, memory);
        if stored.is_some() && mark.as_ref().is_some_and(|mark| self.knows(mark, now)) {
            return Verdict::Right { renewed: None };
        }
        let verdict = verify(hash, password, memory);
        if let (Verdict::Right { .. }, Some(mark), Some(stored)) = (&verdict, mark, stored) {
            self.put(mark, Proof { at: now, user: stored.user });
        }
        verdict
    }

    /// Forgets what is over: nobody may ever ask for it again.
    pub(super) fn forget_old(&self, now: Timestamp) {
        self.marks().retain(|_, proof| is_kept(proof.at, now));
    }

    /// Forgets what a user proved.
    pub(super) fn forget_user(&self, user: UserId) {
        self.marks().retain(|_, proof| proof.user != user);
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.marks().len()
    }

    fn knows(&self, mark: &Mark, now: Timestamp) -> bool {
        self.marks().get(mark).is_some_and(|proof| is_kept(proof.at, now))
    }

    fn put(&self, mark: Mark, proof: Proof) {
        self.forget_old(proof.at);
        let mut marks = self.marks();
        if marks.len() >= MOST
            && let Some(oldest) = marks.values().map(|proof| proof.at).min()
        {
            marks.retain(|_, proof| proof.at > oldest);
        }
        marks.insert(mark, proof);
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<Mark, Proof>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_kept(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() < KEPT
}

#[cfg(test)]
mod tests {
    use patgate_store::PasswordHashText;
    use patgate_testkit::clock::{NOON, seconds_from_noon};

    use super::super::hash::{SALT, hash};
    use super::super::new::LONGEST;
    use super::*;

    fn text(text: &str) -> PasswordText {
        PasswordText::copy_of(text)
    }

    fn of(user: i64, hash: PasswordHashText) -> StoredPassword {
        StoredPassword { user: UserId::from_i64(user), hash, version: 1 }
    }

    fn proof(user: i64, at: Timestamp) -> Proof {
        Proof { at, user: UserId::from_i64(user) }
    }

    fn mark(number: usize) -> Mark {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Mark::from(bytes)
    }

    fn is_right(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Right { .. })
    }

    #[test]
    fn a_password_that_was_right_is_known_again_for_ten_minutes() {
        let (remembered, right) = (Remembered::default(), text("correct horse"));
        let stored = of(1, hash(&right, &[7; SALT], &mut Memory::default()).unwrap());
        assert!(!is_right(&remembered.judge(
            Some(&stored),
            &text("correct horsf"),
            NOON,
            &mut Memory::default()
        )));
        assert!(remembered.marks().is_empty(), "a wrong one is not remembered");
        assert!(is_right(&remembered.judge(Some(&stored), &right, NOON, &mut Memory::default())));
        let mark = || Mark::of(Some(&stored.hash), &right, &mut Memory::default()).unwrap();
        assert!(remembered.knows(&mark(), seconds_from_noon(599)));
        assert!(!remembered.knows(&mark(), seconds_from_noon(600)), "then it is judged again");
        assert!(!is_right(&remembered.judge(
            Some(&stored),
            &text("correct horsf"),
            NOON,
            &mut Memory::default()
        )));
        let set_anew = of(1, hash(&right, &[8; SALT], &mut Memory::default()).unwrap());
        assert!(
            !remembered.knows(&Mark::of(Some(&set_anew.hash), &right, &mut Memory::default()).unwrap(), NOON)
        );
        assert!(is_right(&remembered.judge(
            Some(&set_anew),
            &right,
            seconds_from_noon(600),
            &mut Memory::default()
        )));
        assert_eq!(remembered.marks().len(), 1, "what is over is not held");
    }

    #[test]
    fn what_is_known_again_does_not_pay_for_the_slow_hash() {
        let (remembered, password) = (Remembered::default(), text("a password"));
        // The slow comparison finds every password wrong here.
        let stored = of(1, PasswordHashText::new("not a hash".into()));
        assert!(!is_right(&remembered.judge(Some(&stored), &password, NOON, &mut Memory::default())));
        remembered
            .put(Mark::of(Some(&stored.hash), &password, &mut Memory::default()).unwrap(), proof(1, NOON));
        assert!(is_right(&remembered.judge(Some(&stored), &password, NOON, &mut Memory::default())));
        assert!(!is_right(&remembered.judge(
            Some(&stored),
            &text("a passwore"),
            NOON,
            &mut Memory::default()
        )));
    }

    #[test]
    fn nobody_and_what_is_too_long_are_never_known() {
        let (remembered, longest) = (Remembered::default(), text(&"x".repeat(LONGEST)));
        let stored = of(1, PasswordHashText::new("not a hash".into()));
        remembered
            .put(Mark::of(Some(&stored.hash), &longest, &mut Memory::default()).unwrap(), proof(1, NOON));
        assert!(is_right(&remembered.judge(Some(&stored), &longest, NOON, &mut Memory::default())));
        assert!(
            Mark::of(Some(&stored.hash), &text(&"x".repeat(LONGEST + 1)), &mut Memory::default()).is_none()
        );
        remembered.put(Mark::of(None, &longest, &mut Memory::default()).unwrap(), proof(1, NOON));
        assert!(!is_right(&remembered.judge(None, &longest, NOON, &mut Memory::default())));
    }

    #[test]
    fn those_who_were_proven_the_longest_ago_make_room() {
        let remembered = Remembered::default();
        let later = seconds_from_noon(1);
        remembered.put(mark(0), proof(1, NOON));
        for number in 1..=MOST {
            remembered.put(mark(number), proof(1, later));
        }
        assert!(!remembered.knows(&mark(0), later) && remembered.knows(&mark(1), later));
        assert_eq!(remembered.marks().len(), MOST);
    }

    #[test]
    fn what_is_over_and_what_was_somebodys_who_is_gone_is_forgotten() {
        let remembered = Remembered::default();
        remembered.put(mark(1), proof(1, NOON));
        remembered.put(mark(2), proof(2, NOON));
        remembered.put(mark(3), proof(2, seconds_from_noon(1)));
        remembered.forget_user(UserId::from_i64(1));
        assert!(!remembered.knows(&mark(1), NOON) && remembered.len() == 2);
        remembered.forget_old(seconds_from_noon(599));
        assert_eq!(remembered.len(), 2);
        remembered.forget_old(seconds_from_noon(600));
        assert!(remembered.len() == 1 && remembered.knows(&mark(3), seconds_from_noon(600)));
    }
}
