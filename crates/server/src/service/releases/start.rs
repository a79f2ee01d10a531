//! Making a release of a template, and starting it.

use std::collections::BTreeMap;

use patgate_core::identifier::ReleaseNumber;
use patgate_core::item::SecretText;
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::{Event, ReleaseId, ReleaseStatus, RunAs, step};
use patgate_store::{Change, ReleaseFilter, StoreError, StoredRelease};
use serde_json::json;

use super::Sort;
use super::credential::{self, Entered};
use super::draft::{CredentialDraft, Sealing, VariableEntry, bare, enter, lacking, password_of, tell};
use super::event::{EventStart, started};
use super::variables::require_fit;
use super::write::{called, keeps, keeps_passwords, told};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::service::shown::overtaken_as;
use crate::state::AppState;

/// The most releases of one person that have not ended.
const MOST_OPEN: u64 = 2_000;
/// As many a person may have when an event starts another one for them: the rest is theirs alone, whoever sends events.
const MOST_OPEN_BY_EVENTS: u64 = 1_500;
/// The most releases that the events of one endpoint started and that have not ended, so that others have room as well.
const MOST_OPEN_OF_ENDPOINT: u64 = 500;

/// The most releases one behind the other of which a script has made or started the next. A script that starts its own template
/// would never end, and of those that have ended there is no bound.
const DEEPEST: u32 = 20;

/// What is asked of who makes a release of a template.
#[derive(Clone, Debug, Default)]
pub struct StartDraft {
    /// The version of the template that was shown to who starts it: what they enter is for these scripts. Any, when it is not said.
    pub expected: Option<i64>,
    /// What people will call it; the template's title when it is blank.
    pub title: String,
    /// The values of its variables by their keys, which may be in `${}`.
    pub variables: BTreeMap<String, VariableEntry>,
    /// As whom its scripts call; as the template's when nothing is entered.
    pub credential: CredentialDraft,
    /// The event that starts it, when no person does.
    pub event: Option<EventStart>,
}

/// What becomes of a new release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It waits to be started.
    Wait,
    /// It starts.
    Start,
}

/// Makes a release of a template, and perhaps starts it. The credential is looked at first: when it does not pass, there is
/// no release.
///
/// # Errors
/// 403 without `release#create`; 404; 400 for a variable that there is none of, or without the value that it must have, when all
/// of them are more than scripts are given, and for a credential that does not pass; 409 when the template is not of the
/// expected version any more, when there are too many releases that have not ended, and when scripts have started too many one
/// behind the other.
pub async fn from_template(
    state: &AppState,
    caller: &Caller,
    template: &ReleaseId,
    draft: StartDraft,
    then: Then,
) -> Result<StoredRelease, Problem> {
    caller.require(state, RELEASE_CREATE)?;
    let generation = next_generation(caller, 0)?;
    let entered = Entered::of(state, caller, &draft.credential).await?;
    require_room(state, caller, draft.event.as_ref()).await?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(RELEASE_CREATE)?;
    let template = Sort::Template.of(change.release(template).await?)?;
    if draft.expected.is_some_and(|expected| expected != template.version) {
        let detail = "Somebody changed the template since this form was shown. Nothing was started";
        return Err(overtaken_as(detail).hint("Look at it, and start it again"));
    }
    if draft.event.is_some() && template.release.run_as.as_ref().map(RunAs::user) != Some(caller.user) {
        return Err(Problem::conflict("The user for automated tasks of the template was changed just now"));
    }
    if let Some(event) = &draft.event {
        event.require_accepted(&change).await?;
    }
    draft.credential.require_password(state, template.release.run_as.as_ref())?;
    let steers = steers(&change, &template, caller).await?;
    let owner_name = called(&change, caller).await?;
    let mut random = state.random.draw();
    let number = ReleaseNumber::generate(&mut random);
    let id = match &draft.event {
        Some(event) => event.id()?,
        None => ReleaseId::generate(&mut random),
    };
    let title = Some(draft.title.trim()).filter(|title| !title.is_empty());
    let title = title.unwrap_or(&template.release.title).to_owned();
    let mut release = template.release.of_template(id, title, caller.user, change.now());
    release.generation = generation;
    let mut made = StoredRelease { owner_name, ..StoredRelease::new(number, release) };
    let mut sealing = Sealing { sealer: &state.sealer, random };
    for at in 0..made.release.variables.len() {
        let password: Option<SecretText> =
            password_of(&state.sealer, &template, &made.release.variables[at])?;
        if let Some(password) = password {
            enter(&mut made, at, VariableEntry::Secret(password), &mut sealing)?;
        }
    }
    for (key, entry) in draft.variables {
        let key = bare(&key);
        let at = made.release.variables.iter().position(|variable| variable.key == key);
        let at =
            at.ok_or_else(|| Problem::field("variables", format!("The template has no variable `{key}`")))?;
        if !steers && !made.release.variables[at].show_on_release_start {
            let detail = format!(
                "The variable `{key}` is not asked for at the start; only who entered the template's user for automated tasks \
                 and its passwords may set it"
            );
            return Err(Problem::field("variables", detail));
        }
        enter(&mut made, at, entry, &mut sealing)?;
    }
    let mut detail = json!({ "template": template.release.id.to_string() });
    if let Some(event) = draft.event {
        detail["webhookRequest"] = event.delivery.request.to_string().into();
        for (key, value) in event.values {
            tell(&mut made, key, value, &mut sealing)?;
        }
        change.deliver(&event.delivery, &started(&made.release.id)).await?;
    }
    made.release.run_as = entered.over(made.release.run_as.take());
    made.release.check()?;
    require_fit(&state.sealer, &made, None)?;
    let mut action = "release.create";
    if then == Then::Start {
        require_startable(state, &made).await?;
        (made.release, _) = step(&made.release, Event::Start, change.now())?;
        action = "release.start";
    }
    detail["runsAs"] = told(state, &made).into();
    change.insert_release(&made, action, detail).await?;
    state.commit(change).await?;
    Ok(made)
}

