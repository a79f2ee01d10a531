//! The file itself: how it is read, and how it is made once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use patgate_core::hexadecimal;
use patgate_core::token::{DigestKey, DigestKeys};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::{Keys, KeysFault, SealingKey};
use crate::secret_file;

/// What a new file says about itself.
const HEADER: &str = "\
# The keys of Patgate. Whoever has this file and the database can test guesses of tokens and read stored secrets.
# Keep it out of the database's backup, but do back it up: without it every token is lost.
";
/// The longest file that is read, in bytes: far more than six keys and comments.
const LONGEST: usize = 64 * 1024;

/// Reads the file after checking that nobody else can.
pub(super) fn read(path: &Path) -> Result<Keys, KeysFault> {
    parse(path, &read_text(path)?)
}

/// The text of the file, after checking that nobody else can read it.
pub(super) fn read_text(path: &Path) -> Result<Zeroizing<String>, KeysFault> {
    let system = |source| KeysFault::System { action: "read", path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeysFault::Missing(path.to_owned()));
        }
        Err(error) => return Err(system(error)),
    };
    let metadata = file.metadata().map_err(system)?;
    if !metadata.is_file() {
        return Err(KeysFault::NotAFile(path.to_owned()));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeysFault::Exposed { path: path.to_owned(), mode });
    }
    secret_file::read(file, LONGEST).map_err(system)
}

/// Makes the file with one key of each kind. It and its entry in the folder are on the disk when this returns.
pub(super) fn create(path: &Path, random: &mut impl CryptoRng) -> Result<(), KeysFault> {
    let system = |source| KeysFault::System { action: "create", path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::with_capacity(1_024));
    text.push_str(HEADER);
    for kind in ["digest", "sealing"] {
        let mut key = Zeroizing::new([0_u8; 32]);
        random.fill_bytes(key.as_mut());
        text.push_str(kind);
        text.push_str(" 1 ");
        text.push_str(&digits_of(&key));
        text.push('\n');
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(system)?;
    let written =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| sync_folder(path));
    written.map_err(|error| {
        // Half a file would be refused at the next start. If it cannot be removed, that refusal says so.
        let _ = fs::remove_file(path);
        system(error)
    })
}

/// A key as the file has it.
pub(super) fn digits_of(key: &[u8; 32]) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(2 * key.len()));
    for byte in key {
        for digit in [byte >> 4, byte & 15] {
            digits.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    digits
}

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn parse(path: &Path, text: &str) -> Result<Keys, KeysFault> {
    let (mut digest, mut sealing) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let fault = || KeysFault::Line { path: path.to_owned(), line: at + 1 };
        let mut words = line.split_whitespace();
        let (Some(kind), Some(id), Some(digits), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(fault());
        };
        let id = id.parse().map_err(|_| fault())?;
        let mut key = key(digits).ok_or_else(fault)?;
        match kind {
            "digest" => digest.push(DigestKey::new(id, *key)),
            "sealing" => sealing.push(SealingKey { id, key: Zeroizing::new(*key) }),
            _ => return Err(fault()),
        }
        key.zeroize();
    }
    let unusable = || KeysFault::Unusable(path.to_owned());
    sealing.sort_by_key(|key| std::cmp::Reverse(key.id));
    let distinct = sealing.windows(2).all(|pair| pair[0].id != pair[1].id);
    if sealing.is_empty() || sealing.len() > DigestKeys::MOST || !distinct {
        return Err(unusable());
    }
    Ok(Keys { digest: DigestKeys::new(digest).map_err(|_| unusable())?, sealing })
}

/// 64 hexadecimal digits as 32 bytes.
fn key(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0_u8; 32]);
    hexadecimal::read(digits, key.as_mut())?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_keys_or_is_refused(lines in prop::collection::vec("(digest|sealing|[a-z]{0,8}) ?[0-9]{0,12} ?[0-9a-fA-F]{60,68}|[ -~]{0,40}", 0..5)) {
            if let Ok(keys) = parse(Path::new("keys"), &lines.join("\n")) {
                prop_assert!(keys.digest.iter().count() <= 3);
            }
        }
    }
}
