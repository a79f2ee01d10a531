//! `[[ldap]]`: the directories of the file.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use patgate_core::provider::ProviderName;

use super::names::{Line, label, provider_name};
use super::section::Section;
use super::value::Place;
use super::{Secret, path, schema, secret};
use crate::provider::ldap::{
    Attributes, DirectorySettings, Disabled, Filter, GroupSearch, Manager, Preset, ServerUrl, is_attribute,
};

/// The most servers of a directory.
const MOST_URLS: usize = 10;
/// The longest distinguished name, in characters.
const LONGEST_DN: usize = 1_000;

/// Reads every `[[ldap]]`. A name that another provider has is a fault.
pub(super) fn read(
    settings: &mut Section<'_>,
    providers: &mut HashSet<ProviderName>,
) -> Vec<DirectorySettings> {
    let mut directories = Vec::new();
    for (field, table) in settings.tables("ldap") {
        let mut section = Section::of_table(&field, schema::LDAP, table, settings.faults());
        directories.extend(directory(&mut section, providers));
    }
    directories
}

/// One of them, with every fault of it. `None` only with a fault.
fn directory(section: &mut Section<'_>, providers: &mut HashSet<ProviderName>) -> Option<DirectorySettings> {
    let name = provider_name(section, providers);
    let label = label(section, "label").or_else(|| name.as_ref().map(ToString::to_string));
    let preset = if section.is_given("preset") { section.parsed("preset") } else { Some(Preset::Plain) };
    let defaults = preset.unwrap_or(Preset::Plain);
    let start_tls = section.truth("start_tls");
    let urls = urls(section, start_tls);
    let trust = path(section, "trust");
    let manager = manager(section);
    let user_search_base = distinguished_name(section, "user_search_base", true);
    let user_search_filter = filter(section, "user_search_filter", Some(defaults.user_search_filter()));
    if let Some(filter) =
        user_search_filter.as_ref().filter(|filter| !filter.has_place(0) || filter.has_place(1))
    {
        let expected =
            format!("write `{{0}}`, and no `{{1}}`, where the log-in name stands; `{filter}` does not");
        section.fault_of("user_search_filter", expected);
    }
    let group_search = group_search(section);
    let member_of_attribute = attribute(section, "member_of_attribute", None);
    let nested_groups = section.truth("nested_groups");
    let user_name = attribute(section, "user_name_attribute", Some(defaults.user_name_attribute()));
    let full_name = attribute(section, "full_name_attribute", Some(defaults.full_name_attribute()));
    let email = attribute(section, "email_attribute", None);
    let external_id = attribute(section, "external_id_attribute", Some(defaults.external_id_attribute()));
    let disabled_filter = filter(section, "disabled_filter", None);
    if disabled_filter.as_ref().is_some_and(|filter| filter.has_place(0) || filter.has_place(1)) {
        section.fault_of("disabled_filter", "`{0}` and `{1}` mean nothing here; take them out");
    }
    let moved_from = section.parsed::<Line<2_000>>("moved_from").map(|line| line.0);
    let disabled = Disabled { preset: defaults, filter: disabled_filter };
    let recheck_confirms = match section.is_given("recheck_confirms") {
        true => section.truth("recheck_confirms"),
        false => Some(disabled.is_known()),
    };
    let connect_timeout = section.number("connect_timeout_seconds", 1..=60);
    let timeout = section.number("timeout_seconds", 1..=120);
    let seconds = |seconds: i64| u64::try_from(seconds).ok().map(Duration::from_secs);
    Some(DirectorySettings {
        name: name?,
        label: label?,
        urls,
        start_tls: start_tls?,
        trust,
        manager,
        moved_from,
        user_search_base: user_search_base?,
        user_search_filter: user_search_filter?,
        group_search,
        member_of_attribute,
        nested_groups: nested_groups?,
        attributes: Attributes {
            user_name: user_name?,
            full_name: full_name?,
            email: email?,
            external_id: external_id?,
        },
        disabled: Disabled { preset: preset?, ..disabled },
        recheck_confirms: recheck_confirms?,
        connect_timeout: seconds(connect_timeout?)?,
        timeout: seconds(timeout?)?,
    })
}

