//! What `patgate config check --connect` says of a directory.

use patgate_testkit::clock::NOON;
use patgate_testkit::ports;
use patgate_testkit::servers::slapd::Slapd;

use crate::over;

/// Each step without the address, and whether it went well.
async fn steps(slapd: &Slapd, lines: &str) -> Vec<(String, bool)> {
    let checked = over(slapd, lines).check(NOON).await;
    assert_eq!((checked.provider.as_str(), checked.kind), ("corp", "LDAP"));
    let word = |what: &str| what.rsplit(' ').next().unwrap().to_owned();
    checked.steps.iter().map(|step| (word(&step.what), step.outcome.is_ok())).collect()
}

/// The steps of the one server, and what is told of the directory after it.
fn expected(good: &[&str], bad: Option<&str>) -> Vec<(String, bool)> {
    let good = good.iter().map(|name| ((*name).to_owned(), true));
    let server = good.chain(bad.map(|name| (name.to_owned(), false)));
    server.chain([("re-checks".to_owned(), true)]).collect()
}

#[tokio::test]
async fn every_step_is_told_up_to_the_first_that_fails() {
    let slapd = Slapd::start();
    let all = ["connect", "encryption", "manager", "base", "users", "groups"];
    for (lines, count, bad) in [
        ("", 6, None),
        ("trust = '/nonexistent.pem'", 0, Some("trust")),
        ("manager_password = 'wrong'", 2, Some("manager")),
        ("user_search_base = 'ou=nowhere,dc=example,dc=test'", 3, Some("base")),
        ("user_search_filter = '(description={0})'", 4, Some("users")),
        ("external_id_attribute = 'employeeNumber'", 4, Some("users")),
        ("manager_dn = 'cn=half,dc=example,dc=test'", 4, Some("users")),
        ("group_search_base = 'ou=nowhere,dc=example,dc=test'", 5, Some("groups")),
        ("preset = 'active-directory'", 6, None),
    ] {
        assert_eq!(steps(&slapd, lines).await, expected(&all[..count], bad), "{lines}");
    }
    for name in ["alice", "bob", "carol"] {
        slapd.unset(name, "userAccountControl");
    }
    let hidden = steps(&slapd, "preset = 'active-directory'").await;
    assert_eq!(hidden, expected(&all[..4], Some("users")), "who is disabled is not to be seen");
}

#[tokio::test]
async fn each_server_is_tried() {
    let slapd = Slapd::start();
    let dead = format!("ldaps://127.0.0.1:{}", ports::free());
    let checked = over(&slapd, &format!("urls = ['{dead}', '{}']", slapd.ldaps_url())).check(NOON).await;
    assert!(!checked.is_good());
    assert_eq!(checked.steps.len(), 8);
    assert!(checked.steps[0].what.contains(&dead) && checked.steps[0].outcome.is_err());
    let told = format!("{:?}", checked.steps);
    assert!(!told.contains("reader password"), "{told}");
}
