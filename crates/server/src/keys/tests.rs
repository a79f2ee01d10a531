//! What the key file protects from: loss, strangers' eyes, and half a file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use patgate_core::token::DigestKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;

use super::*;

const LINE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    (folder, path)
}

fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn refusal(text: &str) -> String {
    let (_folder, path) = folder();
    write(&path, text, 0o600);
    let shown = load_or_create(&path, true, &mut random(1)).unwrap_err().to_string();
    shown.replace(&path.display().to_string(), "keys")
}

#[test]
fn the_first_start_makes_keys_that_only_their_owner_reads_and_the_next_start_finds_them() {
    let (_folder, path) = folder();
    let made = load_or_create(&path, false, &mut random(1)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let found = load_or_create(&path, true, &mut random(2)).unwrap();
    assert_eq!(made.sealing[0].as_bytes(), found.sealing[0].as_bytes());
    let token = patgate_core::token::PlainToken::generate(patgate_core::token::Prefix::ANY, &mut random(3));
    let text = patgate_core::token::TokenText::parse(token.reveal()).unwrap();
    assert_eq!(made.digest.newest().digest(text), found.digest.newest().digest(text));
}

#[test]
fn a_file_of_another_database_is_known_by_its_keys() {
    let digest = |keys: &[(u32, u8)]| {
        DigestKeys::new(keys.iter().map(|(id, byte)| DigestKey::new(*id, [*byte; 32])).collect()).unwrap()
    };
    let path = Path::new("keys");
    let known = known_again(&digest(&[(1, 7)]), &BTreeMap::new(), true, path).unwrap();
    assert_eq!(known[&1].len(), 16);
    for (here, is_ours) in [
        (&[(1, 7)][..], true),
        // A new key beside the old one; and the old one gone, once the new one is known.
        (&[(1, 7), (2, 8)], true),
        (&[(1, 8)], false),
        (&[(2, 7)], false),
        (&[(1, 8), (2, 7)], false),
    ] {
        let found = known_again(&digest(here), &known, true, path);
        assert_eq!(found.is_ok(), is_ours, "{here:?}");
        assert!(known_again(&digest(here), &known, false, path).is_ok_and(|now| now.len() == here.len()));
    }
    let rotated = known_again(&digest(&[(1, 7), (2, 8)]), &known, true, path).unwrap();
    assert_eq!(known_again(&digest(&[(2, 8)]), &rotated, true, path).unwrap(), rotated);
}

#[test]
fn two_first_starts_make_different_keys() {
    let ((_one, one), (_other, other)) = (folder(), folder());
    load_or_create(&one, false, &mut random(1)).unwrap();
    load_or_create(&other, false, &mut random(2)).unwrap();
    assert_ne!(fs::read(one).unwrap(), fs::read(other).unwrap());
}

#[test]
fn a_missing_file_is_not_replaced_when_tokens_need_it() {
    let (_folder, path) = folder();
    let fault = load_or_create(&path, true, &mut random(1)).unwrap_err();
    assert!(matches!(fault, KeysFault::Missing(_)));
    assert!(fault.to_string().contains("restore it from the backup"), "{fault}");
    assert!(!path.exists());
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
        let (_folder, path) = folder();
        write(&path, &format!("digest 1 {LINE}\nsealing 1 {LINE}\n"), mode);
        let fault = load_or_create(&path, true, &mut random(1)).unwrap_err();
        assert!(matches!(fault, KeysFault::Exposed { mode: seen, .. } if seen == mode), "{mode:o}: {fault}");
    }
    let (_folder, path) = folder();
    write(&path, &format!("digest 1 {LINE}\nsealing 1 {LINE}\n"), 0o400);
    load_or_create(&path, true, &mut random(1)).unwrap();
}

#[test]
fn a_folder_is_no_key_file() {
    let (folder, _) = folder();
    let fault = load_or_create(folder.path(), false, &mut random(1)).unwrap_err();
    assert!(matches!(fault, KeysFault::NotAFile(_)), "{fault}");
}

#[test]
fn the_newest_key_comes_first_and_three_may_live() {
    let (_folder, path) = folder();
    let lines: String =
        (1..=3).map(|id| format!("digest {id} {LINE}\n\n# old\nsealing {id} {LINE}\n")).collect();
    write(&path, &lines, 0o600);
    let keys = load_or_create(&path, true, &mut random(1)).unwrap();
    assert_eq!(keys.digest.newest().id(), 3);
    assert_eq!(keys.sealing.iter().map(SealingKey::id).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn what_cannot_be_read_is_named_by_its_line() {
    let good = format!("digest 1 {LINE}\n");
    for bad in [
        "digest 1",
        "digest one 00",
        "password 1 00",
        &format!("digest 1 {LINE} more"),
        &format!("digest 1 {LINE}0"),
    ] {
        let shown = refusal(&format!("{good}{bad}\n"));
        assert!(shown.starts_with("line 2 of the key file `keys`"), "{bad}: {shown}");
        assert!(!shown.contains(LINE), "the sentence shows a key: {shown}");
    }
}

#[test]
fn too_few_too_many_or_equal_keys_are_refused() {
    let (digest, sealing) = (format!("digest 1 {LINE}\n"), format!("sealing 1 {LINE}\n"));
    let four: String = (1..=4).map(|id| format!("digest {id} {LINE}\n")).collect();
    for bad in [
        "",
        &digest,
        &sealing,
        &format!("{digest}{digest}{sealing}"),
        &format!("{digest}{sealing}{sealing}"),
        &format!("{four}{sealing}"),
    ] {
        assert!(refusal(bad).contains("one to three `digest`"), "{bad}");
    }
}

#[test]
fn no_key_is_printed() {
    let (_folder, path) = folder();
    let keys = load_or_create(&path, false, &mut random(1)).unwrap();
    let shown = format!("{keys:?}");
    assert!(shown.contains("SealingKey(1)") && shown.len() < 120, "{shown}");
}

#[test]
fn a_rotation_adds_the_next_key_and_keeps_everything_else_as_it_is() {
    let (folder, path) = folder();
    write(&path, &format!("# mine\ndigest 1 {LINE}\nsealing 7 {LINE}\n"), 0o600);
    assert_eq!(add_sealing_key(&path, &[7].into(), &mut random(1)).unwrap(), 8);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&format!("# mine\ndigest 1 {LINE}\nsealing 7 {LINE}\nsealing 8 ")), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let keys = read(&path).unwrap();
    assert_eq!(keys.sealing.iter().map(SealingKey::id).collect::<Vec<_>>(), [8, 7]);
    assert_ne!(keys.sealing[0].as_bytes(), keys.sealing[1].as_bytes());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn the_oldest_of_three_keys_goes_when_nothing_needs_it() {
    let (_folder, path) = folder();
    let lines: String = (1..=3).map(|id| format!("sealing {id} {LINE}\n")).collect();
    let before = format!("digest 1 {LINE}\n{lines}");
    write(&path, &before, 0o600);
    let fault = add_sealing_key(&path, &[1, 3].into(), &mut random(1)).unwrap_err();
    assert!(matches!(fault, KeysFault::InUse { id: 1, .. }), "{fault}");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    assert_eq!(add_sealing_key(&path, &[3].into(), &mut random(1)).unwrap(), 4);
    let keys = read(&path).unwrap();
    assert_eq!(keys.sealing.iter().map(SealingKey::id).collect::<Vec<_>>(), [4, 3, 2]);
}
