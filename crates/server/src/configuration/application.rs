//! `[[application]]`: the applications of the file, checked by the types that use them, as gates.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderName;
use patgate_core::application::{ApplicationName, ApplicationSlot, Applications};
use patgate_core::permission::{Catalog, PermissionId};
use patgate_core::token::Prefix;
use patgate_gateway::application::{
    DEPLOY_TOKEN_HEADER, Gate, PathPattern, RELEASE_TOKEN_HEADER, Rule, UnusableHeader, UnusableRule,
    request_header_name, token_header_name,
};
use patgate_gateway::forward::{self, UnusableGates};
use url::Url;

use super::fault::Fault;
use super::names::label;
use super::schema;
use super::section::Section;
use super::value::Place;

/// What the applications of a node are made of.
pub(super) struct Protected {
    pub(super) applications: Arc<Applications>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) gates: Vec<Gate>,
    pub(super) labels: Vec<String>,
    /// Where scripts reach those of these names.
    pub(super) urls: HashMap<String, Url>,
}

/// One `[[application]]` with its types, before its permissions have slots.
struct Draft {
    /// What it is called in faults.
    field: String,
    /// `None` with a fault; the rest is checked all the same.
    gate: Option<Gate>,
    /// Where each of [`HEADERS`] stands.
    places: [Place; 3],
    /// `None` for the built-in ones, and with a fault.
    prefix: Option<Prefix>,
    label: Option<String>,
    url: Option<Url>,
    permissions: Vec<PermissionId>,
    rules: Vec<DraftRule>,
}

/// The settings that name a header.
const HEADERS: [&str; 3] = ["token_header", "method_header", "uri_header"];

struct DraftRule {
    field: String,
    place: Place,
    methods: Vec<String>,
    path: String,
    permission: Option<(PermissionId, Place)>,
}

/// Reads every `[[application]]`. `None` only with a fault.
pub(super) fn read(settings: &mut Section<'_>) -> Option<Protected> {
    let place = settings.value("application").map_or(Place::Nowhere, |given| given.place);
    let mut seen = Seen::default();
    let mut drafts = Vec::new();
    for (field, table) in settings.tables("application") {
        let mut section = Section::of_table(&field, schema::APPLICATION, table, settings.faults());
        drafts.push(draft(field.clone(), &mut section, &mut seen));
    }
    let configured =
        drafts.iter().filter_map(|draft| Some((draft.gate.as_ref()?.name.clone(), draft.prefix?)));
    let applications = match Applications::new(configured) {
        Ok(applications) => applications,
        Err(error) => return fault(settings, "application", &place, error),
    };
    let own = drafts.iter().flat_map(|draft| draft.permissions.iter().cloned());
    let catalog = match Catalog::new(own) {
        Ok(catalog) => catalog,
        Err(error) => return fault(settings, "application", &place, error),
    };
    let (mut gates, mut labels) = built_in(&applications);
    let mut urls = HashMap::new();
    headers(&drafts, &gates, settings.faults());
    for draft in drafts {
        let rules = rules(draft.rules, &catalog, settings.faults());
        let Some(gate) = draft.gate else { continue };
        // It has no slot when its prefix has a fault.
        let Some(slot) = applications.slot(gate.name.as_str()) else { continue };
        urls.extend(draft.url.map(|url| (gate.name.to_string(), url)));
        let gate = Gate { slot, rules, ..gate };
        // The slots start with `any`, which has no gate.
        match gates.iter_mut().position(|known| known.slot == slot) {
            Some(at) => {
                gates[at] = gate;
                draft.label.into_iter().for_each(|label| labels[at + 1] = label);
            }
            None => {
                labels.push(draft.label.unwrap_or_else(|| gate.name.to_string()));
                gates.push(gate);
            }
        }
    }
    Some(Protected { applications: Arc::new(applications), catalog: Arc::new(catalog), gates, labels, urls })
}

/// What may stand once only among all applications.
#[derive(Default)]
struct Seen {
    names: HashSet<ApplicationName>,
    prefixes: HashSet<Prefix>,
}

