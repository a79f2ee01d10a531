//! Random numbers that are the same in every run.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The generator the program uses, from a seed: the same seed gives the same tokens, identifiers and keys.
#[must_use]
pub fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
