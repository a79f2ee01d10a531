//! Webhook endpoints: how a caller proves who they are, and what becomes of an accepted request.
//!
//! [`Authentication::judge`] is the one rule for who may call. It says nothing of the body but what its signature says.

mod authentication;
mod duplicate;
mod log;
mod retry;
mod secret;
mod signature;
mod target;
#[cfg(test)]
mod tests;

pub use self::authentication::{Authentication, Header, Presented, Refused};
pub use self::duplicate::{LONGEST_MESSAGE_ID, message_id};
pub use self::log::{SECRET_HEADERS, is_secret_parameter, without_query};
pub use self::retry::{LONGEST_PAUSE, MOST_ATTEMPTS, pause};
pub use self::secret::{EndpointToken, SecretDigest};
pub use self::signature::{NotASigningSecret, SigningSecret, TOLERANCE, sign};
pub use self::target::{Forbidden, forbidden};

use crate::item::{Properties, Value, webhook_property as property};

/// How a caller of an endpoint proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    None,
    /// By the header `x-release-webhook-token`.
    Token,
    /// By user name and password (RFC 7617).
    Basic,
    /// By the signature that GitHub makes.
    GitHub,
    /// By the header `X-Gitlab-Token`.
    GitLab,
    /// By the signature of Standard Webhooks.
    Standard,
}

/// What becomes of an accepted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is kept.
    Keep,
    /// It is kept, and sent on to a URL.
    Forward,
    /// It is kept, and starts a release of a template.
    Start,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Token, Self::Basic, Self::GitHub, Self::GitLab, Self::Standard];

    /// The value of the property.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Basic => "basic",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Standard => "standard",
        }
    }

    /// The one of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }
}

impl Action {
    /// The value of the property.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Forward => "forward",
            Self::Start => "start",
        }
    }

    /// The one of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Keep, Self::Forward, Self::Start].into_iter().find(|action| action.as_str() == word)
    }
}

/// Whether an endpoint with these values takes requests.
#[must_use]
pub fn is_enabled(properties: &Properties) -> bool {
    properties.get(property::ENABLED) == Some(&Value::Boolean(true))
}

/// What becomes of the requests that an endpoint with these values accepts. One that says nothing keeps them.
#[must_use]
pub fn action(properties: &Properties) -> Action {
    let word = properties.get(property::ACTION).and_then(Value::as_text);
    word.and_then(Action::from_word).unwrap_or(Action::Keep)
}