fn draft(field: String, section: &mut Section<'_>, seen: &mut Seen) -> Draft {
    let name = name(section, seen);
    let built_in_header = match name.as_ref().map(ApplicationName::as_str) {
        Some("release") => Some(RELEASE_TOKEN_HEADER),
        Some("deploy") => Some(DEPLOY_TOKEN_HEADER),
        _ => None,
    };
    let label = label(section, "label");
    let (prefix, token_header) = match built_in_header {
        Some(header) => {
            for setting in ["token_prefix", "token_header"] {
                if section.is_given(setting) {
                    section.fault_of(setting, "is fixed for `release` and `deploy`; remove it");
                }
            }
            (None, Some(header))
        }
        None => (prefix(section, seen), token_header(section, name.as_ref())),
    };
    let url = if section.is_given("url") { section.parsed::<Upstream>("url") } else { None };
    let method_header = section.parsed::<RequestHeader>("method_header");
    let uri_header = section.parsed::<RequestHeader>("uri_header");
    let allow_passwords = section.truth("allow_passwords");
    let permissions = section.list("permissions").into_iter().map(|(permission, _)| permission).collect();
    let mut rules = Vec::new();
    for (field, table) in section.tables("rule") {
        let mut section = Section::of_table(&field, schema::RULE, table, section.faults());
        rules.extend(draft_rule(&field, &mut section));
    }
    let gate = (|| {
        Some(Gate {
            method_header: method_header?.0,
            uri_header: uri_header?.0,
            allow_passwords: allow_passwords?,
            ..Gate::new(name?, ApplicationSlot::UNKNOWN, token_header?)
        })
    })();
    Draft {
        field,
        gate,
        places: HEADERS.map(|name| section.place_of(name)),
        prefix,
        label,
        url: url.map(|Upstream(url)| url),
        permissions,
        rules,
    }
}

/// Where an application is reached.
struct Upstream(Url);

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || format!("`{text}` is no http or https address without user, query and fragment");
        let url = Url::parse(text).map_err(|_| expected())?;
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare {
            Ok(Self(url))
        } else {
            Err(expected())
        }
    }
}

fn name(section: &mut Section<'_>, seen: &mut Seen) -> Option<ApplicationName> {
    let name = section.required::<ApplicationName>("name")?;
    if name.as_str() == "any" || !seen.names.insert(name.clone()) {
        section.fault_of("name", format_args!("the application name `{name}` is taken"));
        return None;
    }
    Some(name)
}

fn prefix(section: &mut Section<'_>, seen: &mut Seen) -> Option<Prefix> {
    let prefix = section.required::<Prefix>("token_prefix")?;
    let is_built_in = [Prefix::ANY, Prefix::RELEASE, Prefix::DEPLOY].contains(&prefix);
    if is_built_in || !seen.prefixes.insert(prefix) {
        section.fault_of("token_prefix", format_args!("the token prefix `{prefix}` is taken"));
        return None;
    }
    Some(prefix)
}

fn token_header(section: &mut Section<'_>, name: Option<&ApplicationName>) -> Option<HeaderName> {
    if section.is_given("token_header") {
        Some(section.parsed::<TokenHeader>("token_header")?.0)
    } else {
        token_header_name(&format!("x-{}-personal-token", name?)).ok()
    }
}

/// Checks the headers of all applications against each other, as the gateway does.
fn headers(drafts: &[Draft], built_in: &[Gate], faults: &mut Vec<Fault>) {
    let own = drafts.iter().filter_map(|draft| draft.gate.as_ref());
    let is_as_built_in = |gate: &&Gate| own.clone().all(|own| own.name != gate.name);
    let gates = built_in.iter().filter(is_as_built_in).chain(own.clone());
    for fault in forward::faults(gates) {
        let concerned = drafts.iter().rev().find_map(|draft| {
            let gate = draft.gate.as_ref()?;
            let at = match &fault {
                UnusableGates::Twice(name) => (gate.name.as_str() == name).then_some(0),
                UnusableGates::SharedTokenHeader(shared) => (gate.token_header == shared.0).then_some(0),
                UnusableGates::TwoMeanings { application, header } => (gate.name.as_str() == application)
                    .then_some(if gate.uri_header == *header { 2 } else { 1 }),
            };
            at.map(|at| (format!("{}.{}", draft.field, HEADERS[at]), draft.places[at].clone()))
        });
        let (field, place) = concerned.unwrap_or_else(|| ("application".to_owned(), Place::Nowhere));
        faults.push(Fault::new(field, &place, fault));
    }
}

