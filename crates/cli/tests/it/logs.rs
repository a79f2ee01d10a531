//! What the log says, and that no secret stands in it however much it says.

use patgate_testkit::curl::curl;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::{Value, json};

use crate::actors::{CURRENT, TOKENS, admin, with_bearer};

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
        let secrets = [&token[4..], ADMIN_PASSWORD, cookie.split_once('=').unwrap().1, csrf.as_str()];
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{format}");
        }
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
