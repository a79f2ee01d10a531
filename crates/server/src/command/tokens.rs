//! `patgate token`.

use jiff::Timestamp;
use patgate_core::application::ApplicationSlot;
use patgate_core::token::PlainToken;
use patgate_core::user::Username;

use super::{Changed, CommandError, Workplace, argument};
use crate::service::tokens::{NewTokenMade, OwnedGrant, TokenRequest, command_line};

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
    let new = request.read(&place.state, ApplicationSlot::RELEASE)?;
    let (made, change) = command_line::create(&place.state, &place.actor, &owner, new).await?;
    let NewTokenMade { token, owned } = made;
    let row = TokenRow::new(owned, place.state.clock.now());
    Ok(place.finish(MadeToken { token, row }, change).await)
}

/// Lists the tokens of a user, or of everybody.
///
/// # Errors
/// [`CommandError`] when there is no such user.
pub async fn list(place: Workplace, owner: Option<&str>) -> Result<Vec<TokenRow>, CommandError> {
    let owner: Option<Username> = owner.map(|name| argument("--owner", name)).transpose()?;
    let tokens = command_line::list(&place.state, owner.as_ref()).await?;
    let now = place.state.clock.now();
    place.close().await;
    Ok(tokens.into_iter().map(|token| TokenRow::new(token, now)).collect())
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
