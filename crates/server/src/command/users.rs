//! `patgate user`.

use patgate_core::user::{User, UserState, Username};

use super::{Changed, CommandError, Workplace, argument};
use crate::configuration::Secret;
use crate::password::PasswordText;
use crate::service::users::{NewUser, command_line};

/// A user as a line of a list.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// What they type to log in.
    pub username: String,
    /// For people to read.
    pub full_name: String,
    /// Their mail address.
    pub email: String,
    /// Where they come from.
    pub origin: String,
    /// `enabled` or `disabled`.
    pub state: &'static str,
}

/// What is said of a new user.
#[derive(Debug)]
pub struct UserRequest {
    /// What they type to log in.
    pub username: String,
    /// For people to read; may be empty.
    pub full_name: String,
    /// May be empty.
    pub email: String,
    /// Without one they can only use tokens.
    pub password: Option<Secret>,
    /// A role they are put into.
    pub role: Option<String>,
}

/// Makes an internal user.
///
/// # Errors
/// [`CommandError`] when the name is taken, or anything said is not what it must be.
pub async fn create(place: Workplace, request: UserRequest) -> Result<Changed<UserRow>, CommandError> {
    let new = NewUser {
        username: argument("NAME", &request.username)?,
        full_name: argument("--full-name", &request.full_name)?,
        email: argument("--email", &request.email)?,
        login_allowed: true,
        password: request.password.as_ref().map(password),
    };
    let role: Option<Username> = request.role.as_deref().map(|role| argument("--role", role)).transpose()?;
    let (user, change) = command_line::create(&place.state, &place.actor, new, role.as_ref()).await?;
    Ok(place.finish(UserRow::new(user), change).await)
}

/// Lists all users.
///
/// # Errors
/// [`CommandError`] when the database does not answer.
pub async fn list(place: Workplace) -> Result<Vec<UserRow>, CommandError> {
    let users = command_line::list(&place.state).await?;
    place.close().await;
    Ok(users.into_iter().map(UserRow::new).collect())
}

/// Disables a user, which stops their tokens, or enables them again.
///
/// # Errors
/// [`CommandError`] when there is no such user, or it is the last administrator.
pub async fn set_enabled(
    place: Workplace,
    username: &str,
    is_enabled: bool,
) -> Result<Changed<()>, CommandError> {
    let username = argument("NAME", username)?;
    let change = command_line::set_login_allowed(&place.state, &place.actor, &username, is_enabled).await?;
    Ok(place.finish((), change).await)
}

/// Sets the password of an internal user.
///
/// # Errors
/// [`CommandError`] when there is no such user, or the password may not be set.
pub async fn set_password(
    place: Workplace,
    username: &str,
    new: &Secret,
) -> Result<Changed<()>, CommandError> {
    let username = argument("NAME", username)?;
    let change = command_line::set_password(&place.state, &place.actor, &username, password(new)).await?;
    Ok(place.finish((), change).await)
}

impl UserRow {
    fn new(user: User) -> Self {
        Self {
            username: user.username.as_str().to_owned(),
            full_name: user.full_name,
            email: user.email,
            origin: user.origin.as_str().to_owned(),
            state: match user.state {
                UserState::Enabled => "enabled",
                UserState::Disabled { .. } => "disabled",
            },
        }
    }
}

fn password(secret: &Secret) -> PasswordText {
    PasswordText::copy_of(secret.reveal())
}
