//! OpenID Connect: single sign-on at any provider that is named by its issuer (OIDC Core 1.0).
//!
//! The authorization code flow with PKCE, state and nonce ([`Provider::begin`], [`Provider::finish`]); asking again
//! later with a refresh token ([`Provider::confirm`]); log-outs that go out ([`Provider::end_session`]) and come in
//! ([`Provider::signed_out`]); and, where the operator wants it, access tokens on the API ([`Provider::bearer`]).
//! Nothing is remembered between the two halves of a sign-in but what the browser keeps, sealed: see [`SignIn`].

mod access_token;
mod authorization;
mod check;
mod claims;
mod discovery;
mod exchange;
mod fault;
pub(crate) mod http;
mod id_token;
pub mod jws;
mod kept;
mod logout_token;
mod proxy;
mod settings;
#[cfg(test)]
mod tests;
mod token;

use jiff::{SignedDuration, Timestamp};
use patgate_core::provider::ProviderName;

pub use self::authorization::{Callback, NotOurs, SignIn};
pub use self::exchange::{Confirmed, SignedIn};
pub use self::fault::{OidcFault, TokenFault, TokenKind};
pub(crate) use self::http::is_this_machine;
pub use self::jws::{Algorithm, NotAnAlgorithm, SigningKey, UnusableKey};
pub use self::logout_token::SignedOut;
pub use self::proxy::{HttpProxy, NotAProxy};
pub use self::settings::{
    AccessTokenSettings, ClaimNames, ClientAuthentication, EndpointAddresses, OidcSettings, Prompt,
};

use self::discovery::Metadata;
use self::http::{Client, Credentials};
use self::jws::{JwsFault, KeySet, Trust};
use self::kept::Kept;
use crate::configuration::PublicUrl;
pub use crate::outbound::CallFault;

/// One identity provider, with what it said of itself within the last hour.
#[derive(Debug)]
pub struct Provider {
    settings: OidcSettings,
    redirect_uri: String,
    post_logout_redirect_uri: String,
    client: Client,
    metadata: Kept<Metadata>,
    keys: Kept<KeySet>,
    access_keys: Kept<KeySet>,
    seen: logout_token::Seen,
}

/// All identity providers of the configuration, in its order.
#[derive(Debug, Default)]
pub struct Providers(Vec<Provider>);

