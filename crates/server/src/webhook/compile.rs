//! From the item of an endpoint to what judges its requests.

use std::sync::Arc;

use http::HeaderMap;
use jiff::SignedDuration;
use patgate_core::item::{SecretText, USUAL_RETENTION_SIZE, Value, webhook_property as property};
use patgate_core::release::{LONGEST_VALUE, ReleaseId};
use patgate_core::token::Digest;
use patgate_core::webhook::{
    Action, Authentication, EndpointToken, Method, SecretDigest, SigningSecret, TOLERANCE, action, is_enabled,
};
use patgate_store::{Item, StoredSecret};

use super::endpoint::{Endpoint, Forward, Kind};
use super::room::Limits;
use crate::configuration::Secret;
use crate::sealing::{Purpose, SealFault, Sealer};
use crate::service::items::webhook::{forward_header, forward_url, method};

/// Reads an item. What cannot be read closes the endpoint, and never opens it.
pub(super) async fn compile(sealer: &Sealer, item: &Item, limits: Arc<Limits>) -> Endpoint {
    let opened = Opened::of(sealer, item).await;
    let integer = |name: &str| item.properties.get(name).and_then(Value::as_integer);
    let number = |name: &str, otherwise: u32| {
        integer(name).and_then(|number| u32::try_from(number).ok()).unwrap_or(otherwise)
    };
    let path = text(item, property::PATH);
    let kind = Kind::of_type(&item.type_name);
    let action = action(&item.properties);
    let authentication = match authentication(item, &opened) {
        // A request without a body has nothing to sign.
        Some(Authentication::GitHub(_) | Authentication::Standard(_)) if kind == Kind::Get => None,
        // Nobody starts a release whom nobody knows.
        Some(Authentication::None) if action == Action::Start => None,
        authentication => authentication,
    };
    let authentication = authentication.unwrap_or(Authentication::Impossible);
    let window = SignedDuration::from_mins(i64::from(number(property::DUPLICATE_WINDOW, 60)));
    let window = match &authentication {
        // As long as its time would let the same message pass again.
        Authentication::Standard(_) => window.max(TOLERANCE * 2),
        _ => window,
    };
    let body_limit = number(property::BODY_LIMIT, 1_024) as usize * 1_024;
    Endpoint {
        number: item.number,
        version: item.version,
        path: path.into(),
        kind,
        retention_days: integer(property::RETENTION_DAYS).and_then(|days| u32::try_from(days).ok()),
        forward: (action == Action::Forward).then(|| Arc::new(forward(item, &opened))),
        starts: Some(text(item, property::TEMPLATE))
            .filter(|_| action == Action::Start)
            .and_then(|template| ReleaseId::of_place(template).ok()),
        is_enabled: is_enabled(&item.properties) && !path.is_empty(),
        authentication,
        keep: number(property::REQUEST_RETENTION, 100),
        keep_bytes: u64::from(number(property::RETENTION_SIZE, USUAL_RETENTION_SIZE)) << 20,
        body_limit: match action {
            // A variable takes no longer one.
            Action::Start => body_limit.min(LONGEST_VALUE),
            Action::Keep | Action::Forward => body_limit,
        },
        per_minute: number(property::REQUESTS_PER_MINUTE, 6_000),
        duplicate_window: window.is_positive().then_some(window),
        limits,
    }
}

