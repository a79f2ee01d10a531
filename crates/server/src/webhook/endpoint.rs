//! An endpoint, ready to judge requests.

use std::sync::Arc;

use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::ItemNumber;
use patgate_core::item::POST_WEBHOOK_ENDPOINT;
use patgate_core::release::ReleaseId;
use patgate_core::webhook::{Authentication, SigningSecret};
use url::Url;

use super::room::Limits;
use crate::configuration::Secret;

/// Which requests an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON by POST.
    Post,
    /// Query parameters by GET.
    Get,
}

impl Kind {
    /// That of an item of this type.
    pub(crate) fn of_type(type_name: &str) -> Self {
        if type_name == POST_WEBHOOK_ENDPOINT.name { Self::Post } else { Self::Get }
    }
}

/// An endpoint as its item describes it, with its secrets opened.
#[derive(Debug)]
pub struct Endpoint {
    /// The item.
    pub number: ItemNumber,
    /// Which version of the item this is.
    pub version: i64,
    /// The last segment of its URL.
    pub path: Box<str>,
    /// Which requests it takes.
    pub kind: Kind,
    /// How many days requests are kept.
    pub retention_days: Option<u32>,
    /// Where requests go on to.
    pub forward: Option<Arc<Forward>>,
    /// The template of which each request starts a release.
    pub starts: Option<ReleaseId>,
    pub(super) is_enabled: bool,
    pub(super) authentication: Authentication,
    pub(super) keep: u32,
    pub(super) keep_bytes: u64,
    /// Bytes.
    pub(super) body_limit: usize,
    pub(super) per_minute: u32,
    pub(super) duplicate_window: Option<SignedDuration>,
    pub(super) limits: Arc<Limits>,
}

/// Where accepted requests go on to.
pub struct Forward {
    /// The receiver; `None`: there is an obstacle.
    pub url: Option<Url>,
    /// The endpoint's own headers.
    pub headers: HeaderMap,
    /// The value of `Authorization`.
    pub authorization: Option<Secret>,
    /// With what requests are signed.
    pub signing: Option<SigningSecret>,
    /// Why nothing can be sent: a secret cannot be opened, or a value is wrong.
    pub obstacle: Option<&'static str>,
}

impl Kind {
    /// The one method that it answers.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::Post => Method::POST,
            Self::Get => Method::GET,
        }
    }
}

impl Endpoint {
    /// Whether nobody can call it, because a secret is missing or cannot be used.
    #[must_use]
    pub fn is_impossible(&self) -> bool {
        matches!(self.authentication, Authentication::Impossible)
    }

    /// Whether it takes requests at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether what waits at it waits until it is enabled. What would start releases does not: it starts none by then.
    #[must_use]
    pub fn pauses(&self) -> bool {
        !self.is_enabled && self.starts.is_none()
    }

    /// Whether something becomes of a request besides that it is kept.
    pub(super) fn passes_on(&self) -> bool {
        self.forward.is_some() || self.starts.is_some()
    }

    /// Whether the body must be known to judge the caller.
    pub(super) fn is_judged_by_body(&self) -> bool {
        matches!(self.authentication, Authentication::GitHub(_) | Authentication::Standard(_))
    }

    /// Whether anybody may call it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.authentication, Authentication::None)
    }

    /// Since when a request with the same id is the same.
    pub(super) fn same_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.duplicate_window.and_then(|window| now.checked_sub(window).ok())
    }
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Forward").finish_non_exhaustive()
    }
}
