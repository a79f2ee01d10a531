//! A role as its form shows it and reads it: principals one a line, permissions as check boxes.

use std::collections::BTreeSet;

use patgate_core::permission::PermissionId;
use patgate_core::role::Role;
use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind, Username};

use crate::pages::form::{Difference, Fault, not_kept, read, sentence};
use crate::pages::permission::PermissionChoice;
use crate::pages::{Field, Fields, Notice};
use crate::problem::Problem;
use crate::service::roles::{PrincipalDraft, RoleDraft};
use crate::state::AppState;

/// What is typed.
pub(super) struct Form {
    pub(super) name: Field,
    pub(super) users: Field,
    pub(super) groups: Field,
    pub(super) areas: Vec<Area>,
    /// What is wrong with the permissions.
    pub(super) permissions_error: Option<String>,
}

/// The permissions of one area.
pub(super) struct Area {
    pub(super) name: String,
    pub(super) permissions: Vec<PermissionChoice>,
}

impl Form {
    /// The form of a role; of none, an empty one.
    pub(super) fn of_role(state: &AppState, role: Option<&Role>) -> Self {
        let lines = |kind| {
            let principals = role.iter().flat_map(|role| &role.principals);
            let lines = principals.filter(|principal| principal.kind == kind).map(line);
            lines.collect::<Vec<_>>().join("\n")
        };
        let name = role.map_or(String::new(), |role| role.name.to_string());
        let chosen: BTreeSet<_> =
            role.iter().flat_map(|role| &role.permissions).map(ToString::to_string).collect();
        Self::new(state, name, [lines(PrincipalKind::User), lines(PrincipalKind::Group)], &chosen, role)
    }

    /// The form as it was sent. What did not come stands as it is stored: it may have been too long for an address.
    pub(super) fn of_fields(state: &AppState, fields: &Fields, role: Option<&Role>) -> Self {
        let stored = Self::of_role(state, role);
        let name = role.map_or_else(|| fields.text("name").to_owned(), |role| role.name.to_string());
        let chosen = if fields.omits("permission") {
            stored.ids().into_iter().map(str::to_owned).collect()
        } else {
            fields.all("permission").map(str::to_owned).collect()
        };
        let principals = [("users", &stored.users), ("groups", &stored.groups)].map(|(name, stored)| {
            if fields.has(name) { fields.text(name) } else { stored.value.as_str() }.to_owned()
        });
        Self::new(state, name, principals, &chosen, role)
    }

    /// What is said above the form when not all of it came back.
    pub(super) fn not_kept(query: &Fields) -> Option<Notice> {
        let labels =
            [("name", "Name"), ("users", "Users"), ("groups", "Groups"), ("permission", "Permissions")];
        not_kept(query, &labels)
    }

    fn new(
        state: &AppState,
        name: String,
        [users, groups]: [String; 2],
        chosen: &BTreeSet<String>,
        role: Option<&Role>,
    ) -> Self {
        Self {
            name: Field::new("name", "Name", name).hint("What people call the role.").at_most(Username::LONGEST),
            users: Field::new("users", "Users", users).hint(
                "One a line: the user name, and for a user who has not signed in yet, the provider before it, as in \
                 corp:ann.",
            ),
            groups: Field::new("groups", "Groups", groups)
                .hint("One a line, with the provider before it, as in corp:developers."),
            areas: areas(state, chosen, role),
            permissions_error: None,
        }
    }

    /// What is not as it is stored in the role.
    pub(super) fn differences(&self, state: &AppState, role: &Role) -> Vec<Difference> {
        let stored = Self::of_role(state, Some(role));
        let text = |field: &Field| lines(&field.value).collect::<Vec<_>>().join(", ");
        let rows = [
            ("Users", text(&stored.users), text(&self.users)),
            ("Groups", text(&stored.groups), text(&self.groups)),
            ("Permissions", stored.chosen(), self.chosen()),
        ];
        let differing = rows.into_iter().filter(|(_, stored, wanted)| stored != wanted);
        differing.map(|(label, stored, wanted)| Difference { label, stored, wanted }).collect()
    }

    fn chosen(&self) -> String {
        self.ids().into_iter().collect::<Vec<_>>().join(", ")
    }

