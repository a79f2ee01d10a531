//! What an administrator says of a directory, checked and with its defaults.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use patgate_core::provider::ProviderName;

use super::filter::Filter;
use super::url::ServerUrl;
use crate::configuration::Secret;

/// A directory, as the configuration describes it.
#[derive(Clone, Debug)]
pub struct DirectorySettings {
    /// What it is called.
    pub name: ProviderName,
    /// What people read.
    pub label: String,
    /// Its servers, at least one, in the order in which they are tried.
    pub urls: Vec<ServerUrl>,
    /// Whether an `ldap://` connection is encrypted before anything is said.
    pub start_tls: bool,
    /// The authorities that vouch for the servers; those of the machine when it is absent.
    pub trust: Option<PathBuf>,
    /// Who searches; nobody in particular when it is absent.
    pub manager: Option<Manager>,
    /// The identity that it had before, when somebody says that it is the same one.
    pub moved_from: Option<String>,
    /// Where users are.
    pub user_search_base: String,
    /// Who is a user: `{0}` is the log-in name.
    pub user_search_filter: Filter,
    /// Where groups are looked for; nowhere when it is absent.
    pub group_search: Option<GroupSearch>,
    /// The attribute of a user that names groups, when there is one.
    pub member_of_attribute: Option<String>,
    /// Whether the groups of a group count.
    pub nested_groups: bool,
    /// Which attributes say what.
    pub attributes: Attributes,
    /// Who may not sign in.
    pub disabled: Disabled,
    /// Whether it confirms somebody that a re-check finds their entry, not disabled; otherwise only a sign-in does.
    pub recheck_confirms: bool,
    /// How long a connection may take, with its encryption.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl DirectorySettings {
    /// What it is, apart from its name: the root of its tree, and by what people are known. Servers and the base below the
    /// root change while a directory stays the same.
    #[must_use]
    pub fn identity(&self) -> String {
        let root = root(&self.user_search_base);
        format!("ldap {root} by {}", self.attributes.external_id).to_lowercase()
    }
}

/// The `dc` parts at the end of a distinguished name (RFC 4519 §2.4), without blanks; its last part where there are none.
fn root(name: &str) -> String {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for letter in name.chars() {
        match (letter, parts.last_mut()) {
            (',', _) if !is_escaped => parts.push(String::new()),
            (_, Some(part)) => part.push(letter),
            (_, None) => {}
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    let trimmed = |part: &String| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        format!("{}={}", name.trim(), value.trim())
    };
    let parts: Vec<_> = parts.iter().map(trimmed).collect();
    let is_dc = |part: &&String| part.to_lowercase().starts_with("dc=");
    let length = parts.iter().rev().take_while(is_dc).count().max(1);
    parts[parts.len() - length..].join(",")
}

/// Who searches.
#[derive(Clone, Debug)]
pub struct Manager {
    /// The distinguished name.
    pub dn: String,
    /// Not empty.
    pub password: Secret,
}

/// Where and how groups are looked for.
#[derive(Clone, Debug)]
pub struct GroupSearch {
    /// Where groups are.
    pub base: String,
    /// Which are somebody's: `{0}` is the distinguished name of the member, `{1}` the log-in name.
    pub filter: Filter,
    /// The attribute that names a group.
    pub name_attribute: String,
}

/// Which attributes of a user say what.
#[derive(Clone, Debug)]
pub struct Attributes {
    /// The log-in name.
    pub user_name: String,
    /// The full name.
    pub full_name: String,
    /// The mail address.
    pub email: String,
    /// The key that no other entry ever gets.
    pub external_id: String,
}

/// Who may not sign in, and whose tokens are suspended.
#[derive(Clone, Debug)]
pub struct Disabled {
    /// What the kind of directory keeps.
    pub preset: Preset,
    /// Whoever it fits, besides.
    pub filter: Option<Filter>,
}

impl Disabled {
    /// Whether anything tells a disabled entry from another.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.preset != Preset::Plain || self.filter.is_some()
    }
}

/// A kind of directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// `uid`, `cn`, `entryUUID`; nobody is disabled.
    Plain,
    /// The same; disabled is who is locked for good by the password policy.
    OpenLdap,
    /// `sAMAccountName`, `displayName`, `objectGUID`; disabled is whose account is disabled or has expired.
    ActiveDirectory,
}

/// Not the name of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `openldap` or `active-directory`, or leave it out")]
pub struct NotAPreset;

impl FromStr for Preset {
    type Err = NotAPreset;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "openldap" => Ok(Self::OpenLdap),
            "active-directory" => Ok(Self::ActiveDirectory),
            _ => Err(NotAPreset),
        }
    }
}

impl Preset {
    /// The default of `user_search_filter`.
    pub(crate) const fn user_search_filter(self) -> &'static str {
        match self {
            Self::Plain | Self::OpenLdap => "(uid={0})",
            Self::ActiveDirectory => "(&(objectClass=person)(sAMAccountName={0}))",
        }
    }

    /// The default of `user_name_attribute`.
    pub(crate) const fn user_name_attribute(self) -> &'static str {
        match self {
            Self::Plain | Self::OpenLdap => "uid",
            Self::ActiveDirectory => "sAMAccountName",
        }
    }

    /// The default of `full_name_attribute`.
    pub(crate) const fn full_name_attribute(self) -> &'static str {
        match self {
            Self::Plain | Self::OpenLdap => "cn",
            Self::ActiveDirectory => "displayName",
        }
    }

    /// The default of `external_id_attribute`.
    pub(crate) const fn external_id_attribute(self) -> &'static str {
        match self {
            Self::Plain | Self::OpenLdap => "entryUUID",
            Self::ActiveDirectory => "objectGUID",
        }
    }

    /// The attributes that say who is disabled.
    pub(super) const fn state_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::OpenLdap => &["pwdAccountLockedTime"],
            Self::ActiveDirectory => &["userAccountControl", "accountExpires"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn the_root_of_a_tree_is_what_stays_when_the_base_becomes_smaller() {
        for (base, expected) in [
            ("dc=example,dc=com", "dc=example,dc=com"),
            ("ou=people,dc=example,dc=com", "dc=example,dc=com"),
            ("OU=a\\,b , DC=Example , DC=com", "DC=Example,DC=com"),
            ("dc=x,ou=people,o=company", "o=company"),
            ("ou=one\\\\,dc=two", "dc=two"),
            ("o=company", "o=company"),
        ] {
            assert_eq!(root(base), expected, "{base}");
        }
    }
}
