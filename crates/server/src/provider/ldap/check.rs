//! What `patgate config check --connect` says of a directory: each server, step by step.

use jiff::Timestamp;

use super::Directory;
use super::connection::{Connection, Found, SIZE_LIMIT_EXCEEDED, SUCCESS};
use super::fault::{LdapFault, Step};
use super::filter::{Values, everything};
use super::message::Scope;
use super::person;
use super::url::ServerUrl;
use crate::provider::check::{Checked, Seen};

impl Directory {
    /// Tries each server of the directory and tells what it saw; a step that fails is the last of its server.
    pub async fn check(&self, now: Timestamp) -> Checked {
        let mut steps = Vec::new();
        for url in &self.settings.urls {
            let mut seen = |step: Step, outcome| {
                steps.push(Seen { what: format!("{url} {}", step.name()), outcome });
            };
            if let Err(fault) = self.check_server(url, now, &mut seen).await {
                seen(fault.step, Err(fault.detail));
            }
        }
        let outcome = Ok(self.rechecks().to_owned());
        steps.push(Seen { what: "re-checks".to_owned(), outcome });
        Checked { provider: self.settings.name.clone(), kind: "LDAP", steps }
    }

    /// What a re-check can learn of somebody here, and what that counts for: an end of a sentence about re-checks.
    pub(crate) fn rechecks(&self) -> &'static str {
        match (self.settings.disabled.is_known(), self.settings.recheck_confirms) {
            (true, true) => "they confirm who is there and not disabled",
            (true, false) => "they suspend who is gone or disabled, and confirm nobody: only a sign-in does",
            (false, true) => {
                "they confirm who is there, as `recheck_confirms` says; a disabled entry is not noticed before it is \
                 deleted: neither `preset` nor `disabled_filter` says which are"
            }
            (false, false) => {
                "they suspend who is gone, and confirm nobody: only a sign-in does, since neither `preset` nor \
                 `disabled_filter` says who is disabled"
            }
        }
    }

    async fn check_server(
        &self,
        url: &ServerUrl,
        now: Timestamp,
        seen: &mut impl FnMut(Step, Result<String, String>),
    ) -> Result<(), LdapFault> {
        let mut connection = self.servers.open(url, now).await?;
        seen(Step::Connect, Ok("connected".to_owned()));
        match connection.tls_version() {
            Some(version) => seen(Step::Tls, Ok(format!("{version}, the certificate is trusted"))),
            None => {
                seen(Step::Tls, Ok("none: passwords go in the clear, as `allow_clear_text` says".to_owned()));
            }
        }
        self.servers.sign_in(url, &mut connection).await?;
        match &self.settings.manager {
            Some(manager) => seen(Step::Manager, Ok(format!("`{}` is signed in", manager.dn))),
            None => seen(Step::Manager, Ok("none: nobody in particular searches".to_owned())),
        }
        let base = self.settings.user_search_base.as_str();
        let found = self.search_base(&mut connection, Step::Base, base).await?;
        if found.outcome.code != SUCCESS || found.entries.is_empty() {
            let detail = format!("the manager does not see the base `{base}` (LDAP {})", found.outcome.code);
            return Err(LdapFault::new(Step::Base, detail));
        }
        seen(Step::Base, Ok(format!("`{base}` is there")));
        let filter = &self.settings.user_search_filter;
        let preset = self.settings.disabled.preset;
        let mut wanted = vec![self.settings.attributes.external_id.as_str()];
        wanted.extend(preset.state_attributes());
        let mut anybody = self.users(filter.encode(Values::Anything), wanted);
        anybody.size_limit = 1;
        let found = one(connection.search(Step::Users, &[anybody]).await?)?;
        match (found.outcome.code, found.entries.first()) {
            (SUCCESS | SIZE_LIMIT_EXCEEDED, Some(entry)) => {
                person::subject(&self.settings, entry)?;
                person::demand_state(preset, entry)?;
                seen(Step::Users, Ok(format!("`{filter}` finds users")));
            }
            (code, _) => {
                let detail = format!("`{filter}` finds nobody (LDAP {code}); check `user_search_filter`");
                return Err(LdapFault::new(Step::Users, detail));
            }
        }
        if let Some(groups) = &self.settings.group_search {
            let found = self.search_base(&mut connection, Step::Groups, &groups.base).await?;
            if found.outcome.code != SUCCESS || found.entries.is_empty() {
                let detail = format!(
                    "the manager does not see the base `{}` (LDAP {})",
                    groups.base, found.outcome.code
                );
                return Err(LdapFault::new(Step::Groups, detail));
            }
            seen(Step::Groups, Ok(format!("`{}` is there", groups.base)));
        }
        connection.close().await;
        Ok(())
    }

    async fn search_base(
        &self,
        connection: &mut Connection,
        step: Step,
        base: &str,
    ) -> Result<Found, LdapFault> {
        let mut search = self.users(everything(), vec![]);
        (search.base, search.scope) = (base, Scope::Base);
        one(connection.search(step, &[search]).await?)
    }
}

fn one(found: Vec<Found>) -> Result<Found, LdapFault> {
    found.into_iter().next().ok_or_else(|| LdapFault::new(Step::Users, "a search brought no answer"))
}
