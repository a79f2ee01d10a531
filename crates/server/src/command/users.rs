//! `patgate user`.

use patgate_core::user::{User, UserState, Username};
use patgate_store::{Seek, UserCursor};

use super::{Changed, CommandError, Workplace, argument, in_words_of_the_terminal};
use crate::configuration::Secret;
use crate::password::PasswordText;
use crate::service::users::{NewUser, command_line};

/// Users that are read at once.
const ROWS: u64 = 500;
/// What the field of the password is called, wherever it comes from.
const PASSWORD: [(&str, &str); 1] = [("password", "password")];

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
    let made = command_line::create(&place.state, &place.actor, new, role.as_ref()).await;
    let (user, change) = made.map_err(|problem| in_words_of_the_terminal(problem, &PASSWORD))?;
    Ok(place.finish(UserRow::new(user), change).await)
}

/// Lists the users whose names begin with `search`, or all of them, by name: hands them over a part at a time, as they
/// are read, until `show` fails.
///
/// # Errors
/// [`CommandError`] when the database does not answer; what `show` says.
pub async fn list<E: From<CommandError>>(
    place: Workplace,
    search: Option<&str>,
    mut show: impl FnMut(Vec<UserRow>) -> Result<(), E>,
) -> Result<(), E> {
    let mut seek = Seek::Start;
    loop {
        let users =
            command_line::list(&place.state, search, &seek, ROWS).await.map_err(CommandError::from)?;
        let Some(last) = users.last() else { break };
        seek = Seek::After(UserCursor::of(last));
        let is_whole = users.len() as u64 == ROWS;
        show(users.into_iter().map(UserRow::new).collect())?;
        if !is_whole {
            break;
        }
    }
    place.close().await;
    Ok(())
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
    let change = command_line::set_password(&place.state, &place.actor, &username, password(new)).await;
    let change = change.map_err(|problem| in_words_of_the_terminal(problem, &PASSWORD))?;
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
