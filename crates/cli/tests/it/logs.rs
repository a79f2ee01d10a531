//! What the log says, and that no secret stands in it however much it says.

use std::process::Command;

use patgate_testkit::certificates::Authority;
use patgate_testkit::child;
use patgate_testkit::curl::curl;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::servers::postgres::Database;
use serde_json::{Value, json};

use crate::actors::{CURRENT, TOKENS, admin, with_bearer};

/// What stands in the header `Authorization: Basic …` for this password under the names of the tests (RFC 7617 §2).
fn packed_in_basic(password: &str) -> [String; 3] {
    ["", "admin", "nobody"].map(|name| {
        let mut command = Command::new("base64");
        command.arg("--wrap=0");
        let output = child::run_with_input(command, &format!("{name}:{password}"));
        String::from_utf8(output.stdout).unwrap()
    })
}

fn assert_silent<'s>(log: &str, secrets: impl IntoIterator<Item = &'s str>) {
    for secret in secrets {
        assert!(secret.len() >= 16, "`{secret}` is no secret");
        assert_eq!(log.lines().find(|line| line.contains(secret)), None);
    }
}

/// The talk of HTTP/2 and TLS, and of the driver of PostgreSQL, which gets its password by the URL.
#[test]
fn nobody_finds_a_secret_in_what_the_libraries_below_say() {
    let (authority, database) = (Authority::create(), Database::create());
    let pair = authority.server("server");
    let configuration = format!(
        "[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        pair.certificate.display(),
        pair.key.display()
    );
    let database_password = "a-password-of-the-database";
    let role = format!("patgate_{}", std::process::id());
    // A process id may come again while the cluster lives.
    database.query(&format!(
        "DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{database_password}'; \
         EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT ALL ON SCHEMA public TO {role}"
    ));
    let (_, at) = database.url().rsplit_once("//").unwrap();
    let (_, server) = at.rsplit_once('@').unwrap_or(("", at));
    let mut patgate = Patgate::with()
        .https()
        .configuration(configuration)
        .database_url(&format!("postgres://{role}:{database_password}@{server}"))
        .environment("PATGATE_LOG_FILTER", "trace")
        .start();
    let token = admin(&patgate).token("t", "any").text;
    let file = authority.certificate().display().to_string();
    let bearer = format!("Authorization: Bearer {token}");
    for path in ["/auth", CURRENT, TOKENS] {
        let url = patgate.url_of(path);
        for way in [["-u", &format!(":{token}")], ["-u", &format!("admin:{ADMIN_PASSWORD}")], ["-H", &bearer]]
        {
            let answer = curl(["--http2", "--cacert", &file, way[0], way[1], &url]);
            assert!(matches!(answer.status, 200 | 400 | 401), "{}", answer.text());
        }
    }
    assert!(patgate.stop().success());
    let log = patgate.log();
    for library in ["h2::", "rustls::"] {
        assert!(log.contains(library), "`{library}` says nothing");
    }
    let packed = [&token, ADMIN_PASSWORD].map(packed_in_basic).concat();
    assert_silent(
        &log,
        packed.iter().map(String::as_str).chain([&token[4..], ADMIN_PASSWORD, database_password]),
    );
}

#[test]
fn nobody_finds_a_secret_in_the_most_talkative_log() {
    for format in ["text", "json"] {
        let mut patgate = Patgate::with()
            .environment("PATGATE_LOG_FORMAT", format)
            .environment("PATGATE_LOG_FILTER", "trace")
            .start();
        let token = admin(&patgate).token("t", "any").text;
        let body = json!({ "username": "admin", "password": ADMIN_PASSWORD }).to_string();
        let url = patgate.url_of("/api/v1/session");
        let session = curl(["-H", "Content-Type: application/json", "-d", &body, &url]);
        let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let csrf = session.json()["csrfToken"].as_str().unwrap().to_owned();
        curl(["-H", &format!("Cookie: {cookie}"), "-H", &format!("X-CSRF-Token: {csrf}"), &url]);
        for path in ["/auth", "/auth/release", "/auth/nosuch", CURRENT, "/nowhere"] {
            with_bearer(&patgate.url_of(path), &token);
            // Where people put them by mistake.
            with_bearer(&patgate.url_of(&format!("{path}?token={token}&password={ADMIN_PASSWORD}")), &token);
            curl(["-u", &format!(":{token}"), "-A", "agent", &patgate.url_of(path)]);
            curl(["-u", &format!("admin:{ADMIN_PASSWORD}"), &patgate.url_of(path)]);
            curl(["-u", &format!("nobody:{ADMIN_PASSWORD}"), &patgate.url_of(path)]);
            curl(["-H", &format!("x-deploy-personal-token: {token}x"), &patgate.url_of(path)]);
        }
        let broken = format!("{{\"tokenNote\":\"a\",\"password\":\"{ADMIN_PASSWORD}\"}}");
        let bearer = format!("Authorization: Bearer {token}");
        let json = "Content-Type: application/json";
        curl(["-H", &bearer, "-H", json, "-d", &broken, &patgate.url_of(TOKENS)]);
        assert!(patgate.stop().success());
        let log = patgate.log();
        assert!(log.contains("listening"), "{log}");
        let packed = [&token, ADMIN_PASSWORD].map(packed_in_basic).concat();
        let plain = [&token[4..], ADMIN_PASSWORD, cookie.split_once('=').unwrap().1, csrf.as_str()];
        assert_silent(&log, packed.iter().map(String::as_str).chain(plain));
        let keys = std::fs::read_to_string(patgate.data_directory().join("keys")).unwrap();
        for key in keys.split_whitespace().filter(|word| word.len() == 64) {
            assert!(!log.contains(key), "a key stands in the log");
        }
        if format == "json" {
            let is_object =
                |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object());
            assert_eq!(log.lines().find(|line| !is_object(line)), None);
        }
    }
}
