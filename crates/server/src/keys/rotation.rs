//! Another sealing key for the file: the next step of a rotation is to seal everything anew with it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use patgate_core::token::DigestKeys;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::file::{digits_of, read, read_text, sync_folder};
use super::{KeysFault, SealingKey};

/// Adds a sealing key with the next number, which makes it the one that seals. Where there are three already, the oldest
/// goes, unless it is `in_use`. The old file stays whole until the new one is on the disk. Returns the number.
///
/// # Errors
/// [`KeysFault`]; [`KeysFault::InUse`] when there is no room. The file is as it was then.
pub fn add_sealing_key(
    path: &Path,
    in_use: &BTreeSet<u32>,
    random: &mut impl CryptoRng,
) -> Result<u32, KeysFault> {
    let system = |source| KeysFault::System { action: "change", path: path.to_owned(), source };
    // A link keeps leading to the file.
    let path = &fs::canonicalize(path).map_err(system)?;
    let sealing = read(path)?.sealing;
    let newest = sealing.first().map_or(0, SealingKey::id);
    let id = newest.checked_add(1).ok_or_else(|| KeysFault::Unusable(path.to_owned()))?;
    let oldest = sealing.last().filter(|_| sealing.len() >= DigestKeys::MOST).map(SealingKey::id);
    if let Some(oldest) = oldest.filter(|oldest| in_use.contains(oldest)) {
        return Err(KeysFault::InUse { path: path.to_owned(), id: oldest });
    }
    let before = read_text(path)?;
    let mut key = Zeroizing::new([0_u8; 32]);
    random.fill_bytes(key.as_mut());
    let digits = digits_of(&key);
    // Room for all of it, so that no copy is left behind by a buffer that grew.
    let mut text = Zeroizing::new(String::with_capacity(before.len() + 128));
    for line in before.lines().filter(|line| oldest.is_none_or(|oldest| !is_sealing_key(line, oldest))) {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("sealing ");
    text.push_str(&id.to_string());
    text.push(' ');
    text.push_str(&digits);
    text.push('\n');
    replace(path, &text).map_err(system)?;
    Ok(id)
}

fn is_sealing_key(line: &str, id: u32) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("sealing") && words.next().and_then(|word| word.parse().ok()) == Some(id)
}

/// Puts a file with this text, for the same owner and with the same rights, in place of another.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let there = fs::metadata(path)?;
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(there.mode() & 0o700).open(&new)?;
    let written = fchown(&file, Some(there.uid()), Some(there.gid()))
        .and_then(|()| file.write_all(text.as_bytes()))
        .and_then(|()| File::sync_all(&file))
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        // After the renaming there is none; before it, it holds what is nobody's yet.
        let _ = fs::remove_file(&new);
    }
    written
}
