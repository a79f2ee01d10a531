//! The second half of a sign-in, and asking again later: codes and refresh tokens become tokens, tokens a person.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use patgate_core::item::SecretText;
use rand_core::CryptoRng;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::authorization::{Callback, SignIn};
use super::discovery::Metadata;
use super::fault::{OidcFault, words};
use super::http::Credentials;
use super::jws::Claims;
use super::settings::ClientAuthentication;
use super::{Provider, claims};
use crate::provider::{Answer, Person};

/// How this client says that its word is signed (RFC 7523 §2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long a signed word of this client counts, in seconds.
const ASSERTION_LIFE: i64 = 60;

/// Somebody whom a provider has signed in. The tokens are not printed.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// What the provider calls them in its logout tokens (`sub`), which the person's subject need not be.
    pub subject: String,
    /// Their session at the provider (`sid`), when it says so.
    pub session: Option<String>,
    /// For the log-out at the provider.
    pub id_token: SecretText,
    /// To ask again later.
    pub refresh_token: Option<SecretText>,
}

/// What a provider says when it is asked again.
#[derive(Debug)]
pub struct Confirmed {
    /// What is true of them now; or why there is no answer that counts.
    pub answer: Result<Answer, OidcFault>,
    /// What to ask with the next time, when it is another one, whatever became of the answer. The old one may count no
    /// more, and who shows it again may lose both.
    pub refresh_token: Option<SecretText>,
}

/// The token endpoint's answer (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
    id_token: Option<String>,
    refresh_token: Option<String>,
}

/// Its refusal (RFC 6749 §5.2).
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Provider {
    /// Ends a sign-in: who came back.
    ///
    /// # Errors
    /// Why nobody did.
    pub async fn finish(
        &self,
        sign_in: &SignIn,
        callback: Callback<'_>,
        now: Timestamp,
        random: &mut (impl CryptoRng + Send),
    ) -> Result<SignedIn, OidcFault> {
        let metadata = self.metadata(now).await?;
        let code = self.code(sign_in, callback, &metadata, now)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", sign_in.verifier()),
        ];
        let tokens = self.ask(&form, &metadata, now, random).await?;
        let id_token = tokens.id_token.ok_or(OidcFault::Missing("id_token"))?;
        let told = self.id_token(&id_token, Some(sign_in.nonce()), &metadata, now).await?;
        let person = self.person(&told, tokens.access_token.as_deref(), &metadata).await?;
        let text = |name: &str| told.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        Ok(SignedIn {
            person,
            subject: text("sub").unwrap_or_default(),
            session: text("sid").filter(|session| (1..=255).contains(&session.len())),
            id_token: id_token.into(),
            refresh_token: tokens.refresh_token.map(SecretText::from),
        })
    }

    /// Asks again about somebody, with the refresh token of their last sign-in (RFC 6749 §6, OIDC Core §12).
    /// `subject` is the key by which they are known here, [`Person::subject`].
    ///
    /// A refusal is [`Answer::Unknown`], whatever its word: a log-out, an expiry and a deletion look the same, and
    /// providers differ in what they say. Only what speaks of this client (`invalid_client`, `unauthorized_client`), of the
    /// address (404) or of the moment (408, 429, 5xx) is a fault, as is an answer that cannot be believed.
    pub async fn confirm(
        &self,
        refresh_token: &SecretText,
        subject: &str,
        now: Timestamp,
        random: &mut (impl CryptoRng + Send),
    ) -> Confirmed {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.reveal())];
        let asked = async {
            let metadata = self.metadata(now).await?;
            Ok((self.ask(&form, &metadata, now, random).await?, metadata))
        };
        let (mut tokens, metadata) = match asked.await {
            Ok(asked) => asked,
            Err(OidcFault::Refused { status, error, .. }) if is_about_the_person(status, &error) => {
                return Confirmed { answer: Ok(Answer::Unknown), refresh_token: None };
            }
            Err(fault) => return Confirmed { answer: Err(fault), refresh_token: None },
        };
        let refresh_token = tokens.refresh_token.take().map(SecretText::from);
        Confirmed { answer: self.answer(tokens, subject, &metadata, now).await, refresh_token }
    }

    /// What the tokens of a refresh say of somebody.
    async fn answer(
        &self,
        tokens: Tokens,
        subject: &str,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<Answer, OidcFault> {
        let access_token = tokens.access_token.as_deref();
        let person = match &tokens.id_token {
            Some(id_token) => {
                let told = self.id_token(id_token, None, metadata, now).await?;
                self.person(&told, access_token, metadata).await?
            }
            // §12.2: a provider need not give a new one. Then its user information tells.
            None => match self.information(access_token, metadata).await {
                Err(OidcFault::Status { status: 401 | 403, .. }) => return Ok(Answer::Unknown),
                asked => {
                    let told = asked?.ok_or(OidcFault::NoEndpoint("userinfo_endpoint"))?;
                    claims::person(&told, None, &self.settings.claims)?
                }
            },
        };
        if person.subject == subject { Ok(Answer::Present(person)) } else { Err(OidcFault::SomebodyElse) }
    }

    /// The person of an ID token; the user information is asked for when something is missing in it.
    async fn person(
        &self,
        told: &Claims,
        access_token: Option<&str>,
        metadata: &Metadata,
    ) -> Result<Person, OidcFault> {
        let names = &self.settings.claims;
        if claims::is_whole(told, names) {
            return claims::person(told, None, names);
        }
        let information = self.information(access_token, metadata).await?;
        // OIDC Core §5.3.2: about nobody else.
        if information.as_ref().is_some_and(|information| information.get("sub") != told.get("sub")) {
            return Err(OidcFault::SomebodyElse);
        }
        claims::person(told, information.as_ref(), names)
    }

    /// The user information (OIDC Core §5.3), where there is any. A signed one is not asked for.
    async fn information(
        &self,
        access_token: Option<&str>,
        metadata: &Metadata,
    ) -> Result<Option<Claims>, OidcFault> {
        let (Some(url), Some(token)) = (&metadata.userinfo_endpoint, access_token) else { return Ok(None) };
        let reply = self.client.get(url, Credentials::Bearer { token }).await?;
        if !reply.status.is_success() {
            return Err(OidcFault::Status { url: url.to_string(), status: reply.status.as_u16() });
        }
        if reply.content_type.starts_with("application/jwt") {
            let reason = "it is signed; have the provider answer with plain JSON".to_owned();
            return Err(OidcFault::Unreadable { url: url.to_string(), reason });
        }
        let claims =
            serde_json::from_slice(&reply.body).map_err(|error| OidcFault::unreadable(url, &error))?;
        Ok(Some(claims))
    }

    /// Asks the token endpoint, and proves who asks.
    async fn ask(
        &self,
        form: &[(&str, &str)],
        metadata: &Metadata,
        now: Timestamp,
        random: &mut (impl CryptoRng + Send),
    ) -> Result<Tokens, OidcFault> {
        let url = metadata.token()?;
        let client_id = self.settings.client_id.as_str();
        let mut form = form.to_vec();
        let assertion = self.assertion(url, now, random)?;
        let mut pair = None;
        match &self.settings.authentication {
            ClientAuthentication::Basic(secret) => {
                // RFC 6749 §2.3.1: both are encoded as in a form before they are joined.
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let joined = Zeroizing::new(format!("{}:{}", encoded(client_id), encoded(secret.reveal())));
                pair = Some(Zeroizing::new(STANDARD.encode(joined.as_bytes())));
            }
            ClientAuthentication::Post(secret) => {
                form.extend([("client_id", client_id), ("client_secret", secret.reveal())]);
            }
            ClientAuthentication::PrivateKey(_) | ClientAuthentication::None => {
                form.push(("client_id", client_id));
            }
        }
        if let Some(assertion) = &assertion {
            form.extend([("client_assertion_type", ASSERTION), ("client_assertion", assertion)]);
        }
        let credentials = pair.as_ref().map_or(Credentials::None, |pair| Credentials::Basic { pair });
        let reply = self.client.post(url, credentials, &form).await?;
        let status = reply.status.as_u16();
        if reply.status.is_success() {
            return serde_json::from_slice(&reply.body).map_err(|error| OidcFault::unreadable(url, &error));
        }
        let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
        let description = words(&refusal.error_description);
        let description = if description.is_empty() { description } else { format!(": {description}") };
        Err(OidcFault::Refused { status, error: words(&refusal.error), description })
    }

    /// This client's signed word for itself (RFC 7523 §3), where it has a key.
    fn assertion(
        &self,
        audience: &impl fmt::Display,
        now: Timestamp,
        random: &mut impl CryptoRng,
    ) -> Result<Option<String>, OidcFault> {
        let ClientAuthentication::PrivateKey(key) = &self.settings.authentication else { return Ok(None) };
        let mut id = [0; 16];
        random.fill_bytes(&mut id);
        let claims = json!({
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": audience.to_string(),
            "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": now.as_second(),
            "exp": now.as_second() + ASSERTION_LIFE,
        });
        key.sign(&claims).map(Some).ok_or(OidcFault::Signing)
    }
}

