//! An item as people may see it: with a mask in the place of each secret.

use patgate_core::item::{MASK, TypeDescriptor, Value, descriptor};
use patgate_store::Item;

use super::webhook::KnownGrants;
use super::{kind, webhook};
use crate::state::AppState;

/// An item, and what is to be said of it.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// The item. Its secrets are sealed.
    pub item: Item,
    /// Its type; `None` when this program does not know it.
    pub descriptor: Option<&'static TypeDescriptor>,
    /// What an administrator should know, in sentences.
    pub warnings: Vec<String>,
}

impl ItemView {
    /// An item by itself.
    pub(in crate::service) async fn new(state: &AppState, item: Item) -> Self {
        let grants = webhook::grants_of(state, std::slice::from_ref(&item)).await;
        let mut view = Self::with(state, item, &grants);
        view.warnings.extend(webhook::template_warning(state, &view.item).await);
        view
    }

    /// Several of them: one question for what all of them need to know. Whole templates are read for no list.
    pub(in crate::service) async fn all(state: &AppState, items: Vec<Item>) -> Vec<Self> {
        let grants = webhook::grants_of(state, &items).await;
        items.into_iter().map(|item| Self::with(state, item, &grants)).collect()
    }

    /// As [`Self::new`], for who shows no warnings: there are none.
    pub(in crate::service) fn bare(item: Item) -> Self {
        Self { descriptor: descriptor(&item.type_name), item, warnings: Vec::new() }
    }

    fn with(state: &AppState, item: Item, grants: &KnownGrants) -> Self {
        let descriptor = descriptor(&item.type_name);
        let warnings = match descriptor {
            Some(_) => kind::warnings(state, &item, grants),
            None => vec![format!(
                "This version of Patgate does not know the type `{}`, so the item cannot be changed.",
                item.type_name
            )],
        };
        Self { item, descriptor, warnings }
    }

    /// The properties whose secrets are personal access tokens.
    #[must_use]
    pub fn bound_secrets(&self) -> Vec<&str> {
        webhook::bound(&self.item)
    }

    /// All properties by name, in the order of the form: a value, the mask of a secret that is stored, or nothing. What
    /// the type does not know comes last.
    #[must_use]
    pub fn properties(&self) -> Vec<(&str, Option<Value>)> {
        let mask = || Some(Value::Text(MASK.to_owned()));
        let known = self.descriptor.map_or(&[][..], |descriptor| descriptor.properties);
        let mut shown: Vec<(&str, Option<Value>)> = known
            .iter()
            .map(|property| {
                let value = match property.is_secret() {
                    true => self.item.secrets.get(property.name).and_then(|_| mask()),
                    false => self.item.properties.get(property.name).cloned(),
                };
                (property.name, value)
            })
            .collect();
        let is_new = |name: &&String| !known.iter().any(|property| property.name == name.as_str());
        let other = self.item.properties.iter().filter(|(name, _)| is_new(name));
        shown.extend(other.map(|(name, value)| (name.as_str(), Some(value.clone()))));
        let other = self.item.secrets.keys().filter(is_new);
        shown.extend(other.map(|name| (name.as_str(), mask())));
        shown
    }

    /// Whether other items can be in it.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.descriptor.is_some_and(|descriptor| descriptor.is_folder)
    }
}
