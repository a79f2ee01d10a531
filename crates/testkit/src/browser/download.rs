//! Files that a page hands out.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Browser, PATIENCE};
use crate::wait;

impl Browser {
    /// Presses the link of this name, and waits until the file that it hands out has arrived whole; returns what the
    /// file is called, and its text.
    pub fn download(&self, name: &str) -> (String, String) {
        let folder = tempfile::Builder::new()
            .prefix("download-")
            .tempdir_in(self.directory.path())
            .unwrap_or_else(|error| panic!("no folder for a download: {error}"));
        let behaviour = json!({ "behavior": "allow", "downloadPath": folder.path() });
        self.command("Browser.setDownloadBehavior", &behaviour);
        self.press(name);
        let file = wait::until(PATIENCE, || arrived(folder.path()))
            .unwrap_or_else(|| panic!("`{name}` hands out no file on\n{}", self.whereabouts()));
        let text = fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("`{}` is no text: {error}", file.display()));
        (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text)
    }
}

/// The one file of a folder, when the browser has written all of it: until then it has another name.
fn arrived(folder: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.next()?;
    let name = file.file_name()?.to_string_lossy().into_owned();
    let is_whole = !name.starts_with('.') && !name.ends_with(".crdownload");
    (is_whole && files.next().is_none()).then_some(file)
}
