//! `[[oidc]]`: the identity providers of the file, checked.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jiff::SignedDuration;
use patgate_core::provider::ProviderName;
use patgate_core::user::Username;
use url::Url;

use super::names::{Line, label, provider_name};
use super::section::Section;
use super::{names, path, schema, secret};
use crate::provider::oidc::{
    AccessTokenSettings, Algorithm, ClaimNames, ClientAuthentication, EndpointAddresses, HttpProxy,
    OidcSettings, Prompt, SigningKey, is_this_machine,
};

/// Where a provider may send people back to, as the two products have it.
const CALLBACKS: [&str; 2] = ["/oidc-login", "/login/external-login"];

/// What stands where the file says nothing.
#[derive(Clone, Copy)]
struct Preset {
    user_name: &'static str,
    roles: &'static str,
    external_id: &'static str,
    scopes: &'static [&'static str],
    /// Whether the provider is asked for consent, without which some give no refresh token.
    asks_consent: bool,
    /// Whether it is known to answer no refresh for somebody whom it disabled or deleted.
    refuses_the_disabled: bool,
}

const USUAL: Preset = Preset {
    user_name: "preferred_username",
    roles: "groups",
    external_id: "sub",
    scopes: &["openid", "profile", "email", "offline_access"],
    asks_consent: true,
    refuses_the_disabled: false,
};

impl FromStr for Preset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let calm = Self { asks_consent: false, refuses_the_disabled: true, ..USUAL };
        match text {
            "keycloak" => Ok(Self { roles: "realm_access.roles", ..calm }),
            "okta" => {
                Ok(Self { scopes: &["openid", "profile", "email", "groups", "offline_access"], ..calm })
            }
            // `sub` differs from client to client there; `oid` does not.
            "entra-id" => Ok(Self { roles: "roles", external_id: "oid", ..calm }),
            _ => Err("write `keycloak`, `okta` or `entra-id`, or leave it out"),
        }
    }
}

/// Reads every `[[oidc]]`. Those with a fault are left out; a name that another provider has is one.
pub(super) fn read(settings: &mut Section<'_>, names: &mut HashSet<ProviderName>) -> Vec<OidcSettings> {
    let mut providers = Vec::new();
    for (field, table) in settings.tables("oidc") {
        let mut section = Section::of_table(&field, schema::OIDC, table, settings.faults());
        providers.extend(provider(&mut section, names));
    }
    let direct = providers.iter().find(|provider| provider.log_in_directly && providers.len() > 1);
    if let Some(direct) = direct {
        let expected = format!("`{}` sets `log_in_directly`, which is for one provider alone", direct.name);
        settings.fault_of("oidc", expected);
    }
    let mut clients = HashSet::new();
    let twice =
        providers.iter().filter_map(|it| it.scim_user.as_ref()).find(|user| !clients.insert(user.key()));
    if let Some(user) = twice {
        let expected = format!("`scim_user` `{user}` stands twice: each provider needs one of its own");
        settings.fault_of("oidc", expected);
    }
    providers
}

