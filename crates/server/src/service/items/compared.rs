//! Secrets that are only compared, and of which no copy is stored.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{PropertyFault, Reason, SecretText, webhook_property};
use patgate_core::token::TokenText;
use patgate_core::verify::{Demand, Surface, verify};
use patgate_core::webhook::SecretDigest;
use patgate_store::{BoundGrant, DigestedSecret, StoredSecret};

use super::write::refused;
use crate::problem::Problem;
use crate::state::AppState;

/// The least characters of a secret.
const SHORTEST: usize = 16;

/// What is stored of a secret that is only compared: the grant of a personal access token, where one is taken, and else
/// a keyed digest.
///
/// # Errors
/// 400 when the text is a personal access token that does not pass now, or stands where none is taken, or is nothing that a
/// header can carry.
pub(super) fn stored(
    state: &AppState,
    item: ItemNumber,
    property: &str,
    secret: &SecretText,
) -> Result<StoredSecret, Problem> {
    // A token stands in a header, where blanks at its ends do not count; a password is taken as it is.
    let is_token = property == webhook_property::SECRET_TOKEN;
    let text = if is_token { secret.reveal().trim() } else { secret.reveal() };
    if text.trim().chars().count() < SHORTEST {
        return Err(no_token(property, "this is shorter than 16 characters, without the blanks at its ends"));
    }
    if is_token && !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(no_token(property, "this has a character in it that no header can carry"));
    }
    let is_personal = TokenText::parse(text.trim()).is_ok();
    if is_personal && !is_token {
        // By its digest it would open the endpoint after it has ended.
        let said =
            "this is a personal access token, which is for Token Authentication; enter another password";
        return Err(refused(&[PropertyFault::new(property, Reason::Judged(said.to_owned()))]));
    }
    if is_personal {
        let demand = Demand { surface: Surface::Every, permission: None };
        let view = state.index.view();
        let judged = verify(&view, text, None, demand, state.clock.now());
        let grant = judged.map(|permit| permit.grant().map(|grant| grant.id()));
        return match grant {
            Ok(Some(grant)) => Ok(StoredSecret::Grant(BoundGrant { grant })),
            Ok(None) => Err(no_token(property, "this is no personal access token")),
            Err(denied) => Err(no_token(property, &denied.to_string())),
        };
    }
    let digest = SecretDigest::of(state.index.keys(), item, text);
    Ok(StoredSecret::Digest(DigestedSecret { key: digest.key, digest: digest.digest.as_bytes().to_vec() }))
}

fn no_token(property: &str, why: &str) -> Problem {
    refused(&[PropertyFault::new(
        property,
        Reason::Judged(format!("{why}; enter a token that passes, or another secret")),
    )])
}
