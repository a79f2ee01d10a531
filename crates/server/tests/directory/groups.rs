//! Groups by every way they can be said.

use patgate_testkit::servers::slapd::{GROUPS, PEOPLE, Slapd};

use crate::{over, person};

/// Without the search for groups.
fn without_search(slapd: &Slapd, more: &str) -> patgate_server::provider::ldap::Directory {
    over(slapd, &format!("group_search_base =\n{more}"))
}

/// a → b → c → a, and alice in a.
fn cycle(slapd: &Slapd) {
    slapd.add_group("a", &[&format!("uid=alice,{PEOPLE}")]);
    slapd.add_group("b", &[&format!("cn=a,{GROUPS}")]);
    slapd.add_group("c", &[&format!("cn=b,{GROUPS}")]);
    slapd.add_member("a", &format!("cn=c,{GROUPS}"));
}

#[tokio::test]
async fn groups_come_from_a_search_from_the_user_or_from_both() {
    let slapd = Slapd::start();
    assert_eq!(person(&over(&slapd, ""), "alice").await.groups, ["Ops, all", "users"]);
    let member_of = without_search(&slapd, "member_of_attribute = 'memberOf'");
    assert_eq!(person(&member_of, "alice").await.groups, ["Ops, all", "users"]);
    let both = over(&slapd, "member_of_attribute = 'memberOf'");
    assert_eq!(person(&both, "alice").await.groups, ["Ops, all", "users"], "each once");
    assert!(person(&without_search(&slapd, ""), "alice").await.groups.is_empty());
    let by_name = over(&slapd, "group_search_filter = '(description=member {1})'");
    slapd.modify(&format!(
        "dn: cn=users,{GROUPS}\nchangetype: modify\nadd: description\ndescription: member bob\n"
    ));
    assert_eq!(person(&by_name, "bob").await.groups, ["users"]);
    assert!(person(&by_name, "alice").await.groups.is_empty());
    let described = over(&slapd, "group_name_attribute = 'description'");
    assert_eq!(person(&described, "bob").await.groups, ["member bob"]);
}

#[tokio::test]
async fn groups_of_groups_count_on_request_and_a_cycle_has_an_end() {
    let slapd = Slapd::start();
    cycle(&slapd);
    let all = ["Ops, all", "a", "b", "c", "users"];
    assert_eq!(person(&over(&slapd, ""), "alice").await.groups, ["Ops, all", "a", "users"]);
    assert_eq!(person(&over(&slapd, "nested_groups = true"), "alice").await.groups, all);
    let member_of = without_search(&slapd, "member_of_attribute = 'memberOf'\nnested_groups = true");
    assert_eq!(person(&member_of, "alice").await.groups, all);
    assert_eq!(person(&member_of, "bob").await.groups, ["users"]);
}

#[tokio::test]
async fn a_name_in_a_group_that_looks_like_a_filter_is_a_name() {
    let slapd = Slapd::start();
    let odd = format!("uid=odd)(member=*,{PEOPLE}");
    slapd.add(&format!(
        "dn: {odd}\nobjectClass: inetOrgPerson\ncn: odd\nsn: odd\nuid: odd)(member=*\nuserPassword: odd password\n"
    ));
    let directory = over(&slapd, "");
    let found = crate::try_in(&directory, "odd)(member=*", "odd password").await.unwrap();
    let Some(patgate_server::provider::Answer::Present(found)) = found else { panic!("{found:?}") };
    assert_eq!((found.username.as_str(), found.groups.len()), ("odd)(member=*", 0));
}
