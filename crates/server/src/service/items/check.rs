//! Judging items without making them.

use std::collections::{BTreeMap, BTreeSet};

use patgate_core::item::{Decision, Stored, TypeDescriptor, decide};
use patgate_core::permission::names::{CONFIG_EDIT, RELEASE_CREATE};
use patgate_store::StoredSecrets;

use super::write::{judge, known, refused};
use super::{ItemDraft, MOST_AT_ONCE, webhook};
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
    // To others, templates are told nothing of.
    let may_start = caller.may(state, RELEASE_CREATE);
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
            Ok(decision) => match judge(descriptor, &decision, before.map_or(&none, |item| &item.secrets)) {
                Ok(()) if may_start => judge_template(state, descriptor, &decision).await?,
                judged => judged,
            },
            Err(faults) => Err(refused(&faults)),
        };
        faults.push(judged.err().map(|problem| problem.faults().to_vec()).unwrap_or_default());
    }
    Ok(faults)
}

/// What is wrong with the template of an endpoint, when it starts releases of one.
async fn judge_template(
    state: &AppState,
    descriptor: &TypeDescriptor,
    decision: &Decision,
) -> Result<Result<(), Problem>, Problem> {
    let Some(template) = webhook::starts(&decision.properties) else { return Ok(Ok(())) };
    let template = state.store.release(&template).await?;
    let judged = webhook::judge_template(descriptor.name, template.as_ref());
    Ok(judged.map_err(|fault| refused(&[fault])))
}
