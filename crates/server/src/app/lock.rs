//! One server on one SQLite database: a second one would see a change up to a twentieth of a second late.
//!
//! The lock is the operating system's (flock), so that it ends with the process, however that ends. Commands do not
//! take it; they look whether a server holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use patgate_store::Database;

/// The file whose lock a server holds while it runs; `None` on PostgreSQL, which many servers share.
#[must_use]
pub(super) fn path(database: &Database) -> Option<PathBuf> {
    match database {
        Database::Sqlite(path) => Some(path.with_added_extension("lock")),
        Database::Postgres(_) => None,
    }
}

/// Takes the lock. `None`: another server holds it.
///
/// # Errors
/// When the file cannot be made or locked.
pub(super) async fn take(path: &Path) -> io::Result<Option<File>> {
    const LOOKS: u32 = 10;
    const PAUSE: Duration = Duration::from_millis(20);
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether a server holds the lock. What cannot be found out counts as held: to wait in vain does no harm.
///
/// The look takes a shared lock for a moment, which [`take`] waits out.
#[must_use]
pub(super) fn is_held(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_locks_out_another_and_no_longer_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&Database::Sqlite(folder.path().join("patgate.db"))).unwrap();
        assert!(!is_held(&path), "there is no file yet");
        let lock = take(&path).await.unwrap();
        assert!(lock.is_some() && is_held(&path) && take(&path).await.unwrap().is_none());
        drop(lock);
        assert!(!is_held(&path));
    }
}
