//! Making, changing and deleting templates, and releases that were not started.

use patgate_core::identifier::ReleaseNumber;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{Release, ReleaseId, ReleaseStatus, RunAs};
use patgate_store::{Change, StoreError, StoredRelease, TEMPLATE_CHANGED, TEMPLATE_MADE};
use serde_json::json;

use super::Sort;
use super::credential::Entered;
use super::draft::{ReleaseDraft, Sealing};
use super::variables::require_fit;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// Makes a template. Clients may name it themselves.
///
/// # Errors
/// 403 without `template#create`; 400 for what is wrong in it; 409 when the name is taken.
pub async fn create_template(
    state: &AppState,
    caller: &Caller,
    id: Option<ReleaseId>,
    draft: ReleaseDraft,
) -> Result<StoredRelease, Problem> {
    caller.require(state, TEMPLATE_CREATE)?;
    draft.credential.require_password(state, None)?;
    let run_as = Entered::of(state, caller, &draft.credential).await?.over(None);
    let mut random = state.random.draw();
    let release = Release {
        id: id.unwrap_or_else(|| ReleaseId::generate(&mut random)),
        title: String::new(),
        description: String::new(),
        status: ReleaseStatus::Template,
        tags: Vec::new(),
        owner: caller.user,
        phases: Vec::new(),
        variables: Vec::new(),
        passwords_of: Some(caller.user),
        passwords_of_others: false,
        run_as,
        abort_on_failure: false,
        abort_comment: None,
        template: None,
        generation: 0,
        created_at: state.clock.now(),
        started_at: None,
        ended_at: None,
    };
    let number = ReleaseNumber::generate(&mut random);
    let mut made = StoredRelease::new(number, release);
    draft.apply(&mut made, &mut Sealing { sealer: &state.sealer, random })?;
    require_fit(&state.sealer, &made, None)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(TEMPLATE_CREATE)?;
    made.owner_name = called(&change, caller).await?;
    change.insert_release(&made, TEMPLATE_MADE, json!({ "runsAs": told(state, &made) })).await?;
    state.commit(change).await?;
    Ok(made)
}

/// Changes a template, or a release that was not started. When somebody else than who entered the user for automated
/// tasks changes what it does, there is none any more; and the passwords of a template are gone when anybody else than
/// who entered all of them does, those of a release in any case: else a changed script could print what its author may not read.
///
/// # Errors
/// 403 without `template#create` or `release#create`; 404; 400 for what is wrong in it; 409 when it was started, or is not
/// of the expected version any more.
pub async fn update(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
    expected: Option<i64>,
    draft: ReleaseDraft,
) -> Result<StoredRelease, Problem> {
    caller.require(state, sort.edits())?;
    let entered = Entered::of(state, caller, &draft.credential).await?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(sort.edits())?;
    let mut before = sort.of(change.release(id).await?)?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(crate::service::shown::overtaken());
    }
    if !matches!(before.release.status, ReleaseStatus::Template | ReleaseStatus::Planned) {
        return Err(Problem::conflict("A release that was started is not changed any more"));
    }
    draft.credential.require_password(state, before.release.run_as.as_ref())?;
    let is_template = sort == Sort::Template;
    if is_template && before.release.passwords_of.is_none() {
        // Noted from now on: after this change the audit log may name somebody else as well.
        before.release.passwords_of = change.sole_writer(id).await?;
    }
    let mut changed = before.clone();
    draft.apply(&mut changed, &mut Sealing { sealer: &state.sealer, random: state.random.draw() })?;
    let does_other_things =
        !before.release.does_the_same_as(&changed.release) || moves_passwords(&before, &changed);
    let kept = before.release.run_as.clone().filter(|run_as| !does_other_things || keeps(run_as, caller));
    let are_theirs = is_template && keeps_passwords(&change, &before.release, caller).await?;
    if !are_theirs && (does_other_things || !keeps_any_password(&before, &changed)) {
        // What was entered just now was sealed anew, and stays; it is all that does.
        changed.secrets.retain(|variable, secret| before.secrets.get(variable) != Some(secret));
        changed.release.passwords_of = is_template.then_some(caller.user);
        changed.release.passwords_of_others = false;
    } else if !are_theirs && enters_passwords(&before, &changed) {
        changed.release.passwords_of_others = is_template;
    }
    require_fit(&state.sealer, &changed, Some(&before))?;
    changed.release.run_as = entered.over(kept);
    let action = match sort {
        Sort::Template => TEMPLATE_CHANGED,
        Sort::Release => "release.update",
    };
    let detail = json!({ "doesOtherThings": does_other_things, "runsAs": told(state, &changed) });
    change.update_release(&changed, action, detail).await?;
    state.commit(change).await?;
    changed.version += 1;
    Ok(changed)
}

