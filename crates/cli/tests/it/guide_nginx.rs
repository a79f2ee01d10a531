//! `docs/guide/nginx.md`, word for word: its settings, its lines and its recipe, in which only addresses are put in.

use std::fs;
use std::time::Duration;

use patgate_testkit::servers::nginx::Nginx;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::{curl, wait};

use crate::actors::{Person, admin};
use crate::recipe::{recipe, set};

const GUIDE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/nginx.md"));
/// What the guide says to write, so that nginx logs the cause of a 403.
const CAUSE: &str = "auth_request_set $patgate_cause $upstream_http_www_authenticate;";
const PASSWORD: &str = "correct horse battery";

/// The blocks of the guide of this language, without the blanks before their lines.
fn blocks(language: &str) -> Vec<String> {
    let blocks = GUIDE.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let blocks = blocks.filter(|(named, _)| *named == language);
    blocks
        .map(|(_, text)| text.trim_end().lines().map(|line| format!("{}\n", line.trim())).collect())
        .collect()
}

/// nginx with the recipe and with the cause in its log, in front of an application.
fn nginx(patgate: &Patgate, upstream: &Upstream) -> Nginx {
    Nginx::start(|port| {
        let ask = "    auth_request /_patgate;\n";
        let own = format!("{ask}    {CAUSE}\n    access_log causes.log cause;\n");
        let text = set(&recipe(port, patgate, upstream), ask, &own);
        format!("log_format cause '$status $patgate_cause';\n{text}")
    })
}

#[test]
fn somebody_sets_nginx_up_and_tries_the_lines_of_the_guide() {
    let settings = blocks("toml");
    assert_eq!(settings[0], "trusted_proxies = [\"127.0.0.1\"]\n");
    let patgate = Patgate::with().configuration(&settings[0]).start();
    let upstream = Upstream::start();
    let nginx = nginx(&patgate, &upstream);
    let token = admin(&patgate).token("nightly", "release").text;
    let lines = blocks("").into_iter().find(|block| block.starts_with("curl ")).unwrap();
    let put_in = lines.replace("http://127.0.0.1:8000", &nginx.url()).replace("<token>", &token);
    let statuses: Vec<u16> = put_in.lines().map(|line| curl::line(line).status).collect();
    assert_eq!(statuses, [401, 200], "{put_in}");
    let requests = upstream.take_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("x-patgate-user"), Some("admin"));
    assert_eq!(requests[0].header("x-patgate-token-expires"), None, "it never expires");
}

#[test]
fn the_rules_of_the_guide_decide_and_nginx_logs_why_somebody_is_refused() {
    assert!(GUIDE.contains(CAUSE));
    let patgate = Patgate::with().configuration(blocks("toml").concat()).start();
    let upstream = Upstream::start();
    let nginx = nginx(&patgate, &upstream);
    let root = admin(&patgate);
    root.hire("ann", PASSWORD, &["release#view"]);
    root.hire("bob", PASSWORD, &["login"]);
    let header = |name: &str| {
        let token = Person::new(&patgate, name, PASSWORD).token("nightly", "release");
        format!("x-release-personal-token: {}", token.text)
    };
    let (ann, bob) = (header("ann"), header("bob"));
    for (token, method, path, status) in [
        (&ann, "GET", "/api/v1/releases/7", 200),
        (&ann, "GET", "/api/v1/releases", 200),
        (&bob, "GET", "/api/v1/releases/7", 403),
        (&ann, "DELETE", "/api/v1/releases/7", 403),
        (&bob, "POST", "/static/logo.png", 200),
        (&ann, "GET", "/elsewhere", 403),
    ] {
        let url = format!("{}{path}", nginx.url());
        let answer = curl::curl(["-X", method, "-H", token, &url]);
        assert_eq!(answer.status, status, "{method} {path}");
    }
    let head = curl::curl(["-I", "-H", &ann, &format!("{}/api/v1/releases/7", nginx.url())]);
    assert_eq!(head.status, 200, "a rule for GET covers HEAD");
    let causes = || fs::read_to_string(nginx.directory().join("causes.log")).unwrap_or_default();
    let all = || Some(causes()).filter(|causes| causes.lines().count() == 7);
    let causes = wait::until(Duration::from_secs(10), all).unwrap_or_else(|| panic!("{}", causes()));
    let refused: Vec<_> = causes.lines().filter(|line| line.starts_with("403 ")).collect();
    assert_eq!(refused.len(), 3, "{causes}");
    assert!(refused.iter().all(|line| line.contains("insufficient_scope")), "{causes}");
    assert!(refused[0].contains("release#view"), "{causes}");
}
