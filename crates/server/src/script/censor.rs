//! Hides secrets in what a script says. How much is looked through has a bound, and a long text is looked through where no
//! verdict waits for it.

use std::sync::Arc;

use patgate_core::item::SecretText;
use tokio::sync::Semaphore;

use super::limits::{SAID, TOLD, cut};
use super::mask::Mask;

/// For so many secrets all that may be printed is looked through. A script chooses both, and the server is who looks: with more
/// secrets, what would take more than that is not shown.
const SECRETS: u64 = 32;
/// How much is looked through for a failure in any case, in bytes times secrets: who printed too much sees why it failed.
const KEPT: u64 = (SAID as u64 + 1) * SECRETS;
/// What is looked through at once, in bytes times secrets: at some 20 ns each, a third of a millisecond for which a thread
/// gives no verdict. What takes longer is looked through elsewhere.
const SHORT: u64 = 16 * 1_024;
/// What is shown in the place of what is printed.
const NOT_SHOWN: &str =
    "(what follows is not shown: there are too many passwords to look for in so much text)";
/// What is told in the place of a failure.
const NOT_TOLD: &str =
    "(what happened is not told: there are too many passwords to look for in so long a text)";
/// What stands in the place of a text that nobody has looked through to its end.
const NOT_LOOKED_THROUGH: &str = "(not shown: the server could not look for passwords in it)";

/// Looks through all that one script says.
pub(super) struct Censor {
    mask: Arc<Mask>,
    /// Has one permit for all scripts of a server: who holds it looks through a long text.
    turn: Arc<Semaphore>,
    /// How much may still be looked through, in bytes times secrets; `None`: that was too little, and no more is shown.
    left: Option<u64>,
    /// How much was looked through on this thread since others had it, in bytes times secrets.
    busy: u64,
}

impl Censor {
    /// Hides these secrets, and all tokens, in what a script says that may print so many bytes.
    pub(super) fn new(secrets: &[SecretText], output_bytes: u64, turn: &Arc<Semaphore>) -> Self {
        let left = output_bytes.saturating_mul(SECRETS);
        Self { mask: Arc::new(Mask::new(secrets)), turn: Arc::clone(turn), left: Some(left), busy: 0 }
    }

    /// What is shown of a text that was printed; `None`: nothing any more.
    pub(super) async fn printed(&mut self, text: String) -> Option<String> {
        self.left = self.left?.checked_sub(self.cost(&text));
        match self.left {
            Some(_) => Some(self.masked(text).await),
            None => Some(NOT_SHOWN.to_owned()),
        }
    }

    /// Words of a worker about the end, without secrets. They are cut after that, so that no half of one is left.
    pub(super) async fn told(mut self, words: &str) -> String {
        let words = cut(words, SAID);
        if self.cost(&words) > self.left.unwrap_or_default().saturating_add(KEPT) {
            return NOT_TOLD.to_owned();
        }
        cut(&self.masked(words).await, TOLD)
    }

    fn cost(&self, text: &str) -> u64 {
        (text.len() as u64 + 1).saturating_mul(self.mask.count())
    }

    async fn masked(&mut self, text: String) -> String {
        // Once more than there are secrets, for tokens.
        let work = (text.len() as u64 + 1).saturating_mul(self.mask.count() + 1);
        if work > SHORT {
            return self.masked_elsewhere(text).await;
        }
        let masked = self.mask.applied(&text);
        self.busy += work;
        // Many short lines are as much as a long one.
        if self.busy > SHORT {
            self.busy = 0;
            tokio::task::yield_now().await;
        }
        masked
    }

