//! What holds at both products holds on both ports: the path decides, the port never. With `curl`, as the vendors' pages
//! have it.

use std::collections::BTreeSet;

use patgate_testkit::curl::Answer;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::{Value, json};

use crate::actors::{CURRENT, Person, TOKENS, admin, ask};

const RELEASES: &str = "/api/v1/releases";
const DEPLOY_TOKENS: &str = "/deployit/tokens/users";
const DEPLOY: &str = "/api/v1/deployit";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// The paths on which the vendors' pages try tokens out, with the headers of their products.
const TRIED: [(&str, &str); 3] = [
    (RELEASES, "x-release-personal-token"),
    (DEPLOY_TOKENS, "x-deploy-personal-token"),
    (DEPLOY, "x-deploy-personal-token"),
];

/// A server with a port for each product.
fn server() -> Patgate {
    Patgate::with().listeners(2).start()
}

/// Makes a token with the vendor's call.
fn make(patgate: &Patgate, port: usize, user: &str, body: &Value) -> Answer {
    let json = "Content-Type: application/json;charset=UTF-8";
    ask(patgate, port, TOKENS, &["-u", user, "-H", json, "-d", &body.to_string()])
}

/// The answers to a token in every form in which it is sent.
fn answers(patgate: &Patgate, port: usize, (path, header): (&str, &str), token: &str) -> Vec<Answer> {
    let (basic, header) = (format!(":{token}"), format!("{header}: {token}"));
    vec![ask(patgate, port, path, &["-u", &basic]), ask(patgate, port, path, &["-H", &header])]
}

#[test]
fn behaviour_05_06_07_13_credentials_are_judged_alike_on_either_port() {
    let mut patgate = server();
    let root = admin(&patgate);
    let [good, deleted, expired] = ["good", "deleted", "expired"].map(|name| root.token(name, "any"));
    root.delete_token(&deleted);
    patgate.kill();
    patgate.sql("UPDATE grants SET expires_at = 1000 WHERE name = 'expired'");
    patgate.start_again();
    let password = format!("admin:{ADMIN_PASSWORD}");
    for (port, tried) in [0, 1].into_iter().flat_map(|port| TRIED.map(|tried| (port, tried))) {
        let (path, header) = tried;
        assert_eq!(ask(&patgate, port, path, &["-u", &password]).status, 200, "{path}");
        assert_eq!(ask(&patgate, port, path, &["-u", "admin:wrong"]).status, 401, "{path}");
        for (token, status) in
            [(good.text.as_str(), 200), (&deleted.text, 401), (&expired.text, 401), ("pat_unknown", 401)]
        {
            for answer in answers(&patgate, port, tried, token) {
                assert_eq!(answer.status, status, "{port} {path} {}", answer.text());
            }
        }
        let nobody = ask(&patgate, port, path, &["-H", "Accept: text/html"]);
        assert_eq!((nobody.status, nobody.header("location")), (401, None), "{path}");
        assert!(!nobody.text().contains("<html"), "{path}");
        // A wrong token in the header is not saved by a right password, and a right one not spoilt by a wrong password.
        let wrong = format!("{header}: rpa_wrong");
        assert_eq!(ask(&patgate, port, path, &["-H", &wrong, "-u", &password]).status, 401, "{path}");
        let right = format!("{header}: {}", good.text);
        assert_eq!(ask(&patgate, port, path, &["-H", &right, "-u", "admin:wrong"]).status, 200, "{path}");
    }
}

#[test]
fn behaviour_11_12_15_tokens_are_used_and_deleted_alike_on_either_port() {
    let patgate = server();
    let root = admin(&patgate);
    root.hire("ann", "correct horse battery", &["login", "release#view"]);
    for port in [0, 1] {
        let token = root.token("t", "any");
        for (path, header) in TRIED {
            let named = |name: &str| format!("{name}:{}", token.text);
            assert_eq!(ask(&patgate, port, path, &["-u", &named("Admin")]).status, 200, "{path}");
            assert_eq!(ask(&patgate, port, path, &["-u", &named("ann")]).status, 401, "{path}");
            // A change with a token alone; what is deleted is refused from the next request on.
            let other = root.token("other", "any");
            let with = format!("{header}: {}", token.text);
            let gone =
                ask(&patgate, port, &format!("{TOKENS}/{}", other.id), &["-X", "DELETE", "-u", &named("")]);
            assert_eq!(gone.status, 204, "{}", gone.text());
            let statuses = answers(&patgate, port, (path, header), &other.text);
            assert!(statuses.iter().all(|answer| answer.status == 401), "{path}: {statuses:?}");
            assert_eq!(ask(&patgate, port, path, &["-H", &with]).status, 200);
        }
    }
}