impl Providers {
    /// The providers of a configuration. Nothing is asked of them yet.
    #[must_use]
    pub fn new(settings: &[OidcSettings], public_url: &PublicUrl) -> Self {
        Self(settings.iter().map(|settings| Provider::new(settings.clone(), public_url)).collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// The one of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.name.as_str() == name)
    }

    /// The one to which an unauthenticated visit goes straight: the only one there is, if it is to be so.
    #[must_use]
    pub fn direct(&self) -> Option<&Provider> {
        match self.0.as_slice() {
            [only] if only.settings.log_in_directly => Some(only),
            _ => None,
        }
    }

    /// Whether any provider's access tokens count on the API.
    #[must_use]
    pub fn take_bearers(&self) -> bool {
        self.0.iter().any(|provider| provider.settings.access_token.is_some())
    }

    /// Whom a provider's access token speaks for: the provider, and its own key for them.
    ///
    /// # Errors
    /// Why the token does not count; above all where none does.
    pub async fn bearer(&self, text: &str, now: Timestamp) -> Result<(ProviderName, String), OidcFault> {
        let mut last = OidcFault::token(TokenKind::Access)(TokenFault::Issuer);
        for provider in &self.0 {
            match provider.bearer(text, now).await {
                Some(Ok(subject)) => return Ok((provider.settings.name.clone(), subject)),
                // Of another provider: its own fault tells more.
                None => {}
                // Two may share an issuer: what one says does not count where the other could not say anything.
                Some(Err(_)) if last.is_outage() => {}
                Some(Err(fault)) => last = fault,
            }
        }
        Err(last)
    }
}

impl Provider {
    /// A provider; nothing is asked of it yet.
    #[must_use]
    pub fn new(settings: OidcSettings, public_url: &PublicUrl) -> Self {
        let or_ours = |given: &Option<url::Url>, ours: &str| {
            given.as_ref().map_or_else(|| public_url.join(ours), ToString::to_string)
        };
        Self {
            redirect_uri: or_ours(&settings.redirect_uri, "/oidc-login"),
            post_logout_redirect_uri: or_ours(&settings.post_logout_redirect_uri, "/login"),
            client: Client::new(settings.trust.clone(), settings.allow_clear_text, settings.proxy.clone()),
            settings,
            metadata: Kept::default(),
            keys: Kept::default(),
            access_keys: Kept::default(),
            seen: logout_token::Seen::default(),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &ProviderName {
        &self.settings.name
    }

    /// What people read.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Whether its word at a re-check confirms somebody; otherwise only a sign-in does.
    #[must_use]
    pub fn recheck_confirms(&self) -> bool {
        self.settings.recheck_confirms
    }

    /// The text of its button.
    #[must_use]
    pub fn button(&self) -> &str {
        &self.settings.button
    }

    /// Whom a logout token signs out (Back-Channel Logout §2.5). It is taken once: see [`SignedOut::done`].
    ///
    /// # Errors
    /// Why the token does not count, or that the provider does not answer.
    pub async fn signed_out(&self, text: &str, now: Timestamp) -> Result<SignedOut<'_>, OidcFault> {
        let metadata = self.metadata(now).await?;
        let expected = logout_token::ExpectedLogoutToken {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            skew: self.settings.clock_skew,
        };
        let algorithms = self.id_token_algorithms(&metadata);
        let check = |trust: Trust<'_>| logout_token::check(text, expected, trust, &self.seen, now);
        self.with_keys(&metadata, &algorithms, now, check, TokenKind::Logout).await
    }

    /// Where a browser goes to be signed out at the provider as well; `None` when it has no such place (OpenID Connect
    /// RP-Initiated Logout 1.0 §2).
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn end_session(
        &self,
        id_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, OidcFault> {
        let metadata = self.metadata(now).await?;
        let Some(mut url) = metadata.end_session_endpoint.clone() else { return Ok(None) };
        let mut query = url.query_pairs_mut();
        id_token.map(|token| query.append_pair("id_token_hint", token));
        // Some providers send nobody back who does not name the client as well.
        query
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &self.post_logout_redirect_uri);
        drop(query);
        Ok(Some(url.into()))
    }

    /// Whom an access token of this provider speaks for; `None` when it has nothing to do with this provider.
    async fn bearer(&self, text: &str, now: Timestamp) -> Option<Result<String, OidcFault>> {
        let settings = self.settings.access_token.as_ref()?;
        let told = jws::Unverified::read(text).ok()?;
        if !told.claims_to_be_of(&settings.issuer) {
            return None;
        }
        Some(self.known_bearer(text, settings, now).await)
    }

    async fn known_bearer(
        &self,
        text: &str,
        settings: &AccessTokenSettings,
        now: Timestamp,
    ) -> Result<String, OidcFault> {
        let algorithms = settings.algorithm.map_or_else(|| Algorithm::PUBLIC.to_vec(), |one| vec![one]);
        let rule = (self.settings.claims.external_id.as_str(), self.settings.clock_skew);
        let check = |trust: Trust<'_>| access_token::check(text, settings, rule, trust, now);
        match &settings.keys {
            Some(url) => {
                let source = (&self.access_keys, url);
                self.with_keys_of(source, &algorithms, now, check, TokenKind::Access).await
            }
            None => {
                let metadata = self.metadata(now).await?;
                self.with_keys(&metadata, &algorithms, now, check, TokenKind::Access).await
            }
        }
    }

    /// The discovery document.
    async fn metadata(&self, now: Timestamp) -> Result<std::sync::Arc<Metadata>, OidcFault> {
        self.metadata.get(now, || discovery::fetch(&self.client, &self.settings)).await
    }

    /// Checks an ID token.
    async fn id_token(
        &self,
        text: &str,
        nonce: Option<&str>,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<jws::Claims, OidcFault> {
        let expected = id_token::ExpectedIdToken {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            skew: self.settings.clock_skew,
            nonce,
        };
        let algorithms = self.id_token_algorithms(metadata);
        let check = |trust: Trust<'_>| id_token::check(text, expected, trust, now);
        self.with_keys(metadata, &algorithms, now, check, TokenKind::Id).await
    }

    /// What the configuration names, else RS256 (OIDC Core §2) and what the provider offers that needs a public key.
    fn id_token_algorithms(&self, metadata: &Metadata) -> Vec<Algorithm> {
        if let Some(named) = self.settings.id_token_algorithm {
            return vec![named];
        }
        let offered = metadata.id_token_signing_alg_values_supported.iter();
        let offered = offered.filter_map(|name| name.parse().ok());
        let public = offered.filter(|algorithm: &Algorithm| !algorithm.is_shared());
        std::iter::once(Algorithm::Rs256).chain(public).collect()
    }

    async fn with_keys<T>(
        &self,
        metadata: &Metadata,
        algorithms: &[Algorithm],
        now: Timestamp,
        check: impl Fn(Trust<'_>) -> Result<T, TokenFault>,
        kind: TokenKind,
    ) -> Result<T, OidcFault> {
        let is_shared = algorithms.iter().all(|algorithm| algorithm.is_shared());
        if is_shared {
            let keys = KeySet::default();
            return check(self.trust(algorithms, &keys)).map_err(OidcFault::token(kind));
        }
        self.with_keys_of((&self.keys, metadata.keys()?), algorithms, now, check, kind).await
    }

    /// Checks a token with the keys that are kept, and with new ones when none of those could have signed it.
    async fn with_keys_of<T>(
        &self,
        (kept, url): (&Kept<KeySet>, &url::Url),
        algorithms: &[Algorithm],
        now: Timestamp,
        check: impl Fn(Trust<'_>) -> Result<T, TokenFault>,
        kind: TokenKind,
    ) -> Result<T, OidcFault> {
        let fetch = || self.fetch_keys(url);
        let keys = kept.get(now, fetch).await?;
        let checked = match check(self.trust(algorithms, &keys)) {
            Err(TokenFault::Signature(JwsFault::NoKey)) => {
                let keys = kept.renewed(now, fetch).await?;
                check(self.trust(algorithms, &keys))
            }
            checked => checked,
        };
        checked.map_err(OidcFault::token(kind))
    }

    fn trust<'k>(&'k self, algorithms: &'k [Algorithm], keys: &'k KeySet) -> Trust<'k> {
        Trust { algorithms, keys, secret: self.settings.authentication.secret() }
    }

    async fn fetch_keys(&self, url: &url::Url) -> Result<KeySet, OidcFault> {
        let reply = self.client.get(url, Credentials::None).await?;
        if !reply.status.is_success() {
            return Err(OidcFault::Status { url: url.to_string(), status: reply.status.as_u16() });
        }
        KeySet::read(&reply.body).map_err(|error| OidcFault::unreadable(url, &error))
    }
}

/// How long a sign-in may take, from the button to the way back.
pub const SIGN_IN_LIMIT: SignedDuration = SignedDuration::from_mins(10);
