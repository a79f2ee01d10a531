//! What the parameters of a delivery say beside the request's own: how often it was forwarded before, and by which version
//! of its endpoint it starts a release. Under names that no parameter has: those have a NUL character in them.

use super::Pairs;

/// How often the request was forwarded before it came here.
const HOPS: &str = "\0hops";
/// By which version of the endpoint it was accepted to start a release.
const STARTS_BY: &str = "\0starts-by";

/// What is known of a delivery beside its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// How often the request was forwarded before it came here.
    pub(crate) hops: u32,
    /// The version of the endpoint by which it was accepted to start a release; `None`: it is to be forwarded.
    pub(crate) starts_by: Option<i64>,
}

/// The parameters of a delivery as they are stored.
pub(crate) fn with_marks(parameters: &Pairs, marks: Marks) -> Pairs {
    let hops = (marks.hops > 0).then(|| (HOPS.to_owned(), marks.hops.to_string()));
    let starts_by = marks.starts_by.map(|version| (STARTS_BY.to_owned(), version.to_string()));
    hops.into_iter().chain(starts_by).chain(parameters.iter().cloned()).collect()
}

/// The parameters of a delivery, and what is known beside them, from what is stored.
pub(crate) fn without_marks(mut stored: Pairs) -> (Pairs, Marks) {
    let of = |name: &str| stored.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let hops = of(HOPS).and_then(|hops| hops.parse().ok()).unwrap_or_default();
    let starts_by = of(STARTS_BY).and_then(|version| version.parse().ok());
    stored.retain(|(name, _)| !name.starts_with('\0'));
    (stored, Marks { hops, starts_by })
}