#[test]
fn behaviour_10_11_each_credential_changes_things_at_once_and_without_a_csrf_token_on_either_port() {
    let patgate = server();
    let token = admin(&patgate).token("changes", "any").text;
    let (password, basic) = (format!("admin:{ADMIN_PASSWORD}"), format!(":{token}"));
    let headers =
        ["x-release-personal-token", "x-deploy-personal-token"].map(|header| format!("{header}: {token}"));
    let server = json!({
        "type": "notification.PatSmtpServer", "host": "mail.example.org", "fromAddress": "patgate@example.org",
    });
    let with = |name: &str, value: &str| {
        let mut server = server.clone();
        server[name] = json!(value);
        server
    };
    for port in [0, 1] {
        let credentials = [
            ["-u", password.as_str()],
            ["-u", basic.as_str()],
            ["-H", headers[0].as_str()],
            ["-H", headers[1].as_str()],
        ];
        for (number, credential) in credentials.iter().enumerate() {
            let call = |method: &str, path: &str, body: Option<&Value>| {
                let body = body.map(Value::to_string);
                let mut words =
                    vec![credential[0], credential[1], "-X", method, "-H", "Accept: application/json"];
                words.extend(
                    body.iter()
                        .flat_map(|body| ["-H", "Content-Type: application/json", "-d", body.as_str()]),
                );
                let answer = ask(&patgate, port, path, &words);
                assert!(
                    (200..300).contains(&answer.status),
                    "{port} {number} {method} {path}: {}",
                    answer.text()
                );
                answer
            };
            let made = call("POST", "/api/v1/config", Some(&with("title", "Changes"))).json();
            let path = format!("/api/v1/config/{}", made["id"].as_str().unwrap());
            let changed = call("PUT", &path, Some(&with("title", "Changed"))).json();
            assert_eq!((&changed["id"], &changed["title"]), (&made["id"], &json!("Changed")));
            call("DELETE", &path, None);
            let path = "/deployit/repository/ci/Configuration/Changes";
            call("POST", path, Some(&server));
            let changed = call("PUT", path, Some(&with("testAddress", "ann@example.org"))).json();
            assert_eq!(changed["testAddress"], "ann@example.org");
            call("DELETE", path, None);
            assert_eq!(call("GET", "/deployit/repository/query", None).json(), json!([]));
        }
    }
}

#[test]
fn behaviour_08_24_25_26_permissions_count_alike_on_either_port() {
    let patgate = server();
    let root = admin(&patgate);
    root.hire("ann", "correct horse battery", &["login", "release#view", "config#view"]);
    let ann = Person::new(&patgate, "ann", "correct horse battery");
    let whole = ann.token("whole", "any");
    let role = |permissions: &[&str]| {
        let role =
            json!({ "name": "ann", "permissions": permissions, "principals": [{ "username": "ann" }] });
        assert_eq!(root.send("PUT", "/api/v1/roles/ann", &role).status, 200);
    };
    let query = "/deployit/repository/query";
    for port in [0, 1] {
        let narrow = ann.token_of(&json!({
            "tokenNote": "narrow", "application": "any", "globalPermissions": ["config#view"],
        }));
        let asked = |path: &str, token: &str| ask(&patgate, port, path, &["-u", &format!(":{token}")]);
        assert_eq!([RELEASES, query].map(|path| asked(path, &whole.text).status), [200, 200]);
        assert_eq!([RELEASES, query].map(|path| asked(path, &narrow.text).status), [403, 200]);
        let other = ann.token_of(&json!({
            "tokenNote": "other", "application": "any", "globalPermissions": ["release#view"],
        }));
        for (path, token, permission) in [(RELEASES, &narrow, "release#view"), (query, &other, "config#view")]
        {
            let refused = asked(path, &token.text);
            assert_eq!(refused.status, 403, "{path}");
            assert_eq!(refused.text(), format!("You do not have {permission} permission"));
            assert!(
                refused.header("content-type").unwrap().starts_with("text/plain"),
                "{:?}",
                refused.headers
            );
        }
        role(&["login", "config#view"]);
        assert_eq!([RELEASES, query].map(|path| asked(path, &whole.text).status), [403, 200]);
        role(&["login", "release#view", "config#view"]);
        assert_eq!(asked(RELEASES, &whole.text).status, 200);
        let listed =
            ask(&patgate, port, "/api/v1/global-permissions", &["-u", &format!("admin:{ADMIN_PASSWORD}")]);
        let listed = listed.json();
        let body = json!({ "tokenNote": "all of them", "globalPermissions": listed });
        let made = make(&patgate, port, &format!("admin:{ADMIN_PASSWORD}"), &body);
        assert_eq!(made.status, 201, "{}", made.text());
        let names =
            |list: &Value| list.as_array().unwrap().iter().map(Value::to_string).collect::<BTreeSet<_>>();
        assert_eq!(names(&made.json()["globalPermissions"]), names(&listed));
    }
}