fn provider(section: &mut Section<'_>, names: &mut HashSet<ProviderName>) -> Option<OidcSettings> {
    let name = provider_name(section, names);
    let label = label(section, "label").or_else(|| name.as_ref().map(ToString::to_string));
    let preset = section.parsed::<Preset>("preset");
    let is_preset_fine = preset.is_some() || !section.is_given("preset");
    let preset = preset.unwrap_or(USUAL);
    let allow_clear_text = section.truth("allow_clear_text");
    let may_call = allow_clear_text.unwrap_or(true);
    section.demand("issuer");
    let issuer = issuer(section, "issuer", may_call);
    let moved_from = section.parsed::<Line<2_000>>("moved_from").map(|line| line.0);
    let client_id = section.required::<Line<255>>("client_id").map(|line| line.0);
    let authentication = authentication(section);
    let endpoints = EndpointAddresses {
        keys: address(section, "key_retrieval_uri", may_call),
        token: address(section, "access_token_uri", may_call),
        authorization: address(section, "user_authorization_uri", may_call),
        end_session: address(section, "logout_uri", may_call),
    };
    let redirect_uri = redirect_uri(section);
    let post_logout_redirect_uri = address(section, "post_logout_redirect_uri", true);
    let claims = claims(section, preset);
    let scopes = scopes(section, preset);
    let prompt = prompt(section, preset);
    let id_token_algorithm = section.parsed("id_token_jws_alg");
    let button = names::label(section, "login_method_description");
    let clock_skew = section.number("clock_skew_seconds", 0..=600).map(SignedDuration::from_secs);
    let trust = trust(section);
    let proxy = section.parsed::<HttpProxy>("proxy");
    let log_in_directly = section.truth("log_in_directly");
    let recheck_confirms = match section.is_given("recheck_confirms") {
        true => section.truth("recheck_confirms"),
        false => Some(preset.refuses_the_disabled),
    };
    let scim_user = section.parsed::<Username>("scim_user");
    let access_token = access_token(section, issuer.as_deref(), may_call);
    let is_shared = id_token_algorithm.is_some_and(Algorithm::is_shared);
    if is_shared && authentication.as_ref().is_some_and(|it| it.secret().is_none()) {
        section.fault_of("id_token_jws_alg", "needs `client_secret`, which is its key");
    }
    let (name, label) = (name?, label?);
    is_preset_fine.then_some(())?;
    Some(OidcSettings {
        button: button.unwrap_or_else(|| format!("Log in with {label}")),
        name,
        label,
        issuer: issuer?,
        moved_from,
        client_id: client_id?,
        authentication: authentication?,
        endpoints,
        redirect_uri,
        post_logout_redirect_uri,
        claims: claims?,
        scopes,
        prompt: prompt?,
        id_token_algorithm,
        clock_skew: clock_skew?,
        trust,
        proxy,
        allow_clear_text: allow_clear_text?,
        log_in_directly: log_in_directly?,
        recheck_confirms: recheck_confirms?,
        scim_user,
        access_token,
    })
}

/// An issuer keeps its letters: it is compared with what tokens say.
fn issuer(section: &mut Section<'_>, name: &str, allow_clear_text: bool) -> Option<String> {
    let url = address(section, name, allow_clear_text)?;
    if url.query().is_some() || url.fragment().is_some() {
        section.fault_of(name, "an issuer has no query and no fragment");
        return None;
    }
    section.text(name).map(|(text, _)| text)
}

fn address(section: &mut Section<'_>, name: &str, allow_clear_text: bool) -> Option<Url> {
    let url = section.parsed::<Address>(name)?.0;
    if url.scheme() == "http" && !allow_clear_text && !is_this_machine(&url) {
        section
            .fault_of(name, "http is for this machine alone; write https, or set `allow_clear_text = true`");
        return None;
    }
    Some(url)
}

fn redirect_uri(section: &mut Section<'_>) -> Option<Url> {
    let url = section.parsed::<Address>("redirect_uri")?.0;
    let is_ours = url.query().is_none() && CALLBACKS.iter().any(|path| url.path().ends_with(path));
    if !is_ours {
        let expected =
            "must be an address of Patgate that ends with `/oidc-login` or `/login/external-login`";
        section.fault_of("redirect_uri", expected);
    }
    Some(url)
}

fn authentication(section: &mut Section<'_>) -> Option<ClientAuthentication> {
    let before = section.faults().len();
    let secret = secret(section, "client_secret", "client_secret_file").map(|(secret, ..)| secret);
    let has_key = section.is_given("client_auth_key_file");
    let given = section.is_given("client_secret") || section.is_given("client_secret_file");
    let method = match section.text("client_auth_method") {
        Some((method, _)) => method,
        None if section.is_given("client_auth_method") => return None,
        None if given => "client_secret_basic".to_owned(),
        None if has_key => "private_key_jwt".to_owned(),
        None => "none".to_owned(),
    };
    let key = signing_key(section);
    if section.faults().len() > before {
        return None;
    }
    let authentication = match (method.as_str(), secret, key) {
        ("client_secret_basic", Some(secret), None) => Ok(ClientAuthentication::Basic(secret)),
        ("client_secret_post", Some(secret), None) => Ok(ClientAuthentication::Post(secret)),
        ("private_key_jwt", None, Some(key)) => Ok(ClientAuthentication::PrivateKey(Arc::new(key))),
        ("none", None, None) => Ok(ClientAuthentication::None),
        ("client_secret_basic" | "client_secret_post", _, Some(_)) => {
            Err("leave `client_auth_key_file` out; it is for `private_key_jwt`")
        }
        ("client_secret_basic" | "client_secret_post", None, None) => {
            Err("needs `client_secret` or `client_secret_file`")
        }
        ("private_key_jwt", Some(_), _) => Err("leave the client secret out; the key proves who Patgate is"),
        ("private_key_jwt", None, None) => Err("needs `client_auth_key_file`"),
        ("none", ..) => Err("leave the client secret and the key out, or name how they are used"),
        _ => Err("write `client_secret_basic`, `client_secret_post`, `private_key_jwt` or `none`"),
    };
    authentication.map_err(|expected| section.fault_of("client_auth_method", expected)).ok()
}

