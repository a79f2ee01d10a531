//! The main job: a person makes a token, a script uses it through nginx in front of an application, the person deletes
//! it, and the very next request is refused. nginx runs our own recipe.

use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::servers::nginx::Nginx;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::{Received, Upstream};
use serde_json::json;

use crate::actors::{Token, admin};
use crate::recipe::{recipe, set};

const CONFIGURATION: &str = r#"
trusted_proxies = ["127.0.0.1"]

[[application]]
name = "shop"
token_prefix = "shop"
permissions = ["shop#order"]

[[application.rule]]
methods = ["GET"]
path = "/orders/**"

[[application.rule]]
methods = ["POST"]
path = "/orders"
permission = "shop#order"
"#;

const IDENTITY: [&str; 7] = [
    "x-patgate-user",
    "x-patgate-email",
    "x-patgate-groups",
    "x-patgate-permissions",
    "x-patgate-token-id",
    "x-patgate-token-name",
    "x-patgate-token-expires",
];
const CREDENTIALS: [&str; 4] =
    ["authorization", "x-release-personal-token", "x-deploy-personal-token", "x-shop-personal-token"];

/// Patgate, nginx and the application behind it. Dropped in this order.
struct Site {
    nginx: Nginx,
    upstream: Upstream,
    patgate: Patgate,
}

impl Site {
    /// nginx asks at `/auth`, or at `/auth/NAME`.
    fn new(auth: &str) -> Self {
        let patgate = Patgate::with().configuration(CONFIGURATION).start();
        let upstream = Upstream::start();
        let nginx = Nginx::start(|port| {
            let text = recipe(port, &patgate, &upstream);
            let text = set(&text, "/auth/release;", &format!("{auth};"));
            // The head of the recipe asks for this for each application.
            let map = text.find("map $http_x_deploy_personal_token").unwrap();
            let map = text[map..].split_inclusive("}\n").next().unwrap().to_owned();
            let text = set(&text, &map, &format!("{map}{}", map.replace("deploy", "shop")));
            ["\"\"", "$patgate_deploy_token"].into_iter().fold(text, |text, value| {
                let line = format!("proxy_set_header X-Deploy-Personal-Token {value};");
                let own = line.replace("Deploy", "Shop").replace("deploy", "shop");
                set(&text, &line, &format!("{line}\n    {own}"))
            })
        });
        Self { nginx, upstream, patgate }
    }

    fn curl(&self, path: &str, arguments: &[&str]) -> Answer {
        let url = format!("{}{path}", self.nginx.url());
        curl(arguments.iter().copied().chain([url.as_str()]))
    }

    /// What the application got from a request that passes.
    fn passes(&self, path: &str, arguments: &[&str]) -> Received {
        let answer = self.curl(path, arguments);
        assert_eq!(answer.status, 200, "{arguments:?}: {:?}\n{}", answer.headers, self.patgate.log());
        let mut requests = self.upstream.take_requests();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    /// The answer to a request that must not reach the application.
    fn refused(&self, path: &str, arguments: &[&str]) -> Answer {
        let answer = self.curl(path, arguments);
        assert!(self.upstream.take_requests().is_empty(), "the application got {path} {arguments:?}");
        answer
    }
}

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate").unwrap_or_default()
}

fn assert_is_admins(request: &Received, token: &Token, name: &str) {
    assert_eq!(request.header("x-patgate-user"), Some("admin"));
    assert_eq!(request.header("x-patgate-token-id"), Some(token.id.as_str()));
    assert_eq!(request.header("x-patgate-token-name"), Some(name));
    let permissions = request.header("x-patgate-permissions").unwrap();
    assert!(permissions.split(',').any(|id| id == "admin"), "{permissions}");
    for credential in CREDENTIALS {
        assert_eq!(request.header(credential), None, "{credential} reached the application");
    }
    for (header, value) in &request.headers {
        assert!(!value.contains(&token.text), "{header} has the token");
    }
}