/// Whether a caller may set a variable that is not asked for at the start: it may say where a script of the template calls with the
/// credential, and where it sends the passwords, whoever the release runs as. Both must be theirs.
async fn steers(change: &Change, template: &StoredRelease, caller: &Caller) -> Result<bool, StoreError> {
    Ok(template.release.run_as.as_ref().is_none_or(|run_as| keeps(run_as, caller))
        && (template.secrets.is_empty() || keeps_passwords(change, &template.release, caller).await?))
}

/// Demands that somebody has not too many releases that have not ended: a script that starts its own template would double
/// them for ever, and who may send events to an endpoint would fill them up.
async fn require_room(state: &AppState, caller: &Caller, event: Option<&EventStart>) -> Result<(), Problem> {
    let is_open = |status: &ReleaseStatus| *status == ReleaseStatus::Planned || status.is_active();
    let filter = ReleaseFilter {
        owner: Some(caller.user),
        // By their status, which an index serves: those that ended are many.
        statuses: ReleaseStatus::ALL.iter().copied().filter(is_open).collect(),
        ..ReleaseFilter::default()
    };
    let Some(event) = event else {
        if count(state, &filter).await? >= MOST_OPEN {
            return Err(Problem::conflict(
                "You have 2,000 releases that have not ended; delete or abort some of them first",
            ));
        }
        return Ok(());
    };
    if count(state, &filter).await? >= MOST_OPEN_BY_EVENTS {
        return Err(Problem::conflict(
            "The user for automated tasks has 1,500 releases that have not ended, and webhooks start no more",
        ));
    }
    let of_endpoint = ReleaseFilter { id_begins: Some(event.family()), ..filter };
    if count(state, &of_endpoint).await? >= MOST_OPEN_OF_ENDPOINT {
        return Err(Problem::conflict(
            "There are 500 releases that this endpoint started and that have not ended",
        ));
    }
    Ok(())
}

/// Of which generation a release is that somebody makes, starts or restarts, and that was of this one before.
///
/// # Errors
/// 409 when it would be the twenty-first.
pub(super) fn next_generation(caller: &Caller, before: u32) -> Result<u32, Problem> {
    let Some(of_script) = caller.generation else { return Ok(before) };
    let next = before.max(of_script.saturating_add(1));
    if next > DEEPEST {
        let detail =
            format!("A release that scripts started one from another, {DEEPEST} deep, starts no other");
        return Err(
            Problem::conflict(detail).hint("Let a person or a webhook start a new one of the template")
        );
    }
    Ok(next)
}

async fn count(state: &AppState, filter: &ReleaseFilter) -> Result<u64, Problem> {
    Ok(state.store.count_releases(filter).await?.iter().map(|(_, count)| count).sum())
}

/// Demands what a release needs to start: its variables, and a user for automated tasks who passes, when there is one.
pub(super) async fn require_startable(state: &AppState, stored: &StoredRelease) -> Result<(), Problem> {
    require_values(stored)?;
    if let Some(run_as) = &stored.release.run_as {
        credential::require(state, run_as).await?;
    }
    Ok(())
}

/// Demands what a release needs to go on that was started before.
pub(super) async fn require_restartable(state: &AppState, stored: &StoredRelease) -> Result<(), Problem> {
    require_values(stored)?;
    if let Some(run_as) = &stored.release.run_as {
        credential::require_still(state, run_as).await?;
    }
    Ok(())
}

fn require_values(stored: &StoredRelease) -> Result<(), Problem> {
    let Some(variable) = lacking(stored) else { return Ok(()) };
    let detail = format!("The variable `{}` needs a value before the release starts", variable.key);
    Err(Problem::field("variables", detail))
}
