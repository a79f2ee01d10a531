//! The users of a provider, as its client sees and changes them.

use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::identifier::UserId;
use patgate_core::scim::Filter;
use patgate_core::user::User;
use patgate_store::{Change, ScimMembership, ScimWindow, StoreError, UserCondition};

use super::{Client, INVALID_FILTER, INVALID_VALUE, MUTABILITY, bad, uniqueness};
use crate::problem::Problem;
use crate::provider::Person;
use crate::service::confirmations;
use crate::service::sign_in::{Arrival, SignInRefused, bring_in, take_over};
use crate::state::AppState;

/// A user, with the groups of the provider they are in.
#[derive(Clone, Debug)]
pub struct SeenUser {
    /// As they are.
    pub user: User,
    /// By name.
    pub groups: Vec<ScimMembership>,
}

/// What a provider says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserWords {
    /// Its own key for them, by which they also sign in.
    pub external_id: String,
    /// Their log-in name.
    pub username: String,
    /// May be empty.
    pub full_name: String,
    /// May be empty.
    pub email: String,
    /// Whether they may do anything; `None`: as before, and yes for a new one.
    pub active: Option<bool>,
}

impl SeenUser {
    /// Whether the provider lets them in. What administrators say is not its matter.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self.user.confirmation, Confirmation::Withdrawn { .. })
    }
}

/// How many users a filter means, and those within the window.
///
/// # Errors
/// 400 for a filter that cannot be answered.
pub async fn list_users(
    state: &AppState,
    client: &Client,
    filter: Option<&Filter>,
    window: ScimWindow,
) -> Result<(u64, Vec<SeenUser>), Problem> {
    let condition = UserCondition::of(filter).map_err(|error| bad(INVALID_FILTER, error))?;
    let (total, users) = state.store.scim_users(client.provider(), &condition, window).await?;
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let memberships = state.store.scim_memberships(&ids).await?;
    let groups = |user: &User| memberships.iter().filter(|it| it.user == user.id).cloned().collect();
    Ok((total, users.into_iter().map(|user| SeenUser { groups: groups(&user), user }).collect()))
}

/// One user.
///
/// # Errors
/// 404, also for users of others.
pub async fn read_user(state: &AppState, client: &Client, id: UserId) -> Result<SeenUser, Problem> {
    let user = state.store.scim_user(client.provider(), id).await?.ok_or_else(no_such_user)?;
    Ok(SeenUser { groups: state.store.scim_memberships(&[id]).await?, user })
}

/// Makes a user, or brings one back whom the provider had taken away.
///
/// # Errors
/// 400 for what cannot be kept; 409 for a key or a name that is taken.
pub async fn create_user(state: &AppState, client: &Client, words: &UserWords) -> Result<SeenUser, Problem> {
    let provider = client.provider();
    let mut change = client.change(state).await?;
    check_key(&words.external_id)?;
    let known = change.user_by_subject(provider.origin, provider.name.as_str(), &words.external_id).await?;
    if let Some(known) = known.filter(|known| !is_gone(known)) {
        let detail = format!("The user `{}` has this externalId: change that one", known.id);
        return Err(uniqueness(detail));
    }
    free_name(&mut change, client, words).await?;
    let person = person(words, Vec::new());
    let now = state.clock.now();
    let arrival = Arrival {
        origin: provider.origin,
        provider: provider.name,
        person: &person,
        begun: now,
        asked: now,
        address: client.caller.address,
        refresh_token: None,
    };
    let id = bring_in(state, &mut change, arrival).await.map_err(refused)?;
    // Made as confirmed just now; who comes back was withdrawn.
    settle(state, &mut change, id, words.active.unwrap_or(true)).await?;
    finish(state, client, change, id).await
}

