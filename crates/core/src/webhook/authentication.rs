//! The one rule for who may call an endpoint.

use jiff::Timestamp;

use super::secret::{EndpointToken, SecretDigest};
use super::signature::{SigningSecret, judge_github, judge_standard};
use crate::identifier::ItemNumber;
use crate::index::View;
use crate::token::DigestKeys;
use crate::verify::{Denied, Permit};

/// What an endpoint demands of a caller.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// Nothing.
    None,
    /// The token in `x-release-webhook-token`.
    Token(EndpointToken),
    /// User name and password (RFC 7617).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretDigest,
    },
    /// A signature by one of these, as GitHub makes it.
    GitHub(Vec<SigningSecret>),
    /// The token in `X-Gitlab-Token`.
    GitLab(EndpointToken),
    /// A signature by one of these, as Standard Webhooks has it.
    Standard(Vec<SigningSecret>),
    /// What cannot be met: a secret is missing, or cannot be opened.
    Impossible,
}

/// What a request has under the name of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header<'r> {
    /// It is not there.
    Absent,
    /// It stands once. Blanks at its ends do not count.
    Once(&'r str),
    /// It stands more than once, or is no visible ASCII.
    Unclear,
}

/// What a request shows.
pub struct Presented<'r> {
    /// The header of a name in lower case.
    pub header: &'r dyn Fn(&str) -> Header<'r>,
    /// The user name and the password of Basic authentication, when there are any.
    pub basic: Option<(&'r str, &'r str)>,
    /// The body, byte for byte.
    pub body: &'r [u8],
}

/// Why a request is refused. Told to nobody but those who read the log of refused requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// A header stands more than once, or has characters that it cannot have.
    #[error("the header `{0}` stands more than once, or is no visible ASCII")]
    Unclear(&'static str),
    /// A header is not written as it must be.
    #[error("the header `{0}` is not written as it must be")]
    Malformed(&'static str),
    /// The secret, or the signature, is another.
    #[error("the secret or the signature is wrong")]
    Wrong,
    /// The personal access token does not pass.
    #[error("{0}")]
    Denied(Denied),
    /// The signature is right, and its time too far from ours.
    #[error("the time of the signature is more than 5 minutes from the server's")]
    Stale,
    /// The endpoint cannot be opened by anything.
    #[error("the endpoint has no usable secret; enter it again")]
    Impossible,
}

impl Authentication {
    /// What is missing already before the body of a signed request is read: most strangers come without a signature.
    ///
    /// # Errors
    /// [`Refused::Missing`] and [`Refused::Unclear`].
    pub fn precheck(&self, presented: &Presented<'_>) -> Result<(), Refused> {
        let needed: &[&'static str] = match self {
            Self::GitHub(_) => &["x-hub-signature-256"],
            Self::Standard(_) => &["webhook-id", "webhook-timestamp", "webhook-signature"],
            _ => &[],
        };
        needed.iter().try_for_each(|name| presented.one(name).map(drop))
    }

    /// Judges a request to an endpoint. Returns the permit of the personal access token by which it passes, if it does by
    /// one.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn judge<'v>(
        &self,
        endpoint: ItemNumber,
        presented: &Presented<'_>,
        view: &'v View<'_>,
        keys: &DigestKeys,
        now: Timestamp,
    ) -> Result<Option<Permit<'v>>, Refused> {
        match self {
            Self::None => Ok(None),
            Self::Token(token) => {
                token.judge(endpoint, presented.one("x-release-webhook-token")?, view, keys, now)
            }
            Self::GitLab(token) => token.judge(endpoint, presented.one("x-gitlab-token")?, view, keys, now),
            Self::Basic { username, password } => {
                presented.one("authorization")?;
                let (name, secret) = presented.basic.ok_or(Refused::Malformed("authorization"))?;
                // Both are looked at, and neither letter by letter: the time tells nothing of either.
                let is_right = password.is_of(keys, endpoint, secret) & is_same(keys, name, username);
                if is_right { Ok(None) } else { Err(Refused::Wrong) }
            }
            Self::GitHub(secrets) => {
                judge_github(secrets, presented.one("x-hub-signature-256")?, presented.body)?;
                Ok(None)
            }
            Self::Standard(secrets) => {
                let id = presented.one("webhook-id")?;
                let (timestamp, signatures) =
                    (presented.one("webhook-timestamp")?, presented.one("webhook-signature")?);
                judge_standard(secrets, (id, timestamp, signatures), presented.body, now)?;
                Ok(None)
            }
            Self::Impossible => Err(Refused::Impossible),
        }
    }
}

impl<'r> Presented<'r> {
    fn one(&self, name: &'static str) -> Result<&'r str, Refused> {
        match (self.header)(name) {
            Header::Absent => Err(Refused::Missing(name)),
            Header::Once(value) => Ok(value.trim_matches([' ', '\t'])),
            Header::Unclear => Err(Refused::Unclear(name)),
        }
    }
}

/// Whether two texts are the same, by digests that nobody can foresee.
fn is_same(keys: &DigestKeys, one: &str, other: &str) -> bool {
    let digest = |text| keys.newest().digest_secret(b"patgate webhook user name 1\0", text);
    digest(one).is_same(&digest(other))
}
