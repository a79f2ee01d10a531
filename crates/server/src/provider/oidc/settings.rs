//! What the operator decides about one identity provider.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use patgate_core::provider::ProviderName;
use patgate_core::user::Username;
use url::Url;

use super::jws::{Algorithm, SigningKey};
use super::proxy::HttpProxy;
use crate::configuration::Secret;

/// One `[[oidc]]` without faults.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// What it is called at its users and in principals.
    pub name: ProviderName,
    /// What people read.
    pub label: String,
    /// The text of its button.
    pub button: String,
    /// Its issuer, letter by letter: it is compared, never interpreted (OIDC Discovery §4.3).
    pub issuer: String,
    /// The identity that it had before, when somebody says that it is the same one.
    pub moved_from: Option<String>,
    /// What Patgate is called there.
    pub client_id: String,
    /// How Patgate proves that.
    pub authentication: ClientAuthentication,
    /// Addresses that the discovery document says otherwise or not at all.
    pub endpoints: EndpointAddresses,
    /// Where the provider sends people back to. `None`: `/oidc-login` below the public URL.
    pub redirect_uri: Option<Url>,
    /// Where it sends people after a log-out. `None`: `/login` below the public URL.
    pub post_logout_redirect_uri: Option<Url>,
    /// Which claim says what.
    pub claims: ClaimNames,
    /// What is asked for. `openid` is among them.
    pub scopes: Vec<String>,
    /// What the provider is asked to do with somebody who is signed in there (OIDC Core §3.1.2.1).
    pub prompt: Prompt,
    /// How its ID tokens may be signed. `None`: with RS256, and with what it offers that needs a public key.
    pub id_token_algorithm: Option<Algorithm>,
    /// How far its clock and ours may differ.
    pub clock_skew: SignedDuration,
    /// The authorities that vouch for it, PEM; the machine's when there is none.
    pub trust: Option<PathBuf>,
    /// The proxy through which it is called; directly when there is none.
    pub proxy: Option<HttpProxy>,
    /// Whether plain http is allowed to other machines.
    pub allow_clear_text: bool,
    /// Whether an unauthenticated visit of a page goes straight to it, when it is the only provider.
    pub log_in_directly: bool,
    /// Whether its word at a re-check confirms somebody; otherwise only a sign-in does.
    pub recheck_confirms: bool,
    /// The internal user who is its client over SCIM.
    pub scim_user: Option<Username>,
    /// Its access tokens, when they are taken on the API.
    pub access_token: Option<AccessTokenSettings>,
}

impl OidcSettings {
    /// What it is, apart from its name: who vouches for people, and by what they are known.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("sso {} by {}", self.issuer, self.claims.external_id)
    }
}

/// How a client proves who it is at the token endpoint (OIDC Core §9).
#[derive(Clone, Debug)]
pub enum ClientAuthentication {
    /// The secret in the header `Authorization` (RFC 6749 §2.3.1).
    Basic(Secret),
    /// The secret in the form.
    Post(Secret),
    /// A token that is signed with a private key (RFC 7523).
    PrivateKey(Arc<SigningKey>),
    /// Not at all: PKCE alone ties the code to us.
    None,
}

impl ClientAuthentication {
    /// What both sides know, when there is such a secret.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Basic(secret) | Self::Post(secret) => Some(secret),
            Self::PrivateKey(_) | Self::None => None,
        }
    }
}

/// Addresses that take precedence over those of the discovery document.
#[derive(Clone, Debug, Default)]
pub struct EndpointAddresses {
    /// Its public keys (`jwks_uri`).
    pub keys: Option<Url>,
    /// Where codes become tokens.
    pub token: Option<Url>,
    /// Where people sign in.
    pub authorization: Option<Url>,
    /// Where people sign out.
    pub end_session: Option<Url>,
}

/// Which claim says what. A name with dots leads into objects: `realm_access.roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The log-in name.
    pub user_name: String,
    /// Groups or roles: a list of texts, or one text separated by `;` or `,`.
    pub roles: String,
    /// The full name.
    pub full_name: String,
    /// The mail address.
    pub email: String,
    /// The provider's own key for somebody.
    pub external_id: String,
}

/// What is said about `prompt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `consent` where a refresh token is asked for, as OIDC Core §11 wants it.
    AsNeeded,
    /// This word.
    Word(String),
    /// Nothing.
    Nothing,
}

/// Which access tokens of a provider count on the API (RFC 9068 describes such tokens).
#[derive(Clone, Debug)]
pub struct AccessTokenSettings {
    /// Who made them.
    pub issuer: String,
    /// For whom they were made.
    pub audience: String,
    /// The keys, when they are not those of ID tokens.
    pub keys: Option<Url>,
    /// How they may be signed. `None`: with any algorithm that needs a public key.
    pub algorithm: Option<Algorithm>,
}
