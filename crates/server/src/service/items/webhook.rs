//! What webhook endpoints demand and warn of beyond their descriptors.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use patgate_core::grant::{Grant, GrantState};
use patgate_core::identifier::GrantId;
use patgate_core::item::{Properties, PropertyFault, Reason, Value, webhook_property as property};
use patgate_core::release::{Release, ReleaseId, ReleaseStatus};
use patgate_core::token::TokenText;
use patgate_core::webhook::{Action, Method, SigningSecret, action, is_enabled};
use patgate_store::{Item, StoredSecret};
use url::Url;

use super::kind::Held;
use crate::service::releases;
use crate::state::AppState;
use crate::webhook::{Kind, blank_values};

/// Headers that the sender of a request sets itself, and those that belong to one connection (RFC 9110 §7.6.1).
const OUR_HEADERS: [&str; 19] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];
/// What all our own headers of forwarded requests begin with, and those by which proxies say who calls.
const OUR_PREFIXES: [&str; 2] = ["x-patgate-webhook-", "x-forwarded-"];

/// Grants that endpoints are opened by; `None` when nobody was asked, or the database did not answer.
#[derive(Default)]
pub(super) struct KnownGrants(Option<BTreeMap<GrantId, Grant>>);

/// What is wrong with the values of an endpoint, taken together.
pub(super) fn judge<'h>(
    properties: &Properties,
    held: impl Fn(&'static str) -> Held<'h>,
) -> Vec<PropertyFault> {
    let method = method(properties);
    let mut faults = Vec::new();
    let mut fault = |property: &str, said: &str| {
        faults.push(PropertyFault::new(property, Reason::Judged(said.to_owned())));
    };
    match method {
        Method::None => {}
        Method::Token | Method::GitLab => {
            if !held(property::SECRET_TOKEN).is_there() {
                fault(property::SECRET_TOKEN, "this is needed for this authentication method");
            }
        }
        Method::Basic => {
            let name = properties.get(property::USERNAME).and_then(Value::as_text).unwrap_or_default();
            if name.is_empty() {
                fault(property::USERNAME, "this is needed for Basic authentication");
            }
            if name.contains(':') {
                fault(property::USERNAME, "no user name of Basic authentication has a colon (RFC 7617)");
            }
            if !held(property::PASSWORD).is_there() {
                fault(property::PASSWORD, "this is needed for Basic authentication");
            }
        }
        Method::GitHub | Method::Standard => {
            if !held(property::SIGNING_SECRET).is_there() {
                fault(property::SIGNING_SECRET, "this is needed to check signatures");
            }
        }
    }
    for (name, is_standard) in [
        (property::SIGNING_SECRET, method == Method::Standard),
        (property::PREVIOUS_SIGNING_SECRET, method == Method::Standard),
        (property::FORWARD_SIGNING_SECRET, true),
    ] {
        let Held::New(secret) = held(name) else { continue };
        if TokenText::parse(secret.reveal().trim()).is_ok() {
            // What signs is kept, and would go on after the token has ended.
            fault(name, "this is a personal access token, of which no copy is kept; enter another secret");
        } else if is_standard && let Err(error) = SigningSecret::standard(secret.reveal()) {
            fault(name, &error.to_string());
        }
    }
    if let Held::New(secret) = held(property::FORWARD_AUTHORIZATION)
        && HeaderValue::from_str(secret.reveal()).is_err()
    {
        fault(property::FORWARD_AUTHORIZATION, "the value of a header is ASCII");
    }
    match properties.get(property::FORWARD_URL).and_then(Value::as_text) {
        Some(url) => {
            if let Err(said) = forward_url(url) {
                fault(property::FORWARD_URL, said);
            }
        }
        None if action(properties) == Action::Forward => {
            fault(property::FORWARD_URL, "this is needed to forward requests");
        }
        None => {}
    }
    let template = properties.get(property::TEMPLATE).and_then(Value::as_text);
    if let Some(Err(error)) = template.map(ReleaseId::of_place) {
        fault(property::TEMPLATE, &error.to_string());
    }
    if action(properties) == Action::Start {
        if template.is_none() {
            fault(property::TEMPLATE, "this is needed to start releases");
        }
        if method == Method::None {
            fault(property::AUTHENTICATION, "an endpoint that starts releases must know who calls");
        }
    }
    if let Some(headers) = properties.get(property::FORWARD_HEADERS).and_then(Value::as_map) {
        for (name, value) in headers {
            if let Err(said) = forward_header(name, value) {
                fault(property::FORWARD_HEADERS, &said);
            }
        }
    }
    faults
}

