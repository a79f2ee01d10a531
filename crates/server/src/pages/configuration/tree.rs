//! The tree of the Explorer, and the menu *New*.

use askama::Template;
use askama::filters::HtmlSafe;
use patgate_core::item::{ItemId, TYPES, TypeDescriptor, descriptor};
use patgate_store::Item;

use super::{EXPLORER, path};
use crate::pages::beginning::{LISTED, beginning};
use crate::service::items::Branch;

/// A node of the tree, of a long name its beginning, with what is in it when it is open: what leads down to where the page is.
#[derive(Template)]
#[template(path = "components/tree.html")]
pub(super) struct Node {
    base: String,
    path: String,
    name: String,
    is_folder: bool,
    is_here: bool,
    nodes: Vec<Node>,
    /// Whether more is in it than is shown.
    has_more: bool,
}

/// It is a template itself, which escapes what is in it.
impl HtmlSafe for Node {}

impl Node {
    /// The tree, open down to where the page is. The branches are those of the folders on the way, from the root on.
    pub(super) fn root(base: &str, branches: &[Branch], here: &ItemId) -> Self {
        let (nodes, has_more) = Self::below(base, branches, here);
        Self {
            base: base.to_owned(),
            path: EXPLORER.to_owned(),
            name: ItemId::root().name().to_owned(),
            is_folder: true,
            is_here: here.is_root(),
            nodes,
            has_more,
        }
    }

    fn below(base: &str, branches: &[Branch], here: &ItemId) -> (Vec<Self>, bool) {
        let Some((branch, deeper)) = branches.split_first() else { return (Vec::new(), false) };
        let node = |item: &Item| {
            let is_open = deeper.first().is_some_and(|next| next.folder == item.id);
            let (nodes, has_more) =
                if is_open { Self::below(base, deeper, here) } else { (Vec::new(), false) };
            Self {
                base: base.to_owned(),
                path: path(item.number),
                name: beginning(item.id.name(), LISTED),
                is_folder: is_folder(item),
                is_here: item.id == *here,
                nodes,
                has_more,
            }
        };
        (branch.items.iter().map(node).collect(), branch.has_more)
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
