//! Places for those who watch requests arrive: few on a node, and fewer of one person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patgate_core::identifier::UserId;

/// All together.
const ALL: usize = 64;
/// Of one person: as many windows as somebody looks at.
const OF_ONE: usize = 8;

/// The places of a node.
#[derive(Clone, Debug, Default)]
pub struct Watchers(Arc<Mutex<HashMap<UserId, usize>>>);

/// Somebody's place, free again when it is dropped.
#[derive(Debug)]
pub struct WatchersPlace {
    of: Watchers,
    user: UserId,
}

impl Watchers {
    /// A place for somebody; `None`: they have too many, or all together have.
    #[must_use]
    pub fn enter(&self, user: UserId) -> Option<WatchersPlace> {
        let mut taken = self.taken();
        if taken.values().sum::<usize>() >= ALL || taken.get(&user).is_some_and(|many| *many >= OF_ONE) {
            return None;
        }
        *taken.entry(user).or_default() += 1;
        Some(WatchersPlace { of: self.clone(), user })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WatchersPlace {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        if let Some(many) = taken.get_mut(&self.user) {
            *many -= 1;
            if *many == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_leaves_places_to_others() {
        let (watchers, user) = (Watchers::default(), UserId::from_i64);
        let mut held: Vec<_> = (0..OF_ONE).map(|_| watchers.enter(user(1)).unwrap()).collect();
        assert!(watchers.enter(user(1)).is_none() && watchers.enter(user(2)).is_some());
        held.pop();
        held.push(watchers.enter(user(1)).unwrap());
        for person in 2..=(ALL / OF_ONE) as i64 {
            held.extend((0..OF_ONE).map(|_| watchers.enter(user(person)).unwrap()));
        }
        assert!(watchers.enter(user(99)).is_none(), "all are taken");
        drop(held);
        assert!(watchers.taken().is_empty());
    }
}