    /// The same on a thread that may block: one text at a time, so that all scripts together leave the other processors to the
    /// rest of the server.
    async fn masked_elsewhere(&self, text: String) -> String {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let mask = Arc::clone(&self.mask);
        let looking = tokio::task::spawn_blocking(move || {
            let masked = mask.applied(&text);
            // Held until here, also when the script was ended meanwhile.
            drop(turn);
            masked
        });
        looking.await.unwrap_or_else(|error| {
            // Without its words, in which the text may stand.
            let is_panic = error.is_panic();
            tracing::error!(is_panic, "nobody looked for passwords in what a script said");
            NOT_LOOKED_THROUGH.to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    /// What a release has of variables at most.
    const MOST: u64 = 200;
    const OUTPUT_BYTES: u64 = 64 * 1_024;

    fn turn() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(1))
    }

    /// For so many passwords: `secret0`, `secret1` and so on.
    fn censor(count: u64, turn: &Arc<Semaphore>) -> Censor {
        let secrets: Vec<_> = (0..count).map(|number| SecretText::from(format!("secret{number}"))).collect();
        Censor::new(&secrets, OUTPUT_BYTES, turn)
    }

    fn text(bytes: u64) -> String {
        format!("secret7{}", " ".repeat(usize::try_from(bytes).unwrap() - "secret7".len()))
    }

    #[tokio::test]
    async fn the_text_of_a_failure_is_looked_through_within_the_same_bound() {
        let all = OUTPUT_BYTES * SECRETS / MOST;
        let failures = KEPT / MOST;
        // Characters of several bytes: as many as a worker says are more than the bound.
        let long = "😀".repeat(SAID);
        assert_eq!(censor(MOST, &turn()).told(&long).await, NOT_TOLD);
        // With few passwords all of it is looked through, and what is told is cut.
        assert!(censor(8, &turn()).told(&long).await.ends_with("😀…"));
        for (printed, said, is_told) in [
            (0, 15_000, true),
            (0, 16_000, false),
            (all - 1, failures - 1, true),
            (all - 1, failures + 1, false),
            // What was not shown took nothing, but for the rest that there was.
            (all + 1, failures - 1, true),
            (all + 1, failures + 1, false),
        ] {
            let mut censor = censor(MOST, &turn());
            if printed > 0 {
                let shown = censor.printed(text(printed)).await.unwrap();
                assert_eq!(shown.starts_with("****** "), printed < all, "{printed}");
            }
            let told = censor.told(&text(said)).await;
            assert_eq!(told.starts_with("****** "), is_told, "{printed} {said}");
            assert!(is_told || told == NOT_TOLD, "{told}");
        }
    }

    #[tokio::test]
    async fn what_is_too_much_to_look_through_is_told_once() {
        let mut censor = censor(MOST, &turn());
        assert_eq!(censor.printed("secret7".to_owned()).await.as_deref(), Some("******"));
        assert_eq!(censor.printed(text(OUTPUT_BYTES)).await.as_deref(), Some(NOT_SHOWN));
        assert_eq!(censor.printed("short".to_owned()).await, None);
    }

    #[tokio::test]
    async fn a_long_text_waits_for_its_turn_and_a_short_one_does_not() {
        let turn = turn();
        let held = Arc::clone(&turn).acquire_owned().await.unwrap();
        let (mut first, mut second) = (censor(32, &turn), censor(32, &turn));
        assert!(poll!(Box::pin(first.printed("secret7".to_owned()))).is_ready());
        let mut long = Box::pin(second.printed(text(SHORT)));
        assert!(poll!(long.as_mut()).is_pending());
        drop(held);
        assert!(long.await.unwrap().starts_with("****** "));
        assert_eq!(turn.available_permits(), 1);
    }

    #[tokio::test]
    async fn many_short_texts_leave_the_thread_to_others_now_and_then() {
        let mut censor = censor(32, &turn());
        let mut waits = 0;
        for _ in 0..100 {
            let mut short = Box::pin(censor.printed(text(100)));
            if poll!(short.as_mut()).is_pending() {
                waits += 1;
                assert!(short.await.unwrap().starts_with("****** "));
            }
        }
        // 101 bytes, 33 times each.
        assert_eq!(waits, 100 / (SHORT / (101 * 33) + 1));
    }
}
