//! What a role lets people do, as its form shows it and reads it: check boxes by area.

use std::collections::BTreeSet;

use patgate_core::permission::PermissionId;
use patgate_core::role::Role;

use crate::pages::Fields;
use crate::pages::form::{Difference, Fault, sentence};
use crate::pages::permission::PermissionChoice;
use crate::problem::Problem;
use crate::service::roles;
use crate::service::shown::Shown;
use crate::state::AppState;

/// What is chosen.
pub(super) struct Permissions {
    pub(super) areas: Vec<Area>,
    /// What is wrong with them.
    pub(super) error: Option<String>,
}

/// The permissions of one area.
pub(super) struct Area {
    pub(super) name: String,
    pub(super) permissions: Vec<PermissionChoice>,
}

impl Permissions {
    /// Those of a role; of none, nothing is chosen.
    pub(super) fn of_role(state: &AppState, role: Option<&Role>) -> Self {
        let chosen = role.iter().flat_map(|role| &role.permissions).map(ToString::to_string).collect();
        Self { areas: areas(state, &chosen, role), error: None }
    }

    /// Those that were sent.
    pub(super) fn of_fields(state: &AppState, fields: &Fields, role: Option<&Role>) -> Self {
        let chosen = fields.all("permission").map(str::to_owned).collect();
        Self { areas: areas(state, &chosen, role), error: None }
    }

    /// What is not as it is stored in the role.
    pub(super) fn differences(&self, state: &AppState, role: &Role) -> Vec<Difference> {
        let stored = Self::of_role(state, Some(role)).chosen();
        let wanted = self.chosen();
        if stored == wanted { Vec::new() } else { vec![Difference { label: "Permissions", stored, wanted }] }
    }

    /// Whether others are chosen than those that were shown.
    pub(super) fn are_changed(&self, shown: &Shown) -> bool {
        let ids: BTreeSet<PermissionId> = self.ids().filter_map(|id| id.parse().ok()).collect();
        roles::shown(&ids) != *shown
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let fault = |text| Fault { field: "permissions".to_owned(), text: format!("Permissions: {text}") };
        self.error.iter().map(fault).collect()
    }

    /// Those that are wanted; `None` when something is wrong with them now.
    pub(super) fn read(&mut self, fields: &Fields) -> Option<BTreeSet<PermissionId>> {
        let ids = fields.all("permission").map(str::parse).collect::<Result<BTreeSet<PermissionId>, _>>();
        ids.map_err(|error| self.error = Some(sentence(&error))).ok()
    }

    /// Takes a refusal that is about them. `false`: it is about something else.
    pub(super) fn judge(&mut self, problem: &Problem) -> bool {
        let is_theirs = problem.wrong_field() == Some("permissions");
        if is_theirs {
            self.error = Some(problem.sentence());
        }
        is_theirs
    }

    fn chosen(&self) -> String {
        self.ids().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        let permissions = self.areas.iter().flat_map(|area| &area.permissions);
        permissions.filter(|permission| permission.is_chosen).map(|permission| permission.id.as_str())
    }
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