    fn ids(&self) -> BTreeSet<&str> {
        let permissions = self.areas.iter().flat_map(|area| &area.permissions);
        let chosen = permissions.filter(|permission| permission.is_chosen);
        chosen.map(|permission| permission.id.as_str()).collect()
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Fault::of([&self.name, &self.users, &self.groups]);
        let text = self.permissions_error.as_ref().map(|text| format!("Permissions: {text}"));
        faults.extend(text.map(|text| Fault { field: "permissions".to_owned(), text }));
        faults
    }

    /// The role that is wanted; `None` when something stands beside a field now. `before` is the role as it is.
    pub(super) fn read(&mut self, fields: &Fields, before: &[Principal]) -> Option<RoleDraft> {
        let name = read::<Username>(&mut self.name);
        let users = principals(&mut self.users, PrincipalKind::User, before);
        let groups = principals(&mut self.groups, PrincipalKind::Group, before);
        let ids = fields.all("permission").map(str::parse).collect::<Result<BTreeSet<PermissionId>, _>>();
        if let Err(error) = &ids {
            self.permissions_error = Some(sentence(&error.to_string()));
        }
        let mut principals = users?;
        principals.extend(groups?);
        let permissions = Some(ids.ok()?);
        Some(RoleDraft {
            name: name?,
            place: String::new(),
            principals: Some(principals),
            permissions,
            shown: None,
        })
    }

    /// Puts a refusal beside the field that it is about. `false`: it is about none.
    pub(super) fn judge(&mut self, problem: &Problem) -> bool {
        let told = Some(problem.sentence());
        match problem.wrong_field() {
            Some("name") => self.name.error = told,
            Some("permissions") => self.permissions_error = told,
            Some("principals") => self.users.error = told,
            Some(field) if field.starts_with("principals[") => {
                // Users stand before groups, and both are counted as one list.
                let at = field.trim_start_matches("principals[").split(']').next();
                let at = at.and_then(|at| at.parse().ok()).unwrap_or(0_usize);
                let is_user = at < lines(&self.users.value).count();
                *(if is_user { &mut self.users.error } else { &mut self.groups.error }) = told;
            }
            _ if problem.status() == http::StatusCode::CONFLICT && self.is_about_name(problem) => {
                self.name.error = told;
            }
            _ => return false,
        }
        true
    }

    fn is_about_name(&self, problem: &Problem) -> bool {
        problem.sentence().contains("is taken")
    }
}

/// A principal as it stands on its line.
fn line(principal: &Principal) -> String {
    match principal.provider.as_str() {
        INTERNAL_PROVIDER => principal.username.to_string(),
        provider => format!("{provider}:{}", principal.username),
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
    let wrong = |error: &dyn std::fmt::Display| format!("“{line}”: {}", sentence(&error.to_string()));
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

/// All permissions by area, in the catalog's order, and those of the role that this node does not know.
fn areas(state: &AppState, chosen: &BTreeSet<String>, role: Option<&Role>) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    let mut put = |name: &str, id: &str| {
        let permission = PermissionChoice::new(id, chosen.contains(id));
        match areas.iter_mut().find(|area| area.name == name) {
            Some(area) => area.permissions.push(permission),
            None => areas.push(Area { name: name.to_owned(), permissions: vec![permission] }),
        }
    };
    for id in state.catalog.ids() {
        put(area_of(id.as_str()), id.as_str());
    }
    let stored = role.iter().flat_map(|role| &role.permissions);
    for id in stored.filter(|id| state.catalog.slot(id).is_none()) {
        put("Not known to this server", id.as_str());
    }
    areas
}

fn area_of(id: &str) -> &str {
    id.split_once('#').map_or("General", |(area, _)| area)
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
        let again = principal(&line(&ann), PrincipalKind::User, std::slice::from_ref(&ann)).unwrap();
        assert_eq!(again.full_name.unwrap().as_str(), "Ann Example");
        assert_eq!(again.provider, Some("internal".parse().unwrap()));
        let bob = Principal { provider: "corp".to_owned(), ..Principal::internal("bob".parse().unwrap()) };
        assert_eq!(line(&bob), "corp:bob");
    }
}
