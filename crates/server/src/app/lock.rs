//! One server on one SQLite database: a second one would see a change up to a twentieth of a second late.
//!
//! The lock is the operating system's (flock), so that it ends with the process, however that ends. Commands do not
//! take it; they look whether a server holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use patgate_store::Database;

/// The file whose lock a server holds while it runs; `None` on PostgreSQL, which many servers share.
#[must_use]
pub(super) fn path(database: &Database, data_dir: &Path) -> Option<PathBuf> {
    match database {
        Database::Sqlite(_) => Some(data_dir.join("server.lock")),
        Database::Postgres(_) => None,
    }
}

/// Takes the lock. `None`: another server holds it.
///
/// # Errors
/// When the file cannot be made or locked.
pub(super) fn take(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a server holds the lock. What cannot be found out counts as held: to wait in vain does no harm.
#[must_use]
pub(super) fn is_held(path: &Path) -> bool {
    !matches!(take(path), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_locks_out_another_and_no_longer_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&Database::Sqlite("x.db".into()), folder.path()).unwrap();
        assert!(!is_held(&path));
        let lock = take(&path).unwrap();
        assert!(lock.is_some() && is_held(&path) && take(&path).unwrap().is_none());
        drop(lock);
        assert!(!is_held(&path));
    }
}