/// Changes a user to what `edit` makes of them. It may refuse.
///
/// # Errors
/// 404, also for users of others; what `edit` refuses with; 400 and 409 as in [`create_user`].
pub async fn change_user(
    state: &AppState,
    client: &Client,
    id: UserId,
    edit: impl FnOnce(&SeenUser) -> Result<UserWords, Problem>,
) -> Result<SeenUser, Problem> {
    let mut change = client.change(state).await?;
    let before = seen(&change, client, id).await?;
    let words = edit(&before)?;
    if words.external_id != before.user.subject {
        let detail = "externalId is what this user signs in by: it does not change. Make another user";
        return Err(bad(MUTABILITY, detail));
    }
    free_name(&mut change, client, &words).await?;
    let person = person(&words, before.user.groups.clone());
    take_over(&mut change, &before.user, &person).await.map_err(refused)?;
    settle(state, &mut change, id, words.active.unwrap_or(before.is_active())).await?;
    finish(state, client, change, id).await
}

/// Takes a user away: nothing of theirs passes any more, and SCIM does not know them. Their tokens stay suspended, and
/// the same key brings them back.
///
/// # Errors
/// 404, also for users of others; what `check` refuses with.
pub async fn delete_user(
    state: &AppState,
    client: &Client,
    id: UserId,
    check: impl FnOnce(&SeenUser) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut change = client.change(state).await?;
    check(&seen(&change, client, id).await?)?;
    change.leave_scim_groups(id).await?;
    change.withdraw_user(id, Withdrawal::Gone).await?;
    state.commit(change).await?;
    Ok(())
}

async fn seen(change: &Change, client: &Client, id: UserId) -> Result<SeenUser, Problem> {
    let user = change.scim_user(client.provider(), id).await?.ok_or_else(no_such_user)?;
    Ok(SeenUser { groups: change.scim_memberships(id).await?, user })
}

/// Lets a user in, which is the provider's word that they are there, or not.
async fn settle(
    state: &AppState,
    change: &mut Change,
    id: UserId,
    is_active: bool,
) -> Result<(), StoreError> {
    if is_active {
        change.confirm_users(&[id], confirmations::next_look(state)).await
    } else {
        change.withdraw_user(id, Withdrawal::Disabled).await
    }
}

async fn finish(state: &AppState, client: &Client, change: Change, id: UserId) -> Result<SeenUser, Problem> {
    let seen = seen(&change, client, id).await?;
    state.commit(change).await?;
    Ok(seen)
}

/// Deletes who had the name before, when the provider has taken them away and now gives it to another: a name belongs to
/// one user, and nothing of the old one comes to the new.
async fn free_name(change: &mut Change, client: &Client, words: &UserWords) -> Result<(), Problem> {
    let Ok(name) = words.username.trim().parse() else { return Ok(()) };
    let holder = change.user_by_name(&name).await?;
    let is_former = |user: &User| {
        user.origin == client.provider().origin
            && user.provider == client.provider().name.as_str()
            && user.subject != words.external_id
            && is_gone(user)
    };
    if let Some(former) = holder.filter(is_former) {
        change.delete_user(former.id).await?;
    }
    Ok(())
}

fn is_gone(user: &User) -> bool {
    matches!(user.confirmation, Confirmation::Withdrawn { reason: Withdrawal::Gone, .. })
}

fn person(words: &UserWords, groups: Vec<String>) -> Person {
    Person {
        subject: words.external_id.clone(),
        username: words.username.clone(),
        full_name: words.full_name.clone(),
        email: words.email.clone(),
        groups,
    }
}

fn check_key(external_id: &str) -> Result<(), Problem> {
    let fits = (1..=255).contains(&external_id.chars().count()) && !external_id.contains(char::is_control);
    if fits {
        Ok(())
    } else {
        Err(bad(INVALID_VALUE, "externalId has 1 to 255 characters, none of them control"))
    }
}

fn refused(refused: SignInRefused) -> Problem {
    match refused {
        SignInRefused::Name { fault, .. } => bad(INVALID_VALUE, format!("userName: {fault}")),
        SignInRefused::NameTaken(name) => {
            uniqueness(format!("The userName `{name}` belongs to somebody else here: choose another"))
        }
        SignInRefused::NameDoubled { name, double } => uniqueness(format!(
            "The userName `{name}` looks like `{double}`, which belongs to somebody else here: choose another"
        )),
        SignInRefused::NameHeld(name) => uniqueness(format!(
            "A role names `{name}`, who is not there yet; a user who is renamed does not become them: change the role first, \
             or choose another userName"
        )),
        other => other.into(),
    }
}

fn no_such_user() -> Problem {
    Problem::not_found("user")
}
