//! Judging items without making them.

use std::collections::{BTreeMap, BTreeSet};

use patgate_core::item::{Stored, decide};
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_store::StoredSecrets;

use super::write::{judge, known, refused};
use super::{ItemDraft, MOST_AT_ONCE};
use crate::caller::Caller;
use crate::problem::{FieldFault, Problem};
use crate::state::AppState;

/// Tells what would be refused of each of these items, if it were made or changed so now; of a whole one nothing.
///
/// # Errors
/// 403 without `config#edit`; 400 for too many.
pub async fn check(
    state: &AppState,
    caller: &Caller,
    drafts: Vec<ItemDraft>,
) -> Result<Vec<Vec<FieldFault>>, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    if drafts.len() > MOST_AT_ONCE {
        return Err(Problem::field("cis", format!("One call takes at most {MOST_AT_ONCE} items")));
    }
    let ids: Vec<_> = drafts.iter().map(|draft| draft.id.clone()).collect();
    let there = state.store.items_at(&ids).await?;
    let there: BTreeMap<_, _> = there.into_iter().map(|item| (item.id.key(), item)).collect();
    let mut faults = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let descriptor = match known(&draft) {
            Ok(descriptor) => descriptor,
            Err(problem) => {
                let field = problem.wrong_field().unwrap_or_default().to_owned();
                faults.push(vec![FieldFault { detail: problem.sentence(), field }]);
                continue;
            }
        };
        let before = there.get(&draft.id.key());
        let secrets: BTreeSet<_> = before.into_iter().flat_map(|item| item.secrets.keys().cloned()).collect();
        let stored = before.map(|item| Stored { properties: &item.properties, secrets: &secrets });
        let none = StoredSecrets::new();
        let judged = match decide(descriptor, stored, draft.properties) {
            Ok(decision) => judge(descriptor, &decision, before.map_or(&none, |item| &item.secrets)),
            Err(faults) => Err(refused(&faults)),
        };
        faults.push(judged.err().map(|problem| problem.faults().to_vec()).unwrap_or_default());
    }
    Ok(faults)
}
