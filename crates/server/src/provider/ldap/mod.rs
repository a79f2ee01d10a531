//! LDAP directories: who somebody is by name and password, and whether they are still there.
//!
//! A [`Directory`] searches as its manager and then tries the password as the one entry that was found, on a connection
//! of its own. The protocol is spoken here ([`message`](self), over tokio-rustls): every wait, every size and every
//! depth of what a server says has a bound, and a value that somebody typed is never text that is read as a filter.

mod ber;
mod check;
mod connection;
mod entry;
mod fault;
mod filter;
mod groups;
mod look_up;
mod message;
mod person;
mod servers;
mod settings;
mod tls;
mod url;

use std::sync::Arc;

use jiff::Timestamp;
use patgate_core::provider::ProviderName;

pub use fault::{FaultOf, LdapFault, Step};
pub(crate) use filter::is_attribute;
pub use filter::{Filter, NotAFilter};
pub use settings::{Attributes, DirectorySettings, Disabled, GroupSearch, Manager, NotAPreset, Preset};
pub use url::{NotAServerUrl, ServerUrl};

use self::connection::{ADMIN_LIMIT_EXCEEDED, SIZE_LIMIT_EXCEEDED, SUCCESS};
use self::entry::Entry;
use self::filter::Values;
use self::groups::Member;
use self::message::{Outcome, Scope};
use self::servers::Servers;
use super::Answer;

/// The directories of a configuration, in its order.
#[derive(Clone, Default)]
pub struct Directories(Arc<[Arc<Directory>]>);

/// One directory.
pub struct Directory {
    settings: Arc<DirectorySettings>,
    servers: Servers,
}

/// The one entry that fits a log-in name. Nothing is proven yet.
#[derive(Clone, Debug)]
pub struct Candidate {
    entry: Entry,
    username: String,
}

impl Directories {
    /// Those of a configuration. Nothing is connected before it is needed.
    #[must_use]
    pub fn new(settings: impl IntoIterator<Item = DirectorySettings>) -> Self {
        Self(settings.into_iter().map(|settings| Arc::new(Directory::new(settings))).collect())
    }

    /// Each, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Directory>> {
        self.0.iter()
    }

    /// The one of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Directory>> {
        self.iter().find(|directory| directory.name().as_str() == name)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Candidate {
    /// The log-in name as the directory writes it: what was typed may be another spelling of it.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }
}

