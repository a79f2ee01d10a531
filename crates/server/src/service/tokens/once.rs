//! A form that makes a token makes one, however often it is sent: to any node, and after any restart.
//!
//! The identifier of the grant is derived from the form's own, so that the database itself knows which forms were used.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patgate_core::identifier::{GrantId, UserId};
use patgate_store::StoreError;
use rand_core::CryptoRng;

use super::create::make;
use super::issue::{NewToken, NewTokenMade};
use super::refused::CreationRefused;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Keeps these identifiers apart from all other digests.
const CONTEXT: &str = "patgate 2026-11-22 form of a new token";

/// Names one showing of the form: 128 random bits, 22 characters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormId([u8; 16]);

/// Not the name of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this form is not complete")]
pub struct NotAFormId;

impl FormId {
    /// That of a form which is shown now.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bits = [0; 16];
        random.fill_bytes(&mut bits);
        Self(bits)
    }

    /// The grant that this form makes when this user sends it.
    #[must_use]
    pub fn grant(self, user: UserId) -> GrantId {
        let material = [&user.as_i64().to_be_bytes()[..], &self.0].concat();
        let [a, b, c, d, e, f, g, h, ..] = blake3::derive_key(CONTEXT, &material);
        GrantId::from_i64((u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1).cast_signed())
    }
}

impl fmt::Display for FormId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for FormId {
    type Err = NotAFormId;

    fn from_str(text: &str) -> Result<Self, NotAFormId> {
        let mut bits = [0; 16];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bits) {
            Ok(16) => Ok(Self(bits)),
            _ => Err(NotAFormId),
        }
    }
}

/// Makes a token whose owner is the caller; `None`: this form made one before, and nothing was made now.
///
/// # Errors
/// As [`super::create`].
pub async fn create_once(
    state: &AppState,
    caller: &Caller,
    form: FormId,
    new: NewToken,
) -> Result<Option<NewTokenMade>, Problem> {
    let id = form.grant(caller.user);
    // Deleted ones count too: a form that is sent again brings nothing back.
    if state.store.grant_with_history(id).await?.is_some() {
        return Ok(None);
    }
    let lifetime = new.lifetime_field;
    match make(state, caller, new, Some(id)).await? {
        Ok(made) => Ok(Some(made)),
        // The same form came a moment earlier.
        Err(CreationRefused::Store(StoreError::AlreadyThere(_))) => Ok(None),
        Err(refused) => Err(refused.into_problem(lifetime)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_a_user_name_one_grant() {
        let (form, other) = (FormId([7; 16]), FormId([8; 16]));
        let (ann, bob) = (UserId::from_i64(1), UserId::from_i64(2));
        assert_eq!(form.grant(ann), form.to_string().parse::<FormId>().unwrap().grant(ann));
        assert_ne!(form.grant(ann), form.grant(bob));
        assert_ne!(form.grant(ann), other.grant(ann));
        // A form that an older version showed must name the same grant.
        assert_eq!(form.grant(ann).to_string(), "7I6Ik0mr1tr");
    }

    #[test]
    fn what_no_page_has_shown_is_no_form() {
        for text in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "++++++++++++++++++++AA"]
        {
            assert_eq!(text.parse::<FormId>(), Err(NotAFormId), "{text}");
        }
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAA".parse(), Ok(FormId([0; 16])));
    }
}
