//! One rule of an application: methods and a path pattern, and the permission it asks.

use patgate_core::permission::PermissionSlot;

use super::request::{self, RequestPath};

/// What a request must be allowed to do, if its method and path are these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    methods: Box<[Box<str>]>,
    path: PathPattern,
    permission: Option<PermissionSlot>,
}

/// A path, written decoded and with a `/` first: literal segments, `*` for one segment, `**` at the end for any rest,
/// an empty one included. A `/` at the end does not count, neither here nor in a request. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Box<[Segment]>,
    takes_rest: bool,
}

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableRule {
    /// A method is none.
    #[error("`{0}` is no HTTP method in capitals")]
    Method(String),
    /// The pattern does not start with `/`.
    #[error("a path pattern starts with `/`")]
    NoSlash,
    /// A `*` that is not a whole segment, or `**` before the end.
    #[error("in a path pattern `*` is a whole segment, and `**` is the last one")]
    Star,
    /// A segment that no request can have.
    #[error(
        "the segment `{0}` matches no request: write segments decoded, not empty, without dots or blanks at the end and without `;`, `\\`, `?`, `#`, `%`"
    )]
    Segment(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Any,
}

impl Rule {
    /// A rule for these methods (none: all; `GET` covers `HEAD`, RFC 9110 §9.3.2) and paths. Without a permission, being
    /// somebody is enough.
    ///
    /// # Errors
    /// [`UnusableRule`] naming what is wrong.
    pub fn new<'m>(
        methods: impl IntoIterator<Item = &'m str>,
        path: &str,
        permission: Option<PermissionSlot>,
    ) -> Result<Self, UnusableRule> {
        let method = |text: &'m str| {
            let known =
                request::read_method(text.as_bytes()).ok_or_else(|| UnusableRule::Method(text.into()))?;
            Ok(Box::from(known))
        };
        let methods = methods.into_iter().map(method).collect::<Result<_, _>>()?;
        Ok(Self { methods, path: PathPattern::read(path)?, permission })
    }

    /// The permission it asks.
    #[must_use]
    pub fn permission(&self) -> Option<PermissionSlot> {
        self.permission
    }

    /// Whether it is for this request.
    #[must_use]
    pub fn covers(&self, method: &str, path: &RequestPath<'_>) -> bool {
        (self.methods.is_empty() || self.names(method)) && self.path.matches(path)
    }

    /// Whether every request that `other` is for is this rule's as well, so that `other` after it never decides.
    #[must_use]
    pub fn covers_all_of(&self, other: &Self) -> bool {
        let has_methods = self.methods.is_empty()
            || (!other.methods.is_empty() && other.methods.iter().all(|method| self.names(method)));
        has_methods && self.path.contains(&other.path)
    }

    fn names(&self, method: &str) -> bool {
        self.methods.iter().any(|known| **known == *method || (&**known == "GET" && method == "HEAD"))
    }
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`UnusableRule`] naming what is wrong.
    pub fn read(text: &str) -> Result<Self, UnusableRule> {
        if text.contains("//") {
            return Err(UnusableRule::Segment(String::new()));
        }
        let text = text.strip_prefix('/').ok_or(UnusableRule::NoSlash)?;
        let text = text.strip_suffix('/').unwrap_or(text);
        let (text, takes_rest) = match text.strip_suffix("**") {
            Some("") => ("", true),
            Some(before) => (before.strip_suffix('/').ok_or(UnusableRule::Star)?, true),
            None => (text, false),
        };
        if text.is_empty() {
            return Ok(Self { segments: Box::new([]), takes_rest });
        }
        let segments = text.split('/').map(Segment::read).collect::<Result<_, _>>()?;
        Ok(Self { segments, takes_rest })
    }

    /// Whether a path is one of these.
    #[must_use]
    pub fn matches(&self, path: &RequestPath<'_>) -> bool {
        let mut given = path.segments();
        let begins = self.segments.iter().all(|segment| match (segment, given.next()) {
            (Segment::Any, Some(_)) => true,
            (Segment::Literal(literal), Some(given)) => **literal == *given,
            (_, None) => false,
        });
        begins && (self.takes_rest || given.next().is_none())
    }

    /// Whether every path of the other is one of these.
    fn contains(&self, other: &Self) -> bool {
        let is_long_enough = match (self.takes_rest, other.takes_rest) {
            (true, _) => other.segments.len() >= self.segments.len(),
            (false, rest) => !rest && other.segments.len() == self.segments.len(),
        };
        is_long_enough
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Any, _) => true,
                (one, other) => one == other,
            })
    }
}

impl Segment {
    fn read(text: &str) -> Result<Self, UnusableRule> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.contains('*') {
            return Err(UnusableRule::Star);
        }
        let never = text.is_empty()
            || text.ends_with(['.', ' '])
            || text.contains([';', '\\', '?', '#', '%'])
            || text.contains(char::is_control);
        if never { Err(UnusableRule::Segment(text.into())) } else { Ok(Self::Literal(text.into())) }
    }
}
