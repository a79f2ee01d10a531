//! The first half of a sign-in: where a browser is sent, and what it keeps until it comes back.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use patgate_core::item::SecretText;
use patgate_core::provider::ProviderName;
use rand_core::CryptoRng;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::discovery::Metadata;
use super::fault::{OidcFault, words};
use super::settings::Prompt;
use super::{Provider, SIGN_IN_LIMIT};

/// What asks for a refresh token (OIDC Core §11).
const OFFLINE: &str = "offline_access";

/// A sign-in that has begun. It is sealed and kept by the browser alone; wiped when dropped, never printed.
pub struct SignIn(Written);

/// As it stands in the sealed text.
#[derive(Serialize, Deserialize)]
struct Written {
    provider: ProviderName,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    begun_at: i64,
}

/// With what a provider sends a browser back (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Clone, Copy, Default)]
pub struct Callback<'c> {
    /// The path it came to, without that of the public URL.
    pub path: &'c str,
    /// What becomes tokens.
    pub code: &'c str,
    /// Ours.
    pub state: &'c str,
    /// Who sends it back, when the provider says so.
    pub issuer: &'c str,
    /// Why there is no code.
    pub error: &'c str,
}

/// Why a browser that comes back is not believed, before anything is asked of the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// The state is another's: a login that somebody else began, or an old one.
    #[error("the state does not fit the sign-in that this browser began")]
    State,
    /// It took too long.
    #[error("the sign-in took longer than 10 minutes")]
    Late,
    /// Another provider than the one that was asked (RFC 9207 §2.4).
    #[error("the answer is of another provider than the one that was asked: `{0}`")]
    Issuer(String),
    /// The provider promises to say who it is, and did not.
    #[error("the answer does not say which provider it is of, although the provider promises to")]
    NoIssuer,
    /// Not the address that this provider sends people back to.
    #[error("the answer came to another address than this provider's")]
    Path,
    /// Neither a code nor an error.
    #[error("the answer has no code")]
    NoCode,
}

impl SignIn {
    /// Whose sign-in it is.
    #[must_use]
    pub fn provider(&self) -> &ProviderName {
        &self.0.provider
    }

    /// Where to go on afterwards; empty when nowhere in particular.
    #[must_use]
    pub fn next(&self) -> &str {
        &self.0.next
    }

    /// When it began, in whole seconds: at that time or up to a second sooner.
    #[must_use]
    pub fn begun_at(&self) -> Timestamp {
        Timestamp::from_second(self.0.begun_at).unwrap_or(Timestamp::MIN)
    }

    /// For the sealed cookie.
    #[must_use]
    pub fn to_secret(&self) -> SecretText {
        serde_json::to_string(&self.0).unwrap_or_default().into()
    }

    /// From the sealed cookie; `None` when it is none.
    #[must_use]
    pub fn of_secret(text: &SecretText) -> Option<Self> {
        serde_json::from_str(text.reveal()).ok().map(Self)
    }

    pub(super) fn nonce(&self) -> &str {
        &self.0.nonce
    }

    pub(super) fn verifier(&self) -> &str {
        &self.0.verifier
    }

    fn begin(provider: ProviderName, next: &str, now: Timestamp, random: &mut impl CryptoRng) -> Self {
        let mut text = || {
            let mut bits = Zeroizing::new([0_u8; 32]);
            random.fill_bytes(bits.as_mut());
            URL_SAFE_NO_PAD.encode(*bits)
        };
        let (state, nonce, verifier) = (text(), text(), text());
        Self(Written { provider, state, nonce, verifier, next: next.to_owned(), begun_at: now.as_second() })
    }
}

impl Drop for SignIn {
    fn drop(&mut self) {
        [&mut self.0.state, &mut self.0.nonce, &mut self.0.verifier].into_iter().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SignIn({}, …)", self.0.provider)
    }
}

impl Provider {
    /// Begins a sign-in: where the browser goes (OIDC Core §3.1.2.1, RFC 7636 §4.3), and what it keeps. `next` is where
    /// it goes on afterwards.
    ///
    /// # Errors
    /// When the provider does not say where people sign in.
    pub async fn begin(
        &self,
        next: &str,
        now: Timestamp,
        random: &mut (impl CryptoRng + Send),
    ) -> Result<(String, SignIn), OidcFault> {
        let metadata = self.metadata(now).await?;
        let sign_in = SignIn::begin(self.name().clone(), next, now, random);
        let challenge = digest::digest(&digest::SHA256, sign_in.verifier().as_bytes());
        let mut url = metadata.authorization()?.clone();
        let scopes = self.scopes(&metadata);
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &sign_in.0.state)
            .append_pair("nonce", sign_in.nonce())
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        let prompt = match &self.settings.prompt {
            // OIDC Core §11: without consent a refresh token for offline use is not given.
            Prompt::AsNeeded if scopes.contains(&OFFLINE) => Some("consent"),
            Prompt::AsNeeded | Prompt::Nothing => None,
            Prompt::Word(word) => Some(word.as_str()),
        };
        prompt.map(|prompt| query.append_pair("prompt", prompt));
        drop(query);
        Ok((url.into(), sign_in))
    }

    /// What is asked for: `offline_access` only of a provider that does not say that it knows other scopes alone. Those
    /// give a refresh token without it, and may refuse a scope that they do not know.
    pub(super) fn scopes(&self, metadata: &Metadata) -> Vec<&str> {
        let knows_offline =
            metadata.scopes_supported.as_ref().is_none_or(|known| known.iter().any(|scope| scope == OFFLINE));
        let scopes = self.settings.scopes.iter().map(String::as_str);
        scopes.filter(|scope| *scope != OFFLINE || knows_offline).collect()
    }

    /// The code, when the browser that comes back is the one that was sent, from the provider it was sent to.
    pub(super) fn code<'c>(
        &self,
        sign_in: &SignIn,
        callback: Callback<'c>,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<&'c str, OidcFault> {
        if !bool::from(callback.state.as_bytes().ct_eq(sign_in.0.state.as_bytes())) {
            return Err(NotOurs::State.into());
        }
        let age = now.as_second().saturating_sub(sign_in.0.begun_at);
        if !(0..SIGN_IN_LIMIT.as_secs()).contains(&age) {
            return Err(NotOurs::Late.into());
        }
        match callback.issuer {
            "" if metadata.authorization_response_iss_parameter_supported => {
                return Err(NotOurs::NoIssuer.into());
            }
            "" => {}
            issuer if issuer == self.settings.issuer => {}
            issuer => return Err(NotOurs::Issuer(words(issuer)).into()),
        }
        // Where providers do not say who they are, their own addresses to come back to keep them apart (RFC 9700 §4.4.2).
        if !self.redirect_uri.ends_with(callback.path) {
            return Err(NotOurs::Path.into());
        }
        match (callback.error, callback.code) {
            ("", "") => Err(NotOurs::NoCode.into()),
            ("", code) => Ok(code),
            (error, _) => Err(OidcFault::Denied(words(error))),
        }
    }
}
