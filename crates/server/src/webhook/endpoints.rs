//! All endpoints of a node, by path: fed by the change log, read without a lock.

use std::collections::HashSet;
use std::sync::Arc;

use papaya::HashMap;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Item, ItemCursor, ItemFilter, Seek, Store, StoreError};

use super::compile::compile;
use super::endpoint::Endpoint;
use crate::sealing::Sealer;
use crate::service::items::kind::WEBHOOK_ENDPOINTS;

/// Items read at once.
const BATCH: u64 = 500;

/// The endpoints. One writer at a time, who applies the change log; any number of readers.
pub struct WebhookEndpoints {
    sealer: Sealer,
    by_path: HashMap<Box<str>, Arc<Endpoint>>,
    by_number: HashMap<ItemNumber, Arc<Endpoint>>,
}

impl WebhookEndpoints {
    pub(super) fn new(sealer: Sealer) -> Self {
        Self { sealer, by_path: HashMap::new(), by_number: HashMap::new() }
    }

    /// The endpoint that takes requests at a path.
    #[must_use]
    pub fn enabled(&self, path: &str) -> Option<Arc<Endpoint>> {
        self.by_path.pin().get(path).filter(|endpoint| endpoint.is_enabled).cloned()
    }

    /// The endpoint of an item, enabled or not.
    #[must_use]
    pub fn by_number(&self, number: ItemNumber) -> Option<Arc<Endpoint>> {
        self.by_number.pin().get(&number).cloned()
    }

    /// All of them, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Endpoint>> {
        self.by_number.pin().values().cloned().collect()
    }

    /// Reads them all. What changes meanwhile is in the change log.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        for type_name in WEBHOOK_ENDPOINTS {
            let filter = ItemFilter { type_name: Some(type_name.to_owned()), ..ItemFilter::default() };
            let mut seek = Seek::Start;
            loop {
                let items = store.list_items(&filter, &seek, BATCH).await?;
                let Some(last) = items.last().map(ItemCursor::of) else { break };
                for item in &items {
                    seen.insert(item.number);
                    self.put(item).await;
                }
                seek = Seek::After(last);
            }
        }
        for endpoint in self.all() {
            if !seen.contains(&endpoint.number) {
                self.remove(endpoint.number);
            }
        }
        Ok(())
    }

    /// Puts an endpoint that may have changed in force; `None` when there is none of this number, or no longer.
    pub async fn apply(&self, number: ItemNumber, endpoint: Option<&Item>) {
        match endpoint {
            Some(item) => self.put(item).await,
            None => self.remove(number),
        }
    }

    async fn put(&self, item: &Item) {
        let before = self.by_number(item.number);
        let limits = before.as_ref().map(|before| Arc::clone(&before.limits)).unwrap_or_default();
        let endpoint = Arc::new(compile(&self.sealer, item, limits).await);
        self.by_path.pin().insert(endpoint.path.clone(), Arc::clone(&endpoint));
        if let Some(before) = before.filter(|before| before.path != endpoint.path) {
            self.leave(&before);
        }
        self.by_number.pin().insert(item.number, endpoint);
    }

    fn remove(&self, number: ItemNumber) {
        let removed = self.by_number.pin().remove(&number).cloned();
        if let Some(removed) = removed {
            self.leave(&removed);
        }
    }

    /// Takes an endpoint from its path, unless the path is another's by now.
    fn leave(&self, endpoint: &Endpoint) {
        let paths = self.by_path.pin();
        if paths.get(&endpoint.path).is_some_and(|there| there.number == endpoint.number) {
            paths.remove(&endpoint.path);
        }
    }
}
