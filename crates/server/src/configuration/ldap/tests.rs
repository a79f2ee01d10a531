//! What a directory's table takes, which defaults it has, and what is refused.

use std::io::Write;

use crate::configuration::{Configuration, Faults, Flags, Sources};
use crate::provider::ldap::{DirectorySettings, Preset};

const LEAST: &str =
    "[[ldap]]\nname = 'corp'\nurls = ['ldaps://ldap.example.com']\nuser_search_base = 'dc=example,dc=com'\n";

fn read(text: &str) -> Result<Vec<DirectorySettings>, Faults> {
    let sources = Sources::new(Flags::default(), []).with_file("patgate.toml", text);
    Configuration::of_sources(sources).map(|configuration| configuration.directories)
}

/// The only fault of the least table with these lines added.
fn fault(lines: &str) -> String {
    let faults = read(&format!("{LEAST}{lines}")).unwrap_err();
    let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 1, "{faults}");
    all[0].clone()
}

#[test]
fn a_name_a_server_and_a_base_are_enough() {
    let directory = read(LEAST).unwrap().remove(0);
    assert_eq!((directory.name.as_str(), directory.label.as_str()), ("corp", "corp"));
    assert_eq!(directory.urls[0].to_string(), "ldaps://ldap.example.com:636");
    assert_eq!(directory.user_search_filter.to_string(), "(uid={0})");
    assert_eq!(directory.attributes.user_name, "uid");
    assert_eq!(directory.attributes.external_id, "entryUUID");
    assert_eq!((directory.connect_timeout.as_secs(), directory.timeout.as_secs()), (5, 10));
    assert!(directory.manager.is_none() && directory.group_search.is_none() && !directory.nested_groups);
    assert_eq!(directory.disabled.preset, Preset::Plain);
    assert!(!directory.recheck_confirms, "a disabled entry looks like any other");
    assert!(read("").unwrap().is_empty());
}

#[test]
fn re_checks_confirm_where_something_says_who_is_disabled_or_where_it_is_set() {
    let confirms = |lines: &str| read(&format!("{LEAST}{lines}")).unwrap()[0].recheck_confirms;
    for lines in [
        "preset = 'openldap'",
        "preset = 'active-directory'",
        "disabled_filter = '(a=b)'",
        "recheck_confirms = true",
    ] {
        assert!(confirms(lines), "{lines}");
    }
    assert!(!confirms("preset = 'openldap'\nrecheck_confirms = false"));
    assert!(fault("recheck_confirms = 1").contains("recheck_confirms"));
}

#[test]
fn a_preset_sets_other_defaults_which_can_be_set_again() {
    let directory =
        read(&format!("{LEAST}preset = 'active-directory'\nfull_name_attribute = 'cn'")).unwrap().remove(0);
    assert_eq!(directory.user_search_filter.to_string(), "(&(objectClass=person)(sAMAccountName={0}))");
    assert_eq!(directory.attributes.user_name, "sAMAccountName");
    assert_eq!(directory.attributes.external_id, "objectGUID");
    assert_eq!(directory.attributes.full_name, "cn");
    assert_eq!(directory.disabled.preset, Preset::ActiveDirectory);
}

#[test]
fn everything_can_be_set_and_no_password_is_shown() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"hunter2\n").unwrap();
    let text = format!(
        "{LEAST}label = 'Corp'\nmanager_dn = 'cn=reader,dc=example,dc=com'\nmanager_password_file = '{}'\n\
         group_search_base = 'ou=groups,dc=example,dc=com'\ngroup_search_filter = '(|(member={{0}})(memberUid={{1}}))'\n\
         member_of_attribute = 'memberOf'\nnested_groups = true\ndisabled_filter = '(employeeType=left)'\ntrust = 'ca.pem'",
        file.path().display()
    );
    let directory = read(&text).unwrap().remove(0);
    let manager = directory.manager.as_ref().unwrap();
    assert_eq!((manager.dn.as_str(), manager.password.reveal()), ("cn=reader,dc=example,dc=com", "hunter2"));
    let groups = directory.group_search.as_ref().unwrap();
    assert_eq!((groups.base.as_str(), groups.name_attribute.as_str()), ("ou=groups,dc=example,dc=com", "cn"));
    assert_eq!(directory.disabled.filter.as_ref().unwrap().to_string(), "(employeeType=left)");
    assert!(!format!("{directory:?}").contains("hunter"));
}

#[test]
fn a_variable_brings_directories_as_a_list() {
    let value = "[{ name = 'corp', urls = ['ldaps://h'], user_search_base = 'dc=x' }]".to_owned();
    let sources = Sources::new(Flags::default(), [("PATGATE_LDAP".to_owned(), value)]);
    assert_eq!(Configuration::of_sources(sources).unwrap().directories.len(), 1);
}

#[test]
fn what_would_send_passwords_in_the_clear_is_refused_unless_it_is_said() {
    let clear = LEAST.replace("ldaps://", "ldap://");
    let refused = read(&clear).unwrap_err().to_string();
    assert!(refused.contains("for everybody to read") && refused.contains("allow_clear_text"), "{refused}");
    assert!(!read(&format!("{clear}start_tls = true")).unwrap()[0].urls[0].is_ldaps());
    assert!(read(&format!("{clear}allow_clear_text = true")).is_ok());
    assert!(fault("start_tls = true").contains("encrypted from the first byte"));
}

#[test]
fn each_fault_says_what_to_write() {
    for (lines, expected) in [
        ("label = ''", "write 1 to 100 characters"),
        ("preset = 'novell'", "write `openldap` or `active-directory`"),
        ("user_search_filter = '(uid=x)'", "write `{0}`, and no `{1}`"),
        ("user_search_filter = '(|(uid={0})(cn={1}))'", "write `{0}`, and no `{1}`"),
        ("user_search_filter = 'uid={0}'", "in parentheses that close"),
        ("disabled_filter = '(uid={0})'", "mean nothing here"),
        ("group_search_filter = '(member={0})'", "`ldap[1].group_search_base`"),
        ("group_search_base = 'ou=x,dc=y'\ngroup_search_filter = '(cn=x)'", "write `{0}` or `{1}`"),
        ("group_search_base = 'groups'", "write a distinguished name"),
        ("email_attribute = 'e mail'", "write the name of an attribute"),
        ("manager_dn = 'cn=x'", "`ldap[1].manager_password` (`patgate.toml` line 1): is missing"),
        ("manager_password = 'x'", "`manager_password`; set both or none"),
        ("manager_dn = 'cn=x'\nmanager_password = ''", "takes an empty one for nobody's"),
        ("manager_dn = 'cn=x'\nmanager_password = 'a'\nmanager_password_file = 'b'", "not both"),
        ("timeout_seconds = 0", "from 1 to 120"),
        ("colour = 'blue'", "is no setting; here there are `name`"),
    ] {
        let told = fault(lines);
        assert!(told.contains(expected), "{lines}: {told}");
    }
    let all = read("[[ldap]]\nname = 'internal'\nurls = ['http://x', 'ldap://y']\n[[ldap]]\nurls = []")
        .unwrap_err()
        .to_string();
    for expected in [
        "stands for Patgate's own",
        "write the server like",
        "for everybody to read",
        "`ldap[2].name`",
        "name at least one server",
        "`ldap[2].user_search_base`",
    ] {
        assert!(all.contains(expected), "{expected}: {all}");
    }
    let taken = read(&format!("{LEAST}{LEAST}")).unwrap_err().to_string();
    assert!(taken.contains("the provider name `corp` is taken"), "{taken}");
}
