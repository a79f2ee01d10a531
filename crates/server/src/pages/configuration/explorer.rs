//! `/configuration` and the page of a folder: what is in it, beside the tree, which is open down to it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::item::{ItemId, ItemName};
use patgate_store::{Item, ItemCursor, ItemFilter, Seek};

use super::tree::{Area, Node, areas};
use super::{EXPLORER, may_edit, path};
use crate::pages::beginning::{LISTED, beginning};
use crate::pages::paging::{ASKED, place};
use crate::pages::{Fields, Moment, Notice, PageResult, Paging, Query, Refused, Shell, Visitor};
use crate::service::items::{self, ItemView};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/configuration.html")]
struct ExplorerPage {
    shell: Shell,
    may_edit: bool,
    tree: Node,
    content: Content,
}

/// What is in a folder, beside the tree.
pub(super) struct Content {
    pub(super) areas: Vec<Area>,
    /// Where the folder's page is.
    pub(super) path: String,
    /// By what the form of a new item in it names the folder: short, however long its path is.
    pub(super) folder: String,
    pub(super) rows: Vec<Row>,
    pub(super) paging: Paging,
}

/// An item in the list; of long names their beginning.
pub(super) struct Row {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) is_folder: bool,
    pub(super) changed_at: Moment,
    pub(super) changed_by: String,
    pub(super) has_warnings: bool,
}

impl Row {
    fn new(view: &ItemView) -> Self {
        let item = &view.item;
        Self {
            path: path(item.number),
            name: beginning(item.id.name(), LISTED),
            kind: view.descriptor.map_or_else(|| item.type_name.clone(), |known| known.label.to_owned()),
            is_folder: view.is_folder(),
            changed_at: item.changed_at.into(),
            changed_by: beginning(&item.changed_by, LISTED),
            has_warnings: !view.warnings.is_empty(),
        }
    }
}

impl Content {
    /// Of this folder; `None`: of the one that is always there.
    pub(super) async fn of_folder(
        state: &AppState,
        visitor: &Visitor,
        item: Option<&Item>,
        query: &Fields,
    ) -> Result<Self, Refused> {
        let folder = item.map_or_else(ItemId::root, |item| item.id.clone());
        let filter = ItemFilter { folder: Some(folder.clone()), ..ItemFilter::default() };
        // An address names a place by the item's own name, because a whole path may take thousands of bytes.
        let at = |name: &ItemName| {
            folder.child(name).map_or_else(|_| ItemCursor::at(&folder), |id| ItemCursor::at(&id))
        };
        let (place, seek) = match place::<ItemName>(query) {
            Seek::Start => (Seek::Start, Seek::Start),
            Seek::After(name) => (Seek::After(name.to_string()), Seek::After(at(&name))),
            Seek::Before(name) => (Seek::Before(name.to_string()), Seek::Before(at(&name))),
        };
        let found = items::list_from(state, &visitor.caller, &filter, &seek, ASKED).await?;
        let (found, paging) = Paging::cut(found, &place, query, |view| view.item.id.name().to_owned());
        Ok(Self {
            areas: areas(),
            path: item.map_or_else(|| EXPLORER.to_owned(), |item| path(item.number)),
            folder: item.map_or_else(|| folder.to_string(), |item| item.number.to_string()),
            rows: found.iter().map(Row::new).collect(),
            paging,
        })
    }
}

/// The tree, open down to an item.
pub(super) async fn tree(state: &AppState, visitor: &Visitor, here: &ItemId) -> Result<Node, Refused> {
    let branches = items::branches(state, &visitor.caller, here).await?;
    Ok(Node::root(state.public_url.path(), &branches, here))
}

/// What happened just now, as a link says it.
pub(super) fn notice(query: &Fields) -> Option<Notice> {
    let text = match query.text("done") {
        "made" => "It is made.",
        "saved" => "It is saved, and in force.",
        "deleted" => "It is deleted.",
        _ => return None,
    };
    Some(Notice::Done(text.to_owned()))
}

/// `GET /configuration`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let content = Content::of_folder(&state, &visitor, None, &query).await?;
    let page = ExplorerPage {
        shell: Shell::new(&state, &visitor, "Configuration", EXPLORER).with_notice(notice(&query)),
        may_edit: may_edit(&state, &visitor),
        tree: tree(&state, &visitor, &ItemId::root()).await?,
        content,
    };
    Ok(Html(page.render()?).into_response())
}