/// What an administrator should know about an endpoint, in sentences.
pub(super) fn warnings(state: &AppState, item: &Item, grants: &KnownGrants) -> Vec<String> {
    let mut warnings = Vec::new();
    let properties = &item.properties;
    match method(properties) {
        Method::None => {
            warnings.push(
                "Anybody who knows the address can send requests: there is no authentication.".to_owned(),
            );
        }
        Method::Token | Method::GitLab => warnings.extend(token_warning(state, item, grants)),
        Method::Basic | Method::GitHub | Method::Standard => {}
    }
    let compiled = state.webhooks.endpoints.by_number(item.number);
    if compiled.is_some_and(|endpoint| endpoint.is_impossible()) {
        warnings
            .push("Nobody can call it: its secret is missing or cannot be used. Enter it again.".to_owned());
    }
    let url = properties.get(property::FORWARD_URL).and_then(Value::as_text);
    if action(properties) == Action::Forward && url.is_some_and(|url| url.starts_with("http://")) {
        warnings.push("Requests are forwarded over plain http: who is in between can read them.".to_owned());
    }
    warnings
}

/// The template of which an endpoint with these values starts releases; `None`: it starts none, or is off.
pub(super) fn starts(properties: &Properties) -> Option<ReleaseId> {
    let template = properties.get(property::TEMPLATE).and_then(Value::as_text)?;
    ReleaseId::of_place(template)
        .ok()
        .filter(|_| is_enabled(properties) && action(properties) == Action::Start)
}

/// What is wrong with the template of an endpoint of this type, as it is now. One that is not there, or
/// is none, may be made later.
pub(super) fn judge_template(type_name: &str, template: &Release) -> Result<(), PropertyFault> {
    if template.status != ReleaseStatus::Template {
        return Ok(());
    }
    match releases::refuses(template, &blank_values(Kind::of_type(type_name))) {
        Some(said) => Err(PropertyFault::new(property::TEMPLATE, Reason::Judged(said))),
        None => Ok(()),
    }
}

/// Why an endpoint starts no release of its template, which was changed since it was saved. When the database does not
/// answer, there is nothing to say.
pub(super) async fn template_warning(state: &AppState, item: &Item) -> Option<String> {
    let template = state.store.release(&starts(&item.properties)?).await.ok()??;
    let fault = judge_template(&item.type_name, &template.release).err()?;
    Some(format!("No request starts a release: {}.", fault.reason))
}

/// The properties of an item whose secrets are personal access tokens.
pub(super) fn bound(item: &Item) -> Vec<&str> {
    let is_bound = |secret: &StoredSecret| matches!(secret, StoredSecret::Grant(_));
    item.secrets.iter().filter(|(_, secret)| is_bound(secret)).map(|(name, _)| name.as_str()).collect()
}

/// The grants of the personal access tokens of these endpoints.
pub(super) async fn grants_of(state: &AppState, items: &[Item]) -> KnownGrants {
    let ids: Vec<_> = items.iter().filter_map(bound_token).collect();
    if ids.is_empty() {
        return KnownGrants::default();
    }
    let found = state.store.grants_with_history(&ids).await;
    KnownGrants(found.ok().map(|grants| grants.into_iter().map(|grant| (grant.id, grant)).collect()))
}

fn bound_token(item: &Item) -> Option<GrantId> {
    match item.secrets.get(property::SECRET_TOKEN)? {
        StoredSecret::Grant(bound) => Some(bound.grant),
        StoredSecret::Sealed(_) | StoredSecret::Digest(_) => None,
    }
}

/// Why the personal access token of an endpoint does not open it now.
fn token_warning(state: &AppState, item: &Item, KnownGrants(grants): &KnownGrants) -> Option<String> {
    let why = match grants.as_ref()?.get(&bound_token(item)?) {
        None => "was deleted",
        Some(grant) => match grant.state {
            GrantState::Deleted { .. } => "was deleted",
            _ if grant.expires_at.is_expired(state.clock.now()) => "has expired",
            GrantState::Suspended { .. } => "is suspended",
            GrantState::Active if state.suspends(grant.owner).is_some() => "is suspended with its owner",
            GrantState::Active => {
                let view = state.index.view();
                let is_enabled = view.owner(grant.owner).is_some_and(|facts| facts.enabled);
                if is_enabled {
                    return None;
                }
                "has an owner who is disabled"
            }
        },
    };
    Some(format!("The endpoint is closed: its personal access token {why}."))
}

/// How callers prove who they are.
pub(crate) fn method(properties: &Properties) -> Method {
    let word = properties.get(property::AUTHENTICATION).and_then(Value::as_text);
    word.and_then(Method::from_word).unwrap_or(Method::Token)
}

/// Reads an address that requests are forwarded to.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn forward_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "this is no http or https address")?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("this is no http or https address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave the user name and the password out; put them under *Authorization*");
    }
    if url.fragment().is_some() {
        return Err("leave the part behind `#` out; it is not sent");
    }
    Ok(url)
}

/// Reads a header of forwarded requests.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn forward_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let read = HeaderName::from_bytes(name.as_bytes());
    let read = read.map_err(|_| format!("`{name}` is no name of a header"))?;
    let is_ours = OUR_PREFIXES.iter().any(|prefix| read.as_str().starts_with(prefix));
    if is_ours || OUR_HEADERS.contains(&read.as_str()) {
        return Err(format!("`{name}` is set by Patgate or belongs to the connection; leave it out"));
    }
    let value = HeaderValue::from_str(value);
    Ok((read, value.map_err(|_| format!("the value of `{name}` is not ASCII"))?))
}
