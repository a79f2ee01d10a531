//! Who is put into a role, as it is typed: users and groups, one a line.

use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind};

use crate::pages::form::{Fault, sentence};
use crate::pages::{Field, Fields};
use crate::problem::Problem;
use crate::service::roles::PrincipalDraft;

/// What is typed.
pub(super) struct Lines {
    pub(super) users: Field,
    pub(super) groups: Field,
}

impl Lines {
    /// The fields as they were sent.
    pub(super) fn of_fields(fields: &Fields) -> Self {
        Self {
            users: Field::new("users", "Users", fields.text("users")).hint(
                "One a line: the user name, and for a user who has not signed in yet, the provider before it, as in \
                 corp:ann.",
            ),
            groups: Field::new("groups", "Groups", fields.text("groups"))
                .hint("One a line, with the provider before it, as in corp:developers."),
        }
    }

    /// Whether anybody is named.
    pub(super) fn are_typed(&self) -> bool {
        [&self.users, &self.groups].iter().any(|field| !field.value.is_empty())
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.users, &self.groups])
    }

    /// Those who are named; `None` when something stands beside a field now. `before` are those who are in the role.
    pub(super) fn read(&mut self, before: &[Principal]) -> Option<Vec<PrincipalDraft>> {
        let users = principals(&mut self.users, PrincipalKind::User, before);
        let groups = principals(&mut self.groups, PrincipalKind::Group, before);
        let mut principals = users?;
        principals.extend(groups?);
        Some(principals)
    }

    /// Puts a refusal beside the field that it is about. `false`: it is about neither.
    pub(super) fn judge(&mut self, problem: &Problem) -> bool {
        let told = Some(problem.sentence());
        match problem.wrong_field() {
            Some("principals") => self.users.error = told,
            Some(field) if field.starts_with("principals[") => {
                // Users stand before groups, and both are counted as one list.
                let at = field.trim_start_matches("principals[").split(']').next();
                let at = at.and_then(|at| at.parse().ok()).unwrap_or(0_usize);
                let is_user = at < lines(&self.users.value).count();
                *(if is_user { &mut self.users.error } else { &mut self.groups.error }) = told;
            }
            _ => return false,
        }
        true
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The principals of a field; `None` when a line is none, which stands beside the field then.
fn principals(field: &mut Field, kind: PrincipalKind, before: &[Principal]) -> Option<Vec<PrincipalDraft>> {
    let read: Result<Vec<_>, String> =
        lines(&field.value).map(|line| principal(line, kind, before)).collect();
    read.map_err(|error| field.error = Some(error)).ok()
}

/// The name of a user has no `:`, so the last one ends the provider; before a group the provider's name always stands, which
/// has none either.
fn principal(line: &str, kind: PrincipalKind, before: &[Principal]) -> Result<PrincipalDraft, String> {
    let parts = match kind {
        PrincipalKind::User => line.rsplit_once(':'),
        PrincipalKind::Group => line.split_once(':'),
    };
    let (provider, name) = match parts {
        Some((provider, name)) => (Some(provider.trim()), name.trim()),
        None => (None, line),
    };
    let wrong = |error: &dyn std::fmt::Display| format!("“{line}”: {}", sentence(error));
    let username = kind.name(name).map_err(|error| wrong(&error))?;
    let is_same = |p: &&Principal| {
        p.kind == kind && p.username == username && p.provider == provider.unwrap_or(INTERNAL_PROVIDER)
    };
    let stored = before.iter().find(is_same);
    // Who is in the role already stays who they are: a name alone would be looked up again.
    let provider = provider.or(stored.map(|stored| stored.provider.as_str()));
    if kind == PrincipalKind::Group && provider.is_none() {
        return Err(wrong(&"write the provider before the group, as in corp:developers"));
    }
    let provider = provider.map(str::parse).transpose().map_err(|error| wrong(&error))?;
    let full_name = stored.and_then(|stored| stored.fullname.as_deref()).and_then(|text| text.parse().ok());
    Ok(PrincipalDraft { username, full_name, kind, provider })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_with_or_without_its_provider() {
        let read = |line: &str, kind| {
            principal(line, kind, &[]).map(|draft| (draft.username.to_string(), draft.provider.is_some()))
        };
        let user = PrincipalKind::User;
        assert_eq!(read("ann", user), Ok(("ann".to_owned(), false)));
        assert_eq!(read("corp: Ann Lee", user), Ok(("Ann Lee".to_owned(), true)));
        assert_eq!(read("https://idp:ann", user), Ok(("ann".to_owned(), true)));
        assert!(read("ops", PrincipalKind::Group).unwrap_err().contains("provider"));
        for group in ["/ops", "urn:example:ops"] {
            assert_eq!(read(&format!("corp:{group}"), PrincipalKind::Group), Ok((group.to_owned(), true)));
        }
        assert!(read(":ann", user).unwrap_err().starts_with("“:ann”"));
        assert!(read("corp:", user).is_err());
    }

    #[test]
    fn who_is_in_the_role_stays_who_they_are() {
        let ann = Principal {
            fullname: Some("Ann Example".to_owned()),
            ..Principal::internal("ann".parse().unwrap())
        };
        let again = principal("ann", PrincipalKind::User, std::slice::from_ref(&ann)).unwrap();
        assert_eq!(again.full_name.unwrap().as_str(), "Ann Example");
        assert_eq!(again.provider, Some("internal".parse().unwrap()));
    }
}
