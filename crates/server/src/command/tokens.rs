//! `patgate token`.

use jiff::Timestamp;
use patgate_core::application::{ApplicationName, ApplicationSlot};
use patgate_core::token::PlainToken;
use patgate_core::user::Username;

use super::{Changed, CommandError, Workplace, argument, in_words_of_the_terminal};
use crate::service::tokens::command_line::{Listing, Wanted};
use crate::service::tokens::{NewTokenMade, OwnedGrant, TokenRequest, command_line};

/// What the fields of a request for a token are called on the command line.
const FLAGS: [(&str, &str); 6] = [
    ("tokenNote", "--name"),
    ("expiresAt", "--expires-at"),
    ("expiryDate", "--expires-at"),
    ("expiresInDays", "--expires-in-days"),
    ("globalPermissions", "--permission"),
    ("application", "--application"),
];

/// A token that was just made: the one moment at which its text can be shown.
pub struct MadeToken {
    /// The secret.
    pub token: PlainToken,
    /// What it is.
    pub row: TokenRow,
}

/// A token as a line of a list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Names the token in other commands.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// For whom it speaks.
    pub owner: String,
    /// Where it passes.
    pub application: String,
    /// When it ends; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// `active`, `suspended` or `expired`.
    pub state: &'static str,
    /// When it last passed.
    pub last_used_at: Option<Timestamp>,
}

/// Makes a token for a user. Without an application it is for Release, as in the API.
///
/// # Errors
/// [`CommandError`] when the user or what is asked does not exist, or the rules do not allow it.
pub async fn create(
    place: Workplace,
    owner: &str,
    request: TokenRequest,
) -> Result<Changed<MadeToken>, CommandError> {
    let owner: Username = argument("--owner", owner)?;
    let in_words = |problem| in_words_of_the_terminal(problem, &FLAGS);
    let new = request.read(&place.state, ApplicationSlot::RELEASE).map_err(in_words)?;
    let made = command_line::create(&place.state, &place.actor, &owner, new).await;
    let (made, change) = made.map_err(in_words)?;
    let NewTokenMade { token, owned } = made;
    let row = TokenRow::new(owned, place.state.clock.now());
    Ok(place.finish(MadeToken { token, row }, change).await)
}

/// Which tokens are listed, in the texts of the command line; `Default`: everybody's.
#[derive(Clone, Debug, Default)]
pub struct TokensWanted {
    /// Of this user alone.
    pub owner: Option<String>,
    /// Whose name begins with this.
    pub search: Option<String>,
    /// For this application alone.
    pub application: Option<String>,
}

/// Lists tokens by name: hands them over a part at a time, as they are read, until `show` fails.
///
/// # Errors
/// [`CommandError`] when there is no such user or application; what `show` says.
pub async fn list<E: From<CommandError>>(
    place: Workplace,
    wanted: TokensWanted,
    mut show: impl FnMut(Vec<TokenRow>) -> Result<(), E>,
) -> Result<(), E> {
    let TokensWanted { owner, search, application } = wanted;
    let owner: Option<Username> = owner.map(|name| argument("--owner", &name)).transpose()?;
    let application = application.map(|name| application_named(&place, &name)).transpose()?;
    let wanted = Wanted { owner: owner.as_ref(), search, application };
    let now = place.state.clock.now();
    let mut listing = Listing::of(&place.state, wanted).await.map_err(CommandError::from)?;
    while let Some(tokens) = listing.next().await.map_err(CommandError::from)? {
        show(tokens.into_iter().map(|token| TokenRow::new(token, now)).collect())?;
    }
    drop(listing);
    place.close().await;
    Ok(())
}

/// Deletes a token for good.
///
/// # Errors
/// [`CommandError`] when there is no such token.
pub async fn delete(place: Workplace, id: &str) -> Result<Changed<()>, CommandError> {
    let id = argument("ID", id)?;
    let change = command_line::delete(&place.state, &place.actor, id).await?;
    Ok(place.finish((), change).await)
}

fn application_named(place: &Workplace, name: &str) -> Result<ApplicationName, CommandError> {
    let applications = &place.state.applications;
    let slot = applications.slot(name).and_then(|slot| applications.name(slot)).cloned();
    slot.ok_or_else(|| {
        let known: Vec<_> = applications.iter().map(|(_, name, _)| format!("`{name}`")).collect();
        let reason = format!("there is no application `{name:.40}`; there are {}", known.join(", "));
        CommandError::Argument { argument: "--application", reason }
    })
}

impl TokenRow {
    fn new(OwnedGrant { grant, owner, owner_suspends }: OwnedGrant, now: Timestamp) -> Self {
        let state = grant.status(owner_suspends, now).as_str();
        Self {
            id: grant.id.to_string(),
            name: grant.name.into(),
            owner: owner.into(),
            application: grant.application.to_string(),
            expires_at: grant.expires_at.timestamp(),
            state,
            last_used_at: grant.last_use.map(|last_use| last_use.at),
        }
    }
}
