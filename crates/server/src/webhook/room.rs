//! Room in memory for what comes in: some for all endpoints together, and of it a share for each, so that the senders of one
//! cannot be in the way of all others.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bucket::Bucket;

/// The bytes of one unit of room.
const UNIT: usize = 1_024;
/// The most units for requests of proven callers, all endpoints together: 256 MiB.
const PROVEN: usize = 256 * 1_024;
/// The same of callers who have not proven who they are: they can only be in each other's way.
const UNPROVEN: usize = 64 * 1_024;
/// What one endpoint may have of the first.
const PROVEN_SHARE: usize = 64 * 1_024;
/// What one endpoint may have of the second: the longest body, with headers and parameters.
const UNPROVEN_SHARE: usize = 20 * 1_024;

/// The room of all endpoints together.
#[derive(Debug)]
pub(super) struct Rooms {
    proven: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
}

/// What belongs to one endpoint for as long as it is there, whatever is changed of it.
#[derive(Debug)]
pub(super) struct Limits {
    /// Counts what is accepted.
    pub(super) accepted: Bucket,
    /// Counts what is noted of the refused.
    pub(super) refused: Bucket,
    proven: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
}

/// The room that requests of one endpoint take their places in.
#[derive(Clone, Debug)]
pub(super) struct Room {
    all: Arc<Semaphore>,
    share: Arc<Semaphore>,
}

/// The place of a request; given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Place {
    bytes: usize,
    all: Option<OwnedSemaphorePermit>,
    share: Option<OwnedSemaphorePermit>,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Default for Rooms {
    fn default() -> Self {
        Self { proven: Arc::new(Semaphore::new(PROVEN)), unproven: Arc::new(Semaphore::new(UNPROVEN)) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            accepted: Bucket::default(),
            refused: Bucket::default(),
            proven: Arc::new(Semaphore::new(PROVEN_SHARE)),
            unproven: Arc::new(Semaphore::new(UNPROVEN_SHARE)),
        }
    }
}

impl Rooms {
    /// The room for requests of callers who are proven, or are not, before their body is read.
    pub(super) fn of(&self, limits: &Limits, is_proven: bool) -> Room {
        let (all, share) = match is_proven {
            true => (&self.proven, &limits.proven),
            false => (&self.unproven, &limits.unproven),
        };
        Room { all: Arc::clone(all), share: Arc::clone(share) }
    }
}

impl Room {
    #[cfg(test)]
    pub(super) fn new(all: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), share: Arc::new(Semaphore::new(share)) }
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> (usize, usize) {
        (self.all.available_permits(), self.share.available_permits())
    }
}

impl Place {
    /// Takes room for so many bytes more.
    ///
    /// # Errors
    /// [`NoRoom`]; the place is as it was then.
    pub(super) fn grow(&mut self, bytes: usize, room: &Room) -> Result<(), NoRoom> {
        let has = self.all.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needs = (self.bytes + bytes).div_ceil(UNIT);
        if needs > has {
            let more = u32::try_from(needs - has).map_err(|_| NoRoom)?;
            let take = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_many_owned(more).map_err(|_| NoRoom);
            let (share, all) = (take(&room.share)?, take(&room.all)?);
            join(&mut self.share, share);
            join(&mut self.all, all);
        }
        self.bytes += bytes;
        Ok(())
    }
}

fn join(held: &mut Option<OwnedSemaphorePermit>, more: OwnedSemaphorePermit) {
    match held {
        Some(held) => held.merge(more),
        None => *held = Some(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_endpoint_takes_no_more_than_its_share() {
        let (rooms, one, other) = (Rooms::default(), Limits::default(), Limits::default());
        let room = rooms.of(&one, false);
        let mut first = Place::default();
        first.grow(UNPROVEN_SHARE * UNIT, &room).unwrap();
        assert_eq!(Place::default().grow(1, &room), Err(NoRoom));
        assert_eq!(room.free(), (UNPROVEN - UNPROVEN_SHARE, 0));
        assert!(Place::default().grow(1, &rooms.of(&other, false)).is_ok(), "another has its own");
        assert!(Place::default().grow(1, &rooms.of(&one, true)).is_ok(), "and so have those who are proven");
        drop(first);
        assert_eq!(room.free(), (UNPROVEN, UNPROVEN_SHARE));
    }

    #[test]
    fn a_place_that_cannot_grow_stays_as_it_is() {
        let room = Room::new(3, 2);
        let mut place = Place::default();
        place.grow(1_000, &room).unwrap();
        place.grow(24, &room).unwrap();
        assert_eq!(room.free(), (2, 1), "two small ones share a unit");
        assert_eq!(place.grow(1_025, &room), Err(NoRoom));
        assert_eq!(room.free(), (2, 1));
        place.grow(1_024, &room).unwrap();
        assert_eq!(room.free(), (1, 0));
    }
}