/// Whether a refusal is about the person or their token, rather than about this client, this address or the moment.
/// Providers differ in the word (canaille says `invalid_request` of somebody who is locked out), so that only those are left
/// out that cannot mean a person; one without a word is somebody's on the way, such as a proxy's.
fn is_about_the_person(status: u16, error: &str) -> bool {
    let is_of_others = matches!(
        error,
        "" | "invalid_client"
            | "unauthorized_client"
            | "unsupported_grant_type"
            | "temporarily_unavailable"
            | "server_error"
    );
    matches!(status, 400 | 401 | 403) && !is_of_others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_about_the_person_unless_it_cannot_be() {
        for (status, error, expected) in [
            (400, "invalid_grant", true),
            (400, "invalid_request", true),
            (400, "invalid_token", true),
            (400, "access_denied", true),
            (400, "login_required", true),
            (401, "invalid_grant", true),
            (403, "account_disabled", true),
            (401, "invalid_client", false),
            (400, "invalid_client", false),
            (400, "unauthorized_client", false),
            (400, "unsupported_grant_type", false),
            (400, "temporarily_unavailable", false),
            (400, "", false),
            (403, "", false),
            (404, "", false),
            (404, "invalid_grant", false),
            (405, "invalid_request", false),
            (408, "invalid_grant", false),
            (429, "invalid_grant", false),
            (302, "", false),
            (500, "invalid_grant", false),
            (503, "", false),
        ] {
            assert_eq!(is_about_the_person(status, error), expected, "{status} {error:?}");
        }
    }
}
