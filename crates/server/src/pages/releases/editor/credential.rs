//! *Run automated tasks as user*: a user name and a password, or a blank name and a personal access token. Neither is shown
//! again.

use crate::pages::{Field, Fields};
use crate::service::releases::{Credential, CredentialDraft};

/// The fields, always empty.
pub(in crate::pages::releases) struct CredentialForm {
    /// As whom it runs now; empty for nobody.
    pub(in crate::pages::releases) runs_as: String,
    pub(in crate::pages::releases) username: Field,
    pub(in crate::pages::releases) password: Field,
}

impl CredentialForm {
    /// Of a template that runs as this user.
    pub(in crate::pages::releases) fn of(runs_as: Option<String>) -> Self {
        Self {
            runs_as: runs_as.unwrap_or_default(),
            username: Field::new("scriptUsername", "Run automated tasks as user", "")
                .hint("Leave it blank to enter a personal access token as the password."),
            password: Field::new("scriptUserPassword", "Password", "")
                .hint("The user’s password or a personal access token. It is not shown again."),
        }
    }
}

/// What was typed.
pub(in crate::pages::releases) fn draft(fields: &Fields) -> CredentialDraft {
    if fields.has("clear_credential") {
        return CredentialDraft::Clear;
    }
    let (username, password) = (fields.text("scriptUsername"), fields.secret("scriptUserPassword"));
    if username.is_empty() && password.is_empty() {
        return CredentialDraft::Keep;
    }
    CredentialDraft::Enter(Credential { username: username.to_owned(), password: password.into() })
}
