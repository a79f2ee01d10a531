//! What both products promise of single sign-on, with somebody of a certified provider: it holds on both ports.

use patgate_testkit::servers::oidc::SECRET;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::json;

use crate::actors::{TOKENS, admin, ask};
use crate::log_outs::{Browser, stage};

const DEPLOY_TOKENS: &str = "/deployit/tokens/users";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

#[test]
fn behaviour_16_17_sso_users_make_tokens_where_the_table_says_and_read_their_list_on_either_port() {
    let secret = format!("client_secret = '{SECRET}'");
    // A port for each product.
    let (patgate, _provider) = stage(Patgate::with().listeners(2), "patgate", &secret);
    let root = admin(&patgate);
    let cookie = format!("Cookie: {}", Browser::of(&patgate, "alice").cookie);
    let session = ask(&patgate, 0, "/api/v1/session", &["-H", &cookie]).json();
    let csrf = format!("X-CSRF-Token: {}", session["csrfToken"].as_str().unwrap());
    let (user, kind) = (format!("admin:{ADMIN_PASSWORD}"), "Content-Type: application/json");
    // Made by each product's call, for all applications and for Deploy.
    let calls = [
        (TOKENS, json!({ "tokenNote": "n", "application": "any" }).to_string()),
        (DEPLOY_TOKENS, json!({ "tokenNote": "n" }).to_string()),
    ];
    let as_alice = |port: usize, (path, body): &(&str, String)| {
        ask(&patgate, port, path, &["-H", &cookie, "-H", &csrf, "-H", kind, "-d", body])
    };
    let old = as_alice(0, &calls[0]);
    assert_eq!(old.status, 201, "{}", old.text());
    let [id, text] = ["id", "token"].map(|field| old.json()[field].as_str().unwrap().to_owned());
    let token = format!(":{text}");
    let usual = root.get(SETTINGS).json();
    // Release has tokens for internal users alone, until an administrator says otherwise.
    let release = (TOKENS, json!({ "tokenNote": "n", "application": "release" }).to_string());
    let mut open = usual.clone();
    open["origins"]["release"]["sso"] = json!(true);
    for (settings, status) in [(&usual, 403), (&open, 201)] {
        assert_eq!(root.send("PUT", SETTINGS, settings).status, 200);
        for port in [0, 1] {
            let made = as_alice(port, &release);
            assert_eq!(made.status, status, "{port}: {}", made.text());
            if status == 201 {
                let user = format!(":{}", made.json()["token"].as_str().unwrap());
                assert_eq!(ask(&patgate, port, TOKENS, &["-u", &user]).status, 200, "{port}");
            }
        }
    }
    let mut closed = usual.clone();
    for application in ["release", "deploy", "others"] {
        closed["origins"][application]["sso"] = json!(false);
    }
    for (settings, made, used) in [(&closed, 403, 401), (&usual, 201, 200)] {
        assert_eq!(root.send("PUT", SETTINGS, settings).status, 200);
        for (port, call) in [0, 1].into_iter().flat_map(|port| calls.iter().map(move |call| (port, call))) {
            let (path, body) = call;
            let answer = as_alice(port, call);
            assert_eq!(answer.status, made, "{port} {path}: {}", answer.text());
            let listed = ask(&patgate, port, path, &["-H", &cookie]);
            assert_eq!(listed.status, 200, "{port} {path}: {}", listed.text());
            assert!(listed.text().contains(&id), "{port} {path}: {}", listed.text());
            let internal = ask(&patgate, port, path, &["-u", &user, "-H", kind, "-d", body]);
            assert_eq!(internal.status, 201, "{port} {path}: {}", internal.text());
            let current = ask(&patgate, port, DEPLOY_TOKENS, &["-u", &token]);
            assert_eq!(current.status, used, "{port}: {}", current.text());
        }
    }
}
