//! Who signs in by name and password, and who does not.

use patgate_server::provider::Answer;
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::slapd::{PEOPLE, Slapd};

use crate::{over, person, try_in};

#[tokio::test]
async fn people_sign_in_with_what_the_directory_says_of_them() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    let alice = person(&directory, "alice").await;
    assert_eq!((alice.username.as_str(), alice.full_name.as_str()), ("alice", "Alice Ähren"));
    assert_eq!((alice.email.as_str(), alice.subject.len()), ("alice@example.org", 36));
    assert_eq!(alice.groups, ["Ops, all", "users"]);
    assert_eq!(person(&directory, "bob").await.full_name, "Bob (Ops*) O'Neil");
    for (name, password) in [("alice", "wrong"), ("alice", ""), ("alice", "bob password"), ("nobody", "x")] {
        assert_eq!(try_in(&directory, name, password).await.unwrap(), None, "{name} {password}");
    }
    let found = try_in(&directory, "ALICE", "alice password").await.unwrap();
    assert_eq!(found, Some(Answer::Present(alice)), "the directory's spelling counts");
}

#[tokio::test]
async fn each_attribute_that_is_named_is_the_one_that_is_read() {
    let slapd = Slapd::start();
    slapd.set("alice", "employeeType", "a.aehren@example.com");
    let lines = "user_name_attribute = 'sn'\nemail_attribute = 'employeeType'\nfull_name_attribute = 'uid'";
    let directory = over(&slapd, lines);
    let alice = person(&directory, "alice").await;
    assert_eq!(
        (alice.username.as_str(), alice.email.as_str(), alice.full_name.as_str()),
        ("Ähren", "a.aehren@example.com", "alice")
    );
    let again = directory.look_up(&[&alice.subject], NOON).await.unwrap();
    assert_eq!(again, [Answer::Present(alice)], "and so it is when somebody is asked about");
}

#[tokio::test]
async fn an_empty_password_is_never_sent() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    let alice = directory.find("alice", NOON).await.unwrap().unwrap();
    let before = slapd.log().matches("BIND").count();
    assert!(!directory.is_password(&alice, "", NOON).await.unwrap());
    assert_eq!(slapd.log().matches("BIND").count(), before);
}

#[tokio::test]
async fn what_somebody_types_is_never_read_as_a_filter() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    for typed in [
        "*",
        "al*",
        "alice)(uid=*",
        "*)(uid=*))(|(uid=*",
        "alice\0",
        "\\2a",
        "(*)'",
        "alice)",
        "alice,ou=people",
        "",
    ] {
        assert!(directory.find(typed, NOON).await.unwrap().is_none(), "{typed:?}");
    }
    // A value with all of it is found when it is meant.
    slapd.set("bob", "uid", "bob");
    let by_name = over(&slapd, "user_search_filter = '(cn={0})'");
    let bob = by_name.find("Bob (Ops*) O'Neil", NOON).await.unwrap().unwrap();
    assert_eq!(bob.username(), "bob");
    assert!(by_name.find("Bob (Ops*", NOON).await.unwrap().is_none());
}

#[tokio::test]
async fn a_distinguished_name_with_odd_characters_is_found_and_has_its_groups() {
    let slapd = Slapd::start();
    let dn = format!("cn=Doe\\2c John \\22x\\22 (*)\\5c\\23,{PEOPLE}");
    slapd.add(&format!(
        "dn: {dn}\nobjectClass: inetOrgPerson\ncn: Doe, John \"x\" (*)\\#\nsn: Doe\nuid: doe\nuserPassword: doe password\n"
    ));
    slapd.add_group("odd", &[&dn]);
    let directory = over(&slapd, "");
    assert_eq!(person(&directory, "doe").await.groups, ["odd"]);
    let by_member_of =
        over(&slapd, "member_of_attribute = 'memberOf'\ngroup_search_base = 'cn=nothing,dc=example,dc=test'");
    assert!(
        try_in(&by_member_of, "doe", "doe password").await.is_err(),
        "a base of groups that is not there"
    );
}

#[tokio::test]
async fn a_name_that_fits_several_is_nobodys() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "user_search_filter = '(objectClass={0})'");
    for _ in 0..2 {
        assert!(directory.find("inetOrgPerson", NOON).await.unwrap().is_none());
    }
    let two = over(&slapd, "user_search_filter = '(|(uid={0})(uid=bob))'");
    assert!(two.find("alice", NOON).await.unwrap().is_none());
    assert_eq!(two.find("bob", NOON).await.unwrap().unwrap().username(), "bob");
}

#[tokio::test]
async fn who_is_disabled_is_told_apart_by_the_right_password_alone() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "preset = 'active-directory'");
    assert_eq!(try_in(&directory, "carol", "carol password").await.unwrap(), Some(Answer::Disabled));
    assert_eq!(try_in(&directory, "carol", "wrong").await.unwrap(), None);
    assert_eq!(person(&directory, "alice").await.subject, "00fc01807f2a295c2800010203040506");
    // The accounts end at noon, on the tick: 100 ns since 1601.
    slapd.set("alice", "accountExpires", &((NOON.as_second() + 11_644_473_600) * 10_000_000).to_string());
    assert_eq!(try_in(&directory, "alice", "alice password").await.unwrap(), Some(Answer::Disabled));
    slapd.set("bob", "employeeType", "left");
    let by_filter = over(&slapd, "disabled_filter = '(employeeType=left)'");
    assert_eq!(try_in(&by_filter, "bob", "bob password").await.unwrap(), Some(Answer::Disabled));
    assert_eq!(person(&by_filter, "alice").await.username, "alice");
}

#[tokio::test]
async fn the_lock_of_the_password_policy_keeps_people_out() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "preset = 'openldap'");
    slapd.set("bob", "pwdAccountLockedTime", "000001010000Z");
    assert_eq!(try_in(&directory, "bob", "bob password").await.unwrap(), None, "locked for good");
    slapd.unset("bob", "pwdAccountLockedTime");
    assert_eq!(person(&directory, "bob").await.username, "bob");
    for _ in 0..5 {
        assert_eq!(try_in(&directory, "alice", "wrong").await.unwrap(), None);
    }
    assert_eq!(try_in(&directory, "alice", "alice password").await.unwrap(), None, "locked for a while");
}

#[tokio::test]
async fn a_manager_that_may_not_search_is_a_fault_and_no_unknown_name() {
    let slapd = Slapd::start();
    for (lines, expected) in [
        ("user_search_base = 'ou=nowhere,dc=example,dc=test'", "cannot be searched"),
        ("manager_dn = 'cn=blind,dc=example,dc=test'", "cannot be searched"),
        ("manager_password = 'wrong'", "refused the manager"),
        ("external_id_attribute = 'employeeNumber'", "external_id_attribute"),
    ] {
        let fault = try_in(&over(&slapd, lines), "alice", "alice password").await.unwrap_err();
        assert!(fault.detail.contains(expected), "{lines}: {fault}");
        assert!(!fault.detail.contains("'wrong'") && !fault.detail.contains("password'"), "{fault}");
    }
}