impl Directory {
    /// One that nobody has connected to yet.
    #[must_use]
    pub fn new(settings: DirectorySettings) -> Self {
        let settings = Arc::new(settings);
        Self { servers: Servers::new(Arc::clone(&settings)), settings }
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

    /// Whether it confirms somebody that a re-check finds their entry, not disabled; otherwise only a sign-in does.
    #[must_use]
    pub fn recheck_confirms(&self) -> bool {
        self.settings.recheck_confirms
    }

    /// Who has this log-in name. `None` for nobody, and for several: then the log has them.
    ///
    /// # Errors
    /// When the directory gives no answer that can be believed.
    pub async fn find(&self, login: &str, now: Timestamp) -> Result<Option<Candidate>, LdapFault> {
        let filter = self.settings.user_search_filter.encode(Values::Given(login, ""));
        let mut search = self.users(filter, person::attributes(&self.settings));
        search.size_limit = 2;
        let found = self.servers.search(Step::Users, &[search], now).await?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        match (found.outcome.code, found.entries.as_slice()) {
            (SUCCESS, []) => Ok(None),
            (SUCCESS, [entry]) => {
                let username = person::username(&self.settings, entry)?.to_owned();
                Ok(Some(Candidate { entry: entry.clone(), username }))
            }
            (SUCCESS | SIZE_LIMIT_EXCEEDED, [first, second, ..]) => {
                let (first, second) = (first.dn(), second.dn());
                tracing::warn!(provider = %self.settings.name, first, second, "a log-in name fits several users; narrow `user_search_filter`");
                Ok(None)
            }
            _ => Err(self.cannot_search(&found.outcome)),
        }
    }

    /// Whether this is the password of who was found.
    ///
    /// # Errors
    /// When the directory gives no answer that can be believed.
    pub async fn is_password(
        &self,
        candidate: &Candidate,
        password: &str,
        now: Timestamp,
    ) -> Result<bool, LdapFault> {
        // A directory takes an empty one for nobody's, and says that this went well (RFC 4513 §5.1.2).
        if password.is_empty() || candidate.entry.dn().is_empty() {
            return Ok(false);
        }
        self.servers.is_password(candidate.entry.dn(), password, now).await
    }

    /// The key by which the directory knows who was found.
    ///
    /// # Errors
    /// When the manager does not see it.
    pub fn subject(&self, candidate: &Candidate) -> Result<String, LdapFault> {
        person::subject(&self.settings, &candidate.entry)
    }

    /// What is true of who was found: present with their groups, or disabled.
    ///
    /// # Errors
    /// When the directory gives no answer that can be believed.
    pub async fn read(&self, candidate: &Candidate, now: Timestamp) -> Result<Answer, LdapFault> {
        let entry = &candidate.entry;
        if person::is_disabled(self.settings.disabled.preset, entry, now) {
            return Ok(Answer::Disabled);
        }
        if let Some(filter) = &self.settings.disabled.filter {
            let mut search = self.users(filter.encode(Values::Anything), vec![]);
            (search.base, search.scope) = (entry.dn(), Scope::Base);
            let found = self.servers.search(Step::Users, &[search], now).await?;
            let found = found.into_iter().next();
            match found {
                Some(found) if found.outcome.code == SUCCESS && found.entries.is_empty() => {}
                Some(found) if found.outcome.code == SUCCESS => return Ok(Answer::Disabled),
                Some(found) => return Err(self.cannot_search(&found.outcome)),
                None => {}
            }
        }
        let member = Member { entry, username: &candidate.username };
        let groups = groups::groups(&self.settings, &self.servers, &[member], now).await?;
        let groups = groups.into_iter().next().unwrap_or(Ok(Vec::new()));
        let groups = groups.map_err(|_| {
            LdapFault::of_content(
                Step::Groups,
                format!("`{}` is in more groups than can be read", entry.dn()),
            )
        })?;
        Ok(Answer::Present(person::person(&self.settings, entry, groups)?))
    }

    fn cannot_search(&self, outcome: &Outcome) -> LdapFault {
        let base = &self.settings.user_search_base;
        let detail = format!(
            "the directory `{}` cannot be searched for users below `{base}` (LDAP {}: {}); check `user_search_base` and \
             the manager's rights",
            self.settings.name, outcome.code, outcome.words
        );
        match outcome.code {
            SIZE_LIMIT_EXCEEDED | ADMIN_LIMIT_EXCEEDED => LdapFault::of_content(Step::Users, detail),
            _ => LdapFault::new(Step::Base, detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A directory as a preset describes it, on a port where nobody is.
    pub(super) fn settings(preset: Preset) -> DirectorySettings {
        DirectorySettings {
            name: "corp".parse().unwrap(),
            label: "Corp".to_owned(),
            urls: vec!["ldaps://127.0.0.1:1".parse().unwrap()],
            start_tls: false,
            trust: None,
            manager: None,
            moved_from: None,
            user_search_base: "dc=example,dc=test".to_owned(),
            user_search_filter: preset.user_search_filter().parse().unwrap(),
            group_search: None,
            member_of_attribute: None,
            nested_groups: false,
            attributes: Attributes {
                user_name: preset.user_name_attribute().to_owned(),
                full_name: preset.full_name_attribute().to_owned(),
                email: "mail".to_owned(),
                external_id: preset.external_id_attribute().to_owned(),
            },
            disabled: Disabled { preset, filter: None },
            recheck_confirms: true,
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn the_filters_of_the_presets_are_filters() {
        for preset in [Preset::Plain, Preset::OpenLdap, Preset::ActiveDirectory] {
            assert!(settings(preset).user_search_filter.has_place(0));
        }
    }
}
