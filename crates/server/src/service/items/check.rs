//! Judging items without making them.

use std::collections::{BTreeMap, BTreeSet};

use patgate_core::item::{Stored, decide};
use patgate_core::permission::names::{CONFIG_EDIT, RELEASE_CREATE};
use patgate_store::{Item, StoredSecrets};

use super::starts::{Fitting, Templates};
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
    let fitting: Vec<_> = drafts.into_iter().map(|draft| fit(there.get(&draft.id.key()), draft)).collect();
    // To others, templates are told nothing of.
    let templates = match caller.may(state, RELEASE_CREATE) {
        true => Templates::of(state, &fitting.iter().flatten().collect::<Vec<_>>()).await?,
        false => Templates::default(),
    };
    let faults = fitting.into_iter().map(|fitting| fitting.and_then(|fitting| templates.require(&fitting)));
    Ok(faults
        .map(|judged| judged.err().map(|problem| problem.faults().to_vec()).unwrap_or_default())
        .collect())
}

/// What an item would be made, or changed to, when its values may be so by themselves; else all that is wrong with them.
fn fit(before: Option<&Item>, draft: ItemDraft) -> Result<Fitting, Problem> {
    let descriptor = known(&draft).map_err(|problem| {
        let field = problem.wrong_field().unwrap_or_default().to_owned();
        Problem::fields(vec![FieldFault { detail: problem.sentence(), field }])
    })?;
    let secrets: BTreeSet<_> = before.into_iter().flat_map(|item| item.secrets.keys().cloned()).collect();
    let stored = before.map(|item| Stored { properties: &item.properties, secrets: &secrets });
    let decision = decide(descriptor, stored, draft.properties).map_err(|faults| refused(&faults))?;
    let none = StoredSecrets::new();
    judge(descriptor, &decision, before.map_or(&none, |item| &item.secrets))?;
    Ok(Fitting { descriptor, decision })
}
