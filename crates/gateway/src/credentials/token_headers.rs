//! The names of all applications' token headers, made for a look at every header of every request.

use std::collections::HashSet;

use http::header::HeaderName;

/// All token headers of a node.
#[derive(Debug)]
pub struct TokenHeaders {
    names: HashSet<HeaderName>,
    /// One bit for each length that one of the names has (63 for all longer ones): most headers fail here.
    lengths: u64,
}

/// Two applications with one token header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token header `{0}` belongs to two applications: give each its own")]
pub struct SharedTokenHeader(pub HeaderName);

impl TokenHeaders {
    /// Takes one name an application.
    ///
    /// # Errors
    /// [`SharedTokenHeader`] when a name stands twice.
    pub fn new(names: impl IntoIterator<Item = HeaderName>) -> Result<Self, SharedTokenHeader> {
        let mut all = Self { names: HashSet::new(), lengths: 0 };
        for name in names {
            all.lengths |= bit(&name);
            if let Some(shared) = all.names.replace(name) {
                return Err(SharedTokenHeader(shared));
            }
        }
        Ok(all)
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.lengths & bit(name) != 0 && self.names.contains(name)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderName> {
        self.names.iter()
    }
}

fn bit(name: &HeaderName) -> u64 {
    1 << name.as_str().len().min(63)
}
