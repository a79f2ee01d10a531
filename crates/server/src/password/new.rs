//! Which passwords may be set.

use patgate_core::token::text::is_token_shaped;
use patgate_core::user::Username;

use super::PasswordText;

/// The fewest characters of a new password (NIST SP 800-63B-3 §5.1.1.2).
pub(super) const SHORTEST: usize = 8;
/// The most bytes of a password: more than a phrase, less than work worth sending.
pub(super) const LONGEST: usize = 1_024;

/// A password that may be set.
#[derive(Clone, Debug)]
pub struct NewPassword(PasswordText);

/// Why a password may not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordUnfit {
    /// Below [`SHORTEST`].
    #[error("a password has at least 8 characters")]
    TooShort,
    /// Above [`LONGEST`].
    #[error("a password has at most 1,024 bytes")]
    TooLong,
    /// It could not be sent with `Basic` (RFC 7617 §2).
    #[error("a password has no control characters")]
    ControlCharacter,
    /// The first thing that is tried.
    #[error("a password is not the user name")]
    IsUsername,
    /// It would only ever be taken for a token.
    #[error("a password must not look like a token")]
    LooksLikeToken,
}

impl NewPassword {
    /// Takes a password for this user, when it is fit.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn for_user(username: &Username, password: PasswordText) -> Result<Self, PasswordUnfit> {
        let text = password.reveal();
        if text.len() > LONGEST {
            Err(PasswordUnfit::TooLong)
        } else if text.chars().count() < SHORTEST {
            Err(PasswordUnfit::TooShort)
        } else if text.contains(char::is_control) {
            Err(PasswordUnfit::ControlCharacter)
        } else if text.trim().to_lowercase() == username.key() {
            Err(PasswordUnfit::IsUsername)
        } else if is_token_shaped(text.trim()) {
            Err(PasswordUnfit::LooksLikeToken)
        } else {
            Ok(Self(password))
        }
    }

    pub(super) fn text(&self) -> &PasswordText {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<(), PasswordUnfit> {
        let password = PasswordText::copy_of(text);
        NewPassword::for_user(&"Long.Name".parse().unwrap(), password).map(drop)
    }

    #[test]
    fn a_user_sets_what_is_long_enough_and_not_obvious() {
        assert_eq!(judge("eight ch"), Ok(()));
        assert_eq!(judge("ü".repeat(8).as_str()), Ok(()));
        assert_eq!(judge(&"x".repeat(1_024)), Ok(()));
        assert_eq!(judge("seven c"), Err(PasswordUnfit::TooShort));
        assert_eq!(judge(&"ü".repeat(513)), Err(PasswordUnfit::TooLong));
        assert_eq!(judge("eight\nch"), Err(PasswordUnfit::ControlCharacter));
        assert_eq!(judge("long.NAME"), Err(PasswordUnfit::IsUsername));
        assert_eq!(judge(&format!("pat_{}", "a".repeat(33))), Err(PasswordUnfit::LooksLikeToken));
    }
}