fn urls(section: &mut Section<'_>, start_tls: Option<bool>) -> Vec<ServerUrl> {
    let is_empty = section.value("urls").is_none_or(|given| given.value.is_empty_list());
    if is_empty {
        section.fault_of("urls", "name at least one server, like `ldaps://ldap.example.com`");
    }
    let urls = section.list::<ServerUrl>("urls");
    if urls.len() > MOST_URLS {
        section.fault_of("urls", format_args!("name at most {MOST_URLS} servers"));
    }
    let allows_clear_text = section.truth("allow_clear_text");
    for (url, place) in &urls {
        if !url.is_ldaps() && start_tls == Some(false) && allows_clear_text == Some(false) {
            let expected = format!(
                "`{url}` would send passwords for everybody to read: write `ldaps://`, set `start_tls = true`, or say \
                 `allow_clear_text = true`"
            );
            section.fault("urls", place, expected);
        }
        if url.is_ldaps() && start_tls == Some(true) {
            let expected = format!(
                "`{url}` is encrypted from the first byte: leave `start_tls` out, or write `ldap://`"
            );
            section.fault("urls", place, expected);
        }
    }
    urls.into_iter().map(|(url, _)| url).collect()
}

fn manager(section: &mut Section<'_>) -> Option<Manager> {
    let dn = distinguished_name(section, "manager_dn", false);
    let given = ["manager_password", "manager_password_file"].into_iter().find(|name| section.is_given(name));
    let password = secret(section, "manager_password", "manager_password_file");
    match (section.is_given("manager_dn"), given) {
        (true, None) => {
            section.fault_of("manager_password", "is missing beside `manager_dn`; set both or none");
        }
        (false, Some(name)) => {
            section.fault_of("manager_dn", format_args!("is missing beside `{name}`; set both or none"));
        }
        _ => {}
    }
    let (password, name, place): (Secret, _, Place) = password?;
    if password.reveal().is_empty() {
        section.fault(
            name,
            &place,
            "write the manager's password; a directory takes an empty one for nobody's",
        );
        return None;
    }
    Some(Manager { dn: dn?, password })
}

fn group_search(section: &mut Section<'_>) -> Option<GroupSearch> {
    let filter = filter(section, "group_search_filter", None);
    if let Some(filter) = filter.as_ref().filter(|filter| !filter.has_place(0) && !filter.has_place(1)) {
        let expected = format!("write `{{0}}` or `{{1}}` where the user stands; `{filter}` has neither");
        section.fault_of("group_search_filter", expected);
    }
    let name_attribute = attribute(section, "group_name_attribute", None);
    if !section.is_given("group_search_base") {
        if section.is_given("group_search_filter") {
            section.fault_of("group_search_base", "is missing beside `group_search_filter`");
        }
        return None;
    }
    let base = distinguished_name(section, "group_search_base", false);
    Some(GroupSearch { base: base?, filter: filter?, name_attribute: name_attribute? })
}

fn distinguished_name(section: &mut Section<'_>, name: &str, is_required: bool) -> Option<String> {
    if is_required {
        section.demand(name);
    }
    let (text, place) = section.text(name)?;
    let fits = text.contains('=') && text.chars().count() <= LONGEST_DN && !text.contains(char::is_control);
    if !fits {
        section.fault(name, &place, "write a distinguished name, like `dc=example,dc=com`");
        return None;
    }
    Some(text)
}

/// The name of an attribute: what was given, else the default of the schema, else this one.
fn attribute(section: &mut Section<'_>, name: &str, default: Option<&str>) -> Option<String> {
    if section.value(name).is_none() {
        return default.map(str::to_owned);
    }
    let (text, place) = section.text(name)?;
    if !is_attribute(&text) {
        section.fault(name, &place, "write the name of an attribute, like `mail`");
        return None;
    }
    Some(text)
}

fn filter(section: &mut Section<'_>, name: &str, default: Option<&str>) -> Option<Filter> {
    if section.value(name).is_none() {
        return default.and_then(|default| default.parse().ok());
    }
    section.parsed(name)
}
