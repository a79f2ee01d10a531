//! TLS served directly, and what `https` changes.

use std::fs;
use std::process::Command;
use std::time::Duration;

use patgate_testkit::certificates::{Authority, Certificate};
use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::servers::patgate::{Patgate, binary};
use patgate_testkit::wait;
use rustix::process::Signal;

use crate::actors::{CURRENT, admin};

/// How long a changed file may take to count.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server whose certificate stands in two files of a folder of its own.
struct Secured {
    patgate: Patgate,
    directory: tempfile::TempDir,
}

impl Secured {
    fn start(certificate: &Certificate) -> Self {
        let directory = tempfile::tempdir().unwrap();
        put(&directory, certificate);
        let folder = directory.path().display();
        let configuration =
            format!("[tls]\ncertificate = \"{folder}/server.pem\"\nkey = \"{folder}/server.key\"\n");
        Self { patgate: Patgate::with().https().configuration(configuration).start(), directory }
    }

    fn ask(&self, authority: &Authority, arguments: &[&str]) -> Answer {
        let (file, url) = (authority.certificate().display().to_string(), self.patgate.url_of("/healthz"));
        curl(["--cacert", &file].into_iter().chain(arguments.iter().copied()).chain([url.as_str()]))
    }
}

fn put(directory: &tempfile::TempDir, certificate: &Certificate) {
    fs::copy(&certificate.certificate, directory.path().join("server.pem")).unwrap();
    fs::copy(&certificate.key, directory.path().join("server.key")).unwrap();
}

#[test]
fn a_client_that_trusts_the_authority_is_served_over_tls_and_nobody_without_it() {
    let (ours, other) = (Authority::create(), Authority::create());
    let secured = Secured::start(&ours.server("server"));
    let token = admin(&secured.patgate).token("t", "any").text;
    assert_eq!(secured.ask(&ours, &["--http1.1"]).status, 200);
    assert_eq!(secured.ask(&ours, &["--http2"]).status, 200);
    assert_eq!(secured.ask(&ours, &["--tlsv1.2", "--tls-max", "1.2"]).status, 200);
    assert_eq!(secured.ask(&ours, &["--tlsv1.3"]).status, 200);
    let stranger = secured.ask(&other, &[]);
    assert_eq!((stranger.status, stranger.exit), (0, 60));
    // The longest way: HTTP/2, a token, forward authentication.
    let url = secured.patgate.url_of("/auth");
    let file = ours.certificate().display().to_string();
    let bearer = format!("Authorization: Bearer {token}");
    let answer = curl(["--http2", "--cacert", &file, "-H", &bearer, &url]);
    assert_eq!((answer.status, answer.header("x-patgate-user")), (200, Some("admin")));
    // Plain HTTP on a TLS port gets nothing.
    let answer = curl(["-H", &bearer, &url.replace("https:", "http:")]);
    assert_eq!(answer.status, 0);
    let output = secured.patgate.run([
        "healthcheck",
        "--listen",
        &format!("127.0.0.1:{}", secured.patgate.ports()[0]),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_client_that_speaks_http_2_is_refused_what_is_refused_elsewhere_and_the_next_one_is_served() {
    let authority = Authority::create();
    let secured = Secured::start(&authority.server("server"));
    let token = admin(&secured.patgate).token("t", "any").text;
    let file = authority.certificate().display().to_string();
    let ask = |path: &str, headers: &[&str]| {
        let url = secured.patgate.url_of(path);
        let headers = headers.iter().flat_map(|header| ["-H", header]);
        curl(["--http2", "--cacert", &file].into_iter().chain(headers).chain([url.as_str()]))
    };
    let bearer = format!("authorization: Bearer {token}");
    let (release, deploy) =
        (format!("x-release-personal-token: {token}"), format!("x-deploy-personal-token: {token}"));
    let (filler, long) =
        (format!("x-filler: {}", "a".repeat(40 * 1_024)), format!("{bearer}{}", "a".repeat(40 * 1_024)));
    for path in ["/auth", CURRENT, "/healthz"] {
        for headers in [&[&*filler][..], &[&*long], &[&bearer, &filler]] {
            let answer = ask(path, headers);
            assert_eq!(answer.status, 431, "{path}: {}", answer.complaint);
        }
    }
    for path in ["/auth", CURRENT] {
        for headers in [[&release, &deploy], [&release, &release], [&bearer, &bearer]] {
            let answer = ask(path, &headers.map(String::as_str));
            assert_eq!(answer.status, 401, "{path} {headers:?}: {}", answer.complaint);
            assert_eq!(ask(path, &[&bearer]).status, 200, "{path}");
        }
    }
}

#[test]
fn an_operator_replaces_the_certificate_without_a_restart() {
    let (old, new) = (Authority::create(), Authority::create());
    let mut secured = Secured::start(&old.server("server"));
    assert_eq!(secured.ask(&old, &[]).status, 200);
    assert_eq!(secured.ask(&new, &[]).exit, 60);
    put(&secured.directory, &new.server("server"));
    secured.patgate.signal(Signal::HUP);
    let is_new = wait::until(PATIENCE, || (secured.ask(&new, &[]).status == 200).then_some(()));
    assert!(is_new.is_some(), "{}", secured.patgate.log());
    assert_eq!(secured.ask(&old, &[]).exit, 60);

    // A pair that cannot be used changes nothing, and the log says why.
    fs::write(secured.directory.path().join("server.key"), "no key\n").unwrap();
    secured.patgate.signal(Signal::HUP);
    let log = "the old certificate stays in force";
    let is_told = wait::until(PATIENCE, || secured.patgate.log().contains(log).then_some(()));
    assert!(is_told.is_some(), "{}", secured.patgate.log());
    assert_eq!(secured.ask(&new, &[]).status, 200);
}

#[test]
fn an_operator_with_a_pair_that_does_not_fit_is_told_at_the_start() {
    let authority = Authority::create();
    let (one, two) = (authority.server("one"), authority.server("two"));
    let configuration =
        |certificate: &str, key: &str| format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n");
    let path = |file: &std::path::Path| file.display().to_string();
    for (certificate, key) in [
        (path(&one.certificate), path(&two.key)),
        (path(&one.certificate), "/no/such/file".to_owned()),
        (path(&one.key), path(&one.key)),
    ] {
        let text = configuration(&certificate, &key);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("patgate.toml");
        fs::write(&file, &text).unwrap();
        let mut check = Command::new(binary());
        let check = check.args(["config", "check", "--config"]).arg(file).output().unwrap();
        let failure = Patgate::with().https().configuration(text).try_start().unwrap_err();
        assert_eq!(failure.status.and_then(|status| status.code()), Some(2), "{}", failure.log);
        assert_eq!(check.status.code(), Some(2));
        let told = String::from_utf8(check.stderr).unwrap();
        assert!(failure.log.contains(told.trim()), "{told}\n{}", failure.log);
        assert!(failure.log.contains(&key) || failure.log.contains(&certificate), "{}", failure.log);
    }
}
