//! The panel filled in like a token of one's own: where the mail before its expiry leads.

use http::StatusCode;
use patgate_core::grant::{Grant, GrantPermissions};
use url::form_urlencoded::Serializer;

use crate::caller::Caller;
use crate::pages::{Fields, Refused};
use crate::service::tokens::{self, Offer, OwnToken};
use crate::state::AppState;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// What the panel is filled in with: what was typed, or else what the token has that `like` names. One that is gone, or
/// somebody else's, fills in nothing.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn filled(
    state: &AppState,
    caller: &Caller,
    offer: &Offer,
    typed: Fields,
) -> Result<Fields, Refused> {
    let Ok(id) = typed.text("like").parse() else { return Ok(typed) };
    // After a lost session, what was typed.
    if typed.has("name") {
        return Ok(typed);
    }
    match tokens::read_own(state, caller, id).await {
        Ok(OwnToken::Present(grant)) => Ok(like(&grant, offer)),
        Ok(OwnToken::Deleted) => Ok(typed),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(typed),
        Err(problem) => Err(problem.into()),
    }
}

fn like(grant: &Grant, offer: &Offer) -> Fields {
    let mut query = Serializer::new(String::new());
    query.append_pair("name", grant.name.as_str()).append_pair("application", grant.application.as_str());
    query.append_pair("expiration", &lifetime(grant, offer));
    if let GrantPermissions::Chosen(permissions) = &grant.permissions {
        query.append_pair("permissions", "chosen");
        query.extend_pairs(permissions.iter().map(|permission| ("permission", permission.as_str())));
    }
    Fields::read(query.finish().as_bytes())
}

/// Of what can be chosen, the lifetime that is nearest to the one that the token had.
fn lifetime(grant: &Grant, offer: &Offer) -> String {
    let longest = offer.lifetimes.last().copied().unwrap_or(offer.proposed);
    let Some(expires_at) = grant.expires_at.timestamp() else {
        return if offer.maximum.is_none() { "never".to_owned() } else { longest.to_string() };
    };
    let had = expires_at.as_millisecond() - grant.created_at.as_millisecond();
    let nearest = offer.lifetimes.iter().min_by_key(|days| (i64::from(**days) * DAY - had).abs());
    nearest.copied().unwrap_or(longest).to_string()
}
