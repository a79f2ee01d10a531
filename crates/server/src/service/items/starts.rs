//! Items that start releases: whether they may be saved with their templates, as those are now.

use std::collections::{BTreeMap, BTreeSet};

use patgate_core::item::{Decision, PropertyFault, TypeDescriptor};
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::{Release, ReleaseId};
use patgate_core::webhook::{Action, action};
use patgate_store::{Change, StoreError};

use super::webhook;
use super::write::refused;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// What is wanted of an item, when its values may be so by themselves.
pub(super) struct Fitting {
    pub(super) descriptor: &'static TypeDescriptor,
    pub(super) decision: Decision,
}

/// What is wrong with templates for items of a type, where something is. All templates are read together.
#[derive(Default)]
pub(super) struct Templates(BTreeMap<(ReleaseId, &'static str), PropertyFault>);

/// The templates of which items start releases, with the types of these items.
struct Wanted(BTreeMap<ReleaseId, BTreeSet<&'static str>>);

/// Whether items that start releases may be saved in a change. While it is under way nobody else changes anything, and all wait
/// for it.
pub(super) struct Starts {
    mandate: Mandate,
    templates: Templates,
}

impl Starts {
    /// Of whoever makes the change. No template was looked at yet.
    pub(super) fn new(mandate: Mandate) -> Self {
        Self { mandate, templates: Templates::default() }
    }

    /// Looks at the templates of all that will be asked about.
    pub(super) async fn look(&mut self, change: &Change, items: &[&Fitting]) -> Result<(), StoreError> {
        let wanted = Wanted::by(items);
        change.each_release(&wanted.ids(), |release| self.templates.judge(&wanted, &release)).await
    }

    /// Whoever says that an endpoint starts releases, and with what, must be somebody who may make them: its requests start
    /// them as the user of the template. And the template, when it is there, must let requests set their variables.
    pub(super) fn require(&self, item: &Fitting) -> Result<(), Problem> {
        if action(&item.decision.properties) != Action::Start {
            return Ok(());
        }
        self.mandate.require(RELEASE_CREATE)?;
        self.templates.require(item)
    }
}

impl Templates {
    /// Looks at the templates of these, outside of a change.
    pub(super) async fn of(state: &AppState, items: &[&Fitting]) -> Result<Self, StoreError> {
        let wanted = Wanted::by(items);
        let mut templates = Self::default();
        state.store.each_release(&wanted.ids(), |release| templates.judge(&wanted, &release)).await?;
        Ok(templates)
    }

    /// Demands that the template of an item lets requests set their variables.
    pub(super) fn require(&self, item: &Fitting) -> Result<(), Problem> {
        let Some(template) = webhook::starts(&item.decision.properties) else { return Ok(()) };
        match self.0.get(&(template, item.descriptor.name)) {
            Some(fault) => Err(refused(std::slice::from_ref(fault))),
            None => Ok(()),
        }
    }

    fn judge(&mut self, wanted: &Wanted, release: &Release) {
        for &type_name in wanted.0.get(&release.id).into_iter().flatten() {
            if let Err(fault) = webhook::judge_template(type_name, release) {
                self.0.insert((release.id.clone(), type_name), fault);
            }
        }
    }
}

impl Wanted {
    fn by(items: &[&Fitting]) -> Self {
        let mut wanted = BTreeMap::<_, BTreeSet<_>>::new();
        for item in items {
            if let Some(template) = webhook::starts(&item.decision.properties) {
                wanted.entry(template).or_default().insert(item.descriptor.name);
            }
        }
        Self(wanted)
    }

    fn ids(&self) -> Vec<ReleaseId> {
        self.0.keys().cloned().collect()
    }
}
