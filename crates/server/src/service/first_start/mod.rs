//! The very first start: when there is no user, an administrator is made, so that somebody can begin.
//!
//! The password comes from the configuration, or is generated into the file `initial-admin-password` of the data
//! folder ([`InitialPasswordFile`]), which goes away when that password no longer counts.

mod file;

use std::path::PathBuf;

use patgate_core::base62;
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::{RoleId, UserId};
use patgate_core::role::Role;
use patgate_core::user::{INTERNAL_PROVIDER, NotAUsername, Origin, Principal, User, UserState, Username};
use patgate_store::{Actor, StoreError};
use rand_core::CryptoRng;

pub use self::file::{FILE_NAME, InitialPasswordFile};
use crate::configuration::Secret;
use crate::password::{NewPassword, PasswordRefused, PasswordText, PasswordUnfit};
use crate::state::AppState;

/// The log-in name of the first administrator.
pub const ADMINISTRATOR: &str = "admin";
/// The role that holds `admin` from the first start on.
pub const ROLE: &str = "Administrators";
/// Characters of a generated password: 142 bits.
const GENERATED: usize = 24;

/// Why the first administrator cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The configured password may not be set.
    #[error("`admin_password` cannot be used: {0}; choose another")]
    Unfit(#[from] PasswordUnfit),
    /// The password could not be hashed.
    #[error("the password of the first administrator cannot be hashed: {0}")]
    Hash(#[from] PasswordRefused),
    /// The file cannot be written.
    #[error("cannot write the first administrator's password to `{path}`; check the folder and its owner")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fixed name is no name: a fault of this program.
    #[error(transparent)]
    Name(#[from] NotAUsername),
}

/// Makes the first administrator when there is no user. Safe when several nodes start at once: one makes it, and the
/// others find it made.
///
/// # Errors
/// [`FirstStartError`]; nobody was made then, and the next start tries again.
pub async fn run(state: &AppState, configured: Option<&Secret>) -> Result<(), FirstStartError> {
    let file = InitialPasswordFile::in_folder(&state.data_dir);
    if state.store.counts().await?.users > 0 {
        return Ok(());
    }
    let mut random = state.random.draw();
    let username: Username = ADMINISTRATOR.parse()?;
    let text = match configured {
        Some(secret) => PasswordText::copy_of(secret.reveal()),
        None => generate(&mut random),
    };
    let password = NewPassword::for_user(&username, text.clone())?;
    let hash = state.passwords.hash(&password, &mut random).await?;

    let now = state.clock.now();
    let mut change = state.store.change(&actor(), now).await?;
    // Changes happen one after the other: whoever comes second sees what the first one made.
    if !change.all_users().await?.is_empty() {
        return Ok(());
    }
    let id = UserId::generate(&mut random);
    let administrator = User {
        id,
        origin: Origin::Internal,
        provider: INTERNAL_PROVIDER.to_owned(),
        subject: id.to_string(),
        username: username.clone(),
        full_name: String::new(),
        email: String::new(),
        groups: Vec::new(),
        state: UserState::Enabled,
        confirmation: Confirmation::Own,
        created_at: now,
        last_active_at: None,
    };
    change.insert_user(&administrator, Some(&hash)).await?;
    let name: Username = ROLE.parse()?;
    let permissions = "admin".parse().into_iter().collect();
    let principals = vec![Principal::internal(username)];
    let role = change.role(&name).await?;
    match role {
        Some(Role { id, name, .. }) => {
            change.update_role(&Role { id, name, principals, permissions }).await?;
        }
        None => {
            let id = RoleId::generate(&mut random);
            change.insert_role(&Role { id, name, principals, permissions }).await?;
        }
    }
    // On the disk before the user is: a crash between the two leaves a password for nobody, never the other way round.
    if configured.is_none() {
        let fault = |source| FirstStartError::File { path: file.path().to_owned(), source };
        file.write(&text).map_err(fault)?;
    }
    if let Err(error) = change.commit().await {
        if configured.is_none() {
            file.remove();
        }
        return Err(error.into());
    }
    if configured.is_some() {
        tracing::info!("made the first administrator, `{ADMINISTRATOR}`, with the configured password");
    } else {
        tracing::warn!(
            "made the first administrator, `{ADMINISTRATOR}`; the password is in `{}`, until it is changed",
            file.path().display()
        );
    }
    Ok(())
}

/// Removes the file once its user has another password, whatever became of it before: a crash after the change, or a
/// change made on another node. Until then each start of a server reminds of it.
///
/// # Errors
/// [`FirstStartError`] when the database does not answer.
pub async fn forget_when_changed(state: &AppState) -> Result<(), FirstStartError> {
    let file = InitialPasswordFile::in_folder(&state.data_dir);
    let Some(text) = file.read() else { return Ok(()) };
    let username: Username = ADMINISTRATOR.parse()?;
    if state.passwords.still_counts(&username, &text).await? {
        tracing::warn!("the first password of `{ADMINISTRATOR}` still counts; change it");
    } else {
        file.remove();
    }
    Ok(())
}

fn actor() -> Actor {
    Actor::system("first start")
}

/// Random base62 characters, each as likely as the others.
fn generate(random: &mut impl CryptoRng) -> PasswordText {
    let mut text = String::with_capacity(GENERATED);
    while text.len() < GENERATED {
        let mut byte = [0];
        random.fill_bytes(&mut byte);
        // 248 is four times 62: what is above would favour the first digits.
        if byte[0] < 248 {
            text.push(char::from(base62::ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    PasswordText::new(text)
}