/// The secrets of an item that can be read.
struct Opened(Vec<(&'static str, Option<SecretText>)>);

impl Opened {
    async fn of(sealer: &Sealer, item: &Item) -> Self {
        const SEALED: [&str; 4] = [
            property::SIGNING_SECRET,
            property::PREVIOUS_SIGNING_SECRET,
            property::FORWARD_AUTHORIZATION,
            property::FORWARD_SIGNING_SECRET,
        ];
        let mut opened = Vec::new();
        for name in SEALED {
            let Some(sealed) = item.secrets.get(name).and_then(StoredSecret::sealed) else { continue };
            let purpose = Purpose::Item { item: item.number, property: name };
            let mut secret = sealer.open(purpose, sealed);
            if matches!(secret, Err(SealFault::NoKey(_))) {
                // A key that was added since this server started.
                sealer.refresh().await;
                secret = sealer.open(purpose, sealed);
            }
            let secret = secret.inspect_err(|fault| {
                tracing::error!(item = %item.id, %fault, "a secret of a webhook endpoint cannot be opened");
            });
            opened.push((name, secret.ok()));
        }
        Self(opened)
    }

    /// The secret; `Ok(None)`: there is none. `Err`: it does not open.
    fn get(&self, name: &str) -> Result<Option<&SecretText>, ()> {
        match self.0.iter().find(|(known, _)| *known == name) {
            None => Ok(None),
            Some((_, Some(secret))) => Ok(Some(secret)),
            Some((_, None)) => Err(()),
        }
    }
}

fn authentication(item: &Item, opened: &Opened) -> Option<Authentication> {
    Some(match method(&item.properties) {
        Method::None => Authentication::None,
        Method::Token => Authentication::Token(token(item)?),
        Method::GitLab => Authentication::GitLab(token(item)?),
        Method::Basic => {
            let StoredSecret::Digest(stored) = item.secrets.get(property::PASSWORD)? else { return None };
            let digest = Digest::from_bytes(stored.digest.as_slice().try_into().ok()?);
            let password = SecretDigest { key: stored.key, digest };
            let username = text(item, property::USERNAME);
            if username.is_empty() {
                return None;
            }
            Authentication::Basic { username: username.to_owned(), password }
        }
        Method::GitHub => Authentication::GitHub(signing(opened, |text| Some(SigningSecret::plain(text)))?),
        Method::Standard => {
            Authentication::Standard(signing(opened, |text| SigningSecret::standard(text).ok())?)
        }
    })
}

fn token(item: &Item) -> Option<EndpointToken> {
    match item.secrets.get(property::SECRET_TOKEN)? {
        StoredSecret::Grant(bound) => Some(EndpointToken::Grant(bound.grant)),
        StoredSecret::Digest(stored) => {
            let digest = Digest::from_bytes(stored.digest.as_slice().try_into().ok()?);
            Some(EndpointToken::Digest(SecretDigest { key: stored.key, digest }))
        }
        StoredSecret::Sealed(_) => None,
    }
}

/// The secrets with which callers sign: the one that counts, and the one before, when it can be used.
fn signing(opened: &Opened, read: impl Fn(&str) -> Option<SigningSecret>) -> Option<Vec<SigningSecret>> {
    let first = read(opened.get(property::SIGNING_SECRET).ok()??.reveal())?;
    let second = opened.get(property::PREVIOUS_SIGNING_SECRET).ok().flatten();
    let second = second.and_then(|secret| read(secret.reveal()));
    Some([first].into_iter().chain(second).collect())
}

fn forward(item: &Item, opened: &Opened) -> Forward {
    let mut obstacle = None;
    let url = forward_url(text(item, property::FORWARD_URL));
    let mut headers = HeaderMap::new();
    if let Some(named) = item.properties.get(property::FORWARD_HEADERS).and_then(Value::as_map) {
        for (name, value) in named {
            match forward_header(name, value) {
                Ok((name, value)) => {
                    headers.insert(name, value);
                }
                Err(_) => obstacle = Some("a header of the endpoint cannot be sent"),
            }
        }
    }
    let authorization = opened.get(property::FORWARD_AUTHORIZATION).unwrap_or_else(|()| {
        obstacle = Some("the secret for `Authorization` cannot be opened; enter it again");
        None
    });
    let signing = match opened.get(property::FORWARD_SIGNING_SECRET) {
        Ok(None) => None,
        Ok(Some(secret)) => SigningSecret::standard(secret.reveal()).map(Some).unwrap_or_else(|_| {
            obstacle = Some("the signing secret of the receiver cannot be used; enter it again");
            None
        }),
        Err(()) => {
            obstacle = Some("the signing secret of the receiver cannot be opened; enter it again");
            None
        }
    };
    if url.is_err() {
        obstacle = Some("the endpoint has no address to forward to");
    }
    Forward {
        url: url.ok(),
        headers,
        authorization: authorization.map(|secret| Secret::new(secret.reveal().to_owned())),
        signing,
        obstacle,
    }
}

fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.properties.get(name).and_then(Value::as_text).unwrap_or_default()
}
