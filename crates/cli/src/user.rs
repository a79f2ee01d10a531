//! `patgate user`.

use patgate_server::command::users::{self, UserRequest, UserRow};

use crate::arguments::{NewUser, User};
use crate::failure::Failure;
use crate::output::{Table, tell};
use crate::password;
use crate::workplace::{change, work};

/// Makes, lists or changes users.
pub(crate) fn run(command: User) -> Result<(), Failure> {
    match command {
        User::Create(arguments) => create(arguments),
        User::List { place, search } => {
            let mut table = Table::new(["NAME", "FULL NAME", "EMAIL", "ORIGIN", "STATE"]);
            let show = |rows: Vec<UserRow>| table.write(rows.into_iter().map(cells).collect());
            work(place, async |place| users::list(place, search.as_deref(), show).await)?;
            table.end()
        }
        User::Disable { place, name } => {
            let done = format!("`{name}` is disabled: they cannot sign in, and their tokens pass nowhere.");
            change(place, async |place| users::set_enabled(place, &name, false).await, |()| said(&done))
        }
        User::Enable { place, name } => {
            let done = format!("`{name}` is enabled: they can sign in, and their tokens pass again.");
            change(place, async |place| users::set_enabled(place, &name, true).await, |()| said(&done))
        }
        User::SetPassword { place, name, password_file } => {
            let new = password::read(password_file.as_deref())?;
            let done = format!("`{name}` has the new password, and is signed out everywhere.");
            change(place, async |place| users::set_password(place, &name, &new).await, |()| said(&done))
        }
    }
}

fn create(arguments: NewUser) -> Result<(), Failure> {
    let NewUser { place, name, full_name, email, role, password_file, no_password } = arguments;
    let password = if no_password { None } else { Some(password::read(password_file.as_deref())?) };
    let request = UserRequest { username: name, full_name, email, password, role };
    change(
        place,
        async |place| users::create(place, request).await,
        |row| said(&format!("The user `{}` is made.", row.username)),
    )
}

fn said(sentence: &str) -> Result<(), Failure> {
    tell(sentence);
    Ok(())
}

fn cells(row: UserRow) -> [String; 5] {
    [row.username, row.full_name, row.email, row.origin, row.state.to_owned()]
}
