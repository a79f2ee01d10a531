//! The command lines that stand on the vendors' pages, and the call of their published scripts, with our port alone put
//! in: somebody pastes them and they work.

use std::process::Command;

use patgate_testkit::curl::{self, Answer};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::json;

use crate::actors::{TOKENS, admin};

/// Runs a line of a page. With its `-i` the headers are in the body, as people see them.
fn pasted(line: &str, pat: &str, port: u16) -> Answer {
    let line = line.replace("<pat>", pat).replace(":5516/", &format!(":{port}/"));
    curl::line(&line.replace(":4516/", &format!(":{port}/")))
}

/// The JSON after the headers.
fn json_of(answer: &Answer) -> serde_json::Value {
    let text = answer.text();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn behaviour_01_02_09_10_somebody_pastes_the_lines_of_the_release_page_on_either_port() {
    let patgate = Patgate::with().listeners(2).start();
    let root = admin(&patgate);
    let token = root.token("builder", "release");
    let template = root.send("POST", "/api/v1/templates", &json!({ "title": "Ship it" })).json();
    let path = format!("/api/v1/templates/{}/create", template["id"].as_str().unwrap());
    let release = root.send("POST", &path, &json!({ "releaseTitle": "Ship 1.2" })).json();
    for port in patgate.ports() {
        for line in [
            "curl -u :<pat> 'http://localhost:5516/api/v1/releases' -i -X GET",
            "curl --header 'x-release-personal-token: <pat>' 'http://localhost:5516/api/v1/releases' -i -X GET",
            "curl --header 'X-RELEASE-Personal-Token:    <pat>  ' 'http://localhost:5516/api/v1/releases' -i -X GET",
        ] {
            let answer = pasted(line, &token.text, *port);
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(answer.text().starts_with("HTTP/1.1 200 OK\r\n"), "no challenge comes first");
            assert_eq!(json_of(&answer), json!([release]), "it shows what is there");
        }
    }
}

#[test]
fn behaviour_03_04_09_10_somebody_pastes_the_lines_of_the_deploy_page_on_either_port() {
    let patgate = Patgate::with().listeners(2).start();
    let admin = admin(&patgate);
    let deploy = admin.token("deployer", "deploy");
    let any = admin.token("all round", "any");
    assert!(deploy.text.starts_with("dpa_") && any.text.starts_with("pat_"));
    for port in patgate.ports() {
        for token in [&deploy, &any] {
            let answer = pasted(
                "curl -u :<pat> 'http://localhost:4516/api/v1/deployit' -i -X GET",
                &token.text,
                *port,
            );
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(answer.text().starts_with("HTTP/1.1 200 OK\r\n"));
            assert_eq!(json_of(&answer)["user"]["username"], "admin");
            for line in [
                "curl --header 'x-deploy-personal-token: <pat>' 'http://localhost:4516/deployit/tokens/users' -i -X GET",
                "curl --header 'X-DEPLOY-Personal-Token:    <pat>  ' 'http://localhost:4516/deployit/tokens/users' -i -X GET",
            ] {
                let answer = pasted(line, &token.text, *port);
                assert_eq!(answer.status, 200, "{}", answer.text());
                assert!(answer.text().starts_with("HTTP/1.1 200 OK\r\n"), "no challenge comes first");
                let listed = json_of(&answer);
                let names: Vec<_> =
                    listed.as_array().unwrap().iter().map(|token| &token["tokenNote"]).collect();
                assert_eq!(names, ["all round", "deployer"]);
                assert!(!answer.text().contains(&token.text[4..]), "a list shows no secret");
            }
        }
    }
}

#[test]
fn behaviour_14_the_path_decides_which_token_passes_and_the_port_does_not() {
    let patgate = Patgate::with().listeners(2).start();
    let admin = admin(&patgate);
    let release = admin.token("builder", "release");
    let deploy = admin.token("deployer", "deploy");
    assert!(release.text.starts_with("rpa_"));
    for port in patgate.ports() {
        let ask = |path: &str, header: &str, pat: &str| {
            let line = format!("curl --header '{header}: <pat>' 'http://localhost:5516{path}' -X GET");
            pasted(&line, pat, *port).status
        };
        for header in ["x-release-personal-token", "x-deploy-personal-token"] {
            for (path, token, status) in [
                ("/api/v1/personal-access-tokens", &release, 200),
                ("/api/v1/personal-access-tokens", &deploy, 401),
                ("/deployit/tokens/users", &release, 401),
                ("/deployit/tokens/users", &deploy, 200),
                ("/api/v1/deployit", &release, 401),
                ("/api/v1/deployit", &deploy, 200),
                ("/api/v1/personal-access-tokens/current", &release, 200),
                ("/api/v1/personal-access-tokens/current", &deploy, 200),
                ("/auth/release", &release, 200),
                ("/auth/release", &deploy, 401),
                ("/auth/deploy", &release, 401),
                ("/auth/deploy", &deploy, 200),
                ("/auth", &release, 200),
                ("/auth", &deploy, 200),
            ] {
                assert_eq!(ask(path, header, &token.text), status, "{header} {path} {}", &token.text[..4]);
            }
        }
        let answer = pasted(
            "curl -u :<pat> 'http://localhost:5516/api/v1/personal-access-tokens' -i -X GET",
            &release.text,
            *port,
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn behaviour_18_20_21_the_vendors_script_makes_a_token_and_reads_it_with_jq() {
    let patgate = Patgate::start();
    // In the words of the script that registers a runner: any 2xx, then the field `token`.
    let script = format!(
        "curl -s -w '\\n%{{http_code}}' -u 'admin:{ADMIN_PASSWORD}' -X POST '{}' \
         -H 'Content-Type: application/json;charset=UTF-8' \
         -d '{{\"tokenNote\": \"Create Runner Token\", \"globalPermissions\": [\"runner#registration\"]}}'",
        patgate.url_of(TOKENS)
    );
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    assert_eq!(status, "201", "{body}");
    let file = patgate.directory().join("answer.json");
    std::fs::write(&file, body).unwrap();
    let output = Command::new("jq").args(["-r", ".token"]).arg(file).output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert!(token.starts_with("rpa_"), "{token}");
    let current = pasted(
        "curl -u :<pat> 'http://localhost:5516/api/v1/personal-access-tokens/current'",
        &token,
        patgate.ports()[0],
    );
    assert_eq!(current.json()["globalPermissions"], json!(["runner#registration"]));
}

#[test]
fn a_refused_client_of_deploy_reads_text() {
    let patgate = Patgate::start();
    let line = "curl --header 'x-deploy-personal-token: <pat>' 'http://localhost:4516/deployit/tokens/users'";
    let answer = pasted(line, "dpa_nonsense", patgate.ports()[0]);
    assert_eq!(answer.status, 401);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{:?}", answer.headers);
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer realm=\"patgate\""));
    assert!(!answer.text().is_empty() && !answer.text().starts_with('{'), "{}", answer.text());
}

#[test]
fn behaviour_46_curl_has_a_ci_in_the_form_that_it_asks_for() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let server = json!({
        "id": "Configuration/SMTPSERVERTEST", "type": "notification.PatSmtpServer",
        "properties": { "host": "mail.example.org", "fromAddress": "patgate@example.org" },
    });
    assert_eq!(root.send("POST", "/api/v1/configuration-items", &server).status, 201);
    let user = format!(":{}", root.token("deployer", "deploy").text);
    let url = patgate.url_of("/deployit/repository/ci/Configuration/SMTPSERVERTEST");
    // What curl asks for when nothing is said is `*/*`.
    let nothing_said = curl::curl(["-u", &user, &url]);
    for (accept, kind, begin) in [
        ("*/*", "application/xml", "<notification.PatSmtpServer id=\"Configuration/SMTPSERVERTEST\""),
        ("application/xml", "application/xml", "<notification.PatSmtpServer id="),
        ("application/json", "application/json", "{\"id\":\"Configuration/SMTPSERVERTEST\""),
    ] {
        let answer = curl::curl(["-u", &user, "-H", &format!("Accept: {accept}"), &url]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{accept}");
        assert!(answer.text().starts_with(begin), "{accept}: {}", answer.text());
        let is_xml = kind == "application/xml";
        assert_eq!(answer.text() == nothing_said.text(), is_xml, "{accept}: {}", nothing_said.text());
    }
}
