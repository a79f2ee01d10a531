//! Signing in to the pages over the wire: which cookie, where it counts, and when it ends.

use patgate_testkit::certificates::Authority;
use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::json;

use crate::actors::{TOKENS, admin};

const SESSION: &str = "/api/v1/session";

fn sign_in(patgate: &Patgate, path: &str, password: &str) -> Answer {
    let body = json!({ "username": "admin", "password": password }).to_string();
    curl(["--insecure", "-H", "Content-Type: application/json", "-d", &body, &patgate.url_of(path)])
}

/// A request with a cookie, and perhaps a CSRF token.
fn with_cookie(patgate: &Patgate, method: &str, path: &str, cookie: &str, csrf: Option<&str>) -> Answer {
    let cookie = format!("Cookie: theme=dark; {cookie}");
    let csrf = csrf.map(|csrf| format!("X-CSRF-Token: {csrf}"));
    let url = patgate.url_of(path);
    let mut words = vec!["--insecure", "-X", method, "-H", &cookie];
    words.extend(csrf.as_deref().into_iter().flat_map(|csrf| ["-H", csrf]));
    if method == "POST" {
        words.extend(["-H", "Content-Type: application/json", "-d", "{\"tokenNote\":\"by the page\"}"]);
    }
    curl(words.into_iter().chain([url.as_str()]))
}

/// `name=value` of the one cookie, and its attributes.
fn cookie(answer: &Answer) -> (&str, &str) {
    let line = answer.header("set-cookie").unwrap();
    line.split_once("; ").unwrap()
}

#[test]
fn a_browser_on_plain_http_works_with_its_cookie_until_it_signs_out() {
    let patgate = Patgate::start();
    let answer = sign_in(&patgate, SESSION, ADMIN_PASSWORD);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (cookie, attributes) = cookie(&answer);
    assert!(cookie.starts_with("patgate_session="), "{cookie}");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/");
    let csrf = answer.json()["csrfToken"].as_str().unwrap().to_owned();
    assert_eq!(with_cookie(&patgate, "GET", SESSION, cookie, None).json()["username"], "admin");
    assert_eq!(with_cookie(&patgate, "POST", TOKENS, cookie, None).status, 403);
    assert_eq!(with_cookie(&patgate, "POST", TOKENS, cookie, Some("wrong")).status, 403);
    assert_eq!(with_cookie(&patgate, "POST", TOKENS, cookie, Some(&csrf)).status, 201);
    // The cookie is for the pages: a proxy does not take it for a credential, and two of them are none.
    assert_eq!(with_cookie(&patgate, "GET", "/auth", cookie, None).status, 401);
    let twice = format!("{cookie}; {cookie}");
    assert_eq!(with_cookie(&patgate, "GET", SESSION, &twice, None).status, 401);
    assert_eq!(with_cookie(&patgate, "GET", SESSION, &format!("__Host-{cookie}"), None).status, 401);
    assert_eq!(with_cookie(&patgate, "DELETE", SESSION, cookie, Some(&csrf)).status, 204);
    assert_eq!(with_cookie(&patgate, "GET", SESSION, cookie, None).status, 401);
}

#[test]
fn a_session_outlives_a_restart_and_ends_with_the_password() {
    let mut patgate = Patgate::start();
    let answer = sign_in(&patgate, SESSION, ADMIN_PASSWORD);
    let (cookie, _) = cookie(&answer);
    patgate.kill();
    patgate.start_again();
    assert_eq!(with_cookie(&patgate, "GET", SESSION, cookie, None).status, 200);
    let body = json!({ "currentPassword": ADMIN_PASSWORD, "newPassword": "quite another one" });
    let changed = admin(&patgate).send("POST", "/api/v1/users/admin/password", &body);
    assert!((200..300).contains(&changed.status), "{}", changed.text());
    assert_eq!(with_cookie(&patgate, "GET", SESSION, cookie, None).status, 401);
    assert_eq!(sign_in(&patgate, SESSION, ADMIN_PASSWORD).status, 401);
    assert_eq!(sign_in(&patgate, SESSION, "quite another one").status, 200);
}

#[test]
fn a_browser_on_https_gets_a_cookie_that_no_other_host_can_set() {
    let authority = Authority::create();
    let certificate = authority.server("server");
    let configuration = format!(
        "public_url = \"https://tokens.example.com/pat\"\n[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        certificate.certificate.display(),
        certificate.key.display()
    );
    let patgate = Patgate::with().https().configuration(configuration).start();
    // The path of the public URL may stand before every path.
    for path in ["/api/v1/session", "/pat/api/v1/session"] {
        let answer = sign_in(&patgate, path, ADMIN_PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (cookie, attributes) = cookie(&answer);
        assert!(cookie.starts_with("__Host-patgate_session="), "{cookie}");
        assert_eq!(attributes, "Secure; HttpOnly; SameSite=Lax; Path=/");
        assert_eq!(with_cookie(&patgate, "GET", path, cookie, None).status, 200);
        let plain = cookie.trim_start_matches("__Host-");
        assert_eq!(with_cookie(&patgate, "GET", path, plain, None).status, 401);
    }
    // What leads back starts with the public URL, whatever the request said.
    let answer = admin(&patgate).send("POST", TOKENS, &json!({ "tokenNote": "t" }));
    let location = answer.header("location").unwrap();
    assert!(
        location.starts_with("https://tokens.example.com/pat/api/v1/personal-access-tokens/"),
        "{location}"
    );
}

#[test]
fn somebody_who_guesses_passwords_is_slowed_down_and_tokens_go_on() {
    let patgate = Patgate::start();
    let token = admin(&patgate).token("t", "any").text;
    let statuses: Vec<u16> = (0..7).map(|_| sign_in(&patgate, SESSION, "a wrong password").status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    let refused = sign_in(&patgate, SESSION, ADMIN_PASSWORD);
    assert_eq!(refused.status, 429, "the right one is not looked at: {}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(crate::actors::auth(&patgate, &token), 200);
}

#[test]
fn the_number_that_a_refused_visitor_is_told_leads_to_the_reason_in_the_log() {
    let provider = "[[oidc]]\nname = 'company'\nissuer = 'https://id.example.com'\nclient_id = 'patgate'\n";
    let patgate = Patgate::with().configuration(provider).start();
    let number = || {
        let answer = curl([&patgate.url_of("/oidc-login?code=a&state=b")]);
        assert_eq!(answer.status, 403, "{}", answer.text());
        let text = answer.text();
        let (_, behind) = text.split_once("in the log under ").unwrap();
        behind.chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    let (first, second) = (number(), number());
    assert_ne!(first, second);
    for number in [first, second] {
        let log = patgate.log();
        let lines: Vec<_> =
            log.lines().filter(|line| line.contains(&format!("reference={number} "))).collect();
        assert!(lines.len() == 1 && lines[0].contains("began no sign-in here"), "{number}: {log}");
    }
}