fn signing_key(section: &mut Section<'_>) -> Option<SigningKey> {
    let algorithm = section.parsed::<Algorithm>("client_auth_jws_alg");
    let id = section.parsed::<Line<255>>("client_auth_key_id").map(|line| line.0);
    let file = path(section, "client_auth_key_file")?;
    match SigningKey::read(&file, algorithm?, id) {
        Ok(key) => Some(key),
        Err(unusable) => {
            section.fault_of("client_auth_key_file", unusable);
            None
        }
    }
}

fn claims(section: &mut Section<'_>, preset: Preset) -> Option<ClaimNames> {
    let mut claim = |name: &str, usual: &str| {
        if section.value(name).is_some() {
            section.parsed::<Line<255>>(name).map(|line| line.0)
        } else {
            Some(usual.to_owned())
        }
    };
    let user_name = claim("user_name_claim", preset.user_name);
    let roles = claim("roles_claim", preset.roles);
    let full_name = claim("full_name_claim", "name");
    let email = claim("email_claim", "email");
    let external_id = claim("external_id_claim", preset.external_id);
    Some(ClaimNames {
        user_name: user_name?,
        roles: roles?,
        full_name: full_name?,
        email: email?,
        external_id: external_id?,
    })
}

fn scopes(section: &mut Section<'_>, preset: Preset) -> Vec<String> {
    let mut scopes: Vec<String> = if section.is_given("scopes") {
        section.list::<Scope>("scopes").into_iter().map(|(scope, _)| scope.0).collect()
    } else {
        preset.scopes.iter().map(|&scope| scope.to_owned()).collect()
    };
    // OIDC Core §3.1.2.1: without it, it is no OpenID Connect.
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    scopes
}

fn prompt(section: &mut Section<'_>, preset: Preset) -> Option<Prompt> {
    if !section.is_given("prompt") {
        return Some(if preset.asks_consent { Prompt::AsNeeded } else { Prompt::Nothing });
    }
    let (word, _) = section.text("prompt")?;
    match word.as_str() {
        "default" => Some(Prompt::Nothing),
        "login" | "consent" | "select_account" => Some(Prompt::Word(word)),
        _ => {
            section.fault_of("prompt", "write `login`, `consent`, `select_account` or `default`");
            None
        }
    }
}

fn trust(section: &mut Section<'_>) -> Option<PathBuf> {
    let file = path(section, "trust")?;
    if let Err(fault) = crate::tls::Authorities::from_file(Path::new(&file)) {
        section.fault_of("trust", fault);
    }
    Some(file)
}

fn access_token(
    section: &mut Section<'_>,
    issuer: Option<&str>,
    allow_clear_text: bool,
) -> Option<AccessTokenSettings> {
    let audience = section.parsed::<Line<255>>("access_token.audience").map(|line| line.0);
    let own = section.parsed::<Line<255>>("access_token.issuer").map(|line| line.0);
    let keys = address(section, "access_token.key_retrieval_uri", allow_clear_text);
    let algorithm = section.parsed::<Algorithm>("access_token.jws_alg");
    if algorithm.is_some_and(Algorithm::is_shared) {
        let expected =
            "must be an algorithm with a public key; whoever checks a shared secret can make tokens";
        section.fault_of("access_token.jws_alg", expected);
    }
    let others = ["access_token.issuer", "access_token.key_retrieval_uri", "access_token.jws_alg"];
    if !section.is_given("access_token.audience") {
        if others.iter().any(|name| section.is_given(name)) {
            section.fault_of("access_token.audience", "is missing; without it no access token counts");
        }
        return None;
    }
    let issuer = own.or_else(|| issuer.map(str::to_owned))?;
    Some(AccessTokenSettings { issuer, audience: audience?, keys, algorithm })
}

/// RFC 6749 §3.3.
struct Scope(String);

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        if fits { Ok(Self(text.to_owned())) } else { Err("a scope is one word of plain letters") }
    }
}

struct Address(Url);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || "write an https URL without user and fragment".to_owned();
        let url = Url::parse(text).map_err(|_| expected())?;
        let is_plain = url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && matches!(url.scheme(), "http" | "https");
        if is_plain { Ok(Self(url)) } else { Err(expected()) }
    }
}
