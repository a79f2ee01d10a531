//! What both products promise of people of a directory: it holds on both ports.

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::slapd::Slapd;
use serde_json::json;

use crate::actors::{TOKENS, admin, ask, from_directory};

const DEPLOY_TOKENS: &str = "/deployit/tokens/users";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

#[test]
fn behaviour_17_people_of_a_directory_make_and_use_tokens_where_the_table_says_on_either_port() {
    let slapd = Slapd::start();
    // A port for each product.
    let patgate = Patgate::with().listeners(2).configuration(slapd.table("company", "")).start();
    from_directory(&patgate, "company", "alice", "alice password");
    let root = admin(&patgate);
    let usual = root.get(SETTINGS).json();
    let (mut open, mut closed) = (usual.clone(), usual.clone());
    open["origins"]["release"]["ldap"] = json!(true);
    closed["origins"]["deploy"]["ldap"] = json!(false);
    let (kind, body) = ("Content-Type: application/json", json!({ "tokenNote": "n" }).to_string());
    // By default at Deploy alone.
    for (settings, release, deploy) in [(&usual, 403, 201), (&open, 201, 201), (&closed, 403, 403)] {
        assert_eq!(root.send("PUT", SETTINGS, settings).status, 200);
        for (port, (path, status)) in
            [0, 1].into_iter().flat_map(|port| [(port, (TOKENS, release)), (port, (DEPLOY_TOKENS, deploy))])
        {
            let made = ask(&patgate, port, path, &["-u", "alice:alice password", "-H", kind, "-d", &body]);
            assert_eq!(made.status, status, "{port} {path}: {}\n{}", made.text(), patgate.log());
            if status == 201 {
                let user = format!(":{}", made.json()["token"].as_str().unwrap());
                let used = ask(&patgate, port, path, &["-u", &user]);
                assert_eq!(used.status, 200, "{port} {path}: {}", used.text());
            }
        }
    }
}
