//! Providers are who they were: another one under the same name takes nothing over.

use std::path::Path;

use patgate_testkit::child;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;

/// Starts with this table and stops again; what it complained about when it did not start.
fn start(data: &Path, database: Option<&Database>, table: &str) -> Result<String, String> {
    let mut start = Patgate::with().data_directory(data).configuration(table);
    if let Some(database) = database {
        start = start.database_url(database.url());
    }
    match start.try_start() {
        Ok(mut patgate) => {
            assert!(patgate.stop().success(), "{}", patgate.log());
            Ok(patgate.log())
        }
        Err(failure) => {
            assert_eq!(failure.status.and_then(|status| status.code()), Some(1), "{}", failure.log);
            Err(failure.log)
        }
    }
}

/// Who moved which provider, as the audit log has it.
fn moves(data: &Path, database: Option<&Database>) -> String {
    let sql = "SELECT actor_kind, actor_name, subject_name FROM audit_events WHERE action = 'provider.move'";
    let rows = match database {
        Some(database) => database.query(sql),
        None => child::run(child::program("sqlite3"), [data.join("patgate.db").as_os_str(), sql.as_ref()]),
    };
    rows.trim().to_owned()
}

fn oidc(issuer: &str, lines: &str) -> String {
    format!("[[oidc]]\nname = 'company'\nissuer = '{issuer}'\nclient_id = 'patgate'\n{lines}")
}

fn ldap(base: &str, lines: &str) -> String {
    format!(
        "[[ldap]]\nname = 'company'\nurls = ['ldaps://127.0.0.1:1']\nuser_search_base = '{base}'\n{lines}"
    )
}

const OLD: &str = "https://old.example.com";
const NEW: &str = "https://new.example.com";

/// Another provider under a known name keeps the server from starting, until somebody says that it is the same one.
fn another_one_is_refused(database: Option<&Database>) {
    let folder = tempfile::tempdir().unwrap();
    let start = |table: &str| start(folder.path(), database, table);
    start(&oidc(OLD, "")).unwrap();
    // The same one again, with other things changed; and without any provider, which is not forgotten for it.
    start(&oidc(OLD, "label = 'Example'\nscopes = ['openid']\n")).unwrap();
    start("").unwrap();
    for (table, is) in [
        (oidc(NEW, ""), format!("sso {NEW} by sub")),
        (oidc(OLD, "external_id_claim = 'email'\n"), format!("sso {OLD} by email")),
        (ldap("ou=people,dc=example,dc=com", ""), "ldap dc=example,dc=com by entryuuid".to_owned()),
        (oidc(NEW, "moved_from = 'sso https://other.example.com by sub'\n"), format!("sso {NEW} by sub")),
    ] {
        let complaint = start(&table).unwrap_err();
        let expected = format!(
            "the provider `company` was `sso {OLD} by sub` when this server first met it, and is `{is}`"
        );
        assert!(complaint.contains(&expected), "{complaint}");
        assert!(complaint.contains("give the new provider another `name`"), "{complaint}");
        assert!(complaint.contains(&format!("`moved_from = \"sso {OLD} by sub\"`")), "{complaint}");
    }
    // One way out is another name, the other one to say that it moved.
    start(&oidc(NEW, "").replace("'company'", "'other'")).unwrap();
    let told = start(&oidc(NEW, &format!("moved_from = \"sso {OLD} by sub\"\n"))).unwrap();
    assert!(told.contains("a provider has moved"), "{told}");
    // The line may stay there: it moves nothing a second time.
    start(&oidc(NEW, &format!("moved_from = \"sso {OLD} by sub\"\n"))).unwrap();
    assert_eq!(moves(folder.path(), database), "system|configuration|company");
    start(&oidc(NEW, "")).unwrap();
    assert!(start(&oidc(OLD, "")).unwrap_err().contains(&format!("was `sso {NEW} by sub`")));
}

#[test]
fn another_provider_under_a_known_name_is_refused_on_sqlite() {
    another_one_is_refused(None);
}

#[test]
fn another_provider_under_a_known_name_is_refused_on_postgresql() {
    another_one_is_refused(Some(&Database::create()));
}

#[test]
fn a_directory_stays_the_same_with_other_servers_and_a_smaller_base() {
    let folder = tempfile::tempdir().unwrap();
    let start = |table: &str| start(folder.path(), None, table);
    start(&ldap("dc=example,dc=com", "")).unwrap();
    start(&ldap("OU=people, DC=example, DC=com", "").replace("127.0.0.1:1", "127.0.0.1:2")).unwrap();
    let complaint = start(&ldap("dc=example,dc=org", "")).unwrap_err();
    assert!(complaint.contains("was `ldap dc=example,dc=com by entryuuid`"), "{complaint}");
    assert_eq!(moves(folder.path(), None), "", "nothing moved so far");
    let complaint = start(&ldap("dc=example,dc=com", "external_id_attribute = 'uid'\n")).unwrap_err();
    assert!(complaint.contains("and is `ldap dc=example,dc=com by uid`"), "{complaint}");
    start(&ldap("dc=example,dc=org", "moved_from = 'ldap dc=example,dc=com by entryuuid'\n")).unwrap();
}