fn draft_rule(field: &str, section: &mut Section<'_>) -> Option<DraftRule> {
    let methods = section.list::<Method>("methods").into_iter().map(|(method, _)| method.0).collect();
    let path = section.required::<Path>("path");
    let permission = section.text("permission").and_then(|(text, place)| match text.parse() {
        Ok(permission) => Some((permission, place)),
        Err(error) => fault(section, "permission", &place, error),
    });
    Some(DraftRule {
        field: field.to_owned(),
        place: section.place_of("path"),
        methods,
        path: path?.0,
        permission,
    })
}

/// Gives the permissions their slots. A permission that nobody can hold is a fault: it is a typing error. So is a rule
/// that never decides, and which may be what was to keep somebody out.
fn rules(drafts: Vec<DraftRule>, catalog: &Catalog, faults: &mut Vec<Fault>) -> Vec<Rule> {
    let mut rules: Vec<(String, Place, Rule)> = Vec::new();
    for DraftRule { field, place, methods, path, permission } in drafts {
        let slot = permission.as_ref().map(|(id, _)| catalog.slot(id));
        if let (Some(None), Some((id, place))) = (slot, &permission) {
            let expected =
                format!("the permission `{id}` is unknown; add it to `permissions` of the application");
            faults.push(Fault::new(format!("{field}.permission"), place, expected));
        }
        match Rule::new(methods.iter().map(String::as_str), &path, slot.flatten()) {
            Ok(rule) => {
                if let Some((earlier, at, _)) =
                    rules.iter().find(|(.., earlier)| earlier.covers_all_of(&rule))
                {
                    let expected = format!(
                        "never decides, because `{earlier}` ({at}) covers all of it; put the narrower rule first, or \
                         remove one"
                    );
                    faults.push(Fault::new(field.clone(), &place, expected));
                }
                rules.push((field, place, rule));
            }
            Err(error) => faults.push(Fault::new(field, &place, error)),
        }
    }
    rules.into_iter().map(|(.., rule)| rule).collect()
}

/// The gates of Release and Deploy, and the labels of all applications there are without a configuration, in the order of their
/// slots.
fn built_in(applications: &Applications) -> (Vec<Gate>, Vec<String>) {
    let headers =
        [(ApplicationSlot::RELEASE, RELEASE_TOKEN_HEADER), (ApplicationSlot::DEPLOY, DEPLOY_TOKEN_HEADER)];
    let gates = headers
        .into_iter()
        .filter_map(|(slot, header)| Some(Gate::new(applications.name(slot)?.clone(), slot, header)))
        .collect();
    (gates, ["Any", "Release", "Deploy"].map(str::to_owned).to_vec())
}

fn fault<T>(section: &mut Section<'_>, name: &str, place: &Place, expected: impl fmt::Display) -> Option<T> {
    section.fault(name, place, expected);
    None
}

struct TokenHeader(HeaderName);

impl FromStr for TokenHeader {
    type Err = UnusableHeader;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        token_header_name(text).map(Self)
    }
}

struct RequestHeader(HeaderName);

impl FromStr for RequestHeader {
    type Err = UnusableHeader;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        request_header_name(text).map(Self)
    }
}

struct Method(String);

impl FromStr for Method {
    type Err = UnusableRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Rule::new([text], "/", None).map(|_| Self(text.to_owned()))
    }
}

struct Path(String);

impl FromStr for Path {
    type Err = UnusableRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PathPattern::read(text).map(|_| Self(text.to_owned()))
    }
}
