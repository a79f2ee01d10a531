//! The same calls at other paths: older and newer versions of Deploy call the same thing otherwise, and their clients stay
//! as they are.

use utoipa::openapi::PathItem;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::state::AppState;

/// These calls at another path with the same parameters. `version` tells their names from those of the calls.
pub(super) fn also(
    path: &str,
    version: &str,
    (schemas, mut paths, router): UtoipaMethodRouter<AppState>,
) -> UtoipaMethodRouter<AppState> {
    let told = std::mem::take(&mut paths.paths).into_iter();
    paths.paths = told.map(|(meant, item)| (path.to_owned(), named(&meant, item, version))).collect();
    (schemas, paths, router)
}

fn named(meant: &str, mut item: PathItem, version: &str) -> PathItem {
    for operation in [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten() {
        operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_{version}"));
        operation.summary = Some(format!("The same as `{meant}`, as other versions of Deploy have it."));
        operation.description = None;
    }
    item
}
