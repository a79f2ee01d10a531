//! The memory that hashes work in.
//!
//! New pages are up to a third of what a hash costs, so memory stays for whoever comes soon; each hash wipes what it worked in.

use std::alloc::System;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allocator_api2::vec::Vec as SystemVec;
use argon2::Block;

/// How long memory waits for another hash.
const KEPT: Duration = Duration::from_secs(10);

/// Blocks of 1 KiB in an allocation that glibc gives back to the system when it is dropped: above 32 MiB, the most
/// that its threshold for mapped memory grows to. What is above the need is never touched, so it costs nothing, while
/// a smaller allocation would stay with each thread that ever hashed.
const GIVEN_BACK: usize = 33 * 1_024;

/// What one hash after the other works in. It comes from the system itself: the program's allocator would keep it.
pub(super) struct Memory(SystemVec<Block, System>);

impl Default for Memory {
    fn default() -> Self {
        Self(SystemVec::new_in(System))
    }
}

impl Memory {
    /// So many blocks of it. `None` when the system has no more.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.0.len() < count {
            self.0.try_reserve_exact(count.max(GIVEN_BACK) - self.0.len()).ok()?;
            self.0.resize(count, Block::new());
        }
        self.0.get_mut(..count)
    }
}

/// The memory that no hash works in now. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    /// Each with the number of its put; what was put last is last.
    memory: Vec<(u64, Memory)>,
    /// How often some was put here.
    puts: u64,
}

impl Kept {
    /// What a hash left, or new memory.
    pub(super) fn take(&self) -> Memory {
        self.waiting().memory.pop().map_or_else(Memory::default, |(_, memory)| memory)
    }

    /// Keeps it for another hash, on a thread of the runtime. What none takes within [`KEPT`] goes back to the system.
    pub(super) fn put(&self, memory: Memory) {
        let mut waiting = self.waiting();
        waiting.puts += 1;
        let (kept, put) = (self.clone(), waiting.puts);
        waiting.memory.push((put, memory));
        drop(waiting);
        tokio::spawn(async move {
            tokio::time::sleep(KEPT).await;
            kept.let_go(put);
        });
    }

    /// Gives back what this put left here, if it still waits.
    fn let_go(&self, put: u64) {
        self.waiting().memory.retain(|(at, _)| *at != put);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_stays_for_whoever_comes_soon_and_then_goes_back() {
        let kept = Kept::default();
        let mut memory = kept.take();
        assert_eq!(memory.blocks(3).unwrap().len(), 3);
        assert_eq!((memory.blocks(1).unwrap().len(), memory.0.len()), (1, 3), "it does not shrink");
        kept.put(memory);
        let (memory, other) = (kept.take(), kept.take());
        assert_eq!((memory.0.len(), other.0.len()), (3, 0), "each hash has its own");
        kept.put(other);
        kept.put(memory);
        kept.let_go(1);
        assert_eq!(kept.waiting().memory.len(), 2, "a hash came in between");
        kept.let_go(2);
        assert_eq!(kept.take().0.len(), 3, "what no hash came for went");
        assert!(kept.waiting().memory.is_empty());
    }
}
