//! From an entry to what is true of a person: names, key, and whether they may sign in.

use jiff::Timestamp;
use patgate_core::hexadecimal;

use super::entry::Entry;
use super::fault::{LdapFault, Step};
use super::settings::{DirectorySettings, Preset};
use crate::provider::Person;

/// The most characters of a full name; what is longer is cut.
const LONGEST_NAME: usize = 100;
/// The longest mail address (RFC 5321 §4.5.3.1.3, less the brackets).
const LONGEST_EMAIL: usize = 254;
/// The longest key, in bytes.
const LONGEST_SUBJECT: usize = 255;
/// Attributes that are bytes and no text.
const BINARY: [&str; 5] = ["objectGUID", "objectSid", "mS-DS-ConsistencyGuid", "nsUniqueId;binary", "GUID"];
/// Seconds from the beginning of 1601, where Windows starts counting, to that of 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600;

/// Which attributes of a user are asked for.
pub(super) fn attributes(settings: &DirectorySettings) -> Vec<&str> {
    let named = &settings.attributes;
    let mut wanted = vec![
        named.user_name.as_str(),
        named.full_name.as_str(),
        named.email.as_str(),
        named.external_id.as_str(),
    ];
    wanted.extend(settings.member_of_attribute.as_deref());
    wanted.extend(settings.disabled.preset.state_attributes());
    wanted
}

/// Who an entry is, with these groups.
pub(super) fn person(
    settings: &DirectorySettings,
    entry: &Entry,
    groups: Vec<String>,
) -> Result<Person, LdapFault> {
    let subject = subject(settings, entry)?;
    let full_name = entry.text(&settings.attributes.full_name).unwrap_or_default();
    let full_name = full_name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let email = entry.text(&settings.attributes.email).unwrap_or_default();
    let is_email = email.len() <= LONGEST_EMAIL && !email.contains(char::is_control);
    Ok(Person {
        subject,
        username: username(settings, entry)?.to_owned(),
        full_name,
        email: if is_email { email.to_owned() } else { String::new() },
        groups,
    })
}

/// The log-in name, as the directory writes it.
pub(super) fn username<'e>(settings: &DirectorySettings, entry: &'e Entry) -> Result<&'e str, LdapFault> {
    let attribute = &settings.attributes.user_name;
    entry.text(attribute).ok_or_else(|| missing(entry, attribute, "user_name_attribute"))
}

/// The key by which the directory knows somebody: text as it is, bytes in hexadecimal.
pub(super) fn subject(settings: &DirectorySettings, entry: &Entry) -> Result<String, LdapFault> {
    let attribute = settings.attributes.external_id.as_str();
    let subject = if is_binary(attribute) {
        entry.values(attribute).next().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    } else {
        entry.text(attribute).map(str::to_owned)
    };
    subject
        .filter(|subject: &String| (1..=LONGEST_SUBJECT).contains(&subject.len()))
        .ok_or_else(|| missing(entry, attribute, "external_id_attribute"))
}