/// Deletes a template, or a release that does not run.
///
/// # Errors
/// 403 without `template#create` or `release#create`; 404; 409 when it runs.
pub async fn delete(state: &AppState, caller: &Caller, sort: Sort, id: &ReleaseId) -> Result<(), Problem> {
    caller.require(state, sort.edits())?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(sort.edits())?;
    let stored = sort.of(change.release(id).await?)?;
    if stored.release.status.is_active() {
        return Err(Problem::conflict("A release that is under way is not deleted; abort it first"));
    }
    let action = match sort {
        Sort::Template => "template.delete",
        Sort::Release => "release.delete",
    };
    change.delete_release(&stored, action).await?;
    state.commit(change).await?;
    Ok(())
}

/// What a caller is called in the change: they may have been renamed since they asked. Who is gone makes nothing.
pub(super) async fn called(change: &Change, caller: &Caller) -> Result<String, Problem> {
    let user = change.user(caller.user).await?.ok_or_else(|| Problem::not_found("user"))?;
    Ok(user.username.to_string())
}

/// Whether a script finds another password than before under a key that is not asked for at the start, or one that was there
/// under another key. Who may do that chooses where a script of somebody else sends it.
fn moves_passwords(before: &StoredRelease, after: &StoredRelease) -> bool {
    after.release.variables.iter().any(|variable| {
        let known = before.release.variable(&variable.key);
        let known = known.and_then(|known| before.secrets.get(known.id.as_str()));
        let now = after.secrets.get(variable.id.as_str());
        let was_there = || now.is_some_and(|now| before.secrets.values().any(|secret| secret == now));
        now != known && (!variable.show_on_release_start || was_there())
    })
}

/// Whether a password is there that was there before.
fn keeps_any_password(before: &StoredRelease, after: &StoredRelease) -> bool {
    after.secrets.values().any(|secret| before.secrets.values().any(|known| known == secret))
}

/// Whether a password was sealed that was not there before.
fn enters_passwords(before: &StoredRelease, after: &StoredRelease) -> bool {
    after.secrets.values().any(|secret| !before.secrets.values().any(|known| known == secret))
}

/// Whether scripts that this caller changes still run with a credential: its own hand entered it, and no token with less
/// than all its owner may do is used now.
pub(super) fn keeps(run_as: &RunAs, caller: &Caller) -> bool {
    run_as.entered_by() == caller.user && has_all_permissions(caller)
}

/// Whether scripts that this caller changes, or steers, still get the passwords of a template: all of them are their own, and no
/// token with less than all they may do is used.
pub(super) async fn keeps_passwords(
    change: &Change,
    template: &Release,
    caller: &Caller,
) -> Result<bool, StoreError> {
    let whose = match template.passwords_of {
        _ if template.passwords_of_others => None,
        // An older program did not note who entered the passwords.
        None => change.sole_writer(&template.id).await?,
        noted => noted,
    };
    Ok(whose == Some(caller.user) && has_all_permissions(caller))
}

fn has_all_permissions(caller: &Caller) -> bool {
    caller.token().is_none_or(|token| token.permissions.is_none())
}

/// As whom it runs, for the audit log.
pub(super) fn told(state: &AppState, stored: &StoredRelease) -> Option<String> {
    stored.release.run_as.as_ref().and_then(|run_as| state.username(run_as.user()))
}
