//! The tree of the Explorer, and the menu *New*.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use patgate_core::item::{ItemId, TYPES, TypeDescriptor, descriptor};
use patgate_store::Item;

use super::{EXPLORER, path};

/// A node of the tree with what is below it.
#[derive(Template)]
#[template(path = "components/tree.html")]
pub(super) struct Node {
    base: String,
    path: String,
    name: String,
    is_folder: bool,
    is_here: bool,
    /// Whether the page is at it or below it.
    is_open: bool,
    nodes: Vec<Node>,
}

/// It is a template itself, which escapes what is in it.
impl HtmlSafe for Node {}

impl Node {
    /// The whole tree, open down to where the page is.
    pub(super) fn root(base: &str, items: &[Item], here: &ItemId) -> Self {
        let mut by_folder: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
        for item in items {
            let folder = item.id.folder().unwrap_or_else(ItemId::root);
            by_folder.entry(folder.key()).or_default().push(item);
        }
        let root = ItemId::root();
        Self {
            base: base.to_owned(),
            path: EXPLORER.to_owned(),
            name: root.name().to_owned(),
            is_folder: true,
            is_here: here.is_root(),
            is_open: true,
            nodes: Self::below(base, &root, &by_folder, here),
        }
    }

    fn below(
        base: &str,
        folder: &ItemId,
        by_folder: &BTreeMap<String, Vec<&Item>>,
        here: &ItemId,
    ) -> Vec<Self> {
        let items = by_folder.get(&folder.key()).map_or(&[][..], Vec::as_slice);
        let node = |item: &&Item| Self {
            base: base.to_owned(),
            path: path(item.number),
            name: item.id.name().to_owned(),
            is_folder: is_folder(item),
            is_here: item.id == *here,
            is_open: item.id == *here || here.is_below(&item.id),
            nodes: Self::below(base, &item.id, by_folder, here),
        };
        items.iter().map(node).collect()
    }
}

/// The types of one area, in the menu *New*.
pub(super) struct Area {
    pub(super) name: &'static str,
    pub(super) types: Vec<&'static TypeDescriptor>,
}

/// The menu *New*.
pub(super) fn areas() -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for known in TYPES.iter().copied() {
        match areas.iter_mut().find(|area| area.name == known.area()) {
            Some(area) => area.types.push(known),
            None => areas.push(Area { name: known.area(), types: vec![known] }),
        }
    }
    areas
}

/// Whether other items can be in it.
pub(super) fn is_folder(item: &Item) -> bool {
    descriptor(&item.type_name).is_some_and(|known| known.is_folder)
}
