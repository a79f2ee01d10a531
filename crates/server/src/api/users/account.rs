//! The vendor's `UserAccount`: how a user is shown, and how a request describes one.

use jiff::Timestamp;
use patgate_core::user::{Origin, User, UserState, Username};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::users::{Edit, NewUser, PasswordEdit};

/// A user, as the API shows them. A password is never shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct UserAccount {
    /// What they type to log in.
    #[schema(example = "ann")]
    username: String,
    /// Whether they come from a directory or from single sign-on.
    external: bool,
    /// Names this user for ever; a user made again under the name has another.
    #[schema(example = "4fQ0kZ3mB1x")]
    profile_id: String,
    /// Where mails go; may be empty.
    #[schema(example = "ann@example.org")]
    email: String,
    /// For people to read; may be empty.
    #[schema(example = "Ann Example")]
    full_name: String,
    /// Whether administrators let them act: sign in, and use tokens. A provider may have withdrawn them all the same.
    login_allowed: bool,
    /// Their last sign-in to the pages; `null`: never.
    last_active: Option<Timestamp>,
}

/// A user, as a request describes them. What is absent or `null` stays as it is; fields not listed here are ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserAccountForm {
    /// The same name as in the path; in a list it says which user.
    #[schema(example = "ann")]
    username: Option<String>,
    /// Only what is true already: where a user comes from cannot be changed.
    external: Option<bool>,
    /// Where mails go.
    #[schema(example = "ann@example.org")]
    email: Option<String>,
    /// For people to read, at most 255 characters.
    #[schema(example = "Ann Example")]
    full_name: Option<String>,
    /// Whether administrators let them act: sign in, and use tokens. A provider may have withdrawn them all the same.
    login_allowed: Option<bool>,
    /// A new password, 8 characters to 1,024 bytes; an empty one changes nothing.
    #[schema(value_type = Option<String>, write_only)]
    password: Option<PasswordText>,
    /// The current password, to set one's own.
    #[schema(value_type = Option<String>, write_only)]
    previous_password: Option<PasswordText>,
}

impl From<User> for UserAccount {
    fn from(user: User) -> Self {
        Self {
            username: user.username.to_string(),
            external: user.origin != Origin::Internal,
            profile_id: user.id.to_string(),
            email: user.email,
            full_name: user.full_name,
            login_allowed: user.state == UserState::Enabled,
            last_active: user.last_active_at,
        }
    }
}

impl UserAccountForm {
    /// The user to be made under this name.
    pub(super) fn into_new_user(self, username: Username) -> Result<NewUser, Problem> {
        self.agrees(&username)?;
        if self.external == Some(true) {
            let detail = "The field `external`: users of a provider come from the provider";
            return Err(Problem::field("external", detail));
        }
        Ok(NewUser {
            username,
            full_name: self.full_name.map(|text| parsed("fullName", &text)).transpose()?.unwrap_or_default(),
            email: self.email.map(|text| parsed("email", &text)).transpose()?.unwrap_or_default(),
            login_allowed: self.login_allowed.unwrap_or(true),
            password: self.password.filter(is_given),
        })
    }

    /// What is to be different about the user of this name.
    pub(super) fn into_edit(self, username: Username) -> Result<Edit, Problem> {
        self.agrees(&username)?;
        self.edit(username, String::new())
    }

    /// What is to be different about the user at this place of a list.
    pub(super) fn into_edit_at(self, at: usize) -> Result<Edit, Problem> {
        let place = format!("[{at}].");
        let field = format!("{place}username");
        let username = self.username.as_deref().unwrap_or_default();
        let username = parsed(&field, username)?;
        self.edit(username, place)
    }

    fn edit(self, username: Username, place: String) -> Result<Edit, Problem> {
        let Self { external, email, full_name, login_allowed, password, previous_password, .. } = self;
        let field = |name: &str| format!("{place}{name}");
        let full_name = full_name.map(|text| parsed(&field("fullName"), &text)).transpose()?;
        let email = email.map(|text| parsed(&field("email"), &text)).transpose()?;
        let password = password.filter(is_given).map(|new| PasswordEdit {
            new,
            current: previous_password,
            new_field: "password",
            current_field: "previousPassword",
        });
        Ok(Edit { username, place, full_name, email, login_allowed, external, password, shown: None })
    }

    fn agrees(&self, username: &Username) -> Result<(), Problem> {
        match &self.username {
            Some(other) if other.parse::<Username>().as_ref() != Ok(username) => {
                let detail = format!("The field `username` is not `{username}`, as in the path");
                Err(Problem::field("username", detail).hint("A user cannot be renamed"))
            }
            _ => Ok(()),
        }
    }
}

/// A text as its type, or the refusal of its field.
pub(in crate::api) fn parsed<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Problem::field(field, format!("The field `{field}`: {error}")))
}

fn is_given(password: &PasswordText) -> bool {
    !password.reveal().is_empty()
}