#[test]
fn behaviour_16_with_tokens_switched_off_none_passes_and_the_list_stays_on_either_port() {
    let patgate = server();
    let root = admin(&patgate);
    let old = root.token("old", "any");
    let (user, token) = (format!("admin:{ADMIN_PASSWORD}"), format!(":{}", old.text));
    let usual = root.get(SETTINGS).json();
    let mut closed = usual.clone();
    for application in ["release", "deploy", "others"] {
        closed["origins"][application]["internal"] = json!(false);
    }
    let (body, kind) = (json!({ "tokenNote": "new" }).to_string(), "Content-Type: application/json");
    for (settings, made, used) in [(&closed, 403, 401), (&usual, 201, 200)] {
        assert_eq!(root.send("PUT", SETTINGS, settings).status, 200);
        for (port, path) in [0, 1].into_iter().flat_map(|port| [(port, TOKENS), (port, DEPLOY_TOKENS)]) {
            let answer = ask(&patgate, port, path, &["-u", &user, "-H", kind, "-d", &body]);
            assert_eq!(answer.status, made, "{port} {path}: {}", answer.text());
            let listed = ask(&patgate, port, path, &["-u", &user]);
            assert_eq!(listed.status, 200, "{port} {path}: {}", listed.text());
            assert!(listed.text().contains(&old.id), "{port} {path}: {}", listed.text());
            assert_eq!(ask(&patgate, port, path, &["-u", &token]).status, used, "{port} {path}");
        }
    }
}

#[test]
fn behaviour_14_17_18_19_20_21_22_23_tokens_are_made_alike_on_either_port() {
    let patgate = server();
    let root = admin(&patgate);
    let user = format!("admin:{ADMIN_PASSWORD}");
    let usual = root.get(SETTINGS).json();
    assert_eq!(usual["maximumLifetimeDays"], Value::Null, "by default for ever");
    for port in [0, 1] {
        for days in [json!(7), json!(30), json!(45), json!(60), json!(365), Value::Null] {
            let made = make(&patgate, port, &user, &json!({ "tokenNote": "n", "expiresInDays": days }));
            assert_eq!(made.status, 201, "{days}: {}", made.text());
            let made = made.json();
            assert!(made["token"].as_str().unwrap().starts_with("rpa_"));
            assert_eq!(made["expiresAt"].is_null(), days.is_null());
            let text = made["token"].as_str().unwrap().to_owned();
            for path in [TOKENS, DEPLOY_TOKENS, &format!("{TOKENS}/{}", made["id"].as_str().unwrap())] {
                let listed = ask(&patgate, port, path, &["-u", &user]);
                assert_eq!(listed.status, 200);
                assert!(!listed.text().contains(&text[4..]), "{path}");
            }
            assert_eq!(ask(&patgate, port, CURRENT, &["-u", &format!(":{text}")]).status, 200);
        }
        // What is made by Deploy's call is Deploy's.
        let json = "Content-Type: application/json;charset=UTF-8";
        let made =
            ask(&patgate, port, DEPLOY_TOKENS, &["-u", &user, "-H", json, "-d", r#"{"tokenNote":"n"}"#]);
        assert_eq!(made.status, 201, "{}", made.text());
        assert!(made.json()["token"].as_str().unwrap().starts_with("dpa_"));
        let mut settings = usual.clone();
        settings["maximumLifetimeDays"] = json!(30);
        assert_eq!(root.send("PUT", SETTINGS, &settings).status, 200);
        for (days, status) in [(30, 201), (45, 400)] {
            let made = make(&patgate, port, &user, &json!({ "tokenNote": "n", "expiresInDays": days }));
            assert_eq!(made.status, status, "{days}: {}", made.text());
        }
        // The administrator's table: internal users have tokens at Deploy, and none at Release.
        let mut settings = usual.clone();
        settings["origins"]["release"]["internal"] = json!(false);
        assert_eq!(root.send("PUT", SETTINGS, &settings).status, 200);
        for (application, status) in [("release", 403), ("deploy", 201)] {
            let made = make(&patgate, port, &user, &json!({ "tokenNote": "n", "application": application }));
            assert_eq!(made.status, status, "{application}: {}", made.text());
        }
        assert_eq!(root.send("PUT", SETTINGS, &usual).status, 200);
    }
}
