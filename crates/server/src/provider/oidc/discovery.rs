//! What a provider says of itself (OIDC Discovery 1.0 §3).

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::fault::OidcFault;
use super::http::{Client, Credentials};
use super::settings::{EndpointAddresses, OidcSettings};

/// The discovery document, as far as it is of use. Addresses that the configuration names are in it already.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    #[serde(default, deserialize_with = "address")]
    authorization_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "address")]
    token_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "address")]
    jwks_uri: Option<Url>,
    #[serde(default, deserialize_with = "address")]
    pub(super) userinfo_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "address")]
    pub(super) end_session_endpoint: Option<Url>,
    #[serde(default)]
    pub(super) id_token_signing_alg_values_supported: Vec<String>,
    pub(super) scopes_supported: Option<Vec<String>>,
    pub(super) code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub(super) backchannel_logout_supported: bool,
}

impl Metadata {
    /// Where people sign in.
    pub(super) fn authorization(&self) -> Result<&Url, OidcFault> {
        self.authorization_endpoint.as_ref().ok_or(OidcFault::NoEndpoint("authorization_endpoint"))
    }

    /// Where codes become tokens.
    pub(super) fn token(&self) -> Result<&Url, OidcFault> {
        self.token_endpoint.as_ref().ok_or(OidcFault::NoEndpoint("token_endpoint"))
    }

    /// Where the keys are.
    pub(super) fn keys(&self) -> Result<&Url, OidcFault> {
        self.jwks_uri.as_ref().ok_or(OidcFault::NoEndpoint("jwks_uri"))
    }

    /// What the configuration says goes before what the document says.
    fn corrected(self, endpoints: &EndpointAddresses) -> Self {
        Self {
            authorization_endpoint: endpoints.authorization.clone().or(self.authorization_endpoint),
            token_endpoint: endpoints.token.clone().or(self.token_endpoint),
            jwks_uri: endpoints.keys.clone().or(self.jwks_uri),
            end_session_endpoint: endpoints.end_session.clone().or(self.end_session_endpoint),
            ..self
        }
    }

    /// What is known without a document.
    fn of_settings(settings: &OidcSettings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            authorization_endpoint: None,
            token_endpoint: None,
            jwks_uri: None,
            userinfo_endpoint: None,
            end_session_endpoint: None,
            id_token_signing_alg_values_supported: Vec::new(),
            scopes_supported: None,
            code_challenge_methods_supported: None,
            authorization_response_iss_parameter_supported: false,
            backchannel_logout_supported: false,
        }
        .corrected(&settings.endpoints)
    }
}

/// Where the document of an issuer is (OIDC Discovery §4.1).
pub(super) fn document(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Reads the document; it is not needed where the configuration names the three addresses that a sign-in needs.
pub(super) async fn fetch(client: &Client, settings: &OidcSettings) -> Result<Metadata, OidcFault> {
    let EndpointAddresses { keys, token, authorization, .. } = &settings.endpoints;
    if keys.is_some() && token.is_some() && authorization.is_some() {
        return Ok(Metadata::of_settings(settings));
    }
    let text = document(&settings.issuer);
    let url = Url::parse(&text).map_err(|error| OidcFault::unreadable(&text, &error))?;
    let reply = client.get(&url, Credentials::None).await?;
    if !reply.status.is_success() {
        return Err(OidcFault::Status { url: text, status: reply.status.as_u16() });
    }
    let metadata: Metadata =
        serde_json::from_slice(&reply.body).map_err(|error| OidcFault::unreadable(&text, &error))?;
    if metadata.issuer != settings.issuer {
        return Err(OidcFault::OtherIssuer {
            found: super::fault::words(&metadata.issuer),
            expected: settings.issuer.clone(),
        });
    }
    let metadata = metadata.corrected(&settings.endpoints);
    let named = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
        &metadata.userinfo_endpoint,
        &metadata.end_session_endpoint,
    ];
    named.into_iter().flatten().try_for_each(|url| client.may_call(url))?;
    Ok(metadata)
}

fn address<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(reader)?;
    text.map(|text| Url::parse(&text).map_err(|_| D::Error::custom(format!("`{text}` is no address"))))
        .transpose()
}
