//! When a delivery that failed is tried again.

use jiff::SignedDuration;

/// Seconds after the first failure, the second, …: three days in all.
const PAUSES: [i64; 11] =
    [5, 30, 2 * 60, 10 * 60, 30 * 60, 3_600, 2 * 3_600, 5 * 3_600, 10 * 3_600, 20 * 3_600, 32 * 3_600];

/// How often a delivery is tried before it is dead.
pub const MOST_ATTEMPTS: u32 = PAUSES.len() as u32 + 1;

/// How long a delivery waits for its endpoint to be enabled before it is dead: about as long as all attempts take together.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How long to wait after so many failures; `None`: it is dead. `share` in 0..1 spreads the deliveries that failed
/// together over a tenth of the pause.
#[must_use]
pub fn pause(failures: u32, share: f64) -> Option<SignedDuration> {
    let seconds = PAUSES.get(usize::try_from(failures).ok()?.checked_sub(1)?)?;
    let milliseconds = seconds * 1_000;
    let spread = (milliseconds as f64 * 0.1 * share.clamp(0.0, 1.0)) as i64;
    Some(SignedDuration::from_millis(milliseconds + spread))
}