/// The value by which the directory is asked for a key; `None` when it cannot be one of this directory.
pub(super) fn value_of_subject(settings: &DirectorySettings, subject: &str) -> Option<Vec<u8>> {
    if !is_binary(&settings.attributes.external_id) {
        return Some(subject.as_bytes().to_vec());
    }
    let mut bytes = vec![0; subject.len() / 2];
    hexadecimal::read(subject, &mut bytes)?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Whether the preset says that somebody may not sign in.
pub(super) fn is_disabled(preset: Preset, entry: &Entry, now: Timestamp) -> bool {
    match preset {
        Preset::Plain => false,
        // The lock that an administrator sets has this date (draft-behera-ldap-password-policy §5.3.3). One that came of
        // wrong passwords does not count: whoever guesses could stop everybody's tokens.
        Preset::OpenLdap => entry.text("pwdAccountLockedTime") == Some("000001010000Z"),
        Preset::ActiveDirectory => {
            // ACCOUNTDISABLE (Microsoft: userAccountControl).
            let is_switched_off = number(entry, "userAccountControl").is_some_and(|flags| flags & 2 != 0);
            // In units of 100 ns since 1601; 0 and the largest number mean never (Microsoft: accountExpires).
            let expires = number(entry, "accountExpires").filter(|at| *at > 0 && *at != i64::MAX);
            let is_over = expires.is_some_and(|at| at / 10_000_000 - WINDOWS_EPOCH <= now.as_second());
            is_switched_off || is_over
        }
    }
}

/// Demands the attribute by which the preset tells who is disabled, where every user has it: without it, somebody disabled
/// looks like anybody else. `pwdAccountLockedTime` is there of the locked alone.
pub(super) fn demand_state(preset: Preset, entry: &Entry) -> Result<(), LdapFault> {
    if preset != Preset::ActiveDirectory || number(entry, "userAccountControl").is_some() {
        return Ok(());
    }
    let detail = format!(
        "the manager sees no usable `userAccountControl` of `{}`, which says who is disabled; let it read that attribute",
        entry.dn()
    );
    Err(LdapFault::of_content(Step::Users, detail))
}

fn number(entry: &Entry, attribute: &str) -> Option<i64> {
    entry.text(attribute).and_then(|text| text.parse().ok())
}

fn is_binary(attribute: &str) -> bool {
    BINARY.iter().any(|binary| binary.eq_ignore_ascii_case(attribute)) || attribute.ends_with(";binary")
}

fn missing(entry: &Entry, attribute: &str, setting: &str) -> LdapFault {
    let detail = format!(
        "the manager sees no usable `{attribute}` of `{}`; let it read that attribute, or set `{setting}`",
        entry.dn()
    );
    LdapFault::of_content(Step::Users, detail)
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    fn entry(attributes: &[(&str, &[u8])]) -> Entry {
        let attributes =
            attributes.iter().map(|(name, value)| (name.to_ascii_lowercase(), vec![value.to_vec()]));
        Entry::new("uid=ann,dc=example".to_owned(), attributes.collect())
    }

    #[test]
    fn a_person_is_trimmed_and_bounded() {
        let settings = settings(Preset::Plain);
        let long = "ü".repeat(300);
        let found = entry(&[
            ("uid", b" ann "),
            ("entryUUID", b"1-2"),
            ("cn", long.as_bytes()),
            ("mail", long.as_bytes()),
        ]);
        let ann = person(&settings, &found, vec!["ops".to_owned()]).unwrap();
        assert_eq!((ann.username.as_str(), ann.subject.as_str(), ann.email.as_str()), ("ann", "1-2", ""));
        assert_eq!(ann.full_name, "ü".repeat(LONGEST_NAME));
        for lacking in [
            entry(&[("uid", b"ann")]),
            entry(&[("entryUUID", b"1")]),
            entry(&[("uid", b"a"), ("entryUUID", long.as_bytes())]),
        ] {
            let fault = person(&settings, &lacking, vec![]).unwrap_err();
            assert!(fault.detail.contains("_attribute"), "{fault}");
        }
    }

    #[test]
    fn a_key_of_bytes_is_asked_for_by_the_same_bytes() {
        let settings = settings(Preset::ActiveDirectory);
        let bytes = b"abcdefgh\x00\xff\x80ijklm";
        let subject = subject(&settings, &entry(&[("objectGUID", bytes)])).unwrap();
        assert_eq!(subject, "616263646566676800ff80696a6b6c6d");
        assert_eq!(value_of_subject(&settings, &subject).unwrap(), bytes);
        for foreign in ["", "6", "6g", "+6", "1-2-3-4", "üü"] {
            assert_eq!(value_of_subject(&settings, foreign), None, "{foreign}");
        }
    }

    #[test]
    fn active_directory_disables_by_a_flag_or_a_date() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let is_disabled = |flags: &str, expires: String| {
            let found =
                entry(&[("userAccountControl", flags.as_bytes()), ("accountExpires", expires.as_bytes())]);
            is_disabled(Preset::ActiveDirectory, &found, now)
        };
        let windows = |seconds: i64| ((now.as_second() + seconds + WINDOWS_EPOCH) * 10_000_000).to_string();
        assert!(!is_disabled("512", "0".to_owned()) && is_disabled("514", "0".to_owned()));
        assert!(!is_disabled("512", i64::MAX.to_string()) && !is_disabled("512", windows(1)));
        assert!(is_disabled("512", windows(0)) && is_disabled("512", windows(-1)));
        assert!(!super::is_disabled(Preset::Plain, &entry(&[("userAccountControl", b"514")]), now));
    }

    #[test]
    fn openldap_disables_who_is_locked_for_good() {
        let is_disabled = |at: &[u8]| {
            is_disabled(Preset::OpenLdap, &entry(&[("pwdAccountLockedTime", at)]), Timestamp::UNIX_EPOCH)
        };
        assert!(is_disabled(b"000001010000Z"));
        assert!(!is_disabled(b"20261122120000Z"), "who guesses passwords stops nobody's tokens");
    }
}
