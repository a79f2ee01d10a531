//! Places in lists, as the addresses of pages have them.

/// Not a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;
