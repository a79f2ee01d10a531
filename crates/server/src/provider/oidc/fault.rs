//! Why a provider's word does not count, for the log and the administrator. Visitors are told an id alone.

use super::authorization::NotOurs;
use super::jws::JwsFault;
use crate::outbound::CallFault;
use crate::problem::with_causes;

/// What went wrong between Patgate and a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcFault {
    /// It does not answer as it should.
    #[error(transparent)]
    Call(#[from] CallFault),
    /// It answers with another status.
    #[error("`{url}` answered with status {status}")]
    Status {
        /// Where.
        url: String,
        /// What.
        status: u16,
    },
    /// What it answers cannot be read.
    #[error("what `{url}` answered cannot be read: {reason}")]
    Unreadable {
        /// Where.
        url: String,
        /// In words.
        reason: String,
    },
    /// The discovery document is another's (OIDC Discovery §4.3).
    #[error(
        "the discovery document is of the issuer `{found}`, and `issuer` says `{expected}`; both must be equal"
    )]
    OtherIssuer {
        /// What it says.
        found: String,
        /// What the configuration says.
        expected: String,
    },
    /// It does not say where to go.
    #[error("the discovery document names no `{0}`; set it in the configuration")]
    NoEndpoint(&'static str),
    /// It refuses (RFC 6749 §5.2).
    #[error("the provider refused: status {status}, `{error}`{description}")]
    Refused {
        /// The status.
        status: u16,
        /// Its word for the reason.
        error: String,
        /// Its sentence about it: empty, or with a colon before it.
        description: String,
    },
    /// The browser that comes back is not the one that was sent.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// It sends somebody back without a code (RFC 6749 §4.1.2.1).
    #[error("the provider sent the visitor back with the error `{0}`")]
    Denied(String),
    /// A token does not count.
    #[error("the {token} does not count: {reason}")]
    Token {
        /// Which.
        token: TokenKind,
        /// Why.
        reason: TokenFault,
    },
    /// The answer lacks something.
    #[error("the provider's answer has no `{0}`")]
    Missing(&'static str),
    /// It speaks of another person than it was asked about.
    #[error("the provider answered about somebody else")]
    SomebodyElse,
    /// It does not say what a user must have.
    #[error(
        "the claim `{0}` is missing or is no text of 1 to 255 characters; check the name of the claim, and the scopes"
    )]
    Claim(String),
    /// The assertion of this client cannot be signed.
    #[error("the client's private key could not sign")]
    Signing,
}

/// Which token of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Says who signed in.
    Id,
    /// Says who was signed out.
    Logout,
    /// Opens an API.
    Access,
}

impl std::fmt::Display for TokenKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Id => "ID token",
            Self::Logout => "logout token",
            Self::Access => "access token",
        })
    }
}

/// Why a token does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Its signature.
    #[error("{0}")]
    Signature(#[from] JwsFault),
    /// Who made it.
    #[error("its issuer is another")]
    Issuer,
    /// For whom it is.
    #[error("it is for another audience")]
    Audience,
    /// To whom it was given (`azp`).
    #[error("it was given to another client")]
    AuthorizedParty,
    /// It has ended.
    #[error("it has expired")]
    Expired,
    /// It is from the future.
    #[error("it is from the future; do the clocks differ?")]
    Future,
    /// It belongs to another sign-in.
    #[error("its nonce is another")]
    Nonce,
    /// It is not for this use.
    #[error("it is of another kind")]
    Kind,
    /// It was shown before.
    #[error("it was shown before")]
    Replayed,
    /// It lacks a claim, or has it in another form.
    #[error("its claim `{0}` is missing or cannot be read")]
    Claim(&'static str),
}

impl OidcFault {
    /// Whether the provider, rather than what it said, is at fault: it may be well the next time.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Call(_) => true,
            Self::Status { status, .. } | Self::Refused { status, .. } => {
                // Request Timeout and Too Many Requests (RFC 9110 §15.5.9, RFC 6585 §4) are about the moment.
                *status >= 500 || matches!(status, 408 | 429)
            }
            _ => false,
        }
    }

    pub(super) fn token(token: TokenKind) -> impl Fn(TokenFault) -> Self {
        move |reason| Self::Token { token, reason }
    }

    pub(super) fn unreadable(url: &impl ToString, error: &dyn std::error::Error) -> Self {
        Self::Unreadable { url: url.to_string(), reason: with_causes(error) }
    }
}

/// A provider's own words for the log: short, on one line, in plain letters.
pub(super) fn words(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_busy_is_no_word_about_anybody() {
        for (status, is_outage) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            let url = "https://login.example.com/token".to_owned();
            assert_eq!(OidcFault::Status { url, status }.is_outage(), is_outage, "{status}");
            let (error, description) = ("slow_down".to_owned(), String::new());
            assert_eq!(OidcFault::Refused { status, error, description }.is_outage(), is_outage, "{status}");
        }
    }
}
