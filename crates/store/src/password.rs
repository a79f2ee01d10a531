//! The stored form of a password, which nobody gets to see.

use patgate_core::identifier::UserId;
use zeroize::Zeroizing;

/// An argon2 hash in PHC text form. It can be neither printed nor serialised, and is wiped when dropped.
#[derive(Clone)]
pub struct PasswordHashText(Zeroizing<String>);

impl PasswordHashText {
    /// Takes the PHC text as it is; whether it is well formed is for the reader of passwords to say.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The PHC text, for checking a password against it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What a password is checked against.
#[derive(Clone)]
pub struct StoredPassword {
    /// Whose it is.
    pub user: UserId,
    /// The hash.
    pub hash: PasswordHashText,
    /// Grows with each new password; a session is good for the version it was opened with.
    pub version: i64,
}
