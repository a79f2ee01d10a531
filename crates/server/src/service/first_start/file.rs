//! The file that tells the operator the password that was made for them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::password::PasswordText;
use crate::secret_file;

/// Its name in the data folder.
pub const FILE_NAME: &str = "initial-admin-password";

/// The longest content that is read, in bytes.
const LONGEST: usize = 4_096;

/// The file, whether it is there or not.
#[derive(Clone, Debug)]
pub struct InitialPasswordFile(PathBuf);

impl InitialPasswordFile {
    /// The one of this data folder.
    #[must_use]
    pub fn in_folder(data_dir: &Path) -> Self {
        Self(data_dir.join(FILE_NAME))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the password with a line end, for nobody else to read (0600). It and its entry in the folder are on the
    /// disk when this returns.
    ///
    /// A file that is there already is of a start that did not get to its end: there is no user yet.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&self, password: &PasswordText) -> io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0)?;
        file.write_all(password.reveal().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// The password in it; `None` when there is no such file.
    #[must_use]
    pub fn read(&self) -> Option<PasswordText> {
        let file = File::open(&self.0).ok()?;
        let text = secret_file::read(file, LONGEST).ok()?;
        Some(PasswordText::copy_of(text.trim_end_matches('\n')))
    }

    /// Removes it. That it cannot be is only told to the log: the password in it counts no more.
    pub fn remove(&self) {
        match fs::remove_file(&self.0) {
            Ok(()) => tracing::info!("removed `{}`: the password in it counts no more", self.0.display()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "cannot remove `{}`; remove it by hand", self.0.display()),
        }
    }
}