#[test]
fn a_script_uses_a_token_in_every_way_until_its_owner_deletes_it() {
    let site = Site::new("/auth");
    let admin = admin(&site.patgate);
    let release = admin.token("nightly build", "release");
    let deploy = admin.token("deployer", "deploy");
    let any = admin.token("all round", "any");
    let mut ways: Vec<(&Token, &str, [String; 2])> = Vec::new();
    for (token, name) in [(&release, "nightly%20build"), (&deploy, "deployer"), (&any, "all%20round")] {
        let text = &token.text;
        ways.extend([
            (token, name, ["-u".to_owned(), format!(":{text}")]),
            (token, name, ["-u".to_owned(), format!("admin:{text}")]),
            (token, name, ["-H".to_owned(), format!("x-release-personal-token: {text}")]),
            (token, name, ["-H".to_owned(), format!("x-deploy-personal-token: {text}")]),
            (token, name, ["-H".to_owned(), format!("Authorization: Bearer {text}")]),
        ]);
    }
    for (token, name, way) in &ways {
        let request = site.passes("/orders?id=1", &[&way[0], &way[1]]);
        assert_eq!((request.method.as_str(), request.uri.as_str()), ("GET", "/orders?id=1"));
        assert_is_admins(&request, token, name);
    }
    for token in [&release, &deploy, &any] {
        admin.delete_token(token);
        for (_, _, way) in ways.iter().filter(|(of, _, _)| of.id == token.id) {
            let answer = site.refused("/orders", &[&way[0], &way[1]]);
            assert_eq!(answer.status, 401, "{way:?}");
            assert!(challenge(&answer).contains("error=\"invalid_token\""), "{:?}", answer.headers);
            assert!(challenge(&answer).contains("deleted"), "{:?}", answer.headers);
        }
    }
}

#[test]
fn a_script_without_a_good_token_does_not_reach_the_application() {
    let site = Site::new("/auth");
    let token = admin(&site.patgate).token("t", "release").text;
    let nobody = site.refused("/", &[]);
    assert_eq!((nobody.status, challenge(&nobody)), (401, "Bearer realm=\"patgate\""));
    let unknown = format!("{}{}", &token[..token.len() - 1], if token.ends_with('0') { '1' } else { '0' });
    for arguments in [
        ["-u".to_owned(), format!("bob:{token}")],
        ["-u".to_owned(), format!(":{unknown}")],
        ["-u".to_owned(), "admin:test-admin-password-1".to_owned()],
        ["-u".to_owned(), ":".to_owned()],
        ["-H".to_owned(), format!("x-release-personal-token: {unknown}")],
        ["-H".to_owned(), "Authorization: Bearer rpa_nonsense".to_owned()],
        ["-H".to_owned(), format!("Authorization: Token {token}")],
    ] {
        let answer = site.refused("/", &[&arguments[0], &arguments[1]]);
        assert_eq!(answer.status, 401, "{arguments:?}");
        assert!(challenge(&answer).starts_with("Bearer realm=\"patgate\""), "{arguments:?}");
    }
    // The first kind present decides; two headers that say different things decide nothing.
    let (right, wrong) =
        (format!("x-release-personal-token: {token}"), format!("x-release-personal-token: {unknown}"));
    let bearer = format!("Authorization: Bearer {token}");
    let other = format!("x-deploy-personal-token: {token}");
    for pair in [[&wrong, &bearer], [&right, &other], [&wrong, &right]] {
        let answer = site.refused("/", &["-H", pair[0], "-H", pair[1]]);
        assert_eq!(answer.status, 401, "{pair:?}");
    }
}

#[test]
fn a_client_with_odd_headers_gets_no_other_answers_than_anybody() {
    let site = Site::new("/auth");
    let token = format!("x-release-personal-token: {}", admin(&site.patgate).token("t", "release").text);
    // More headers than Patgate's HTTP server takes, and more bytes.
    let mut many: Vec<String> = (0..150).map(|at| format!("x-odd-{at}: a")).collect();
    many.extend((0..3).map(|at| format!("x-long-{at}: {}", "a".repeat(7_000))));
    many.push(format!("x-forwarded-for: {}", "192.0.2.1, ".repeat(500)));
    many.push(format!("user-agent: {}", "a".repeat(2_000)));
    let many: Vec<&str> = many.iter().flat_map(|header| ["-H", header]).collect();
    site.passes("/", &[&["-H", &token], &many[..]].concat());
    assert_eq!(site.refused("/", &many).status, 401);
    // Bytes that no header may have: elsewhere they are not Patgate's matter, in a credential they spoil it.
    for header in ["x-odd", "user-agent", "x-forwarded-for", "cookie"] {
        let odd = format!("{header}: a\u{1}b");
        site.passes("/", &["-H", &token, "-H", &odd]);
        assert_eq!(site.refused("/", &["-H", &odd]).status, 401, "{header}");
    }
    for header in ["authorization: Bearer", "x-release-personal-token:", "x-deploy-personal-token:"] {
        for value in ["a\u{1}b".to_owned(), "a".repeat(5_000), "\u{7f}".to_owned(), "ä".to_owned()] {
            let odd = format!("{header} {value}");
            assert_eq!(site.refused("/", &["-H", &odd]).status, 401, "{odd:.60}");
        }
    }
    // A token header decides before `Authorization`, and an odd one is not as if there were none.
    let bearer = token.replace("x-release-personal-token:", "authorization: Bearer");
    site.passes("/", &["-H", &bearer]);
    let odd = "x-release-personal-token: a\u{1}b";
    assert_eq!(site.refused("/", &["-H", odd, "-H", &bearer]).status, 401);
}

