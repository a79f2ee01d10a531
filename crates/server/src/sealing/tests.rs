//! Secrets that are sealed and opened, and those that must not open.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;

use super::*;

fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A key file with these sealing keys.
fn sealer(ids: &[u32]) -> (TempDir, Sealer) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys");
    write(&path, ids);
    let keys = keys::read(&path).unwrap();
    let sealer = Sealer::new(keys.sealing, path);
    (folder, sealer)
}

fn write(path: &std::path::Path, ids: &[u32]) {
    let sealing: String =
        ids.iter().map(|id| format!("sealing {id} {}\n", format!("{id:02x}").repeat(32))).collect();
    std::fs::write(path, format!("digest 1 {}\n{sealing}", "ab".repeat(32))).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn purpose(item: i64, property: &str) -> Purpose<'_> {
    Purpose::Item { item: ItemNumber::from_i64(item), property }
}

#[test]
fn a_sealed_secret_opens_for_its_item_and_property_alone() {
    let (_folder, sealer) = sealer(&[1]);
    let sealed = sealer.seal(purpose(7, "password"), &"hunter2".into(), &mut random(1)).unwrap();
    assert_eq!(sealer.open(purpose(7, "password"), &sealed).unwrap().reveal(), "hunter2");
    for other in [purpose(8, "password"), purpose(7, "passwords"), purpose(7, "")] {
        assert_eq!(sealer.open(other, &sealed), Err(SealFault::Forged), "{other:?}");
    }
    assert!(!sealed.sealed.windows(7).any(|window| window == b"hunter2"));
    let again = sealer.seal(purpose(7, "password"), &"hunter2".into(), &mut random(2)).unwrap();
    assert_ne!(again, sealed, "equal secrets look different");
}

#[test]
fn a_typed_password_comes_back_from_a_browser_to_who_typed_it_for_that_variable() {
    let (_folder, sealer) = sealer(&[1]);
    let typed = |user, variable| Purpose::Typed { user: UserId::from_i64(user), variable };
    let sealed = sealer.seal(typed(7, "Release1/Variable1"), &"hunter2".into(), &mut random(1)).unwrap();
    let kept = of_text(&to_text(&sealed)).unwrap();
    assert_eq!(kept, sealed);
    assert_eq!(sealer.open(typed(7, "Release1/Variable1"), &kept).unwrap().reveal(), "hunter2");
    for other in [typed(8, "Release1/Variable1"), typed(7, "Release1/Variable2"), typed(7, "")] {
        assert_eq!(sealer.open(other, &kept), Err(SealFault::Forged), "{other:?}");
    }
    for strange in ["", "AAA", "no base64", "AAAAAQ=="] {
        assert_eq!(of_text(strange), None, "{strange}");
    }
}

#[test]
fn the_number_of_the_key_cannot_be_changed() {
    let (_folder, both) = sealer(&[1, 2]);
    let sealed = both.seal(purpose(7, "password"), &"hunter2".into(), &mut random(1)).unwrap();
    assert_eq!((both.newest(), sealed.key), (Some(2), 2));
    let (_other, old) = sealer(&[1]);
    assert_eq!(old.open(purpose(7, "password"), &sealed), Err(SealFault::NoKey(2)));
    let claimed = SealedSecret { key: 1, ..sealed };
    assert_eq!(both.open(purpose(7, "password"), &claimed), Err(SealFault::Forged));
}

#[tokio::test]
async fn a_key_that_was_added_is_found_and_used() {
    let (folder, sealer) = sealer(&[1]);
    let old = sealer.seal(purpose(7, "password"), &"hunter2".into(), &mut random(1)).unwrap();
    let path = folder.path().join("keys");
    write(&path, &[1, 2]);
    assert_eq!(sealer.newest(), Some(1));
    sealer.refresh().await;
    assert_eq!(sealer.newest(), Some(2));
    assert_eq!(sealer.open(purpose(7, "password"), &old).unwrap().reveal(), "hunter2");
    std::fs::remove_file(&path).unwrap();
    sealer.refresh().await;
    assert_eq!(sealer.newest(), Some(2), "what is known stays when the file is gone");
    assert_eq!(format!("{sealer:?}"), "Sealer");
}

proptest! {
    #[test]
    fn any_secret_comes_back(secret in ".{0,60}", item in any::<i64>(), seed in any::<u64>()) {
        let (_folder, sealer) = sealer(&[3]);
        let sealed = sealer.seal(purpose(item, "password"), &secret.as_str().into(), &mut random(seed)).unwrap();
        let opened = sealer.open(purpose(item, "password"), &sealed).unwrap();
        prop_assert_eq!(opened.reveal(), secret);
    }

    #[test]
    fn one_changed_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (_folder, sealer) = sealer(&[1]);
        let mut sealed = sealer.seal(purpose(7, "password"), &"hunter2".into(), &mut random(1)).unwrap();
        let at = at.index(sealed.sealed.len());
        sealed.sealed[at] ^= 1 << bit;
        prop_assert_eq!(sealer.open(purpose(7, "password"), &sealed), Err(SealFault::Forged));
        sealed.sealed.truncate(at);
        prop_assert_eq!(sealer.open(purpose(7, "password"), &sealed), Err(SealFault::Forged));
    }
}
