//! Passwords that were right a few minutes ago: a script that sends its password with every request pays for the slow hash
//! once in a while.
//!
//! What is remembered fits one password and one stored hash, so that a password that is set anew ends it. It is slow to
//! guess from, too: who reads the memory of the program finds no password in it. A wrong password pays for both.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_store::PasswordHashText;

use super::PasswordText;
use super::hash::{Mark, Verdict, verify};

/// How long a password is known again after it was right.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// The most of them; whoever was proven the longest ago makes room.
const MOST: usize = 1_000;

/// The passwords that were right, and when.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Mark, Timestamp>>);

impl Remembered {
    /// Compares a password with a stored hash: quickly when it was right a few minutes ago, otherwise as [`verify`] does.
    pub(super) fn judge(
        &self,
        stored: Option<&PasswordHashText>,
        password: &PasswordText,
        now: Timestamp,
    ) -> Verdict {
        let mark = Mark::of(stored, password);
        if stored.is_some() && mark.as_ref().is_some_and(|mark| self.knows(mark, now)) {
            return Verdict::Right { stronger: None };
        }
        let verdict = verify(stored, password);
        if let (Verdict::Right { .. }, Some(mark)) = (&verdict, mark) {
            self.put(mark, now);
        }
        verdict
    }

    fn knows(&self, mark: &Mark, now: Timestamp) -> bool {
        self.marks().get(mark).is_some_and(|at| is_kept(*at, now))
    }

    fn put(&self, mark: Mark, now: Timestamp) {
        let mut marks = self.marks();
        marks.retain(|_, at| is_kept(*at, now));
        if marks.len() >= MOST
            && let Some(oldest) = marks.values().min().copied()
        {
            marks.retain(|_, at| *at > oldest);
        }
        marks.insert(mark, now);
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<Mark, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_kept(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() < KEPT
}

#[cfg(test)]
mod tests {
    use patgate_testkit::clock::{NOON, seconds_from_noon};

    use super::super::hash::{SALT, hash};
    use super::super::new::LONGEST;
    use super::*;

    fn text(text: &str) -> PasswordText {
        PasswordText::copy_of(text)
    }

    fn is_right(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Right { .. })
    }

    #[test]
    fn a_password_that_was_right_is_known_again_for_ten_minutes() {
        let (remembered, right) = (Remembered::default(), text("correct horse"));
        let stored = hash(&right, &[7; SALT]).unwrap();
        assert!(!is_right(&remembered.judge(Some(&stored), &text("correct horsf"), NOON)));
        assert!(remembered.marks().is_empty(), "a wrong one is not remembered");
        assert!(is_right(&remembered.judge(Some(&stored), &right, NOON)));
        let mark = || Mark::of(Some(&stored), &right).unwrap();
        assert!(remembered.knows(&mark(), seconds_from_noon(599)));
        assert!(!remembered.knows(&mark(), seconds_from_noon(600)), "then it is judged again");
        assert!(!is_right(&remembered.judge(Some(&stored), &text("correct horsf"), NOON)));
        let set_anew = hash(&right, &[8; SALT]).unwrap();
        assert!(!remembered.knows(&Mark::of(Some(&set_anew), &right).unwrap(), NOON));
        assert!(is_right(&remembered.judge(Some(&set_anew), &right, seconds_from_noon(600))));
        assert_eq!(remembered.marks().len(), 1, "what is over is not held");
    }

    #[test]
    fn what_is_known_again_does_not_pay_for_the_slow_hash() {
        let (remembered, password) = (Remembered::default(), text("a password"));
        // The slow comparison finds every password wrong here.
        let stored = PasswordHashText::new("not a hash".into());
        assert!(!is_right(&remembered.judge(Some(&stored), &password, NOON)));
        remembered.put(Mark::of(Some(&stored), &password).unwrap(), NOON);
        assert!(is_right(&remembered.judge(Some(&stored), &password, NOON)));
        assert!(!is_right(&remembered.judge(Some(&stored), &text("a passwore"), NOON)));
    }

    #[test]
    fn nobody_and_what_is_too_long_are_never_known() {
        let (remembered, longest) = (Remembered::default(), text(&"x".repeat(LONGEST)));
        let stored = PasswordHashText::new("not a hash".into());
        remembered.put(Mark::of(Some(&stored), &longest).unwrap(), NOON);
        assert!(is_right(&remembered.judge(Some(&stored), &longest, NOON)));
        assert!(Mark::of(Some(&stored), &text(&"x".repeat(LONGEST + 1))).is_none());
        remembered.put(Mark::of(None, &longest).unwrap(), NOON);
        assert!(!is_right(&remembered.judge(None, &longest, NOON)));
    }

    #[test]
    fn those_who_were_proven_the_longest_ago_make_room() {
        let remembered = Remembered::default();
        let mark = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
            Mark::from(bytes)
        };
        let later = seconds_from_noon(1);
        remembered.put(mark(0), NOON);
        for number in 1..=MOST {
            remembered.put(mark(number), later);
        }
        assert!(!remembered.knows(&mark(0), later) && remembered.knows(&mark(1), later));
        assert_eq!(remembered.marks().len(), MOST);
    }
}
