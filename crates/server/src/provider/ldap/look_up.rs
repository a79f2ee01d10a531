//! Asking again about people who were known.
//!
//! That somebody is gone is said only by a directory that shows its users: a wrong base or a manager that lost its rights
//! would otherwise make everybody seem gone. Whether it still shows those whom it knew is asked by who believes it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Directory;
use super::connection::{Found, SUCCESS};
use super::entry::Entry;
use super::fault::{LdapFault, Step};
use super::filter::{Values, and, equal, everything, or};
use super::groups::{Member, groups};
use super::message::{Scope, Search};
use super::person::{attributes, demand_state, is_disabled, person, subject, username, value_of_subject};
use crate::provider::Answer;

/// How many people are asked for in one search.
const AT_ONCE: usize = 100;

impl Directory {
    /// What is true now of people whom the directory knew by these keys, in their order, with a few searches.
    ///
    /// [`Answer::Unknown`] is for a key that cannot be one of this directory, and for an entry that cannot be read; the
    /// log says why.
    ///
    /// # Errors
    /// When the directory gives no answer that can be believed, which is no word about anybody.
    pub async fn look_up(
        &self,
        subjects: &[impl AsRef<str> + Sync],
        now: Timestamp,
    ) -> Result<Vec<Answer>, LdapFault> {
        let subjects: Vec<&str> = subjects.iter().map(AsRef::as_ref).collect();
        let mut answers = Vec::with_capacity(subjects.len());
        for some in subjects.chunks(AT_ONCE) {
            answers.extend(self.look_up_some(some, now).await?);
        }
        if answers.contains(&Answer::Gone) {
            self.demand_users(now).await?;
        }
        Ok(answers)
    }

    async fn look_up_some(&self, subjects: &[&str], now: Timestamp) -> Result<Vec<Answer>, LdapFault> {
        let external_id = self.settings.attributes.external_id.as_str();
        let values: Vec<_> =
            subjects.iter().filter_map(|subject| value_of_subject(&self.settings, subject)).collect();
        if values.is_empty() {
            return Ok(vec![Answer::Unknown; subjects.len()]);
        }
        let any: Vec<_> = values.iter().map(|value| equal(external_id, value)).collect();
        // Who does not fit the filter any more could not sign in either.
        let wanted = and(&[or(&any), self.settings.user_search_filter.encode(Values::Anything)]);
        let mut searches = vec![self.users(wanted.clone(), attributes(&self.settings))];
        if let Some(disabled) = &self.settings.disabled.filter {
            let disabled = and(&[wanted, disabled.encode(Values::Anything)]);
            searches.push(self.users(disabled, vec![external_id]));
        }
        let mut found = self.servers.search(Step::Users, &searches, now).await?.into_iter();
        let (present, disabled) = (self.all_of(found.next())?, self.all_of(found.next())?);
        let disabled: Vec<_> =
            disabled.iter().filter_map(|entry| subject(&self.settings, entry).ok()).collect();

        let mut by_subject: HashMap<String, Vec<&Entry>> = HashMap::new();
        for entry in &present {
            let subject = subject(&self.settings, entry)?;
            by_subject.entry(subject.to_lowercase()).or_default().push(entry);
        }
        let mut answers = Vec::with_capacity(subjects.len());
        // Where in `answers` each of the members stands.
        let (mut places, mut members) = (Vec::new(), Vec::new());
        for subject in subjects {
            let entries = by_subject.get(&subject.to_lowercase());
            answers.push(match entries.map(Vec::as_slice) {
                _ if value_of_subject(&self.settings, subject).is_none() => Answer::Unknown,
                None | Some([]) => Answer::Gone,
                Some([entry]) => {
                    let preset = self.settings.disabled.preset;
                    let is_disabled = is_disabled(preset, entry, now)
                        || disabled.iter().any(|disabled| disabled.eq_ignore_ascii_case(subject));
                    match demand_state(preset, entry).and_then(|()| username(&self.settings, entry)) {
                        _ if is_disabled => Answer::Disabled,
                        Ok(username) => {
                            places.push(answers.len());
                            members.push(Member { entry, username });
                            Answer::Unknown
                        }
                        Err(fault) => self.unreadable(subject, &fault),
                    }
                }
                Some(_) => self.unreadable(subject, &"several entries have this key"),
            });
        }
        let groups = groups(&self.settings, &self.servers, &members, now).await?;
        for ((place, member), groups) in places.into_iter().zip(&members).zip(groups) {
            let Some((answer, subject)) = answers.get_mut(place).zip(subjects.get(place)) else { continue };
            *answer = match groups.map(|groups| person(&self.settings, member.entry, groups)) {
                // The key as it is known: the directory may have changed its case.
                Ok(Ok(mut person)) => {
                    person.subject = (*subject).to_owned();
                    Answer::Present(person)
                }
                Ok(Err(fault)) => self.unreadable(subject, &fault),
                Err(_) => self.unreadable(subject, &"they are in too many groups"),
            };
        }
        Ok(answers)
    }

    /// That the manager sees the base, and somebody below it.
    async fn demand_users(&self, now: Timestamp) -> Result<(), LdapFault> {
        let mut base = self.users(everything(), vec![]);
        base.scope = Scope::Base;
        let mut anybody = self.users(self.settings.user_search_filter.encode(Values::Anything), vec![]);
        anybody.size_limit = 1;
        let found = self.servers.search(Step::Users, &[base, anybody], now).await?;
        let sees = |at: usize| found.get(at).is_some_and(|found| !found.entries.is_empty());
        if sees(0) && sees(1) {
            return Ok(());
        }
        let what = if sees(0) { "any user below" } else { "the base" };
        let detail = format!(
            "the manager does not see {what} `{}`; check `user_search_base`, `user_search_filter` and its rights",
            self.settings.user_search_base
        );
        Err(LdapFault::new(Step::Base, detail))
    }

    /// All entries of a search that went well; none when there was no search.
    fn all_of(&self, found: Option<Found>) -> Result<Vec<Entry>, LdapFault> {
        match found {
            None => Ok(Vec::new()),
            Some(found) if found.outcome.code == SUCCESS => Ok(found.entries),
            Some(found) => Err(self.cannot_search(&found.outcome)),
        }
    }

    pub(super) fn users<'s>(&'s self, filter: Vec<u8>, attributes: Vec<&'s str>) -> Search<'s> {
        Search {
            base: &self.settings.user_search_base,
            scope: Scope::Subtree,
            filter,
            attributes,
            size_limit: 0,
            time_limit: u32::try_from(self.settings.timeout.as_secs()).unwrap_or(u32::MAX),
        }
    }

    fn unreadable(&self, subject: &str, reason: &impl std::fmt::Display) -> Answer {
        tracing::warn!(provider = %self.settings.name, subject, %reason, "a user of a directory cannot be read");
        Answer::Unknown
    }
}
