//! What a request shows to prove who sends it, and the one order in which it is looked for.
//!
//! An application's token header, then `Authorization: Bearer`, then `Authorization: Basic`, then the session cookie,
//! where the caller lets it count. The first kind present decides; a wrong one never falls through to the next. What
//! could be read in two ways is read in none: it is a [`CredentialFault`], which the client sees as 401.

mod basic;
mod cookie;
mod secret;
mod token_headers;

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

pub use self::cookie::SessionCookie;
pub use self::secret::Secret;
pub use self::token_headers::{SharedTokenHeader, TokenHeaders};

/// The longest value of a credential header that is looked at, in bytes.
pub const LONGEST: usize = 4096;

/// What a request shows.
#[derive(Debug)]
pub enum Credential<'h> {
    /// Nothing: whoever it is, they have not said.
    Nothing,
    /// A token, or what stands where a token must.
    Token(PresentedToken<'h>),
    /// A user name and a password. The password is not empty and not shaped like a token.
    Password(PresentedPassword),
    /// The value of the session cookie.
    Session(Secret<'h>),
}

/// A token as it arrived, not judged yet.
#[derive(Debug)]
pub struct PresentedToken<'h> {
    text: Secret<'h>,
    via: Via,
}

impl PresentedToken<'_> {
    /// The text, for the verdict.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.text.reveal()
    }

    /// Where it stood.
    #[must_use]
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// The user name that came with it, for the verdict.
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        match &self.via {
            Via::BasicOwner(name) => Some(name),
            Via::TokenHeader(_) | Via::Bearer | Via::BasicBlank => None,
        }
    }
}

/// Where a token stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// In the token header of an application. Which one does not matter: the token says what it is for.
    TokenHeader(HeaderName),
    /// After `Bearer` (RFC 6750 §2.1).
    Bearer,
    /// The password of `Basic` with a blank user name.
    BasicBlank,
    /// The password of `Basic` with this user name, which must be its owner's.
    BasicOwner(String),
}

/// A user name and a password as they arrived, not judged yet.
pub struct PresentedPassword {
    username: String,
    password: Secret<'static>,
}

impl PresentedPassword {
    /// As it was typed: not empty, without control characters.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password, for the slow hash.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.password.reveal()
    }
}

impl fmt::Debug for PresentedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PresentedPassword({:?}, …)", self.username)
    }
}

/// Why what a request shows cannot be read. Answered with 401.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// A header stands twice.
    #[error("the header `{0}` stands twice: send it once")]
    Twice(HeaderName),
    /// The token headers of two applications.
    #[error("there are two token headers, `{0}` and `{1}`: send one")]
    TwoTokenHeaders(HeaderName, HeaderName),
    /// The session cookie stands twice.
    #[error("the cookie `{0}` stands twice: remove the cookies of this site and sign in again")]
    TwoSessions(&'static str),
    /// Above [`LONGEST`].
    #[error("the header `{0}` is longer than 4,096 bytes, and no credential is")]
    TooLong(HeaderName),
    /// Nothing where the credential must stand.
    #[error("the header `{0}` has no credential in it")]
    Empty(HeaderName),
    /// Characters that no credential has.
    #[error("the header `{0}` has characters in it that no credential has")]
    NotText(HeaderName),
    /// Neither Bearer nor Basic.
    #[error("the header `authorization` must start with `Bearer` or `Basic`")]
    OtherScheme,
    /// What follows `Basic` is no base64 (RFC 7617 §2, RFC 4648 §4).
    #[error("what follows `Basic` in the header `authorization` is not base64")]
    NotBase64,
    /// What `Basic` carries is no UTF-8.
    #[error("what `Basic` carries in the header `authorization` is not UTF-8")]
    NotUtf8,
    /// What `Basic` carries has no colon (RFC 7617 §2).
    #[error("what `Basic` carries in the header `authorization` has no `:` between user name and password")]
    NoColon,
    /// What `Basic` carries has a control character (RFC 7617 §2).
    #[error("what `Basic` carries in the header `authorization` has a control character in it")]
    ControlCharacter,
    /// A user name without a password.
    #[error("what `Basic` carries in the header `authorization` has no password")]
    NoPassword,
    /// A token where the user name stands.
    #[error("the token stands where the user name goes in `Basic`: put it after the `:`")]
    TokenAsUsername,
}

/// Finds what decides about a request.
///
/// `sessions` says whether the session cookie counts here, and under which name; forward authentication gives `None`.
/// Blanks at both ends of a value do not count (RFC 9110 §5.5), schemes are compared without case (§11.1).
///
/// # Errors
/// [`CredentialFault`] when what is there cannot be read in exactly one way.
pub fn find<'h>(
    headers: &'h HeaderMap,
    token_headers: &TokenHeaders,
    sessions: Option<SessionCookie>,
) -> Result<Credential<'h>, CredentialFault> {
    let mut token: Option<(&HeaderName, &HeaderValue)> = None;
    let mut authorization: Option<&HeaderValue> = None;
    for (name, value) in headers {
        if name == AUTHORIZATION {
            if authorization.replace(value).is_some() {
                return Err(CredentialFault::Twice(AUTHORIZATION));
            }
        } else if token_headers.contains(name)
            && let Some((other, _)) = token.replace((name, value))
        {
            return Err(if other == name {
                CredentialFault::Twice(name.clone())
            } else {
                CredentialFault::TwoTokenHeaders(other.clone(), name.clone())
            });
        }
    }
    if let Some((name, value)) = token {
        let text = Secret::Shown(text_of(name, value)?);
        return Ok(Credential::Token(PresentedToken { text, via: Via::TokenHeader(name.clone()) }));
    }
    match (authorization, sessions) {
        (Some(value), _) => from_authorization(value),
        (None, Some(cookie)) => {
            cookie::find(headers, cookie).map(|found| found.map_or(Credential::Nothing, Credential::Session))
        }
        (None, None) => Ok(Credential::Nothing),
    }
}

fn from_authorization(value: &HeaderValue) -> Result<Credential<'_>, CredentialFault> {
    let value = text_of(&AUTHORIZATION, value)?;
    let (scheme, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    let rest = rest.trim_matches([' ', '\t']);
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    if !is_bearer && !scheme.eq_ignore_ascii_case("basic") {
        return Err(CredentialFault::OtherScheme);
    }
    if rest.is_empty() {
        return Err(CredentialFault::Empty(AUTHORIZATION));
    }
    if is_bearer {
        Ok(Credential::Token(PresentedToken { text: Secret::Shown(rest), via: Via::Bearer }))
    } else {
        basic::read(rest)
    }
}

/// The visible ASCII of a credential header, without the blanks at its ends.
fn text_of<'h>(name: &HeaderName, value: &'h HeaderValue) -> Result<&'h str, CredentialFault> {
    if value.len() > LONGEST {
        return Err(CredentialFault::TooLong(name.clone()));
    }
    let text = value.to_str().map_err(|_| CredentialFault::NotText(name.clone()))?;
    let text = text.trim_matches([' ', '\t']);
    if text.is_empty() { Err(CredentialFault::Empty(name.clone())) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
