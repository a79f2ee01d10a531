//! What grants share, under a number: an owner with a thousand like tokens is one class.
//!
//! The facts of the owner stand in each of their classes, so that a verdict reads one place. A class stays for good:
//! there are never more of them than grants were made.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::{Arc, Mutex, PoisonError};

use papaya::{LocalGuard, ResizeMode};

use super::entry::{Class, ClassKey, GrantRecord};
use super::key::Mixed;
use super::owner::OwnerFacts;
use crate::identifier::UserId;

/// All classes by their numbers.
#[derive(Debug)]
pub(super) struct Classes {
    classes: papaya::HashMap<u32, Class, Mixed>,
    numbers: Mutex<Numbers>,
}

/// What only writers need.
#[derive(Debug, Default)]
struct Numbers {
    of: HashMap<ClassKey, u32>,
    by_owner: HashMap<UserId, Vec<u32>>,
}

impl Classes {
    pub(super) fn new(collector: Arc<seize::Collector>) -> Self {
        let classes = papaya::HashMap::builder().hasher(Mixed).shared_collector(collector);
        Self { classes: classes.resize_mode(ResizeMode::Blocking).build(), numbers: Mutex::default() }
    }

    pub(super) fn get<'v>(&'v self, number: u32, guard: &'v LocalGuard<'_>) -> Option<&'v Class> {
        self.classes.get(&number, guard)
    }

    /// The number of a grant's class, which is made if there is none.
    pub(super) fn number(&self, record: &GrantRecord, facts: Option<&Arc<OwnerFacts>>) -> u32 {
        let key = ClassKey {
            owner: record.owner,
            application: record.application,
            permissions: record.permissions,
        };
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = numbers.of.len() as u32;
        match numbers.of.entry(key) {
            Place::Occupied(place) => *place.get(),
            Place::Vacant(place) => {
                place.insert(next);
                numbers.by_owner.entry(key.owner).or_default().push(next);
                self.classes.pin().insert(next, Class { key, facts: facts.cloned() });
                next
            }
        }
    }

    /// Puts what is true of an owner now into each of their classes.
    pub(super) fn put_owner(&self, owner: UserId, facts: Option<&Arc<OwnerFacts>>) {
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let classes = self.classes.pin();
        for number in numbers.by_owner.get(&owner).into_iter().flatten() {
            classes.update(*number, |class| Class { key: class.key, facts: facts.cloned() });
        }
    }
}
