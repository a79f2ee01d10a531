//! When a mail that was refused for now, or never answered, is tried again.

use jiff::SignedDuration;

/// How often a mail is tried before it counts as failed: the pauses between make four days, as RFC 5321 §4.5.4.1 has it.
pub const ATTEMPTS: u32 = 14;

/// The pause before a mail is handed over once more that the mail server had whole and did not answer: it may arrive twice,
/// and not more often. By then a mail server that hangs has mostly been mended.
pub const PAUSE_BEFORE_REPEAT: SignedDuration = SignedDuration::from_hours(3);

/// The pause before an attempt, the first being 1: none, a minute, five, a quarter, an hour, three, then twelve each.
#[must_use]
pub fn pause_before(attempt: u32) -> SignedDuration {
    SignedDuration::from_mins(match attempt {
        0 | 1 => 0,
        2 => 1,
        3 => 5,
        4 => 15,
        5 => 60,
        6 => 180,
        _ => 720,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_make_four_days() {
        let pauses: Vec<_> = (1..=ATTEMPTS).map(pause_before).collect();
        assert!(pauses.is_sorted());
        let all: SignedDuration = pauses.into_iter().sum();
        assert!(all >= SignedDuration::from_hours(96) && all <= SignedDuration::from_hours(120), "{all}");
    }
}
