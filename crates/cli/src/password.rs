//! A password for a command: from a file, from the input, or typed without being seen. Never from an argument, which
//! every user of the machine could read.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use patgate_server::configuration::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;
use crate::output::tell;

/// Reads the password from a file when one is named, else from the input: one line, without its end.
pub(crate) fn read(file: Option<&Path>) -> Result<Secret, Failure> {
    if let Some(path) = file {
        let text = fs::read_to_string(path).map(Secret::new);
        let unreadable = |error| Failure::Unusable(format!("cannot read `{}`: {error}", path.display()));
        return Ok(first_line(&text.map_err(unreadable)?));
    }
    if !io::stdin().is_terminal() {
        return line();
    }
    let first = typed("Password: ")?;
    if typed("The same again: ")? == first {
        Ok(first)
    } else {
        Err(Failure::Unusable("the two passwords are not the same".to_owned()))
    }
}

fn typed(prompt: &str) -> Result<Secret, Failure> {
    let _hidden = Hidden::start()?;
    tell(prompt);
    line()
}

fn line() -> Result<Secret, Failure> {
    // Room for any password, so that no copy is left behind by a buffer that grew.
    let mut text = String::with_capacity(2_048);
    let read = io::stdin().lock().read_line(&mut text);
    let text = Secret::new(text);
    match read {
        Ok(1..) => Ok(first_line(&text)),
        Ok(0) => Err(Failure::Unusable(
            "there is no password\nhint: write it to the input, or name a file with `--password-file`"
                .to_owned(),
        )),
        Err(error) => Err(Failure::failed(format_args!("cannot read the password: {error}"))),
    }
}

fn first_line(text: &Secret) -> Secret {
    Secret::new(text.reveal().lines().next().unwrap_or_default().to_owned())
}

/// While it lives, the terminal does not show what is typed.
struct Hidden(Termios);

impl Hidden {
    fn start() -> Result<Self, Failure> {
        let fault = |error| Failure::failed(format_args!("cannot hide what is typed: {error}"));
        let before = tcgetattr(io::stdin()).map_err(fault)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden).map_err(fault)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone away.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_file_ends_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for text in ["correct horse", "correct horse\n", "correct horse\r\nmore\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(Some(&path)).unwrap().reveal(), "correct horse");
        }
        assert!(matches!(read(Some(&folder.path().join("missing"))), Err(Failure::Unusable(_))));
    }
}