/// nginx before 1.23 tells the first of two lines, later ones join or refuse them: never does the second decide.
#[test]
fn a_client_that_sends_a_credential_twice_gets_no_second_try() {
    let site = Site::new("/auth");
    let token = admin(&site.patgate).token("t", "release").text;
    for header in ["x-release-personal-token: ", "authorization: Bearer "] {
        let (right, wrong) = (format!("{header}{token}"), format!("{header}rpa_nonsense"));
        let answer = site.refused("/", &["-H", &wrong, "-H", &right]);
        assert!(matches!(answer.status, 400 | 401), "{header}: {}", answer.status);
        let first_is_right = site.curl("/", &["-H", &right, "-H", &wrong]);
        assert!(matches!(first_is_right.status, 200 | 400 | 401), "{header}: {}", first_is_right.status);
        for request in site.upstream.take_requests() {
            assert!(
                request.headers.iter().all(|(_, value)| !value.contains("rpa_")),
                "{:?}",
                request.headers
            );
        }
    }
}

#[test]
fn a_client_that_forges_identity_headers_is_known_by_its_token_all_the_same() {
    let site = Site::new("/auth");
    let token = admin(&site.patgate).token("honest", "release");
    let bearer = format!("Authorization: Bearer {}", token.text);
    let mut arguments = vec!["-H".to_owned(), bearer];
    for header in IDENTITY {
        // As somebody would write it by hand, and twice.
        for name in [header.to_owned(), header.to_ascii_uppercase(), header.replace('-', "_")] {
            arguments.extend(["-H".to_owned(), format!("{name}: mallory")]);
        }
    }
    arguments.extend(["-H".to_owned(), "Cookie: theme=dark; patgate_session=stolen; lang=en".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let request = site.passes("/", &arguments);
    assert_is_admins(&request, &token, "honest");
    for (header, value) in &request.headers {
        assert!(!value.contains("mallory"), "{header}: {value}");
        assert!(!value.contains("stolen"), "{header}: {value}");
    }
    let forged_alone: Vec<&str> = arguments[2..].to_vec();
    assert_eq!(site.refused("/", &forged_alone).status, 401);
}

#[test]
fn a_client_gets_what_the_rules_of_the_application_let_it_have() {
    let site = Site::new("/auth/shop");
    let admin = admin(&site.patgate);
    admin.hire("ann", "correct horse battery", &["shop#order"]);
    admin.hire("bob", "correct horse battery", &["login"]);
    let person = |name| crate::actors::Person::new(&site.patgate, name, "correct horse battery");
    let buyer = format!("x-shop-personal-token: {}", person("ann").token("buyer", "shop").text);
    let reader = format!("x-shop-personal-token: {}", person("bob").token("reader", "any").text);
    let narrow =
        person("ann").token_of(&json!({ "tokenNote": "n", "application": "shop", "globalPermissions": [] }));
    let narrow = format!("x-shop-personal-token: {}", narrow.text);

    assert_eq!(site.passes("/orders/7", &["-H", &reader]).header("x-patgate-user"), Some("bob"));
    site.passes("/orders", &["-H", &narrow]);
    site.passes("/orders", &["-H", &buyer, "-d", "item=1"]);
    for token in [&reader, &narrow] {
        let answer = site.refused("/orders", &["-H", token, "-d", "item=1"]);
        assert_eq!(answer.status, 403);
    }
    // No rule covers these, whoever asks.
    for arguments in [["-X", "DELETE"], ["-X", "PUT"], ["-X", "PATCH"]] {
        let answer = site.refused("/orders/7", &[arguments[0], arguments[1], "-H", &buyer]);
        assert_eq!(answer.status, 403, "{arguments:?}");
    }
    assert_eq!(site.refused("/admin", &["-H", &buyer]).status, 403);
    // A token of another application does not pass, and a pair that the client writes is overwritten by nginx.
    let release = format!("x-shop-personal-token: {}", person("ann").token("r", "release").text);
    assert_eq!(site.refused("/orders", &["-H", &release]).status, 401);
    let pair = ["-H", "X-Original-Method: GET", "-H", "X-Original-URI: /orders"];
    for (path, method) in [("/admin", "GET"), ("/orders/7", "DELETE")] {
        let arguments = [pair[0], pair[1], pair[2], pair[3], "-X", method, "-H", &buyer];
        assert_eq!(site.refused(path, &arguments).status, 403, "{method} {path}");
    }
    for header in ["X-HTTP-Method-Override: DELETE", "X-Original-URL: /admin", "X-Rewrite-URL: /admin"] {
        let request = site.passes("/orders", &["-H", header, "-H", &buyer]);
        assert!(request.headers.iter().all(|(_, value)| value != "DELETE" && value != "/admin"), "{header}");
    }
}

#[test]
fn a_client_that_writes_its_path_in_another_way_gets_nothing_more() {
    let site = Site::new("/auth/shop");
    let token = format!("x-shop-personal-token: {}", admin(&site.patgate).token("t", "shop").text);
    for path in [
        "/orders/../admin",
        "/orders/%2e%2e/admin",
        "/orders/..%2fadmin",
        "/orders/%2E%2E%2Fadmin",
        "/orders/.%2e/admin",
        "/orders\\..\\admin",
        "/orders/%5c..%5cadmin",
        "//orders/7",
        "/orders//7",
        "/orders;a=b/7",
        "/orders/7%00",
        "/orders/%zz",
        "/ORDERS/7",
        "/orders%2F7",
    ] {
        let answer = site.refused(path, &["--path-as-is", "-H", &token]);
        assert!(matches!(answer.status, 400 | 403), "{path}: {}", answer.status);
    }
    site.passes("/orders/%C3%A9t%C3%A9?next=/../admin", &["--path-as-is", "-H", &token]);
}

#[test]
fn a_client_that_asks_patgate_past_the_proxy_cannot_name_its_own_request() {
    let patgate = Patgate::with().configuration(CONFIGURATION.replace("[\"127.0.0.1\"]", "[]")).start();
    let token = format!("Authorization: Bearer {}", admin(&patgate).token("t", "shop").text);
    let ask = |path: &str| {
        let url = patgate.url_of(path);
        let pair = ["-H", "X-Original-Method: GET", "-H", "X-Original-URI: /orders/1"];
        curl(pair.into_iter().chain(["-H", &token, &url]))
    };
    assert_eq!(ask("/auth/shop").status, 403);
    assert_eq!(ask("/auth/shop?method=GET&uri=/orders/1").status, 403);
    assert_eq!(ask("/auth").status, 200);
}

#[test]
fn a_client_does_not_reach_the_place_at_which_nginx_asks() {
    let mut site = Site::new("/auth");
    let token = admin(&site.patgate).token("t", "any");
    let bearer = format!("Authorization: Bearer {}", token.text);
    for path in ["/_patgate", "/_patgate?a=b", "/%5Fpatgate", "//_patgate", "/x/../_patgate"] {
        for credential in [&["-H", &bearer][..], &[]] {
            let answer = site.refused(path, &[&["--path-as-is"], credential].concat());
            assert_eq!(answer.status, 404, "{path}");
        }
    }
    // Patgate was not asked either: it would have noted the use.
    assert!(site.patgate.stop().success());
    assert_eq!(site.patgate.sql("SELECT count(*) FROM grants WHERE last_used_at IS NOT NULL").trim(), "0");
}

#[test]
fn a_client_gets_nothing_when_patgate_is_down() {
    let mut site = Site::new("/auth");
    let token = format!("Authorization: Bearer {}", admin(&site.patgate).token("t", "any").text);
    site.passes("/", &["-H", &token]);
    site.patgate.kill();
    assert_eq!(site.refused("/", &["-H", &token]).status, 500);
    site.patgate.start_again();
    site.passes("/", &["-H", &token]);
}
